"""Rerankers that are language models: asked whether a passage answers, they say yes or no; the odds are the score."""

import threading
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from vouch.retrieval.errors import ModelError
from vouch.retrieval.model_files import check_model, find_model, fingerprint, read_json
from vouch.retrieval.rerank.ranked import passage_text, reordered
from vouch.retrieval.rerank.reading import AS_USUAL, PairReading, by_length
from vouch.retrieval.torch_models.loading import LoadedModel, load_model, memory_errors
from vouch.retrieval.types import Hit

_FILE = Path(__file__).parent.parent / "data" / "yes_no_rerankers.toml"


@dataclass(frozen=True, slots=True)
class Asking:
    """How models of a family are asked."""

    names: tuple[str, ...]
    before: str
    question: str
    after: str
    yes: str
    source: str
    no: str = ""


class YesNoReranker:
    """A Reranker by the odds of the next token. The model is loaded with the first question."""

    def __init__(self, model: str, reading: PairReading = AS_USUAL) -> None:
        self._folder = find_model(model, "rerank.model")
        check_model(self._folder)
        self._asking = asking_of(model, self._folder)
        self._reading = reading
        self._one_at_a_time = threading.Lock()

    @cached_property
    def name(self) -> str:
        """Model type and fingerprint: equal names give equal scores."""
        kind = read_json(self._folder / "config.json").get("model_type", "model")
        return f"yes-no:{kind}@{fingerprint(self._folder)}/{self._reading.max_length}t"

    def rerank(self, query: str, hits: Sequence[Hit]) -> list[Hit]:
        """Return all hits by how well they answer, scores between 0 and 1."""
        return reordered(hits, self.scores(query, [passage_text(hit.chunk) for hit in hits]))

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        """Return one score between 0 and 1 for each passage."""
        scores = [0.0] * len(passages)
        with self._one_at_a_time:
            if not passages:
                return scores
            rows = self._prompts(query, passages)
            for places in by_length(list(map(len, rows)), self._reading.batch):
                found = self._odds([rows[place] for place in places])
                for place, score in zip(places, found, strict=True):
                    scores[place] = score
        return scores

    @cached_property
    def _loaded(self) -> LoadedModel:
        reading = self._reading
        return load_model(AutoModelForCausalLM.from_pretrained, self._folder, reading.device, reading.precision)

    @cached_property
    def _answers(self) -> tuple[int, ...]:
        """The ids of yes and, where it is asked for, no."""
        words = [word for word in (self._asking.yes, self._asking.no) if word]
        coded = [_ids(self._loaded.tokenizer, word, controls=False) for word in words]
        if any(len(ids) != 1 for ids in coded):
            kind = self._asking.names[0]
            raise ModelError(f"{self._folder} does not know {' and '.join(words)} as one token each: it is no {kind}")
        return tuple(ids[0] for ids in coded)

    def _prompts(self, query: str, passages: Sequence[str]) -> list[list[int]]:
        """Return the ids of each prompt; a passage is cut where it leaves no room for the rest."""
        tokenizer = self._loaded.tokenizer
        before = _ids(tokenizer, self._asking.before, controls=True)
        before += _ids(tokenizer, self._asking.question.replace("{question}", query), controls=False)
        after = _ids(tokenizer, self._asking.after, controls=True)
        room = max(self._reading.max_length - len(before) - len(after), 0)
        return [before + _ids(tokenizer, passage, controls=False)[:room] + after for passage in passages]

    def _odds(self, rows: Sequence[Sequence[int]]) -> list[float]:
        loaded, longest = self._loaded, max(map(len, rows))
        ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], device=loaded.device)
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=loaded.device)
        last = torch.tensor([len(row) - 1 for row in rows], device=loaded.device)
        model: Any = loaded.model
        doing = f"reading {len(rows)} passages of {longest} tokens"
        with torch.inference_mode(), memory_errors(doing, "set rerank.batch or rerank.max_length lower"):
            # The logits of the last token only: those of all tokens would take gigabytes.
            states = model.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
            logits = model.get_output_embeddings()(states[torch.arange(len(rows)), last]).float()
        answers = logits[:, list(self._answers)]
        fits = torch.softmax(answers, dim=1)[:, 0] if answers.shape[1] == 2 else torch.sigmoid(answers[:, 0])
        odds: list[float] = fits.cpu().tolist()
        return odds


def asking_of(model: str, folder: Path) -> Asking:
    """Return how a model is asked, by its name; ModelError where that is not known."""
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    families = [Asking(**{**entry, "names": tuple(entry["names"])}) for entry in content["family"]]
    parts = [model.rstrip("/").rpartition("/")[2], *(part.rpartition("--")[2] for part in folder.parts)]
    for family in families:
        if any(fnmatchcase(part.lower(), name) for part in parts for name in family.names):
            return family
    known = ", ".join(name for family in families for name in family.names)
    raise ModelError(
        f"{folder} writes text, and how to ask it about passages is not known: rerank.model must be a cross-encoder "
        f"(like bge-reranker-v2-m3) or be named as one of {known}"
    )


def _ids(tokenizer: Any, text: str, *, controls: bool) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=not controls)["input_ids"]
    return ids
