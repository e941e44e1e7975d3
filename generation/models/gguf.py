"""GGUF models through llama.cpp. Prompts go out as token ids, made of segments: no text becomes a control token."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from vouch.generation.chat import Cancelled, ChatRequest, Delta, Finish, Usage
from vouch.generation.models.call_grammar import reply_grammar, style_of
from vouch.generation.models.free_memory import free_bytes
from vouch.generation.models.gbnf import grammar_of
from vouch.generation.models.gguf_header import GgufHeader, read_header, unspelt
from vouch.generation.models.in_thread import HadEnough
from vouch.generation.models.llama_server import LlamaOptions, LlamaServer
from vouch.generation.models.openai_form import sampling_form
from vouch.generation.models.openai_lines import TryAgain, chunks_from
from vouch.generation.stop_texts import cut_at
from vouch.generation.templates.chat_template import TemplateFormat, Turns
from vouch.generation.templates.chatglm3 import ChatGLM3Format
from vouch.generation.templates.llama2 import Llama2Format
from vouch.generation.templates.llama3 import Llama3Format
from vouch.generation.templates.own import own_template
from vouch.generation.templates.segments import Control, ReplyReader, RoleFormat, Segment, Text
from vouch.retrieval.errors import ModelError, NoReply

LARGEST_DEFAULT_WINDOW = 8192
"""Tokens; memory for the window is taken at once (Llama 3.1 8B: 128 KiB a token), so more is the user's choice."""
LEAST_WINDOW = 512
GIB = 2**30


class GgufVocabulary:
    """The vocabulary of a GGUF file, through the server that runs it."""

    def __init__(self, header: GgufHeader, server: LlamaServer) -> None:
        self._header, self._server = header, server
        self._names = {number: name for name, number in header.controls.items()}
        literals = sorted(filter(str.strip, header.literals), key=len, reverse=True)
        self._literal = re.compile(f"(?=({'|'.join(map(re.escape, literals))}))") if literals else None
        self.count = lru_cache(maxsize=4096)(self._count)

    def prompt_ids(self, segments: Sequence[Segment]) -> list[int]:
        """Return the token ids of a prompt; ModelError for a control token that the model has not."""
        ids: list[int] = []
        for segment in segments:
            ids += [self._control_id(segment.name)] if isinstance(segment, Control) else self._text_ids(segment.text)
        return ids

    def control_name(self, token: int) -> str | None:
        """Return the name of a control token; None for a token of text."""
        return self._names.get(token)

    def _count(self, text: str) -> int:
        return len(self._text_ids(text))

    def _control_id(self, name: str) -> int:
        found = self._header.controls.get(name, self._header.controls.get(unspelt(name)))
        if found is None:
            raise ModelError(f"the model {self._header.name} has no token {name}: it is another kind of model")
        return found

    def _text_ids(self, text: str) -> list[int]:
        ids: list[int] = []
        for piece in self._broken_up(text):
            ids += self._without_controls(piece)
        return ids

    def _without_controls(self, text: str) -> list[int]:
        """Return the ids of a text, cut within each control token that llama.cpp merged pieces of words into."""
        body = {"content": text, "add_special": False, "parse_special": False}
        found: list[int] = self._server.ask("/tokenize", body)["tokens"]
        merged = next((name for name in map(self.control_name, found) if name and len(name) > 1 and name in text), None)
        if merged is None:
            return found
        at = text.index(merged) + 1
        return self._without_controls(text[:at]) + self._without_controls(text[at:])

    def _broken_up(self, text: str) -> Iterator[str]:
        """Yield a text cut within each token that llama.cpp would find in it although it is told not to."""
        at = 0
        for match in self._literal.finditer(text) if self._literal else ():
            yield text[at : match.start() + 1]
            at = match.start() + 1
        if text[at:]:
            yield text[at:]


