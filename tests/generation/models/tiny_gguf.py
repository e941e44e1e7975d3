"""Tiny models with random weights: as transformers classes, and as GGUF files of the same weights.

The tensors are named and laid out as llama.cpp reads them (its `convert_hf_to_gguf.py` does the same).
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import sentencepiece
import torch
from transformers import GlmConfig, GlmForCausalLM, LlamaConfig, LlamaForCausalLM, PretrainedConfig

from vouch.generation.chat import Message
from vouch.generation.templates.chatglm3 import SPECIAL_TOKENS, ChatGLM3Format
from vouch.generation.templates.segments import Control

HEADS, GROUPS, LAYERS, WINDOW = 4, 2, 2, 1024
CORPUS = """公司2022年营业收入为1,234.56万元，同比增长2.5%。
本报告期净利润下降，主要是原材料价格上涨所致。
The company's revenue grew by 12 percent in 2022, net profit fell.
糖尿病患者应当监测血糖，首选二甲双胍。
年度报告第57页列示了合并利润表。[1] [2] [INST] [/INST] <<SYS>> <</SYS>>
{"name": "lookup_facts", "parameters": {"company": "甲公司", "year": 2022}}"""

TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
"""A chat template without control tokens."""

Weights = dict[str, np.ndarray]


@dataclass(frozen=True)
class Shape:
    """How large a tiny model is."""

    hidden: int = 64
    window: int = WINDOW


@dataclass(frozen=True)
class TinyModel:
    """A model of both worlds."""

    path: Path
    """GGUF file."""
    reference: torch.nn.Module
    pieces: sentencepiece.SentencePieceProcessor

    def greedy(self, ids: Sequence[int], count: int) -> list[int]:
        """Return the most likely continuation by a plain loop over transformers' logits: no cache, no generate."""
        found = list(ids)
        with torch.inference_mode():
            for _ in range(count):
                found.append(int(self.reference(torch.tensor([found])).logits[0, -1].argmax()))
        return found[len(ids) :]

    def says(self, ids: Sequence[int], count: int) -> str:
        """Return the text of that continuation."""
        return str(self.pieces.decode([id_ for id_ in self.greedy(ids, count) if id_ < len(self.pieces)]))

    def until_the_end(self, ids: Sequence[int], count: int) -> str:
        """Return the text of that continuation up to the first token that ends a reply; other controls are no text."""
        last = len(self.pieces)
        ends = {2, last + SPECIAL_TOKENS.index("<|user|>"), last + SPECIAL_TOKENS.index("<|observation|>")}
        found = self.greedy(ids, count)
        said = found[: next((n for n, id_ in enumerate(found) if id_ in ends), count)]
        return str(self.pieces.decode([id_ for id_ in said if id_ < last and not self.pieces.is_control(id_)]))

    def save(self, folder: Path) -> None:
        """Write it as a folder of transformers with a SentencePiece vocabulary."""
        self.reference.save_pretrained(folder)
        (folder / "tokenizer.model").write_bytes(self.pieces.serialized_model_proto())


def _without(reference: torch.nn.Module, pieces: sentencepiece.SentencePieceProcessor) -> None:
    """Make tokens that are no text, and bytes, never the likeliest: the model talks on in whole characters."""
    ends = [n for n in range(len(pieces)) if pieces.is_control(n) or pieces.is_unknown(n) or pieces.is_byte(n)]
    with torch.no_grad():
        weight = reference.lm_head.weight
        weight[[*ends, *range(len(pieces), len(weight))]] = 0


