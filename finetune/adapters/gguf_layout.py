"""Models as llama.cpp reads them: which fields describe them, and how their tensors are named and laid out.

The same names and layouts as llama.cpp's own convert_hf_to_gguf.py has, for the architectures `llama` and `chatglm`.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import gguf
import numpy as np
import torch
from transformers import GlmConfig, LlamaConfig, MistralConfig

from vouch.generation.models.checkpoint import Checkpoint
from vouch.retrieval.errors import ModelError

Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Change = Callable[[Array], Array]
_SHARED = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_output": "self_attn.o_proj",
    "ffn_down": "mlp.down_proj",
}
_COMPUTED = "rotary_emb.inv_freq"
"""Tables that some checkpoints carry and everybody computes anew."""


@dataclass(frozen=True, slots=True)
class NamedTensor:
    """A tensor under its name in the file, made when its turn comes."""

    name: str
    shape: tuple[int, ...]
    make: Callable[[], Array]


@dataclass(frozen=True, slots=True)
class Layout:
    """A model but for its vocabulary."""

    architecture: str
    config: GlmConfig | LlamaConfig | MistralConfig
    tensors: tuple[NamedTensor, ...]

    @property
    def rotated(self) -> int:
        """Numbers of a head that carry the position."""
        share = float(_rope(self.config).get("partial_rotary_factor") or 1.0)
        return int(_head_width(self.config) * share)

    def describe(self, writer: gguf.GGUFWriter) -> None:
        """Write the fields that say how large the model is and how it computes."""
        config, head = self.config, _head_width(self.config)
        writer.add_vocab_size(config.vocab_size)
        writer.add_context_length(config.max_position_embeddings)
        writer.add_embedding_length(config.hidden_size)
        writer.add_block_count(config.num_hidden_layers)
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count(config.num_attention_heads)
        writer.add_head_count_kv(config.num_key_value_heads or config.num_attention_heads)
        writer.add_key_length(head)
        writer.add_value_length(head)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_dimension_count(self.rotated)
        writer.add_rope_freq_base(float(_rope(config).get("rope_theta") or 10_000.0))
        if _rope(config).get("rope_type") == "linear":
            writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
            writer.add_rope_scaling_factor(float(_rope(config)["factor"]))


def layout_of(checkpoint: Checkpoint) -> Layout:
    """Return a model as llama.cpp wants it; ModelError for an architecture or a variant that is not known here."""
    config, source = checkpoint.config, _Source(checkpoint)
    if isinstance(config, GlmConfig | LlamaConfig | MistralConfig):
        _refuse_variants(checkpoint, config)
    if isinstance(config, GlmConfig):
        architecture, tensors = "chatglm", tuple(_glm(config, source))
    elif isinstance(config, LlamaConfig | MistralConfig):
        architecture, tensors = "llama", tuple(_llama(config, source))
    else:
        raise ModelError(
            f"{checkpoint.folder} is a {config.model_type}; GGUF is written here for llama, mistral and ChatGLM3: take "
            "convert_hf_to_gguf.py of llama.cpp for others"
        )
    source.check_all_used()
    return Layout(architecture, config, tensors)


class _Source:
    """The tensors of a checkpoint, and which of them have found their place."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._used: set[str] = set()

    def has(self, stored: str) -> bool:
        """Say whether there is a tensor of the name."""
        return stored in self._checkpoint.tensors

    def named(self, name: str, *stored: str, change: Change | None = None) -> NamedTensor:
        """Return tensors one above the other under a new name; ModelError where one is missing."""
        missing = [one for one in stored if not self.has(one)]
        if missing:
            raise ModelError(f"the weights in {self._checkpoint.folder} are incomplete: {missing[0]} is missing")
        self._used.update(stored)
        parts = [self._checkpoint.tensors[one] for one in stored]
        shape = (sum(part.shape[0] for part in parts), *parts[0].shape[1:])
        return NamedTensor(name, shape, partial(_numbers, parts, change))

    def check_all_used(self) -> None:
        """Raise ModelError where a tensor has no place in the file: the model would compute something else."""
        left = [name for name in self._checkpoint.tensors if name not in self._used and _COMPUTED not in name]
        tied = self._checkpoint.config.tie_word_embeddings
        left = [name for name in left if not (tied and name == "lm_head.weight")]
        if left:
            raise ModelError(f"{self._checkpoint.folder}: {left[0]} has no place in a GGUF file of this architecture")


def _numbers(parts: list[torch.Tensor], change: Change | None) -> Array:
    numbers = [part.detach().float() for part in parts]
    whole: Array = (numbers[0] if len(numbers) == 1 else torch.cat(numbers)).numpy()  # no copy of an embedding
    return whole if change is None else np.ascontiguousarray(change(whole))


