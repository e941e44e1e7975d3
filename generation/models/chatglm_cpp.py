"""ChatGLM3 in GGML files through chatglm.cpp. Prompts are ids made of segments; each token is asked for by itself.

The package's `Pipeline.generate` fails in 0.4.2 (it forgets an argument), and `chat` spells roles into no segments of
ours: so this drives the model below both. Its sampler cannot be seeded, and it has no grammars: schemas are asked for.
"""

import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import chatglm_cpp

from vouch.generation.chat import Cancelled, ChatRequest, Delta, Finish, Sampling, Usage
from vouch.generation.models.in_thread import HadEnough, in_thread
from vouch.generation.models.reply import ReplyInProgress
from vouch.generation.templates.asked_schema import asking_for
from vouch.generation.templates.chatglm3 import SPECIAL_TOKENS, ChatGLM3Format
from vouch.generation.templates.segments import Control, Segment
from vouch.retrieval.errors import ModelError

_ENDLESS = 1_000_000
"""Tokens: chatglm.cpp cuts what it encodes off at a length."""


class GgmlVocabulary:
    """ChatGLM3's vocabulary as chatglm.cpp holds it: SentencePiece, and the special tokens after its pieces."""

    def __init__(self, tokenizer: "chatglm_cpp._C.BaseTokenizer") -> None:
        self._tokenizer = tokenizer
        # It encodes a prompt as [gMASK] sop and the text; the pieces end one before [gMASK].
        self._pieces = int(tokenizer.encode("", _ENDLESS)[0]) - SPECIAL_TOKENS.index("[gMASK]")
        self._names = dict(enumerate(SPECIAL_TOKENS, start=self._pieces)) | {1: "<s>", 2: "</s>"}
        self._ids = {name: token for token, name in self._names.items()}
        self.count = lru_cache(maxsize=4096)(self._count)

    def prompt_ids(self, segments: Sequence[Segment]) -> list[int]:
        """Return the token ids of a prompt."""
        ids: list[int] = []
        for segment in segments:
            ids += [self._ids[segment.name]] if isinstance(segment, Control) else self._text_ids(segment.text)
        return ids

    def id_of(self, name: str) -> int | None:
        """Return the id of a control token; None where there is none of the name."""
        return self._ids.get(name)

    def control_name(self, token: int) -> str | None:
        """Return the name of a control token; None for a token of text."""
        return self._names.get(token)

    def text_of(self, ids: Sequence[int]) -> str:
        """Return the text of tokens; U+FFFD where a character is not complete or an id stands for nothing."""
        known = [token for token in ids if token < self._pieces and token not in self._names]
        try:
            return str(self._tokenizer.decode(known))
        except UnicodeDecodeError as error:
            # The binding decodes strictly: what it was given is in the error.
            return bytes(error.object).decode("utf-8", errors="replace")

    def _count(self, text: str) -> int:
        return len(self._text_ids(text))

    def _text_ids(self, text: str) -> list[int]:
        return [int(token) for token in self._tokenizer.encode(text, _ENDLESS)[2:]]


class ChatGLMCppChat:
    """A ChatModel of one GGML file."""

    def __init__(self, path: Path, context_window: int = 0) -> None:
        """`context_window`: tokens; 0: as the model says."""
        if not path.is_file():
            raise ModelError(f"{path} is not there: name a GGML file that chatglm.cpp's converter wrote")
        try:
            pipeline = chatglm_cpp.Pipeline(str(path), **({"max_length": context_window} if context_window else {}))
        except RuntimeError as error:
            raise ModelError(f"chatglm.cpp cannot load {path} ({error}): convert the model again") from error
        self._model, self._name = pipeline.model, path.stem
        self._window = context_window or int(pipeline.model.config.max_length)
        self._vocabulary, self._form = GgmlVocabulary(pipeline.tokenizer), ChatGLM3Format()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The file's name."""
        return self._name

    @property
    def context_window(self) -> int:
        """Tokens that prompt and reply share."""
        return self._window

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text takes."""
        return self._vocabulary.count(text)

    def prompt_ids(self, request: ChatRequest) -> list[int]:
        """Return the prompt as token ids, roles and tools included."""
        messages = request.messages if request.schema is None else asking_for(request.schema, request.messages)
        return self._vocabulary.prompt_ids(self._form.segments(messages, request.tools))

    def stream(self, request: ChatRequest, cancelled: Cancelled = lambda: False) -> Iterator[Delta]:
        """Yield the reply as it is made; ModelError where the prompt does not fit the window."""
        if request.adapter:
            raise ModelError(f"chatglm.cpp loads no adapters: merge {request.adapter!r} into the model and convert it")
        prompt = self.prompt_ids(request)
        room = self._window - len(prompt)
        if room < 1:
            raise ModelError(
                f"the prompt takes {len(prompt)} tokens, {self._name} reads {self._window}: ask with fewer"
            )
        reply = ReplyInProgress(self._vocabulary, self._form.reader(request.tools), request.sampling)
        written, finish = 0, "length"
        try:
            for token in in_thread(self._tokens(prompt, request.sampling), cancelled):
                written += 1
                if self._vocabulary.control_name(token) in self._form.stops:
                    finish = "stop"
                    break
                if shown := reply.add(token):
                    yield Delta(shown)
                if reply.stopped or written >= min(request.sampling.max_tokens, room):
                    finish = "stop" if reply.stopped else "length"
                    break
        except HadEnough:
            yield Delta(finish="cancelled", usage=Usage(len(prompt), written))
            return
        yield _end(reply, "stop" if finish == "stop" else "length", Usage(len(prompt), written))

    def _tokens(self, prompt: Sequence[int], sampling: Sampling) -> Iterator[int]:
        """Yield the tokens that follow a prompt; the model has one cache, so replies wait for each other."""
        chosen = _generation_config(sampling, self._window)
        ids = list(prompt)
        with self._lock:
            read = 0
            while len(ids) < self._window:
                token = int(self._model.generate_next_token(ids, None, chosen, read, len(prompt)))
                read = len(ids)
                ids.append(token)
                yield token


def _generation_config(sampling: Sampling, window: int) -> "chatglm_cpp._C.GenerationConfig":
    """Return what was chosen, and ChatGLM3's published defaults where nothing was."""
    temperature = 0.8 if sampling.temperature is None else sampling.temperature
    return chatglm_cpp._C.GenerationConfig(
        max_length=window,
        max_context_length=window,
        do_sample=temperature > 0,
        temperature=temperature or 1.0,
        top_p=0.8 if sampling.top_p is None else sampling.top_p,
        top_k=sampling.top_k or 0,
        repetition_penalty=sampling.repetition_penalty or 1.0,
    )


def _end(reply: ReplyInProgress, finish: Finish, usage: Usage) -> Delta:
    text, calls = reply.end()
    return Delta(text, calls, "tool_calls" if calls and finish == "stop" else finish, usage)
