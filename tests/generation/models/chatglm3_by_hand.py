"""ChatGLM3's computation written out in NumPy from the published modelling code, one position after another."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def logits_of(config: Mapping[str, Any], weights: Mapping[str, Array], ids: Sequence[int]) -> Array:
    """Return the logits of every position (positions, vocabulary), in double precision."""
    hidden = weights["transformer.embedding.word_embeddings.weight"][list(ids)]
    for layer in range(config["num_layers"]):
        before = f"transformer.encoder.layers.{layer}."
        mine = {name.removeprefix(before): value for name, value in weights.items() if name.startswith(before)}
        normed = _norm(hidden, mine["input_layernorm.weight"], config)
        hidden = hidden + _attention(normed, mine, config)
        normed = _norm(hidden, mine["post_attention_layernorm.weight"], config)
        hidden = hidden + _feed_forward(normed, mine)
    final = _norm(hidden, weights["transformer.encoder.final_layernorm.weight"], config)
    return final @ weights["transformer.output_layer.weight"].T


def _norm(values: Array, weight: Array, config: Mapping[str, Any]) -> Array:
    variance = (values**2).mean(-1, keepdims=True)
    return values / np.sqrt(variance + config["layernorm_epsilon"]) * weight


def _feed_forward(values: Array, mine: Mapping[str, Array]) -> Array:
    gate, up = np.split(values @ mine["mlp.dense_h_to_4h.weight"].T, 2, axis=-1)
    return (gate / (1 + np.exp(-gate)) * up) @ mine["mlp.dense_4h_to_h.weight"].T


def _attention(values: Array, mine: Mapping[str, Array], config: Mapping[str, Any]) -> Array:
    heads, width = config["num_attention_heads"], config["kv_channels"]
    groups = config["multi_query_group_num"]
    mixed = values @ mine["self_attention.query_key_value.weight"].T + mine["self_attention.query_key_value.bias"]
    queries, keys, rest = np.split(mixed, [heads * width, (heads + groups) * width], axis=-1)
    positions = len(values)
    q = _rotated(queries.reshape(positions, heads, width), config)
    k = _rotated(keys.reshape(positions, groups, width), config)
    v = rest.reshape(positions, groups, width)
    out = np.zeros((positions, heads, width))
    for head in range(heads):
        group = head // (heads // groups)
        for at in range(positions):
            scores = k[: at + 1, group] @ q[at, head] / np.sqrt(width)
            share = np.exp(scores - scores.max())
            out[at, head] = (share / share.sum()) @ v[: at + 1, group]
    return out.reshape(positions, heads * width) @ mine["self_attention.dense.weight"].T


def _rotated(values: Array, config: Mapping[str, Any]) -> Array:
    """Turn neighbouring pairs of the first half of each head; the second half knows no position."""
    half = config["kv_channels"] // 2
    base = 10_000 * config.get("rope_ratio", 1)
    turned = values.copy()
    for position in range(values.shape[0]):
        for pair in range(half // 2):
            angle = position / base ** (2 * pair / half)
            even, odd = values[position, :, 2 * pair], values[position, :, 2 * pair + 1]
            turned[position, :, 2 * pair] = even * np.cos(angle) - odd * np.sin(angle)
            turned[position, :, 2 * pair + 1] = odd * np.cos(angle) + even * np.sin(angle)
    return turned
