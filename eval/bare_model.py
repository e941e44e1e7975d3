"""A chat model under test by itself: no library, no tools, nothing vouched for. What it says is all there is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vouch.eval.answers import LOGPROB, question_text
from vouch.eval.types import Item
from vouch.generation.chat import ChatModel, ChatRequest, Message, Sampling, collected
from vouch.generation.types import Answer, Refusal
from vouch.retrieval.errors import NoReply
from vouch.retrieval.types import Hit

Likelihood = Callable[[ChatRequest, str], list[float]]
"""The log-probability (natural) of each token of a reply to a request."""


@dataclass(frozen=True, slots=True)
class BareModel:
    """Asks a chat model, with or without an adapter, in the turns of the item."""

    model: ChatModel
    sampling: Sampling
    adapter: str = ""
    logprobs: Likelihood | None = None

    def answer(self, item: Item) -> tuple[Answer, tuple[Hit, ...]]:
        """Return what the model says; a refusal where it says nothing."""
        question, name = question_text(item), "+".join(filter(None, (self.model.name, self.adapter)))
        try:
            text = collected(self.model.stream(self._request(item))).text.strip()
        except NoReply as error:
            refusal = Refusal("unverified", str(error))
            return Answer(question, "", "refused", refusal, generator=name), ()
        return Answer(question, text, "generated", generator=name), ()

    def likelihood(self, item: Item) -> Mapping[str, float]:
        """Return how likely the first reference is, where the model can tell."""
        if self.logprobs is None or not item.references:
            return {}
        found = self.logprobs(self._request(item), item.references[0])
        return {LOGPROB: sum(found) / len(found)} if found else {}

    def page_text(self, document_id: str, page: int) -> str:
        """Raise KeyError: there are no pages."""
        raise KeyError(document_id, page)

    def _request(self, item: Item) -> ChatRequest:
        return ChatRequest(turns(item), item.tools, sampling=self.sampling, adapter=self.adapter)


def turns(item: Item) -> tuple[Message, ...]:
    """Return the conversation that an item is asked in: its own, else its question after the passage, if any."""
    if item.messages:
        return item.messages
    asked = (item.passage, question_text(item))
    return (Message("user", "\n\n".join(part for part in asked if part)),)
