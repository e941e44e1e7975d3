"""Two base models of some millions of weights, first trained on one core: a Llama and a ChatGLM3.

Both learn whole rows of text, and chats in the very format that serving uses, so that they end their replies.
"""

import io
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import sentencepiece
import torch
from safetensors.torch import save_file
from transformers import GlmConfig, GlmForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from proof_models.texts import Chat, shuffled
from vouch.generation.chat import Message
from vouch.generation.models.formats import Language, language_of
from vouch.generation.models.loading import LoadOptions, load_weights
from vouch.generation.templates.chatglm3 import SPECIAL_TOKENS

Shape = Literal["llama", "chatglm3"]
Say = Callable[[str], None]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Size:
    """How large a base model is; widths are multiples of 64, as four-bit weights ask on a processor."""

    hidden: int = 192
    layers: int = 4
    inner: int = 512
    heads: int = 6
    groups: int = 2
    pieces: int = 4096
    row: int = 512
    """Tokens of a training row."""
    window: int = 2048


@dataclass(frozen=True, slots=True)
class FirstTraining:
    """How long, and how fast, the base learns."""

    steps: int
    batch: int = 4
    rate: float = 2.5e-3
    warm_up: float = 0.03
    seed: int = 0
    save_every: int = 100


def write_pieces(file: Path, texts: Sequence[str], size: Size) -> None:
    """Train a SentencePiece vocabulary as Llama and ChatGLM3 have one: BPE, bytes for what is rare, single digits."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line for text in texts for line in text.splitlines() if line),
        model_writer=written,
        vocab_size=size.pieces,
        model_type="bpe",
        byte_fallback=True,
        split_digits=True,
        character_coverage=0.9995,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        input_sentence_size=60_000,
        num_threads=1,
        minloglevel=2,
    )
    file.write_bytes(written.getvalue())


def write_untrained(folder: Path, shape: Shape, pieces: bytes, size: Size, seed: int) -> None:
    """Write a model folder with weights at random: ChatGLM3 in the original layout, Llama as transformers saves it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(pieces)
    torch.manual_seed(seed)
    model = LlamaForCausalLM(_llama(size)) if shape == "llama" else GlmForCausalLM(_glm(size))
    save_weights(model, folder, size)


def save_weights(model: PreTrainedModel, folder: Path, size: Size) -> None:
    """Write weights and configuration."""
    if isinstance(model, GlmForCausalLM):
        (folder / "config.json").write_text(json.dumps(_original_config(size), indent=1), encoding="utf-8")
        save_file(_original_tensors(model), folder / "model.safetensors")
    else:
        model.save_pretrained(folder)


def learn(folder: Path, rows: tuple[Ids, Ids], size: Size, plan: FirstTraining, say: Say) -> dict[str, Any]:
    """Train the model of a folder from where it stands, and write it back; returns what it came to.

    `rows`: those that are learned, and those that are only measured.
    """
    torch.set_num_threads(1)
    learned, held_out = rows
    model = load_weights(folder, LoadOptions(device="cpu", precision="float32"))
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    done, seconds, state = 0, 0.0, state_of(folder)
    if state.is_file():
        kept = torch.load(state, weights_only=True)
        optimiser.load_state_dict(kept["optimiser"])
        done, seconds = int(kept["step"]), float(kept["seconds"])
    begun, losses = time.time() - seconds, []
    for step in range(done, plan.steps):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * _share(step, plan)
        loss = _loss(model, learned[_drawn(step, plan, len(learned))])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
        if (step + 1) % plan.save_every == 0 or step + 1 == plan.steps:
            save_weights(model, folder, size)
            spent = time.time() - begun
            torch.save({"optimiser": optimiser.state_dict(), "step": step + 1, "seconds": spent}, state)
            rate = (step + 1) * plan.batch * size.row / spent
            say(f"{folder.name} step {step + 1} of {plan.steps}: loss {np.mean(losses):.3f}, {rate:.0f} tokens/s")
            losses = []
    return {
        "model": folder.name,
        "weights": sum(parameter.numel() for parameter in model.parameters()),
        "tokens": plan.steps * plan.batch * size.row,
        "seconds": round(time.time() - begun),
        "held_out_loss": round(_held_out(model, held_out), 4),
    }


def state_of(folder: Path) -> Path:
    """Return where a first training keeps what it needs to go on."""
    return folder.parent / f"{folder.name}.state.pt"


