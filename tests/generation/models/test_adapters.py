"""LoRA adapters: loaded by name, switched for each request, the base model as it was; old ChatGLM3 ones too."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_chatglm3, write_llama
from vouch.generation.chat import ChatRequest, Message, Sampling, collected
from vouch.generation.models.adapters import Adapters
from vouch.generation.models.loading import LoadOptions, load_model, load_weights
from vouch.generation.models.transformers_chat import TransformersChat
from vouch.retrieval.errors import ModelError

pytestmark = pytest.mark.slow  # importing peft takes ten seconds
OPTIONS = LoadOptions(device="cpu", precision="float32", threads=1)
IDS = torch.tensor([[5, 77, 130, 9, 9, 201, 33, 64, 3, 250, 17, 88]])
RANK, ALPHA = 4, 16
OLD_MODULES = {
    "self_attention.query_key_value": (128, 64),
    "self_attention.dense": (64, 64),
    "mlp.dense_h_to_4h": (256, 64),
    "mlp.dense_4h_to_h": (64, 128),
}


@pytest.fixture(scope="module")
def chatglm3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chatglm3(tmp_path_factory.mktemp("models") / "tiny-chatglm3")


def write_old(folder: Path, seed: int, modules: dict[str, tuple[int, int]] | None = None, **changed: Any) -> Path:
    """Write an adapter as trained on the published code, every update large enough to be seen."""
    random = torch.Generator().manual_seed(seed)
    tensors = {}
    for layer in range(2):
        for module, (rows, columns) in (modules or OLD_MODULES).items():
            name = f"base_model.model.transformer.encoder.layers.{layer}.{module}"
            tensors[f"{name}.lora_A.weight"] = torch.randn(RANK, columns, generator=random) * 0.1
            tensors[f"{name}.lora_B.weight"] = torch.randn(rows, RANK, generator=random) * 0.1
    folder.mkdir()
    targets = sorted({module.rpartition(".")[2] for module in modules or OLD_MODULES})
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": ALPHA, "target_modules": targets}
    (folder / "adapter_config.json").write_text(json.dumps(config | changed), encoding="utf-8")
    save_file(tensors, folder / "adapter_model.safetensors")
    return folder


def merged(base: Path, adapter: Path, into: Path) -> Path:
    """Write the original checkpoint with W + alpha/r B A in each fused layer."""
    into.mkdir()
    for name in ("config.json", "tokenizer.model"):
        (into / name).write_bytes((base / name).read_bytes())
    tensors, update = load_file(base / "model.safetensors"), load_file(adapter / "adapter_model.safetensors")
    for name in [name for name in update if name.endswith("lora_A.weight")]:
        whole = name.removeprefix("base_model.model.").replace("lora_A.", "")
        tensors[whole] = tensors[whole] + ALPHA / RANK * update[name.replace("lora_A", "lora_B")] @ update[name]
    save_file(tensors, into / "model.safetensors")
    return into


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        result: torch.Tensor = model(IDS).logits
    return result


def test_an_old_adapter_computes_what_its_merged_fused_layers_compute(chatglm3: Path, tmp_path: Path) -> None:
    old = write_old(tmp_path / "old", seed=1)
    expected = logits(load_weights(merged(chatglm3, old, tmp_path / "merged"), OPTIONS))
    model = load_weights(chatglm3, OPTIONS)
    base = logits(model)
    adapters = Adapters(model, {"finance": old})
    adapters.use("finance")
    assert (logits(model) - base).abs().max() > 0.1
    assert (logits(model) - expected).abs().max() < 1e-4


def test_adapters_alternate_and_the_base_model_comes_back_exactly(chatglm3: Path, tmp_path: Path) -> None:
    model = load_weights(chatglm3, OPTIONS)
    base = logits(model)
    folders = {"a": write_old(tmp_path / "a", seed=1), "b": write_old(tmp_path / "b", seed=2)}
    adapters = Adapters(model, folders)
    seen = {}
    for name in ("", "a", "b", "", "a"):
        adapters.use(name)
        now = logits(model)
        assert torch.equal(now, seen.setdefault(name, now))
    assert torch.equal(seen[""], base)
    assert not torch.allclose(seen["a"], seen["b"], atol=0.01)


def test_a_request_names_its_adapter(chatglm3: Path, tmp_path: Path) -> None:
    folders = {"a": write_old(tmp_path / "a", seed=1), "b": write_old(tmp_path / "b", seed=2)}
    model = TransformersChat(load_model(chatglm3, OPTIONS, folders))
    asked = (Message("user", "营业收入？"),)

    def said(adapter: str) -> str:
        request = ChatRequest(asked, sampling=Sampling(max_tokens=16), adapter=adapter)
        return collected(model.stream(request)).text

    replies = {name: said(name) for name in ("", "a", "b")}
    assert len(set(replies.values())) == 3
    assert {name: said(name) for name in ("b", "", "a")} == replies
    alone = TransformersChat(load_model(chatglm3, OPTIONS))
    assert collected(alone.stream(ChatRequest(asked, sampling=Sampling(max_tokens=16)))).text == replies[""]


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # of the trainer's peft
def test_an_adapter_of_the_native_layers_loads_as_saved(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "model", CHATML_TOKENS, CHATML)
    torch.manual_seed(1)
    config = LoraConfig(r=4, target_modules=["q_proj", "down_proj"], init_lora_weights=False)
    trained = get_peft_model(load_weights(folder, OPTIONS), config).eval()
    trained.save_pretrained(tmp_path / "adapter")
    model = load_weights(folder, OPTIONS)
    Adapters(model, {"a": tmp_path / "adapter"}).use("a")
    assert torch.equal(logits(model), logits(trained))


@pytest.mark.parametrize(
    ("changed", "modules", "said"),
    [
        ({"modules_to_save": ["output_layer"]}, None, "trains more than plain LoRA"),
        ({"use_dora": True}, None, "trains more than plain LoRA"),
        ({"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 3}, None, "only LoRA adapters"),
        ({}, {"self_attention.query_key_value": (127, 64)}, "has 127 rows, this model's projection 128"),
        ({}, {"self_attention.rotary": (64, 64)}, "no layer of ChatGLM3"),
    ],
)
def test_adapters_without_an_exact_counterpart_are_refused(
    chatglm3: Path, tmp_path: Path, changed: dict[str, Any], modules: dict[str, tuple[int, int]] | None, said: str
) -> None:
    old = write_old(tmp_path / "old", 1, modules, **changed)
    with pytest.raises(ModelError, match=said):
        Adapters(load_weights(chatglm3, OPTIONS), {"old": old})


def test_an_old_adapter_does_not_fit_another_kind_of_model(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "model", CHATML_TOKENS, CHATML)
    with pytest.raises(ModelError, match="made for ChatGLM3, this model is a llama"):
        Adapters(load_weights(folder, OPTIONS), {"old": write_old(tmp_path / "old", 1)})


def test_a_folder_without_an_adapter_is_named(chatglm3: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder of an adapter"):
        Adapters(load_weights(chatglm3, OPTIONS), {"none": tmp_path})
