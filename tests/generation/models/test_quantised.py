"""Quantised weights: as small as promised, close to the full model, and the reply still streams."""

from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from tests.generation.models.tiny_models import write_chatglm3
from vouch.generation.chat import ChatRequest, Message, Sampling, collected
from vouch.generation.models.loading import LoadOptions, load_model, load_weights
from vouch.generation.models.transformers_chat import TransformersChat

pytestmark = [
    pytest.mark.slow,  # importing bitsandbytes takes six seconds
    pytest.mark.filterwarnings("ignore:MatMul8bitLt"),
]
IDS = torch.tensor([[5, 77, 130, 9, 9, 201, 33, 64, 3, 250, 17, 88]])
SHAPE = {"hidden_size": 256, "ffn_hidden_size": 512, "kv_channels": 64}


@pytest.fixture(scope="module")
def chatglm3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chatglm3(tmp_path_factory.mktemp("models") / "tiny-chatglm3", **SHAPE)


def quantised(kind: Literal["int8", "int4"]) -> LoadOptions:
    return LoadOptions(device="cpu", precision="bfloat16", quantise=kind, threads=1)


def linear_bytes_per_weight(model: Any) -> float:
    """Return what the linear layers of the blocks take, scales included, over their weights before."""
    stored = weights = 0
    for name, module in model.named_modules():
        if name.endswith(("_proj",)):
            stored += module.weight.numel() * module.weight.element_size()
            weights += module.in_features * module.out_features
            state = getattr(module.weight, "quant_state", None)
            if state is not None:
                parts = [state.absmax, state.state2.absmax, state.state2.code]
                stored += sum(part.numel() * part.element_size() for part in parts)
            scales = getattr(module.weight, "SCB", None)
            stored += scales.numel() * scales.element_size() if scales is not None else 0
    return stored / weights


@pytest.mark.parametrize(("kind", "least", "most"), [("int8", 1.0, 1.03), ("int4", 0.5, 0.56)])
def test_linear_layers_take_a_byte_or_half_of_one(
    chatglm3: Path, kind: Literal["int8", "int4"], least: float, most: float
) -> None:
    model = load_weights(chatglm3, quantised(kind))
    assert model.get_output_embeddings().weight.dtype is torch.bfloat16
    assert least <= linear_bytes_per_weight(model) <= most


@pytest.mark.parametrize(("kind", "least"), [("int8", 0.995), ("int4", 0.8)])
def test_logits_stay_near_those_of_the_full_model(chatglm3: Path, kind: Literal["int8", "int4"], least: float) -> None:
    with torch.no_grad():
        full = load_weights(chatglm3, LoadOptions(device="cpu", precision="float32", threads=1))(IDS).logits
        small = load_weights(chatglm3, quantised(kind))(IDS).logits.float()
    assert torch.corrcoef(torch.stack([full.flatten(), small.flatten()]))[0, 1] > least


@pytest.mark.parametrize("kind", ["int8", "int4"])
def test_a_quantised_model_replies(chatglm3: Path, kind: Literal["int8", "int4"]) -> None:
    model = TransformersChat(load_model(chatglm3, quantised(kind)))
    asked = ChatRequest((Message("user", "营业收入？"),), sampling=Sampling(max_tokens=8))
    assert collected(model.stream(asked)).usage.completion_tokens == 8
