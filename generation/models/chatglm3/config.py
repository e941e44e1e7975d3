"""The original ChatGLM3 configuration as one of the native GLM classes; what those cannot compute is refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import GlmConfig

from vouch.retrieval.errors import ModelError

BASE = 10_000.0
"""Of the rotary position embedding; `rope_ratio` multiplies it (50 in the 32k model, 500 in the 128k one)."""
_FIXED: Mapping[str, object] = {
    "rmsnorm": True,
    "post_layer_norm": True,
    "apply_residual_connection_post_layernorm": False,
    "add_bias_linear": False,
    "original_rope": True,
}
"""What every ChatGLM3 has; the native classes know no other way."""


def glm_config(original: Mapping[str, Any], folder: Path) -> GlmConfig:
    """Return the native configuration of an original `config.json`; ModelError for what is no ChatGLM3."""
    _refuse_others(original, folder)
    try:
        heads = int(original["num_attention_heads"])
        hidden = int(original["hidden_size"])
        groups = int(original["multi_query_group_num"]) if original.get("multi_query_attention") else heads
        return GlmConfig(
            vocab_size=int(original["padded_vocab_size"]),
            hidden_size=hidden,
            intermediate_size=int(original["ffn_hidden_size"]),
            num_hidden_layers=int(original["num_layers"]),
            num_attention_heads=heads,
            num_key_value_heads=groups,
            head_dim=int(original.get("kv_channels") or hidden // heads),
            rms_norm_eps=float(original["layernorm_epsilon"]),
            attention_bias=bool(original.get("add_qkv_bias") or original.get("add_bias_linear")),
            attention_dropout=0.0,
            tie_word_embeddings=bool(original.get("tie_word_embeddings", False)),
            max_position_embeddings=int(original["seq_length"]),
            rope_parameters={
                "rope_type": "default",
                "rope_theta": BASE * float(original.get("rope_ratio") or 1),
                "partial_rotary_factor": 0.5,
            },
            pad_token_id=original.get("pad_token_id") or 0,
            bos_token_id=1,
            eos_token_id=original.get("eos_token_id") or 2,
        )
    except KeyError as error:
        raise ModelError(f"{folder / 'config.json'} lacks {error}: it is no ChatGLM3 configuration") from error
    except (TypeError, ValueError) as error:
        raise ModelError(f"{folder / 'config.json'} has an impossible value: {error}") from error


def _refuse_others(original: Mapping[str, Any], folder: Path) -> None:
    place = folder / "config.json"
    if "position_encoding_2d" in original or "inner_hidden_size" in original:
        raise ModelError(
            f"{place} is ChatGLM-6B, the first generation: use ChatGLM3-6B, or serve it elsewhere (openai)"
        )
    if original.get("quantization_bit"):
        bits = original["quantization_bit"]
        raise ModelError(
            f"{place}: this checkpoint is quantised to {bits} bits in ChatGLM's own way; "
            f"take the unquantised one and set model.quantise = int{bits}"
        )
    if original.get("pre_seq_len"):
        raise ModelError(
            f"{place}: this is a P-tuning v2 checkpoint (pre_seq_len), whose prefix the native classes do not have; "
            "use the base model, or fine-tune with LoRA"
        )
    for key, value in _FIXED.items():
        if key in original and original[key] != value:
            raise ModelError(f"{place}: {key} is {original[key]}; the native GLM classes compute only {value}")
