"""Original ChatGLM3 tensors under their native names. Nothing is computed: one tensor is cut into three.

Rotary positions are interleaved over the first half of each head in both, and gate and up lie in the same order.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

import torch
from transformers import GlmConfig, GlmForCausalLM

from vouch.generation.models.shards import StoredTensor
from vouch.retrieval.errors import ModelError

_WHOLE: Mapping[str, str] = {
    "embedding.word_embeddings.weight": "model.embed_tokens.weight",
    "encoder.final_layernorm.weight": "model.norm.weight",
    "output_layer.weight": "lm_head.weight",
}
_IN_LAYER: Mapping[str, str] = {
    "input_layernorm": "input_layernorm",
    "post_attention_layernorm": "post_attention_layernorm",
    "self_attention.dense": "self_attn.o_proj",
    "mlp.dense_h_to_4h": "mlp.gate_up_proj",
    "mlp.dense_4h_to_h": "mlp.down_proj",
}
FUSED = "self_attention.query_key_value"
PARTS = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
_LAYER = re.compile(r"encoder\.layers\.(?P<number>\d+)\.(?P<module>.+)\.(?P<kind>weight|bias)\Z")
_COMPUTED = "rotary_pos_emb."
"""Tables that some checkpoints carry and everybody computes anew."""


def native_module(original: str) -> tuple[str, ...]:
    """Return the native modules of an original one within a layer; several for the fused projection."""
    if original == FUSED:
        return PARTS
    return (_IN_LAYER[original],) if original in _IN_LAYER else ()


def part_rows(config: GlmConfig) -> tuple[int, int, int]:
    """Return how many rows of the fused projection are queries, keys and values."""
    width = config.head_dim or config.hidden_size // config.num_attention_heads
    keys = (config.num_key_value_heads or config.num_attention_heads) * width
    return (config.num_attention_heads * width, keys, keys)


def native_tensors(stored: Iterable[StoredTensor], config: GlmConfig) -> dict[str, torch.Tensor]:
    """Return the tensors of a checkpoint by native name; ModelError where they are not exactly those of the model.

    The tensors are views of the given ones: nothing is copied.
    """
    expected = _expected_shapes(config)
    found: dict[str, torch.Tensor] = {}
    problems: list[str] = []
    for entry in stored:
        problems += _taken(entry, config, expected, found)
    if config.tie_word_embeddings:
        expected.pop("lm_head.weight", None)
    problems += [f"{original_name(name)} is missing" for name in expected if name not in found]
    if problems:
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        raise ModelError(f"the checkpoint does not fit its config.json: {shown}")
    return found


def _taken(
    entry: StoredTensor, config: GlmConfig, expected: Mapping[str, torch.Size], found: dict[str, torch.Tensor]
) -> Iterator[str]:
    """Put a tensor where it belongs; yield what is wrong with it."""
    place = f"{entry.name} in {entry.file.name}"
    parts = dict(_named(entry, config))
    if not parts and _COMPUTED not in entry.name:
        yield f"{place} is no tensor of ChatGLM3{_hint(entry.name)}"
    for name, tensor in parts.items():
        if name not in expected:
            yield f"{place} belongs to no layer of the {config.num_hidden_layers} in config.json"
        elif name in found:
            yield f"{place} was there before"
        elif tensor.shape != expected[name]:
            wanted = _whole_shape(name, expected, config)
            yield f"{place} has the shape {list(entry.tensor.shape)}, config.json means {wanted}"
            return
        else:
            found[name] = tensor


def _named(entry: StoredTensor, config: GlmConfig) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield native name and tensor of a stored one; nothing for one that is no part of ChatGLM3."""
    name = entry.name.removeprefix("transformer.")
    if name in _WHOLE:
        yield _WHOLE[name], entry.tensor
        return
    match = _LAYER.match(name)
    if match is None:
        return
    modules = native_module(match["module"])
    names = [f"model.layers.{match['number']}.{module}.{match['kind']}" for module in modules]
    if len(names) == 1:
        yield names[0], entry.tensor
    elif names and entry.tensor.shape[0] == sum(part_rows(config)):
        yield from zip(names, entry.tensor.split(part_rows(config)), strict=True)
    else:
        yield from ((part, entry.tensor) for part in names)  # of the wrong shape, as will be found out


def _expected_shapes(config: GlmConfig) -> dict[str, torch.Size]:
    with torch.device("meta"):
        model = GlmForCausalLM(config)
    return {name: tensor.shape for name, tensor in model.state_dict().items()}


def _whole_shape(name: str, expected: Mapping[str, torch.Size], config: GlmConfig) -> list[int]:
    shape = list(expected[name])
    return [sum(part_rows(config)), *shape[1:]] if any(part in name for part in PARTS) else shape


def original_name(native: str) -> str:
    """Return how a checkpoint in the original layout calls a native tensor, or the one that it is a part of."""
    for original, ours in _WHOLE.items():
        if ours == native:
            return f"transformer.{original}"
    inner = native.replace("model.layers.", "transformer.encoder.layers.")
    for part in PARTS:
        inner = inner.replace(part, FUSED)
    for original, ours in _IN_LAYER.items():
        inner = inner.replace(f".{ours}.", f".{original}.")
    return inner


def _hint(name: str) -> str:
    if "prefix_encoder" in name:
        return " but of a P-tuning prefix: use the base model, or fine-tune with LoRA"
    return " but of its own quantisation: take the unquantised checkpoint" if name.endswith("weight_scale") else ""