class GgufChat:
    """A ChatModel of one GGUF file."""

    def __init__(
        self, path: Path, options: LlamaOptions, adapters: Mapping[str, int] | None = None, timeout: float = 120.0
    ) -> None:
        """`adapters`: names of the LoRA adapters, by their place in the options; `timeout`: seconds of silence."""
        header = read_header(path)
        self._name, self._window = header.name, options.context_window
        self._token_kib = header.token_bytes / 1024
        self._adapters, self._timeout = dict(adapters or {}), timeout
        self._server = LlamaServer(path, options)
        self._vocabulary = GgufVocabulary(header, self._server)
        self._form = _format(path, header, self._server)

    @property
    def name(self) -> str:
        """The model's name in its file."""
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
        segments = self._form.segments(request.messages, request.tools)
        if request.schema is not None and self._form.opening:
            segments.append(Text(self._form.opening))  # the grammar has no place for it
        return self._vocabulary.prompt_ids(segments)

    def stream(self, request: ChatRequest, cancelled: Cancelled = lambda: False) -> Iterator[Delta]:
        """Yield the reply as it is made; ModelError where the prompt does not fit the window."""
        prompt = self.prompt_ids(request)
        if len(prompt) >= self._window:
            raise ModelError(
                f"the prompt takes {len(prompt)} tokens, {self._name} runs with a window of {self._window}: set "
                f"model.context_window higher ({self._token_kib:.3g} KiB of memory a token), or ask with fewer "
                "passages (-k)"
            )
        try:
            yield from cut_at(self._reply(request, prompt, cancelled), request.sampling.stop)
        except HadEnough:
            yield Delta(finish="cancelled")
        except TryAgain as problem:
            raise NoReply(str(problem), problem.reason) from problem

    def close(self) -> None:
        """Free the model's memory."""
        self._server.close()

    def _reply(self, request: ChatRequest, prompt: Sequence[int], cancelled: Cancelled) -> Iterator[Delta]:
        reader = self._form.reader(request.tools)
        if request.schema is not None:
            reader.text(self._form.opening)
        usage, finish = Usage(), "length"
        endpoint = self._server.endpoint("/completion", self._timeout)
        for chunk in chunks_from(endpoint, self._body(request, prompt), cancelled):
            usage = Usage(int(chunk.get("tokens_evaluated", 0)), int(chunk.get("tokens_predicted", 0)))
            names = [self._vocabulary.control_name(token) for token in chunk.get("tokens", ())]
            if any(name in self._form.stops for name in names):
                finish = "stop"
                break
            if shown := self._shown(reader, chunk, names):
                yield Delta(shown)
            if chunk.get("stop") and chunk.get("stop_type") != "limit":
                finish = "stop"
        yield _end(reader, "stop" if finish == "stop" else "length", usage)

    def _shown(self, reader: ReplyReader, chunk: Mapping[str, Any], names: Sequence[str | None]) -> str:
        shown = "".join(reader.control(name) for name in names if name is not None)
        return shown + reader.text(chunk["content"]) if chunk.get("content") else shown

    def _body(self, request: ChatRequest, prompt: Sequence[int]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "prompt": prompt,
            "n_predict": request.sampling.max_tokens,
            "stream": True,
            "return_tokens": True,
            "cache_prompt": True,  # what a turn shares with the one before is not read again
        }
        body |= {name: value for name, value in sampling_form(request.sampling).items() if value is not None}
        if grammar := self._grammar(request):
            body["grammar"] = grammar
        if self._adapters:
            body["lora"] = [
                {"id": place, "scale": float(name == request.adapter)} for name, place in self._adapters.items()
            ]
        if request.adapter and request.adapter not in self._adapters:
            raise ModelError(f"no adapter {request.adapter!r} is loaded: there are {sorted(self._adapters) or 'none'}")
        return body

    def _grammar(self, request: ChatRequest) -> str:
        """Return what the reply has to keep to; empty: nothing.

        Why not a grammar that begins at a trigger (`grammar_lazy`): where the token that completes the trigger goes on
        in a way the grammar does not allow, llama.cpp breaks off.
        """
        if request.schema is not None:
            return grammar_of(request.schema)
        return reply_grammar(style_of(self._form), request.tools, self._form.stops) if request.tools else ""


def _end(reader: ReplyReader, finish: Finish, usage: Usage) -> Delta:
    text, calls = reader.end()
    return Delta(text, calls, "tool_calls" if calls and finish == "stop" else finish, usage)


def _format(path: Path, header: GgufHeader, server: LlamaServer) -> RoleFormat:
    """Return the role format of a file: one of ours where it is one of those models, else its own chat template."""
    template = header.chat_template
    if header.architecture == "chatglm" and header.pieces and {"[gMASK]", "<|observation|>"} <= header.controls.keys():
        return ChatGLM3Format()
    if template in (None, own_template("llama3")) and "<|start_header_id|>" in header.controls:
        return Llama3Format()
    if (template is None and header.pieces) or (template and "[INST]" in template and "<<SYS>>" in template):
        return Llama2Format()
    if template is None:
        raise ModelError(f"{path} has no chat template, it is a base model: take its chat version")

    def rendered(turns: Turns, tools: list[dict[str, Any]] | None) -> str:
        asked: dict[str, Any] = {"messages": _with_written_arguments(turns)}
        return str(server.ask("/apply-template", asked | ({"tools": tools} if tools else {}))["prompt"])

    return TemplateFormat(rendered, frozenset(header.controls), tuple(filter(None, [header.end])))


def _with_written_arguments(turns: Turns) -> Turns:
    """Return turns whose calls have their arguments as JSON text, as the server wants them."""
    written = []
    for turn in turns:
        calls = [
            call | {"function": call["function"] | {"arguments": json.dumps(call["function"]["arguments"])}}
            for call in turn.get("tool_calls", ())
        ]
        written.append(turn | ({"tool_calls": calls} if calls else {}))
    return written


def gguf_window(path: Path, wanted: int) -> int:
    """Return the window to run a file with: what is wanted, else 8192, but no more than the model was made for.

    ModelError where the memory that llama.cpp takes for it at once is not there.
    """
    header = read_header(path)
    window = min(wanted or LARGEST_DEFAULT_WINDOW, header.context_length or wanted or LARGEST_DEFAULT_WINDOW)
    weights, free = path.stat().st_size, free_bytes()
    if free is not None and window * header.token_bytes + weights > free:
        most = max(0, free - weights) // header.token_bytes if header.token_bytes else 0
        raise ModelError(
            f"{gguf_summary(path, window)}, and {free / GIB:.1f} GiB of memory are free: "
            + (f"set model.context_window to {most} or less" if most >= LEAST_WINDOW else "take a smaller model")
        )
    return window


def gguf_summary(path: Path, window: int) -> str:
    """Return what running a file takes: the weights and, for each token of the window, keys and values."""
    header = read_header(path)
    taken = window * header.token_bytes / GIB
    return f"{header.name}, {path.stat().st_size / GIB:.1f} GiB, and {taken:.1f} GiB for a window of {window} tokens"
