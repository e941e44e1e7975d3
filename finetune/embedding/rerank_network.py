"""Learns which of a question's candidates is right: cross-entropy over each list, several networks made one."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from vouch.finetune.embedding.recipe import RerankerRule
from vouch.finetune.embedding.rerank_examples import Example

PARTS = ("mean", "scale", "inner", "bias", "outer")
_LISTS = 64
"""Questions in a batch."""


def train_network(examples: Sequence[Example], rule: RerankerRule, seed: int) -> dict[str, np.ndarray]:
    """Return the weights that `retrieval.rerank.light` reads; the same examples and seed give the same ones."""
    everything = np.concatenate([example.features for example in examples])
    mean, scale = everything.mean(axis=0), everything.std(axis=0) + 1e-6
    lists = _padded(examples, mean, scale)
    networks = [_trained(lists, rule, seed + number) for number in range(rule.networks)]
    layers = [[layer.detach().numpy() for layer in network.parameters()] for network in networks]
    return {
        "mean": mean,
        "scale": scale,
        "inner": np.concatenate([inner.T for inner, _, _ in layers], axis=1),
        "bias": np.concatenate([bias for _, bias, _ in layers]),
        "outer": np.concatenate([outer[0] for _, _, outer in layers]) / len(layers),
    }


def write_network(file: Path, weights: dict[str, np.ndarray]) -> None:
    """Write the weights where they can be opened without trusting the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    mean, scale, inner, bias, outer = (weights[name].astype(np.float32) for name in PARTS)
    np.savez(file, mean=mean, scale=scale, inner=inner, bias=bias, outer=outer)


def _padded(
    examples: Sequence[Example], mean: np.ndarray, scale: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return features, what to add to the logits of places without a candidate, and the shares of the right ones."""
    longest = max(len(example.right) for example in examples)
    features = torch.zeros(len(examples), longest, len(mean))
    missing = torch.full((len(examples), longest), -1e9)
    right = torch.zeros(len(examples), longest)
    for place, example in enumerate(examples):
        count = len(example.right)
        features[place, :count] = torch.from_numpy((example.features - mean) / scale)
        missing[place, :count] = 0
        right[place, :count] = torch.from_numpy(example.right / example.right.sum())
    return features, missing, right


def _trained(
    lists: tuple[torch.Tensor, torch.Tensor, torch.Tensor], rule: RerankerRule, seed: int
) -> torch.nn.Sequential:
    torch.manual_seed(seed)
    features, missing, right = lists
    network = torch.nn.Sequential(
        torch.nn.Linear(features.shape[2], rule.hidden), torch.nn.Tanh(), torch.nn.Linear(rule.hidden, 1, bias=False)
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=rule.learning_rate, weight_decay=rule.weight_decay)
    for _ in range(rule.epochs):
        for batch in torch.randperm(len(features)).split(_LISTS):
            logits = network(features[batch]).squeeze(-1) + missing[batch]
            loss = -(right[batch] * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return network
