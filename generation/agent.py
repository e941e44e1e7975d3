"""A chat model with tools: it calls, code looks up, until it answers or a bound is reached. Knows no tool.

The text of an outcome is the model's own and unchecked. What it may cite: `evidence[i]` carries the number
`first_number + i`, so that tools' findings go on where the passages of the prompt end.
"""

import json
import time
from dataclasses import dataclass, field, replace
from typing import Literal

from vouch.generation.chat import Cancelled, ChatModel, ChatRequest, Message, Reply, ToolCall, Usage
from vouch.generation.events import Listener, Stepped, nobody
from vouch.generation.quotes import Quote
from vouch.generation.tools.evidence import Numbered
from vouch.generation.tools.registry import Toolbox
from vouch.generation.tools.reply import heard
from vouch.generation.tools.types import Computation, ToolMisuse
from vouch.generation.types import Step

AgentFinish = Literal["answered", "length", "steps", "tokens", "seconds", "repeated", "misuse", "cancelled"]
"""answered: the model ended by itself; length: its answer was cut off; cancelled; else the bound that ended it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a model may go before it has to answer."""

    steps: int = 6
    """Calls carried out."""
    tokens: int = 8192
    """Written by the model over all its replies."""
    seconds: float = 120.0
    result_characters: int = 4000
    """Of one result that the model gets to read."""
    mistakes: int = 2
    """Calls that cannot be carried out or were made before; each is explained to the model once."""


@dataclass(frozen=True, slots=True)
class AgentOutcome:
    """What came of a model with tools."""

    text: str
    """Its answer, unchecked; empty where a bound or a cancellation left none."""
    finish: AgentFinish
    steps: tuple[Step, ...] = ()
    evidence: tuple[Quote, ...] = ()
    first_number: int = 1
    """The number under which the model may cite the first piece of evidence."""
    computations: tuple[Computation, ...] = ()
    usage: Usage = field(default_factory=Usage)


class ToolLoop:
    """Lets one model use one set of tools, again and again."""

    def __init__(self, model: ChatModel, tools: Toolbox, limits: Limits = Limits()) -> None:
        self._model = model
        self._tools = tools
        self._limits = limits

    def run(
        self,
        request: ChatRequest,
        first_number: int = 1,
        listen: Listener = nobody,
        cancelled: Cancelled = lambda: False,
    ) -> AgentOutcome:
        """Return what the model answers to a conversation; its tools are put into the request here.

        `first_number`: one more than the passages that the prompt numbers. ModelError and NoReply are the model's.
        """
        run = _Run(self._model, self._tools, self._limits, first_number, listen, cancelled)
        return run.outcome(request)


