"""Chat models run by transformers in this process: ChatGLM3, Llama, any model with a chat template."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

import torch

from vouch.generation.chat import Cancelled, ChatRequest, Delta, Finish, Message, Reply, Usage
from vouch.generation.models.batch import by_length
from vouch.generation.models.call_grammar import style_of
from vouch.generation.models.continuation import Continuation
from vouch.generation.models.loading import LoadedModel
from vouch.generation.models.reply import ReplyInProgress
from vouch.generation.models.sampling import Sampler, choice_of
from vouch.generation.templates.asked_schema import asking_for
from vouch.generation.templates.joined import Joined
from vouch.generation.templates.segments import Text
from vouch.retrieval.errors import ModelError

if TYPE_CHECKING:
    from vouch.generation.models.constrained import Grammars, Mask
    from vouch.generation.models.constrained_calls import CallGrammars, CallMask

_WINDOW = 8192
"""Of a model whose configuration names none."""
MOST_AT_ONCE = 65_536
"""Tokens of prompts that are read together, padding included: keys and values of all are in memory at once."""


class TransformersChat:
    """A ChatModel over weights in this process."""

    def __init__(self, loaded: LoadedModel, context_window: int = 0) -> None:
        """`context_window`: tokens; 0: as the model says."""
        self._loaded = loaded
        self._vocabulary = loaded.language.vocabulary
        self._form = loaded.language.form
        self._config = loaded.model.config.get_text_config()
        stated = int(getattr(self._config, "max_position_embeddings", 0) or _WINDOW)
        self._window = min(context_window, stated) if context_window else stated
        self._stops = self._stop_ids()
        self._continuation = Continuation(loaded.model, loaded.use_adapter)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._loaded.name

    @property
    def context_window(self) -> int:
        """Tokens that prompt and reply share."""
        return self._window

    @property
    def enforces_schemas(self) -> bool:
        """Whether a reply with a schema fits it for certain, and calls fit their tools; else the model is asked to."""
        return find_spec("xgrammar") is not None

    def logprobs(self, request: ChatRequest, reply: str) -> list[float]:
        """Return the log-probability (natural) of each token of a reply, the one that ends it included."""
        said = self._form.reply(Message("assistant", reply), request.tools)
        ids = Joined.of(self._form.segments(request.messages, request.tools), said, self._vocabulary)
        return self._continuation.logprobs(ids.prompt, ids.reply, request.adapter)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text takes, exactly."""
        return self._vocabulary.count(text)

    def prompt_ids(self, request: ChatRequest) -> list[int]:
        """Return the prompt as token ids, roles and tools included."""
        messages = request.messages
        if request.schema is not None and not self.enforces_schemas:
            messages = asking_for(request.schema, messages)
        segments = self._form.segments(messages, request.tools)
        if request.schema is not None and self._form.opening:
            segments.append(Text(self._form.opening))
        return self._vocabulary.prompt_ids(segments)

    def stream(self, request: ChatRequest, cancelled: Cancelled = lambda: False) -> Iterator[Delta]:
        """Yield the reply as it is made; ModelError before anything is computed where the prompt does not fit."""
        prompt, limit = self._prepared(request)
        return self._deltas(request, prompt, limit, cancelled)

    def reply_many(self, requests: Sequence[ChatRequest], cancelled: Cancelled = lambda: False) -> list[Reply]:
        """Return the reply to each request; those of alike length are computed together, one adapter at a time."""
        prepared = [self._prepared(request) for request in requests]
        rows = [self._row(request, *made) for request, made in zip(requests, prepared, strict=True)]
        for adapter in dict.fromkeys(request.adapter for request in requests):
            own = [place for place, request in enumerate(requests) if request.adapter == adapter]
            for group in by_length([prepared[place][0] for place in own], MOST_AT_ONCE):
                places = [own[place] for place in group]
                prompts = [prepared[place][0] for place in places]
                self._continuation.together(prompts, [rows[place] for place in places], adapter, cancelled)
        return [row.reply() for row in rows]

    def _row(self, request: ChatRequest, prompt: Sequence[int], limit: int) -> "_Row":
        reply = ReplyInProgress(self._vocabulary, self._form.reader(request.tools), request.sampling)
        if request.schema is not None:
            reply.skip(self._form.opening)
        return _Row(reply, self._chooser(request, prompt), self._stops, limit, len(prompt))

    def _prepared(self, request: ChatRequest) -> tuple[list[int], int]:
        """Return the prompt and how many tokens may follow it; ModelError where none may."""
        if request.adapter and request.adapter not in self._loaded.adapters:
            known = ", ".join(self._loaded.adapters) or "none"
            raise ModelError(f"no adapter named {request.adapter!r} is loaded (model.adapters names {known})")
        prompt = self.prompt_ids(request)
        room = self._window - len(prompt)
        if room < 1:
            raise ModelError(
                f"the prompt takes {len(prompt)} tokens, {self.name} reads {self._window}: "
                "ask with fewer passages (-k), or take a model with a longer window"
            )
        return prompt, min(request.sampling.max_tokens, room)

    def _deltas(self, request: ChatRequest, prompt: Sequence[int], limit: int, cancelled: Cancelled) -> Iterator[Delta]:
        reply = ReplyInProgress(self._vocabulary, self._form.reader(request.tools), request.sampling)
        if request.schema is not None:
            reply.skip(self._form.opening)
        finish: Finish = "cancelled"
        written = 0
        for token in self._continuation.tokens(prompt, self._chooser(request, prompt), request.adapter, cancelled):
            written += 1
            if token in self._stops:
                finish = "stop"
                break
            shown = reply.add(token)
            if shown:
                yield Delta(shown)
            if reply.stopped or written >= limit:
                finish = "stop" if reply.stopped else "length"
                break
        text, calls = reply.end()
        if finish == "cancelled":
            calls = ()
        yield Delta(text, calls, "tool_calls" if calls and finish == "stop" else finish, Usage(len(prompt), written))

    def _chooser(self, request: ChatRequest, prompt: Sequence[int]) -> "_Chooser":
        model = self._loaded.model
        assert model.generation_config is not None
        choice = choice_of(request.sampling, model.generation_config)
        return _Chooser(Sampler(choice, request.sampling.seed, prompt, model.device), self._mask(request))

    def _mask(self, request: ChatRequest) -> "Mask | CallMask | None":
        """Return what keeps the reply to its schema, or its calls to the tools; None where there is nothing to keep."""
        if not self.enforces_schemas:
            return None
        if request.schema is not None:
            return self._grammars.following(request.schema)
        return self._call_grammars.following(request.tools) if request.tools else None

    @cached_property
    def _grammars(self) -> "Grammars":
        from vouch.generation.models.constrained import Grammars

        return Grammars(self._vocabulary, self._config.vocab_size, sorted(self._stops))

    @cached_property
    def _call_grammars(self) -> "CallGrammars":
        from vouch.generation.models.constrained_calls import CallGrammars

        return CallGrammars(self._grammars, style_of(self._form))

    def _stop_ids(self) -> frozenset[int]:
        """Return every token that ends a reply: the format's and those that the model's configuration names."""
        settings = self._loaded.model.generation_config
        named = [settings.eos_token_id if settings else None, self._config.eos_token_id]
        ids = {id_ for entry in named if entry is not None for id_ in (entry if isinstance(entry, list) else [entry])}
        known = {self._vocabulary.id_of(name) for name in self._form.stops}
        return frozenset(ids | {id_ for id_ in known if id_ is not None})


