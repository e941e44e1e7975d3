"""Rerankers that read question and passage together (bge-reranker and alike), through transformers."""

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification

from vouch.retrieval.errors import ModelError
from vouch.retrieval.model_files import check_model, find_model, fingerprint, read_json
from vouch.retrieval.rerank.ranked import passage_text, reordered
from vouch.retrieval.rerank.reading import AS_USUAL, PairReading, by_length
from vouch.retrieval.torch_models.loading import LoadedModel, load_model, memory_errors
from vouch.retrieval.types import Hit

Encoded = Mapping[str, Sequence[int]]
"""Token ids of a pair, and the token types where the model has them."""
_HEADS = ("classifier", "score")
"""What models call the layer that makes the logit."""


class CrossEncoderReranker:
    """A Reranker of one logit (or two, for no and yes) for each pair. The model is loaded with the first question."""

    def __init__(self, model: str, reading: PairReading = AS_USUAL) -> None:
        self._folder = find_model(model, "rerank.model")
        check_model(self._folder)
        _check_kind(self._folder)
        self._reading = reading
        self._one_at_a_time = threading.Lock()

    @cached_property
    def name(self) -> str:
        """Model type and fingerprint: equal names give equal scores."""
        kind = read_json(self._folder / "config.json").get("model_type", "model")
        return f"cross-encoder:{kind}@{fingerprint(self._folder)}/{self._reading.max_length}t"

    def rerank(self, query: str, hits: Sequence[Hit]) -> list[Hit]:
        """Return all hits by how well they answer, scores between 0 and 1."""
        return reordered(hits, self.scores(query, [passage_text(hit.chunk) for hit in hits]))

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return one score between 0 and 1 for each passage."""
        if not passages:
            return []
        with self._one_at_a_time:
            loaded = self._loaded
            pairs = _encoded(loaded, query, passages, self._reading.max_length)
            scores = [0.0] * len(passages)
            for places in by_length([len(pair["input_ids"]) for pair in pairs], self._reading.batch):
                logits = _logits(loaded, [pairs[place] for place in places])
                for place, score in zip(places, _probabilities(logits), strict=True):
                    scores[place] = score
        return scores

    @cached_property
    def _loaded(self) -> LoadedModel:
        reading = self._reading
        make = AutoModelForSequenceClassification.from_pretrained
        loaded = load_model(make, self._folder, reading.device, reading.precision)
        _score_in_float32(loaded.model)
        return loaded


def _check_kind(folder: Path) -> None:
    config = read_json(folder / "config.json")
    kinds = config.get("architectures") or []
    if not any("ForSequenceClassification" in str(kind) for kind in kinds):
        raise ModelError(
            f"{folder} is no cross-encoder ({', '.join(map(str, kinds)) or 'its config.json names no architecture'}): "
            "rerank.model must be a model for sequence classification, like bge-reranker"
        )
    labels = len(config.get("id2label") or {}) or int(config.get("num_labels", 2))
    if labels > 2:
        raise ModelError(f"{folder} sorts pairs into {labels} classes: a reranker has one score, or no and yes")


def _score_in_float32(model: torch.nn.Module) -> None:
    """Make the last layer compute in float32: bfloat16 has steps of 0.03 at a logit of 5, where good passages tie."""
    head = next((getattr(model, name) for name in _HEADS if hasattr(model, name)), None)
    if head is not None:
        head.float()
        head.register_forward_pre_hook(_in_float32)


def _in_float32(_: torch.nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value.float() if isinstance(value, torch.Tensor) else value for value in given)


def _encoded(loaded: LoadedModel, query: str, passages: Sequence[str], max_length: int) -> list[Encoded]:
    coded = loaded.tokenizer([query] * len(passages), list(passages), truncation="longest_first", max_length=max_length)
    return [{name: coded[name][row] for name in coded} for row in range(len(passages))]


def _logits(loaded: LoadedModel, pairs: Sequence[Encoded]) -> torch.Tensor:
    longest = max(len(pair["input_ids"]) for pair in pairs)
    filler = {"input_ids": loaded.tokenizer.pad_token_id or 0}
    given = {
        name: torch.tensor([[*pair[name], *[filler.get(name, 0)] * (longest - len(pair[name]))] for pair in pairs])
        for name in pairs[0]
    }
    doing = f"reading {len(pairs)} pairs of {longest} tokens"
    with torch.inference_mode(), memory_errors(doing, "set rerank.batch or rerank.max_length lower"):
        logits: torch.Tensor = loaded.model(**{name: rows.to(loaded.device) for name, rows in given.items()}).logits
    return logits.float().cpu()


def _probabilities(logits: torch.Tensor) -> list[float]:
    """Return the probability of a fit: of one logit by the sigmoid, of no and yes by their softmax."""
    fits = torch.sigmoid(logits[:, 0]) if logits.shape[1] == 1 else torch.softmax(logits, dim=1)[:, 1]
    probabilities: list[float] = fits.tolist()
    return probabilities
