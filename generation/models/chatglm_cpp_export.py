"""A natively loaded ChatGLM3 as a GGML file of chatglm.cpp, through that package's converter.

Its own command loads the checkpoint's remote code, which fails on transformers 5; it only needs config and tensors,
which are given here in the original's names and layout.
"""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import chatglm_cpp.convert
import sentencepiece
import torch
from transformers import GlmConfig, GlmForCausalLM

from vouch.retrieval.errors import ModelError

TYPES = ("f32", "f16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0")


def write_ggml(model: GlmForCausalLM, pieces: Path, target: Path, dtype: str = "q4_0") -> None:
    """Write a file that chatglm.cpp runs. `pieces`: the tokenizer.model; `dtype`: one of TYPES, for the matrices."""
    if dtype not in TYPES:
        raise ModelError(f"chatglm.cpp has no type {dtype!r}: take one of {', '.join(TYPES)}")
    original = SimpleNamespace(config=_original_config(model.config), state_dict=lambda: _original_tensors(model))
    processor = sentencepiece.SentencePieceProcessor(model_file=str(pieces))
    tokenizer = SimpleNamespace(tokenizer=SimpleNamespace(sp_model=processor))
    kind = chatglm_cpp.convert.GGMLType[dtype.upper()]
    with target.open("wb") as file, redirect_stdout(sys.stderr):  # it prints a table of the tensors
        chatglm_cpp.convert.ChatGLM3Converter.convert(file, original, tokenizer, kind)


def _original_config(config: GlmConfig) -> SimpleNamespace:
    rope = config.rope_parameters
    assert isinstance(rope, dict)
    return SimpleNamespace(
        add_bias_linear=False,
        add_qkv_bias=True,
        apply_residual_connection_post_layernorm=False,
        multi_query_attention=True,
        original_rope=True,
        post_layer_norm=True,
        rmsnorm=True,
        padded_vocab_size=config.vocab_size,
        hidden_size=config.hidden_size,
        kv_channels=config.head_dim,
        num_attention_heads=config.num_attention_heads,
        multi_query_group_num=config.num_key_value_heads,
        num_layers=config.num_hidden_layers,
        ffn_hidden_size=config.intermediate_size,
        layernorm_epsilon=config.rms_norm_eps,
        rope_ratio=float(rope["rope_theta"] or 10000.0) / 10000.0,
        seq_length=config.max_position_embeddings,
        eos_token_id=2,
        pad_token_id=0,
        pre_seq_len=None,
    )


def _original_tensors(model: GlmForCausalLM) -> dict[str, torch.Tensor]:
    """Return the tensors under their original names, query, key and value in one."""
    found = {name: tensor.float() for name, tensor in model.state_dict().items()}
    tensors = {
        "transformer.embedding.word_embeddings.weight": found["model.embed_tokens.weight"],
        "transformer.encoder.final_layernorm.weight": found["model.norm.weight"],
        "transformer.output_layer.weight": found["lm_head.weight"],
    }
    same = {
        "input_layernorm": "input_layernorm",
        "post_attention_layernorm": "post_attention_layernorm",
        "self_attn.o_proj": "self_attention.dense",
        "mlp.gate_up_proj": "mlp.dense_h_to_4h",
        "mlp.down_proj": "mlp.dense_4h_to_h",
    }
    for layer in range(model.config.num_hidden_layers):
        native, original = f"model.layers.{layer}.", f"transformer.encoder.layers.{layer}."
        for ours, theirs in same.items():
            tensors[f"{original}{theirs}.weight"] = found[f"{native}{ours}.weight"]
        for kind in ("weight", "bias"):
            parts = [found[f"{native}self_attn.{name}_proj.{kind}"] for name in "qkv"]
            tensors[f"{original}self_attention.query_key_value.{kind}"] = torch.cat(parts)
    return tensors
