"""A chat model asked within the allowance of one answer; its thoughts are kept apart from what it says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vouch.generation.chat import ChatModel, ChatRequest, Finish, Message, Sampling
from vouch.generation.events import Event, Listener, Stepped, Token, Withdrawn, nobody
from vouch.generation.reasoning.bounds import Allowance
from vouch.generation.reasoning.thoughts import ThoughtSplitter
from vouch.generation.types import Step
from vouch.retrieval.errors import NoReply

LONGEST = 60_000
"""Characters of one reply, thoughts included: a model that never ends is cut off here."""
EMPTY = "the model's reply is empty"
MOST_THOUGHTS, LONGEST_THOUGHT = 40, 400


@dataclass(frozen=True, slots=True)
class Said:
    """One reply."""

    text: str
    thoughts: tuple[Step, ...] = ()
    complete: bool = True
    """False: cut off by a bound, the reply's length or a cancellation."""


class Voice:
    """One model for one answer."""

    def __init__(self, model: ChatModel, sampling: Sampling, allowance: Allowance, adapter: str = "") -> None:
        self.model = model
        self.sampling = sampling
        self.allowance = allowance
        self.adapter = adapter

    def request(self, messages: Sequence[Message], sampling: Sampling | None = None) -> ChatRequest:
        """Return a request whose reply cannot take more tokens than are left."""
        chosen = sampling or self.sampling
        most = max(1, min(chosen.max_tokens, self.allowance.tokens))
        return ChatRequest(tuple(messages), sampling=replace(chosen, max_tokens=most), adapter=self.adapter)

    def say(self, messages: Sequence[Message], sampling: Sampling | None = None, listen: Listener = nobody) -> Said:
        """Return the reply; its answer is told as it comes. Empty where nothing more may be asked.

        NoReply where a model that could have gone on said nothing at all.
        """
        if self.allowance.is_over():
            return Said("", complete=False)
        splitter, answer = ThoughtSplitter(), [""]
        length, finish, written = 0, None, 0

        def told(piece: str) -> None:
            if piece:
                answer.append(piece)
                listen(Token(piece))

        for delta in self.model.stream(self.request(messages, sampling), self.allowance.is_over):
            length += len(delta.text)
            told(splitter.feed(delta.text))
            finish = delta.finish or finish
            written = delta.usage.completion_tokens if delta.usage else written
            if length > LONGEST:
                finish = "length"
                break
        told(splitter.finish())
        self.allowance.spend(written or length // 2)
        thoughts = thought_steps(splitter.thoughts)
        for step in thoughts:
            listen(Stepped(step))
        text, complete = "".join(answer).strip(), _is_complete(finish)
        if complete and not text:
            raise NoReply(EMPTY, "malformed")
        return Said(text, thoughts, complete)

    def say_if_it_can(self, messages: Sequence[Message], sampling: Sampling | None = None) -> Said:
        """Return the reply to what is only asked on the way to an answer; an empty one where there is none."""
        try:
            return self.say(messages, sampling)
        except NoReply:
            return Said("", complete=False)


class WithoutThoughts:
    """A listener that tells another one only the answers of replies that begin with thoughts."""

    def __init__(self, listen: Listener) -> None:
        self._listen = listen
        self._splitter = ThoughtSplitter()

    def __call__(self, event: Event) -> None:
        """Pass an event on, a token only as far as it belongs to the answer."""
        if isinstance(event, Token):
            self._tell(self._splitter.feed(event.text))
            return
        if isinstance(event, Withdrawn):
            self._splitter = ThoughtSplitter()
        self._listen(event)

    def finish(self) -> None:
        """Tell what was kept back because it might have been the beginning of thoughts."""
        self._tell(self._splitter.finish())

    def _tell(self, piece: str) -> None:
        if piece:
            self._listen(Token(piece))


def _is_complete(finish: Finish | None) -> bool:
    return finish not in ("length", "cancelled")


def thought_steps(thoughts: Sequence[str]) -> tuple[Step, ...]:
    """Return thoughts as steps of an answer, as many and as long as anybody reads."""
    return tuple(Step(thought[:LONGEST_THOUGHT], "", {}, "") for thought in thoughts[:MOST_THOUGHTS])
