"""ChatGLM3 checkpoints in the original layout compute what the published code computed; others are refused by name."""

import json
import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from tests.generation.models.chatglm3_by_hand import logits_of
from tests.generation.models.tiny_models import original_config, original_tensors
from vouch.generation.models.continuation import Continuation
from vouch.generation.models.loading import LoadOptions, load_weights
from vouch.retrieval.errors import ModelError

REFERENCE = Path(os.environ.get("VOUCH_SHARED", Path(__file__).resolve().parents[4] / "shared")) / "models"
CHECKPOINTS = ("base", "sharded", "long-rope")
needs_reference = pytest.mark.skipif(
    not (REFERENCE / "chatglm3-reference").is_dir(),
    reason="needs the reference checkpoints: set VOUCH_SHARED to the folder that holds them",
)
FULL = LoadOptions(device="cpu", precision="float32", threads=1)
IDS = [5, 77, 130, 9, 9, 201, 33, 64, 3, 250, 17, 88]


def reference(name: str) -> tuple[Path, dict[str, torch.Tensor]]:
    folder = REFERENCE / "chatglm3-reference" / name
    return folder, load_file(folder / "expected.safetensors")


def logits(model: PreTrainedModel, ids: torch.Tensor, **arguments: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        result: torch.Tensor = model(ids, **arguments).logits
    return result


def written(folder: Path, config: dict[str, Any], tensors: dict[str, torch.Tensor]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(tensors, folder / "model.safetensors")
    return folder


@needs_reference
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_logits_are_those_of_the_published_code(name: str) -> None:
    folder, expected = reference(name)
    model = load_weights(folder, FULL)
    assert (logits(model, expected["input_ids"]) - expected["logits"]).abs().max() <= 1e-5
    padded = logits(
        model,
        expected["padded_input_ids"],
        attention_mask=expected["padded_attention_mask"],
        position_ids=expected["padded_position_ids"],
    )
    assert (padded - expected["padded_logits"])[:, 6:].abs().max() <= 1e-5


@needs_reference
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_greedy_continuations_are_those_of_the_published_code(name: str) -> None:
    folder, expected = reference(name)
    ids = expected["greedy_ids"][0].tolist()
    continuation = Continuation(load_weights(folder, FULL), lambda _adapter: None)
    tokens = continuation.tokens(ids[:23], lambda row: int(row.argmax()), "", lambda: False)
    assert list(islice(tokens, 24)) == ids[23:]


@needs_reference
def test_a_wrong_rotary_base_and_swapped_gates_are_seen(tmp_path: Path) -> None:
    folder, expected = reference("base")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    tensors = load_file(folder / "model.safetensors")
    turned = load_weights(written(tmp_path / "rope", config | {"rope_ratio": 50}, tensors), FULL)
    assert (logits(turned, expected["input_ids"]) - expected["logits"]).abs().max() > 0.1
    swapped = {
        name: torch.cat(tensor.chunk(2)[::-1]) if "h_to_4h" in name and "4h_to_h" not in name else tensor
        for name, tensor in tensors.items()
    }
    wrong = load_weights(written(tmp_path / "gates", config, swapped), FULL)
    assert (logits(wrong, expected["input_ids"]) - expected["logits"]).abs().max() > 0.1


@pytest.mark.parametrize("changed", [{}, {"rope_ratio": 50}, {"multi_query_group_num": 1}, {"layernorm_epsilon": 0.1}])
def test_logits_are_those_computed_by_hand(tmp_path: Path, changed: dict[str, Any]) -> None:
    config = original_config(300, **changed)
    tensors = original_tensors(config)
    model = load_weights(written(tmp_path / "model", config, tensors), FULL)
    by_hand = logits_of(config, {name: tensor.double().numpy() for name, tensor in tensors.items()}, IDS)
    assert np.abs(logits(model, torch.tensor([IDS]))[0].numpy() - by_hand).max() < 1e-4


def test_a_head_of_keys_for_each_of_queries_is_loaded(tmp_path: Path) -> None:
    config = original_config(300, multi_query_attention=False)
    model = load_weights(written(tmp_path / "model", config, original_tensors(config)), FULL)
    by_hand = logits_of(
        config | {"multi_query_group_num": 4},
        {name: tensor.double().numpy() for name, tensor in original_tensors(config).items()},
        IDS,
    )
    assert np.abs(logits(model, torch.tensor([IDS]))[0].numpy() - by_hand).max() < 1e-4


def test_pickled_shards_with_an_index_load_like_safetensors(tmp_path: Path) -> None:
    config = original_config(300)
    tensors = original_tensors(config)
    plain = load_weights(written(tmp_path / "plain", config, tensors), FULL)
    folder = tmp_path / "pickled"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    listed = {name: f"pytorch_model-0000{1 + number % 2}-of-00002.bin" for number, name in enumerate(tensors)}
    for file in set(listed.values()):
        torch.save({name: tensors[name] for name, mine in listed.items() if mine == file}, folder / file)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": listed}), encoding="utf-8")
    ids = torch.tensor([IDS])
    assert torch.equal(logits(load_weights(folder, FULL), ids), logits(plain, ids))


class Opens:
    """Unpickled, it would write a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._file,)


def test_a_pickled_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    config = original_config(300)
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    torch.save({"weight": Opens(tmp_path / "opened")}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin holds more than weights or is damaged"):
        load_weights(tmp_path, FULL)
    assert not (tmp_path / "opened").exists()


def _without(name: str) -> Callable[[dict[str, torch.Tensor]], None]:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        del tensors[name]

    return change


def _with(name: str, *shape: int) -> Callable[[dict[str, torch.Tensor]], None]:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        tensors[name] = torch.zeros(*shape)

    return change


LAYER = "transformer.encoder.layers.1."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without(f"{LAYER}mlp.dense_4h_to_h.weight"), rf"{LAYER}mlp\.dense_4h_to_h\.weight is missing"),
        (_without(f"{LAYER}self_attention.query_key_value.bias"), r"query_key_value\.bias is missing"),
        (_without("transformer.output_layer.weight"), r"transformer\.output_layer\.weight is missing"),
        (_with("transformer.stray", 3), r"transformer\.stray in model\.safetensors is no tensor of ChatGLM3"),
        (_with("transformer.prefix_encoder.embedding.weight", 3, 3), "P-tuning prefix"),
        (
            _with(f"{LAYER}self_attention.dense.weight", 64, 63),
            r"has the shape \[64, 63\], config.json means \[64, 64\]",
        ),
        (
            _with(f"{LAYER}self_attention.query_key_value.weight", 127, 64),
            r"\[127, 64\], config.json means \[128, 64\]",
        ),
        (_with("transformer.encoder.layers.2.input_layernorm.weight", 64), "belongs to no layer of the 2"),
    ],
)
def test_tensors_that_do_not_fit_are_named(
    tmp_path: Path, change: Callable[[dict[str, torch.Tensor]], None], said: str
) -> None:
    config = original_config(300)
    tensors = original_tensors(config)
    change(tensors)
    with pytest.raises(ModelError, match=said):
        load_weights(written(tmp_path / "model", config, tensors), FULL)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"quantization_bit": 4}, r"set model\.quantise = int4"),
        ({"pre_seq_len": 128}, "P-tuning v2"),
        ({"inner_hidden_size": 16384}, "first generation"),
        ({"rmsnorm": False}, "rmsnorm is False"),
        ({"add_bias_linear": True}, "add_bias_linear is True"),
        ({"num_layers": None}, "impossible value"),
    ],
)
def test_what_the_native_classes_cannot_compute_is_refused(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    config = original_config(300)
    with pytest.raises(ModelError, match=said):
        load_weights(written(tmp_path / "model", config | changed, original_tensors(config)), FULL)


@pytest.mark.parametrize(("ratio", "length"), [(1, 8192), (50, 32768), (500, 131072)])
def test_long_models_have_their_own_rotary_base_and_window(tmp_path: Path, ratio: int, length: int) -> None:
    config = original_config(300, rope_ratio=ratio, seq_length=length)
    loaded = load_weights(written(tmp_path / "model", config, original_tensors(config)), FULL).config
    assert loaded.rope_parameters["rope_theta"] == 10_000 * ratio
    assert loaded.max_position_embeddings == length


def test_a_folder_without_a_shard_is_incomplete(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(original_config(300)), encoding="utf-8")
    listed = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(listed), encoding="utf-8")
    with pytest.raises(ModelError, match="names files that are not there: model-00001-of-00002"):
        load_weights(tmp_path, FULL)


def test_a_model_with_code_of_its_own_is_refused_and_its_code_not_run(tmp_path: Path) -> None:
    own = {"model_type": "homemade", "auto_map": {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.Own"}}
    (tmp_path / "config.json").write_text(json.dumps(own), encoding="utf-8")
    (tmp_path / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", encoding="utf-8")
    save_file({"a": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="brings code of its own, which is never run"):
        load_weights(tmp_path, FULL)
    assert not (tmp_path / "ran").exists()


def test_a_path_that_is_no_folder_is_not_looked_up_on_a_hub() -> None:
    with pytest.raises(ModelError, match="nothing is fetched"):
        load_weights(Path("THUDM/chatglm3-6b"), FULL)


def test_weights_that_do_not_fit_into_memory_are_refused_before_loading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = original_config(300)
    folder = written(tmp_path / "model", config, original_tensors(config))
    monkeypatch.setattr("vouch.generation.models.memory.available_bytes", lambda _device: 400_000)
    # 2 layers x (128*64 + 64*64 + 256*64 + 64*128) + 2 x 300*64 + 5*64 + 2*128 weights of 4 bytes.
    with pytest.raises(ModelError, match=r"0\.0 GiB \(float32\).*set model\.quantise = int8"):
        load_weights(folder, FULL)
