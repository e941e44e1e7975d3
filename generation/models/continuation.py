"""A prompt continued token by token. Steps of several replies may alternate; what was read serves the next turn."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import DynamicLayer

from vouch.generation.chat import Cancelled
from vouch.generation.models.batch import Row, run_batch

CHUNK = 2048
"""Tokens of a prompt that are read at once: a cancellation waits no longer than for these."""
WORTH_KEEPING = 16
"""A shared beginning of fewer tokens is read again."""


@dataclass(slots=True)
class _Read:
    """What a model has read: ids and their keys and values, under one adapter."""

    ids: list[int]
    cache: DynamicCache
    adapter: str


class Continuation:
    """Runs one model. Threads may share it: a lock is held for one step, in which the adapter is the caller's."""

    def __init__(self, model: PreTrainedModel, use_adapter: Callable[[str], None]) -> None:
        """`use_adapter`: makes an adapter the one in force; empty: none."""
        self._model = model
        self._use_adapter = use_adapter
        self._lock = threading.Lock()
        self._kept: _Read | None = None

    def tokens(
        self, prompt: Sequence[int], choose: Callable[[torch.Tensor], int], adapter: str, cancelled: Cancelled
    ) -> Iterator[int]:
        """Yield the tokens that follow a prompt, without end; nothing more once `cancelled` says so.

        `choose` gets the logits of one position (vocabulary,) and returns the token.
        """
        read = self._taken_up(prompt, adapter)
        try:
            waiting = list(prompt[len(read.ids) :])
            while not cancelled():
                chunk, waiting = waiting[:CHUNK], waiting[CHUNK:]
                logits = self._step(read, chunk)
                if waiting:
                    continue
                token = choose(logits)
                waiting = [token]
                yield token
        finally:
            self._kept = read

    def together(
        self, prompts: Sequence[Sequence[int]], rows: Sequence[Row], adapter: str, cancelled: Cancelled
    ) -> None:
        """Continue several prompts at once, under one adapter; other replies wait until all of them are there."""
        with self._lock:
            self._use_adapter(adapter)
            run_batch(self._model, prompts, rows, cancelled)

    def logprobs(self, prompt: Sequence[int], reply: Sequence[int], adapter: str) -> list[float]:
        """Return the log-probability (natural) of each token of a reply, under one adapter."""
        told = torch.tensor([[*prompt, *reply[:-1]]], device=self._model.device)
        with self._lock, torch.inference_mode():
            self._use_adapter(adapter)
            logits = self._model(input_ids=told, use_cache=False, logits_to_keep=len(reply)).logits[0]
        wanted = torch.tensor(reply, device=logits.device)
        found: list[float] = logits.float().log_softmax(-1).gather(-1, wanted[:, None])[:, 0].tolist()
        return found

    @property
    def kept(self) -> int:
        """How many tokens are kept from the last reply."""
        return len(self._kept.ids) if self._kept else 0

    def _step(self, read: _Read, ids: list[int]) -> torch.Tensor:
        with self._lock, torch.inference_mode():
            self._use_adapter(read.adapter)
            told = torch.tensor([ids], device=self._model.device)
            output = self._model(input_ids=told, past_key_values=read.cache, use_cache=True, logits_to_keep=1)
        read.ids += ids
        logits: torch.Tensor = output.logits[0, -1]
        return logits

    def _taken_up(self, prompt: Sequence[int], adapter: str) -> _Read:
        """Return what was read before and begins this prompt too; at least one token is left to read."""
        read, self._kept = self._kept, None
        if read is not None and read.adapter == adapter and _can_forget(read.cache):
            shared = _shared(read.ids, prompt)
            if shared >= WORTH_KEEPING:
                if shared < len(read.ids):
                    read.cache.crop(shared - len(read.ids))
                return _Read(read.ids[:shared], read.cache, adapter)
        return _Read([], DynamicCache(config=self._model.config), adapter)


def _can_forget(cache: DynamicCache) -> bool:
    """Say whether the end of what was read can be cut off: not with sliding windows or recurrent states."""
    return all(type(layer) is DynamicLayer for layer in cache.layers)


def _shared(read: Sequence[int], prompt: Sequence[int]) -> int:
    longest = min(len(read), len(prompt) - 1)
    return next((n for n in range(longest) if read[n] != prompt[n]), longest)