@dataclass(slots=True)
class _Run:
    """One run of the loop."""

    model: ChatModel
    tools: Toolbox
    limits: Limits
    first_number: int
    listen: Listener
    cancelled: Cancelled
    evidence: Numbered = field(init=False)
    steps: list[Step] = field(default_factory=list)
    computations: list[Computation] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    mistakes: int = 0
    usage: Usage = field(default_factory=Usage)
    deadline: float = 0.0
    described: int = 0
    """Tokens of the prompt that the descriptions of the tools take."""

    def __post_init__(self) -> None:
        self.evidence = Numbered(self.first_number)
        self.deadline = time.monotonic() + self.limits.seconds
        told = [[tool.name, tool.description, tool.parameters] for tool in self.tools.schemas]
        self.described = self.model.count_tokens(json.dumps(told, indent=4, ensure_ascii=False, default=dict))

    def outcome(self, request: ChatRequest) -> AgentOutcome:
        messages = list(request.messages)
        while True:
            reply = self._reply(replace(request, messages=tuple(messages), tools=self.tools.schemas))
            calls = reply.tool_calls[: self.limits.steps - len(self.steps)]
            stopped = self._stopped(reply)
            if stopped:
                return self._ended("" if calls else reply.text, stopped)
            if not calls:
                return self._ended(reply.text, "length" if reply.finish == "length" else "answered")
            messages.append(Message("assistant", reply.text, calls))
            for call in calls:
                messages.append(self._answered(call, reply.text, self._room(request, messages)))
            bound = self._bound()
            if bound is None and self._room(request, messages) < _LEAST_ROOM:
                bound = "tokens"
            if bound:
                return self._last_word(replace(request, messages=tuple(messages), tools=()), bound)

    def _last_word(self, request: ChatRequest, bound: AgentFinish) -> AgentOutcome:
        """Return the answer to what was found so far: a model that is out of calls is asked once without tools."""
        reply = self._reply(request)
        stopped = self._stopped(reply)
        return self._ended("" if reply.tool_calls else reply.text, stopped or bound)

    def _reply(self, request: ChatRequest) -> Reply:
        left = self.limits.tokens - self.usage.completion_tokens
        sampling = replace(request.sampling, max_tokens=max(1, min(request.sampling.max_tokens, left)))
        deltas = self.model.stream(replace(request, sampling=sampling), self._is_over)
        reply = heard(deltas, [tool.name for tool in request.tools], self.listen)
        tokens = reply.usage.completion_tokens or self.model.count_tokens(reply.text)
        self.usage = Usage(self.usage.prompt_tokens + reply.usage.prompt_tokens, self.usage.completion_tokens + tokens)
        return reply

    def _room(self, request: ChatRequest, messages: list[Message]) -> int:
        """Return how many characters of results the model's window still takes, at one token each or less."""
        taken = self.described + sum(self.model.count_tokens(message.content) for message in messages)
        return self.model.context_window - taken - request.sampling.max_tokens

    def _is_over(self) -> bool:
        return self.cancelled() or time.monotonic() > self.deadline

    def _stopped(self, reply: Reply) -> AgentFinish | None:
        """Return why nothing more may be asked of the model; None where it may go on."""
        if self.cancelled():
            return "cancelled"
        if time.monotonic() > self.deadline:
            return "seconds"
        if reply.finish == "cancelled":
            return "cancelled"
        return "tokens" if reply.tool_calls and self.usage.completion_tokens >= self.limits.tokens else None

    def _bound(self) -> AgentFinish | None:
        """Return which bound the calls have reached."""
        if self.mistakes > self.limits.mistakes:
            return "repeated" if self.steps and self.steps[-1].result.startswith(_REPEATED) else "misuse"
        return "steps" if len(self.steps) >= self.limits.steps else None

    def _answered(self, call: ToolCall, thought: str, room: int) -> Message:
        """Return the turn that answers a call: its result, or why there is none."""
        said = self._said(call, room)
        step = Step(thought, call.name[:100], dict(call.arguments), said)
        self.steps.append(step)
        self.listen(Stepped(step))
        return Message("tool", said, tool_call_id=call.id, name=call.name)

    def _said(self, call: ToolCall, room: int) -> str:
        if call.problem:
            self.mistakes += 1
            return _error(call.problem[:_LONGEST_PROBLEM])
        key = json.dumps([call.name, call.arguments], sort_keys=True, ensure_ascii=False, default=repr)
        if key in self.seen:
            self.mistakes += 1
            return f"{_REPEATED}: its result stands above; answer, or call with other arguments"
        self.seen.add(key)
        try:
            result = self.tools.call(call.name, call.arguments)
        except ToolMisuse as error:
            self.mistakes += 1
            return _error(str(error)[:_LONGEST_PROBLEM])
        self.computations += result.computations
        room = max(_LEAST_ROOM, min(self.limits.result_characters, room))
        return self.evidence.shown(result, room) or _error("nothing was found")

    def _ended(self, text: str, finish: AgentFinish) -> AgentOutcome:
        return AgentOutcome(
            text,
            finish,
            tuple(self.steps),
            tuple(self.evidence.quotes),
            self.first_number,
            tuple(self.computations),
            self.usage,
        )


_REPEATED = "error: this call was made before"
_LONGEST_PROBLEM = 1000
_LEAST_ROOM = 200
"""Characters; with less room than that, results would be too short to read."""


def _error(problem: str) -> str:
    return f"error: {problem}"
