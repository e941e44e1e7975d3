"""Tiny chat models made by tests: weights at random, vocabularies trained on a few sentences."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sentencepiece
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, GlmConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from vouch.generation.templates.chatglm3 import SPECIAL_TOKENS

SENTENCES = (
    "公司2023年营业收入为1,234,567.89元，同比增长12.3%。",
    "高血压患者应当定期测量血压，遵医嘱服药。",
    "The company's revenue grew by 12.3% in 2023.",
    'tool_call(symbol="10111", n=3) {"name": "lookup", "parameters": {"year": 2023}}',
    "[INST] <<SYS>> <|system|> <|user|> user assistant system\n\n```python\n```",
)
PIECES = 420
CHATML = (
    "{% if tools %}<|im_start|>system\n{% if messages[0].role == 'system' %}{{ messages[0].content }}\n\n{% endif %}"
    "# Tools\n{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}<|im_end|>\n{% endif %}"
    "{% for m in messages %}{% if m.role == 'system' and tools %}{% elif m.role == 'tool' %}"
    "<|im_start|>user\n<tool_response>\n{{ m.content }}\n</tool_response><|im_end|>\n"
    "{% else %}<|im_start|>{{ m.role }}\n{{ m.content }}"
    "{% for c in m.tool_calls or [] %}\n<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}'
    "<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""A template in the manner of Qwen: ChatML, tools in the system turn, calls in tags."""
CHATML_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
LLAMA3_TOKENS = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")


def write_pieces(file: Path) -> Path:
    """Write a SentencePiece model of the same kind as ChatGLM3's and Llama's."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 4),
        model_writer=written,
        vocab_size=PIECES,
        model_type="bpe",
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        hard_vocab_limit=False,
        minloglevel=3,
    )
    file.write_bytes(written.getvalue())
    return file


def original_config(vocabulary: int, **changed: Any) -> dict[str, Any]:
    """Return a ChatGLM3 `config.json` in the original layout, of two layers."""
    return {
        "model_type": "chatglm",
        "auto_map": {"AutoModel": "modeling_chatglm.ChatGLMForConditionalGeneration"},
        "add_bias_linear": False,
        "add_qkv_bias": True,
        "apply_residual_connection_post_layernorm": False,
        "ffn_hidden_size": 128,
        "hidden_size": 64,
        "kv_channels": 16,
        "layernorm_epsilon": 1e-5,
        "multi_query_attention": True,
        "multi_query_group_num": 2,
        "num_attention_heads": 4,
        "num_layers": 2,
        "original_rope": True,
        "padded_vocab_size": vocabulary,
        "post_layer_norm": True,
        "rmsnorm": True,
        "seq_length": 512,
        "torch_dtype": "float32",
        "eos_token_id": 2,
        "pad_token_id": 0,
        **changed,
    }


def original_tensors(config: Mapping[str, Any], seed: int = 0) -> dict[str, torch.Tensor]:
    """Return random weights under the original names."""
    random = torch.Generator().manual_seed(seed)

    def drawn(*shape: int, scale: float = 0.15) -> torch.Tensor:
        return torch.randn(*shape, generator=random) * scale

    hidden, ffn, vocabulary = config["hidden_size"], config["ffn_hidden_size"], config["padded_vocab_size"]
    groups = config["multi_query_group_num"] if config["multi_query_attention"] else config["num_attention_heads"]
    rows = (config["num_attention_heads"] + 2 * groups) * config["kv_channels"]
    tensors = {
        "transformer.embedding.word_embeddings.weight": drawn(vocabulary, hidden, scale=1.0),
        "transformer.rotary_pos_emb.inv_freq": drawn(config["kv_channels"] // 4),
        "transformer.encoder.final_layernorm.weight": 1 + drawn(hidden),
        "transformer.output_layer.weight": drawn(vocabulary, hidden),
    }
    for layer in range(config["num_layers"]):
        before = f"transformer.encoder.layers.{layer}."
        tensors |= {
            f"{before}input_layernorm.weight": 1 + drawn(hidden),
            f"{before}post_attention_layernorm.weight": 1 + drawn(hidden),
            f"{before}self_attention.query_key_value.weight": drawn(rows, hidden),
            f"{before}self_attention.query_key_value.bias": drawn(rows),
            f"{before}self_attention.dense.weight": drawn(
                hidden, config["num_attention_heads"] * config["kv_channels"]
            ),
            f"{before}mlp.dense_h_to_4h.weight": drawn(2 * ffn, hidden),
            f"{before}mlp.dense_4h_to_h.weight": drawn(hidden, ffn),
        }
    return tensors


def write_chatglm3(folder: Path, seed: int = 0, **changed: Any) -> Path:
    """Write a ChatGLM3 checkpoint in the original layout, its vocabulary included."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(write_pieces(folder / "tokenizer.model")))
    config = original_config(pieces.get_piece_size() + len(SPECIAL_TOKENS) + 7, **changed)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(original_tensors(config, seed), folder / "model.safetensors")
    return folder


def write_llama(folder: Path, tokens: Sequence[str], template: str | None = None, end: str = "") -> Path:
    """Write a Llama with a byte-level tokenizer that has these special tokens."""
    tokenizer = byte_tokenizer(tokens)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end or tokens[-1])
    wrapped.chat_template = template
    wrapped.save_pretrained(folder)
    torch.manual_seed(0)
    LlamaForCausalLM(llama_config(tokenizer.get_vocab_size())).save_pretrained(folder)
    return folder


def byte_tokenizer(tokens: Sequence[str], plain_tokens: Sequence[str] = ()) -> Tokenizer:
    """Return a byte-level BPE tokenizer, as Llama 3 and Qwen have one; `plain_tokens`: added ones, not special."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES * 4, trainer)
    tokenizer.add_special_tokens(list(tokens))
    tokenizer.add_tokens(list(plain_tokens))
    return tokenizer


def llama_config(vocabulary: int) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )


class ScriptedLogits:
    """Stands where a model stands and wants given tokens, one after another: to see what is made of them."""

    device = torch.device("cpu")

    def __init__(self, tokens: Sequence[int], vocabulary: int) -> None:
        self.config = GlmConfig(vocab_size=vocabulary, max_position_embeddings=4096, eos_token_id=None)
        self.generation_config = GenerationConfig()
        self.calls = 0
        self._tokens = tokens
        self._vocabulary = vocabulary

    def __call__(self, input_ids: torch.Tensor, **_arguments: Any) -> SimpleNamespace:
        logits = torch.zeros(1, 1, self._vocabulary)
        logits[0, 0, self._tokens[min(self.calls, len(self._tokens) - 1)]] = 9.0
        self.calls += 1
        return SimpleNamespace(logits=logits)
