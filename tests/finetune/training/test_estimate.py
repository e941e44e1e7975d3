"""Estimates against what is counted by hand, saved by torch, and measured in a whole step."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import GlmConfig, GlmForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from tests.finetune.training.shapes import CHATGLM3_6B, write_config
from vouch.finetune.training.estimate import ADAM_STATE, NF4, base_bytes, disk_bytes, estimate, measured_rate
from vouch.finetune.training.layer_memory import LayerMemory
from vouch.finetune.training.noise import quiet_libraries
from vouch.finetune.training.recipe import AdapterRecipe, Method, RunRecipe, TrainingRecipe
from vouch.finetune.training.shape import Shape, shape_of
from vouch.finetune.training.types import Sequence
from vouch.finetune.training.workload import Batch, Workload, workload
from vouch.retrieval.errors import TrainingFailed

LAYERS, ROWS, WIDTH = 6, 2, 48
SHAPE: dict[str, Any] = {
    "vocab_size": 512,
    "hidden_size": 128,
    "intermediate_size": 320,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "pad_token_id": 0,
    "bos_token_id": None,
    "eos_token_id": None,
    "max_position_embeddings": 256,
}


def made(kind: str, method: Method, adapter: AdapterRecipe, computing: torch.dtype) -> torch.nn.Module:
    """Return a tiny model ready to train, as peft makes it."""
    torch.set_num_threads(1)
    model: PreTrainedModel = (
        LlamaForCausalLM(LlamaConfig(**SHAPE)) if kind == "llama" else GlmForCausalLM(GlmConfig(**SHAPE))
    )
    if method == "full":
        return model.train()
    model = model.to(computing).requires_grad_(False)  # type: ignore[arg-type]
    config = LoraConfig(
        r=adapter.rank,
        lora_dropout=adapter.dropout,
        target_modules=list(adapter.targets) or "all-linear",
        use_dora=adapter.decomposed,
        task_type="CAUSAL_LM",
    )
    with quiet_libraries():
        return get_peft_model(model, config).train()


def saved_bytes(model: torch.nn.Module, computing: torch.dtype) -> int:
    """Return what torch keeps of a forward pass through the layers for the backward pass, weights left out."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in weights and tensor.shape[:1] != () and tensor.numel() > 0:
            kept.setdefault(place, tensor)
        return tensor

    layers = model.get_base_model().model if hasattr(model, "get_base_model") else model.model
    mask = torch.ones(WIDTH, WIDTH).tril().bool()[None, None].expand(ROWS, 1, WIDTH, WIDTH)
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=computing is torch.bfloat16),
    ):
        layers(input_ids=torch.randint(0, 512, (ROWS, WIDTH)), attention_mask=mask, use_cache=False)
    # Weights cast to bfloat16 are kept too; the estimate has them under `working`.
    tokens = ROWS * WIDTH
    return sum(t.untyped_storage().nbytes() for t in kept.values() if t.numel() % tokens == 0 and _of_tokens(t))


def _of_tokens(tensor: torch.Tensor) -> bool:
    return tensor.shape[0] in (ROWS, ROWS * WIDTH)


def shape(kind: str, folder: Path) -> Shape:
    config = LlamaConfig(**SHAPE) if kind == "llama" else GlmConfig(**SHAPE)
    config.save_pretrained(folder)
    return shape_of(folder)


@pytest.mark.parametrize("kind", ["llama", "glm"])
@pytest.mark.parametrize(
    ("method", "dropout", "computing"),
    [
        ("lora", 0.05, torch.bfloat16),
        ("lora", 0.0, torch.bfloat16),
        ("lora", 0.05, torch.float32),
        ("lora", 0.0, torch.float32),
        ("full", 0.0, torch.bfloat16),
        ("full", 0.0, torch.float32),
    ],
)
def test_activations_are_those_that_torch_keeps(
    tmp_path: Path, kind: str, method: Method, dropout: float, computing: torch.dtype
) -> None:
    adapter = AdapterRecipe(rank=8, dropout=dropout)
    measured = saved_bytes(made(kind, method, adapter, computing), computing)
    recipe = TrainingRecipe(tmp_path, method, adapter)
    counted = LayerMemory(recipe, shape(kind, tmp_path), "cpu", computing.itemsize)
    # The first layer keeps less than the others, for nothing before it learns; norms of GLM keep a little more.
    assert counted.activations(Batch(ROWS, WIDTH, 1), False) / measured == pytest.approx(1, abs=0.09)


@pytest.mark.parametrize("decomposed", [False, True])
@pytest.mark.parametrize("targets", [(), ("q_proj", "o_proj")])
@pytest.mark.parametrize("kind", ["llama", "glm"])
def test_the_weights_that_learn_are_those_of_peft(
    tmp_path: Path, kind: str, targets: tuple[str, ...], decomposed: bool
) -> None:
    adapter = AdapterRecipe(rank=8, targets=targets, decomposed=decomposed)
    model = made(kind, "lora", adapter, torch.float32)
    learned = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    assert shape(kind, tmp_path).learned(adapter, "lora") == learned


def test_an_adapter_on_layers_that_are_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match=r"names query_key_value; the model's linear layers are .*q_proj"):
        shape("llama", tmp_path).learned(AdapterRecipe(targets=("q_proj", "query_key_value")), "lora")