def rows_of(folder: Path, entries: Sequence[str | Chat], size: Size, seed: int) -> Ids:
    """Return texts and chats as token ids in the model's own format, one after another, cut into rows."""
    language = language_of(folder, json.loads((folder / "config.json").read_text(encoding="utf-8")))
    ids: list[int] = []
    for entry in shuffled(entries, seed):
        ids += chat_ids(language, entry) if isinstance(entry, Chat) else _text_ids(language, entry)
    whole = len(ids) // size.row * size.row
    return np.asarray(ids[:whole], dtype=np.int64).reshape(-1, size.row)


def chat_ids(language: Language, chat: Chat) -> list[int]:
    """Return a question as serving sends it, the reply to it, and the token that ends the turn."""
    vocabulary, form = language.vocabulary, language.form
    prompt = vocabulary.prompt_ids(form.segments((Message("user", chat.question),), ()))
    return [*prompt, *(vocabulary.text_ids(form.opening) if form.opening else ()), *vocabulary.text_ids(chat.answer), 2]


def _text_ids(language: Language, text: str) -> Iterator[int]:
    start = [language.vocabulary.id_of("[gMASK]"), language.vocabulary.id_of("sop")]
    yield from ([id_ for id_ in start if id_ is not None] or [1])
    yield from language.vocabulary.text_ids(text)
    yield 2


def _loss(model: PreTrainedModel, rows: Ids) -> torch.Tensor:
    ids = torch.from_numpy(rows)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss: torch.Tensor = model(input_ids=ids, labels=ids).loss
    return loss


def _held_out(model: PreTrainedModel, rows: Ids) -> float:
    model.eval()
    with torch.inference_mode():
        losses = [_loss(model, rows[at : at + 8]).item() for at in range(0, len(rows), 8)]
    return float(np.mean(losses))


def _share(step: int, plan: FirstTraining) -> float:
    """Return the share of the full rate: warmed up, then down the cosine to a twentieth."""
    rising = max(1, int(plan.warm_up * plan.steps))
    if step < rising:
        return (step + 1) / rising
    done = (step - rising) / max(1, plan.steps - rising)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))


def _drawn(step: int, plan: FirstTraining, rows: int) -> list[int]:
    """Return the rows of a step: each row once in every pass."""
    found = []
    for place in range(step * plan.batch, (step + 1) * plan.batch):
        order = np.random.default_rng((plan.seed, place // rows)).permutation(rows)
        found.append(int(order[place % rows]))
    return found


def _llama(size: Size) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=size.pieces,
        hidden_size=size.hidden,
        intermediate_size=size.inner,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.groups,
        max_position_embeddings=size.window,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        rms_norm_eps=1e-5,
    )


def _glm(size: Size) -> GlmConfig:
    return GlmConfig(
        vocab_size=_padded(size),
        hidden_size=size.hidden,
        intermediate_size=size.inner,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.groups,
        head_dim=size.hidden // size.heads,
        max_position_embeddings=size.window,
        rms_norm_eps=1e-5,
        attention_bias=True,
        tie_word_embeddings=False,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5},
    )


def _padded(size: Size) -> int:
    return (size.pieces + len(SPECIAL_TOKENS) + 63) // 64 * 64


def _original_config(size: Size) -> dict[str, Any]:
    return {
        "model_type": "chatglm",
        "add_bias_linear": False,
        "add_qkv_bias": True,
        "apply_residual_connection_post_layernorm": False,
        "ffn_hidden_size": size.inner,
        "hidden_size": size.hidden,
        "kv_channels": size.hidden // size.heads,
        "layernorm_epsilon": 1e-5,
        "multi_query_attention": True,
        "multi_query_group_num": size.groups,
        "num_attention_heads": size.heads,
        "num_layers": size.layers,
        "original_rope": True,
        "padded_vocab_size": _padded(size),
        "post_layer_norm": True,
        "rmsnorm": True,
        "seq_length": size.window,
        "torch_dtype": "float32",
        "eos_token_id": 2,
        "pad_token_id": 0,
    }


def _original_tensors(model: GlmForCausalLM) -> dict[str, torch.Tensor]:
    """Return the weights under the names of the published checkpoints, query, key and value in one."""
    found = {name: tensor.detach() for name, tensor in model.state_dict().items()}
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
            tensors[f"{original}{theirs}.weight"] = found[f"{native}{ours}.weight"].clone()
        for kind in ("weight", "bias"):
            parts = [found[f"{native}self_attn.{name}_proj.{kind}"] for name in "qkv"]
            tensors[f"{original}self_attention.query_key_value.{kind}"] = torch.cat(parts)
    return {name: tensor.contiguous() for name, tensor in tensors.items()}