def _llama(config: LlamaConfig | MistralConfig, source: _Source) -> Iterator[NamedTensor]:
    groups = config.num_key_value_heads or config.num_attention_heads
    turned = {"q": partial(interleaved, heads=config.num_attention_heads), "k": partial(interleaved, heads=groups)}
    yield from _ends(config, source)
    if _rope(config).get("rope_type") == "llama3":
        yield _frequency_factors(config)
    for layer in range(config.num_hidden_layers):
        theirs, ours = f"model.layers.{layer}.", f"blk.{layer}."
        for letter in "qkv":
            stored = f"{theirs}self_attn.{letter}_proj"
            yield from _with_bias(source, f"{ours}attn_{letter}", (stored,), turned.get(letter))
        for name in ("gate", "up"):
            yield from _with_bias(source, f"{ours}ffn_{name}", (f"{theirs}mlp.{name}_proj",))
        yield from _shared(source, theirs, ours)


def _glm(config: GlmConfig, source: _Source) -> Iterator[NamedTensor]:
    yield from _ends(config, source)
    for layer in range(config.num_hidden_layers):
        theirs, ours = f"model.layers.{layer}.", f"blk.{layer}."
        yield from _with_bias(source, f"{ours}attn_qkv", tuple(f"{theirs}self_attn.{one}_proj" for one in "qkv"))
        yield from _with_bias(source, f"{ours}ffn_up", (f"{theirs}mlp.gate_up_proj",))
        yield from _shared(source, theirs, ours)


def _ends(config: GlmConfig | LlamaConfig | MistralConfig, source: _Source) -> Iterator[NamedTensor]:
    yield source.named("token_embd.weight", "model.embed_tokens.weight")
    yield source.named("output_norm.weight", "model.norm.weight")
    if not config.tie_word_embeddings:  # else llama.cpp takes the embedding
        yield source.named("output.weight", "lm_head.weight")


def _shared(source: _Source, theirs: str, ours: str) -> Iterator[NamedTensor]:
    for name, module in _SHARED.items():
        yield from _with_bias(source, f"{ours}{name}", (f"{theirs}{module}",))


def _with_bias(
    source: _Source, name: str, modules: tuple[str, ...], change: Change | None = None
) -> Iterator[NamedTensor]:
    yield source.named(f"{name}.weight", *(f"{module}.weight" for module in modules), change=change)
    if source.has(f"{modules[0]}.bias"):
        yield source.named(f"{name}.bias", *(f"{module}.bias" for module in modules), change=change)


def interleaved(weight: Array, heads: int) -> Array:
    """Return the rows of a query or key projection in llama.cpp's order: rotated pairs side by side."""
    half = weight.shape[0] // heads // 2
    return weight.reshape(heads, 2, half, -1).swapaxes(1, 2).reshape(weight.shape)


def _frequency_factors(config: LlamaConfig | MistralConfig) -> NamedTensor:
    """Return what each frequency is divided by, as Llama 3.1 stretches long waves (transformers' `llama3`)."""
    rope, width = _rope(config), _head_width(config)
    low, high = float(rope["low_freq_factor"]), float(rope["high_freq_factor"])
    window = float(rope["original_max_position_embeddings"])
    factors = []
    for place in range(0, width, 2):
        length = 2 * math.pi * float(rope["rope_theta"]) ** (place / width)
        share = min(1.0, max(0.0, (window / length - low) / (high - low)))
        factors.append(1 / ((1 - share) / float(rope["factor"]) + share))
    return NamedTensor("rope_freqs.weight", (width // 2,), lambda: np.array(factors, dtype=np.float32))


def _refuse_variants(checkpoint: Checkpoint, config: GlmConfig | LlamaConfig | MistralConfig) -> None:
    kind = _rope(config).get("rope_type", "default")
    known = ("default",) if isinstance(config, GlmConfig) else ("default", "linear", "llama3")
    if kind not in known:
        raise ModelError(f"{checkpoint.folder} stretches positions by {kind}; only {', '.join(known)} are exported")
    if config.hidden_act != "silu":
        raise ModelError(f"{checkpoint.folder} computes with {config.hidden_act}; only silu is exported")
    window = getattr(config, "sliding_window", None)
    if window and window < config.max_position_embeddings:
        raise ModelError(f"{checkpoint.folder} sees a sliding window of {window} tokens, which is not exported")


def _head_width(config: GlmConfig | LlamaConfig | MistralConfig) -> int:
    return int(config.head_dim or config.hidden_size // config.num_attention_heads)


def _rope(config: GlmConfig | LlamaConfig | MistralConfig) -> Mapping[str, Any]:
    rope = config.rope_parameters
    return rope if isinstance(rope, Mapping) else {}