def test_4_bits_take_what_bitsandbytes_stores() -> None:
    functional = pytest.importorskip("bitsandbytes.functional", reason="needs the extra quant")
    weight = torch.randn(512, 1024)
    packed, state = functional.quantize_4bit(weight, quant_type="nf4", compress_statistics=True)
    stored = packed.nbytes + state.absmax.nbytes + state.state2.absmax.nbytes
    assert stored / weight.numel() == pytest.approx(NF4, abs=1e-9)
    assert pytest.approx(0.5159, abs=1e-4) == NF4


def test_the_6b_shape_at_sequence_2048(tmp_path: Path) -> None:
    found = shape_of(write_config(tmp_path, CHATGLM3_6B))
    # 28 layers: query, key, value 4096 x 4608, dense 4096 x 4096, feed-forward 4096 x 27392 and 13696 x 4096.
    linear = 28 * 4096 * (4608 + 4096 + 27392 + 13696)
    other = 2 * 65024 * 4096 + 28 * (2 * 4096 + 4608) + 4096
    assert (found.linear, found.weights, found.window) == (linear, linear + other, 8192)
    batch = Batch(1, 2048, 512)
    work = Workload(1000, 1000 * 2048, 1000 * 512, 1000 * 2048, 1000 * 2048**2, 1000 * 512, batch, batch)
    recipe = TrainingRecipe(tmp_path, "qlora", run=RunRecipe(1, 0, 1, 1, gradient_checkpointing=True))
    on_gpu = estimate(replace(recipe, run=replace(recipe.run, precision="bfloat16")), found, work, "cuda", rate=400e12)
    memory = on_gpu.memory
    read_and_written = (4096 + 4096) + 2 * (4096 + 256) + (4096 + 4096) + (4096 + 27392) + (13696 + 4096)
    assert on_gpu.learned == 28 * 16 * read_and_written
    assert memory.base / 1e9 == pytest.approx(4.01, abs=0.01)
    assert memory.optimiser == on_gpu.learned * 8
    assert 5 < memory.total / 2**30 < 8
    assert on_gpu.other_activations > 10 * memory.activations
    # Two operations a weight. Frozen ones: forward, recomputed, backward to the inputs; adapters backward to themselves
    # too; the output layer at learned places, not recomputed. Scores and sums of attention: four passes of 2 products.
    by_hand = 6 * linear * 2048 + 8 * on_gpu.learned * 2048 + 4 * 65024 * 4096 * 512 + 4 * 28 * 4 * 2048**2 * 4096
    assert on_gpu.operations == pytest.approx(1000 * by_hand, rel=0.01)


def test_full_training_takes_16_bytes_a_weight_and_lora_hardly_more_than_its_base(tmp_path: Path) -> None:
    found = shape_of(write_config(tmp_path, CHATGLM3_6B))
    assert base_bytes("full", found, 2) + found.weights * (4 + ADAM_STATE) == 16 * found.weights
    assert base_bytes("lora", found, 2) == 2 * found.weights
    assert base_bytes("int8-lora", found, 2) / found.linear == pytest.approx(1.19, abs=0.01)
    assert base_bytes("qlora", found, 2) < base_bytes("int8-lora", found, 2) < base_bytes("lora", found, 2)


def test_disk_holds_the_checkpoints_one_more_and_the_result(tmp_path: Path) -> None:
    recipe = TrainingRecipe(tmp_path, run=RunRecipe(keep_checkpoints=2))
    assert disk_bytes(recipe, 1000) == 1000 * (3 * 12 + 4)


def test_a_workload_counts_what_the_steps_compute() -> None:
    rows = [(Sequence((1,) * 5, (2,) * 3),), (Sequence((1,) * 6, (2,) * 10),), (Sequence((1,), (2,)),)]
    work = workload(rows, RunRecipe(epochs=2, batch=2, accumulate=2))
    # One batch of 16 and 8 tokens, 16 wide, or of others, according to the order; three batches in two epochs' halves.
    assert work.steps == 2
    assert (work.tokens, work.learned) == (2 * 26, 2 * 14)
    assert work.widest.rows * work.widest.width == 32
    assert work.computed == 2 * (32 + 8)
    capped = workload(rows, RunRecipe(max_steps=5, batch=2, accumulate=2))
    assert (capped.steps, capped.tokens) == (5, 5 * 26)


def test_places_of_the_output_layer_are_those_that_any_row_learns() -> None:
    rows = [(Sequence((1,) * 4, (2,) * 4),), (Sequence((1,) * 6, (2,) * 2),)]
    assert workload(rows, RunRecipe(batch=2)).most_learned.places == 4
    packed = [(Sequence((1,) * 2, (2,) * 2), Sequence((1,) * 3, (2,)))]
    assert workload(packed, RunRecipe()).most_learned == Batch(1, 8, 3)


def test_the_rate_is_measured_where_none_is_given(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    rows = [(Sequence((1,) * 40, (2,) * 8),)] * 8
    recipe = TrainingRecipe(tmp_path, "lora", run=RunRecipe(precision="float32"))
    work = workload(rows, recipe.run)
    tiny = shape("llama", tmp_path)
    measured = estimate(recipe, tiny, work, "cpu")
    assert 1e8 < measured.rate < 1e14
    given = estimate(recipe, tiny, work, "cpu", rate=2 * measured.rate)
    assert given.seconds == pytest.approx(measured.seconds / 2)


def test_a_machine_too_slow_for_two_products_has_a_rate_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("vouch.finetune.training.estimate.time.perf_counter", lambda: float(next(clock)))
    # Ten seconds pass at each look at the clock: one product is timed, of 1024 x 128 x 320.
    assert measured_rate("cpu", torch.float32, shape("llama", tmp_path)) == 2 * 1024 * 128 * 320 / 10