@dataclass(slots=True)
class _Row:
    """One reply of several that are made together."""

    in_progress: ReplyInProgress
    choose: "_Chooser"
    stops: frozenset[int]
    limit: int
    prompt_tokens: int
    written: int = 0
    finish: Finish = "cancelled"
    text: str = ""

    def take(self, token: int) -> bool:
        """Take the token; say whether the reply goes on."""
        self.written += 1
        if token in self.stops:
            self.finish = "stop"
            return False
        self.text += self.in_progress.add(token)
        if self.in_progress.stopped or self.written >= self.limit:
            self.finish = "stop" if self.in_progress.stopped else "length"
            return False
        return True

    def reply(self) -> Reply:
        """Return what became of it."""
        rest, calls = self.in_progress.end()
        calls = () if self.finish == "cancelled" else calls
        finish: Finish = "tool_calls" if calls and self.finish == "stop" else self.finish
        return Reply(self.text + rest, calls, finish, Usage(self.prompt_tokens, self.written))


class _Chooser:
    """Chooses a token that schema or tools allow, if there is something to keep to."""

    def __init__(self, sampler: Sampler, mask: "Mask | CallMask | None") -> None:
        self._sampler = sampler
        self._mask = mask

    def __call__(self, logits: torch.Tensor) -> int:
        if self._mask is None:
            return self._sampler.next(logits)
        token = self._sampler.next(self._mask.masked(logits))
        self._mask.accept(token)
        return token