def trained_pieces(vocabulary: int = 400, corpus: str = CORPUS) -> sentencepiece.SentencePieceProcessor:
    """Return a vocabulary like Llama's and ChatGLM3's: BPE with byte fallback."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus.split("\n") * 5),
        model_writer=written,
        vocab_size=vocabulary,
        model_type="bpe",
        byte_fallback=True,
        character_coverage=1.0,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())


def _begin_with_newline(
    reference: torch.nn.Module, pieces: sentencepiece.SentencePieceProcessor, asked: Sequence[Message]
) -> None:
    """Make a newline the likeliest token after this conversation: so ChatGLM3 begins its replies."""
    ids: list[int] = []
    for segment in ChatGLM3Format().segments(asked, ()):
        control = isinstance(segment, Control)
        ids += [len(pieces) + SPECIAL_TOKENS.index(segment.name)] if control else pieces.encode(segment.text)
    with torch.no_grad():
        state = reference.model(torch.tensor([ids])).last_hidden_state[0, -1]
        likeliest = reference.lm_head(state).max()
        reference.lm_head.weight[pieces.piece_to_id("<0x0A>")] = state * 1.5 * likeliest / (state @ state)


def tiny_llama(path: Path, template: str | None = None, whole: bool = True) -> TinyModel:
    """Return a Llama and write it to a GGUF file; `whole`: it talks on in whole characters."""
    pieces = trained_pieces()
    reference = random_llama(pieces)
    if whole:
        _without(reference, pieces)
    write_llama_gguf(path, reference, pieces, template)
    return TinyModel(path, reference, pieces)


def random_llama(pieces: sentencepiece.SentencePieceProcessor, shape: Shape = Shape()) -> LlamaForCausalLM:
    """Return a Llama with random weights, always the same."""
    torch.manual_seed(7)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(pieces),
            hidden_size=shape.hidden,
            intermediate_size=2 * shape.hidden,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            num_key_value_heads=GROUPS,
            max_position_embeddings=shape.window,
            initializer_range=0.3,
            tie_word_embeddings=False,
        )
    ).eval()


def write_llama_gguf(
    path: Path,
    reference: LlamaForCausalLM,
    pieces: sentencepiece.SentencePieceProcessor,
    template: str | None = None,
) -> None:
    """Write a Llama to a GGUF file."""
    weights = _weights(reference)
    writer = _writer(path, "llama", pieces, ())
    _add_shape(writer, reference.config, reference.config.head_dim)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    if template is not None:
        writer.add_chat_template(template)
    for layer in range(LAYERS):
        theirs, ours = f"model.layers.{layer}.", f"blk.{layer}."
        for name, heads in (("q", HEADS), ("k", GROUPS)):
            weight = weights[f"{theirs}self_attn.{name}_proj.weight"]
            writer.add_tensor(f"{ours}attn_{name}.weight", interleaved(weight, heads))
        writer.add_tensor(f"{ours}attn_v.weight", weights[f"{theirs}self_attn.v_proj.weight"])
        for name in ("gate", "up"):
            writer.add_tensor(f"{ours}ffn_{name}.weight", weights[f"{theirs}mlp.{name}_proj.weight"])
        _shared_tensors(writer, weights, theirs, ours)
    _finish(writer, weights)


def tiny_glm(path: Path, whole: bool = True, asked: Sequence[Message] = ()) -> TinyModel:
    """Return a ChatGLM3 and write it to a GGUF file; `asked`: what it begins to answer with a newline."""
    pieces = trained_pieces()
    reference = random_glm(pieces)
    if whole:
        _without(reference, pieces)
    if asked:
        _begin_with_newline(reference, pieces, asked)
    write_glm_gguf(path, reference, pieces)
    return TinyModel(path, reference, pieces)


def random_glm(pieces: sentencepiece.SentencePieceProcessor, shape: Shape = Shape()) -> GlmForCausalLM:
    """Return a ChatGLM3 with random weights, always the same."""
    torch.manual_seed(7)
    return GlmForCausalLM(
        GlmConfig(
            vocab_size=len(pieces) + len(SPECIAL_TOKENS),
            hidden_size=shape.hidden,
            intermediate_size=2 * shape.hidden,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            num_key_value_heads=GROUPS,
            head_dim=shape.hidden // HEADS,
            max_position_embeddings=shape.window,
            rms_norm_eps=1e-5,
            attention_bias=True,
            tie_word_embeddings=False,
            initializer_range=0.3,
            pad_token_id=0,
            rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5},
        )
    ).eval()


def write_glm_gguf(path: Path, reference: GlmForCausalLM, pieces: sentencepiece.SentencePieceProcessor) -> None:
    """Write a ChatGLM3 to a GGUF file."""
    weights = _weights(reference)
    writer = _writer(path, "chatglm", pieces, SPECIAL_TOKENS)
    _add_shape(writer, reference.config, reference.config.head_dim // 2)
    writer.add_eos_token_id(2)
    writer.add_eot_token_id(len(pieces) + SPECIAL_TOKENS.index("<|user|>"))
    writer.add_add_bos_token(False)
    for layer in range(LAYERS):
        theirs, ours = f"model.layers.{layer}.", f"blk.{layer}."
        for kind in ("weight", "bias"):
            parts = [weights[f"{theirs}self_attn.{name}_proj.{kind}"] for name in "qkv"]
            writer.add_tensor(f"{ours}attn_qkv.{kind}", np.concatenate(parts))
        writer.add_tensor(f"{ours}ffn_up.weight", weights[f"{theirs}mlp.gate_up_proj.weight"])
        _shared_tensors(writer, weights, theirs, ours)
    _finish(writer, weights)


def interleaved(weight: np.ndarray, heads: int) -> np.ndarray:
    """Return the rows of a query or key projection in llama.cpp's order: rotated pairs side by side."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(weight.shape)


def _weights(model: torch.nn.Module) -> Weights:
    return {name: tensor.detach().numpy().astype(np.float32) for name, tensor in model.state_dict().items()}


def _writer(
    path: Path, architecture: str, pieces: sentencepiece.SentencePieceProcessor, special: Sequence[str]
) -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("tiny")
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_layer_norm_rms_eps(1e-5 if architecture == "chatglm" else 1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_file_type(0)
    writer.add_tokenizer_model("llama")
    numbers = range(len(pieces))
    writer.add_token_list([pieces.id_to_piece(n) for n in numbers] + list(special))
    writer.add_token_scores([pieces.get_score(n) for n in numbers] + [0.0] * len(special))
    writer.add_token_types([_token_type(pieces, n) for n in numbers] + [gguf.TokenType.CONTROL] * len(special))
    return writer


def _add_shape(writer: gguf.GGUFWriter, config: PretrainedConfig, rotated: int) -> None:
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_rope_dimension_count(rotated)


def _token_type(pieces: sentencepiece.SentencePieceProcessor, number: int) -> gguf.TokenType:
    if pieces.is_unknown(number):
        return gguf.TokenType.UNKNOWN
    if pieces.is_control(number):
        return gguf.TokenType.CONTROL
    return gguf.TokenType.BYTE if pieces.is_byte(number) else gguf.TokenType.NORMAL


def _shared_tensors(writer: gguf.GGUFWriter, weights: Weights, theirs: str, ours: str) -> None:
    names = {
        "attn_norm": "input_layernorm",
        "ffn_norm": "post_attention_layernorm",
        "attn_output": "self_attn.o_proj",
        "ffn_down": "mlp.down_proj",
    }
    for name, their_name in names.items():
        writer.add_tensor(f"{ours}{name}.weight", weights[f"{theirs}{their_name}.weight"])


def _finish(writer: gguf.GGUFWriter, weights: Weights) -> None:
    writer.add_tensor("token_embd.weight", weights["model.embed_tokens.weight"])
    writer.add_tensor("output_norm.weight", weights["model.norm.weight"])
    writer.add_tensor("output.weight", weights["lm_head.weight"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
