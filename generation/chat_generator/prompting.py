"""The conversation that a question and its passages become: examples, passages, notes, the question last."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vouch.generation.chat import ChatModel, Message, ToolSchema
from vouch.generation.chat_generator.options import ChatOptions
from vouch.generation.drafts import Task
from vouch.generation.few_shot import chosen_examples, load_examples
from vouch.generation.packing import Packed, Piece, TokenCounts, packed
from vouch.generation.phrases import Language
from vouch.generation.prompts.loader import Prompt, load_prompt
from vouch.retrieval.expansion import with_context

Domain = Literal["finance", "medical", "general"]

REPLY_SHARE = 0.25
"""Share of a small window that is kept for the reply."""
EXAMPLES_SHARE = 0.15
TOOLS_SHARE = 0.25
"""Share of the window that the descriptions of tools may take; a model with less does without tools."""
BESIDE_TOOLS = 0.5
"""Share of the room that passages may take where tools bring more to read."""
MARGIN = 0.04
"""Share of the window left free: turn headers, and counts that are estimates."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a model is asked, and what the numbers in it stand for."""

    messages: tuple[Message, ...]
    pieces: tuple[Piece, ...]
    passages: str
    left_out: int
    instructions: str


class Prompter:
    """Makes prompts for one model."""

    def __init__(self, model: ChatModel, options: ChatOptions) -> None:
        self._model = model
        self._options = options
        self._count = TokenCounts(model.count_tokens)

    @property
    def reply_tokens(self) -> int:
        """Tokens of the window that are kept for the reply."""
        return min(self._options.sampling.max_tokens, int(REPLY_SHARE * self._model.context_window))

    def prompt(self, task: Task, tools: Sequence[ToolSchema] = ()) -> Prepared:
        """Return the conversation for a question; SettingsError where a prompt file has a blank that nothing fills."""
        question, language = task.question, task.question.language
        prompt = self._answering(task)
        again = self._again(task.objections, language)
        fixed = {"notes": "\n".join(part for part in (task.notes, again) if part), "question": question.text}
        room = -self.tokens_of(tools) + self._room(prompt.messages({**fixed, "examples": "", "passages": ""}))
        read = self._passages(task, int(BESIDE_TOOLS * room) if tools else room)
        examples = self._examples(task, min(int(EXAMPLES_SHARE * self._model.context_window), room - read.tokens))
        messages = prompt.messages({**fixed, "examples": examples, "passages": read.text})
        told = messages[0].content if messages[0].role == "system" else ""
        return Prepared(messages, read.pieces, read.text, read.left_out, told)

    def tokens_of(self, tools: Sequence[ToolSchema]) -> int:
        """Return how many tokens of the prompt the descriptions of tools take; templates write them out as JSON."""
        if not tools:
            return 0
        told = [{"name": t.name, "description": t.description, "parameters": t.parameters} for t in tools]
        return self._count(json.dumps(told, indent=4, ensure_ascii=False))

    def have_room(self, tools: Sequence[ToolSchema]) -> bool:
        """Say whether the window holds the descriptions of tools and still passages beside them."""
        return self.tokens_of(tools) <= TOOLS_SHARE * self._model.context_window

    def named(self, name: str, language: Language) -> Prompt:
        """Return a prompt file."""
        return load_prompt(name, language, self._options.prompts)

    def _answering(self, task: Task) -> Prompt:
        language = task.question.language
        rules = self.named(f"domain.{domain_of(task)}", language).text({})
        thinking = self.named("thinking", language).text({}) if self._options.cot else ""
        return self.named("answer", language).partial({"rules": rules, "thinking": thinking})

    def _again(self, objections: Sequence[str], language: Language) -> str:
        if not objections:
            return ""
        listed = "\n".join(f"- {objection}" for objection in objections[:12])
        return self.named("again", language).text({"objections": listed})

    def _room(self, messages: Sequence[Message]) -> int:
        window = self._model.context_window
        fixed = sum(self._count(message.content) for message in messages)
        return window - self.reply_tokens - fixed - int(MARGIN * window)

    def _examples(self, task: Task, room: int) -> str:
        if self._options.examples == 0 or room <= 0:
            return ""
        known = load_examples(domain_of(task), task.question.language, self._options.prompts)
        chosen = chosen_examples(known, task.question.text, self._options.examples, room, self._count)
        return "".join(f"{example.shown()}\n\n" for example in chosen)

    def _passages(self, task: Task, room: int) -> Packed:
        """Return the passages with what stands around them, without it where not all of that fits.

        Grown passages are never cut: prose may have grown into a table.
        """
        hits, room, language = task.hits[: self._options.passages], max(0, room), task.question.language
        grown = with_context(task.shelf, hits, self._options.context)
        read = packed(task.shelf, grown, room, self._count, language)
        whole = not read.left_out and all(piece.end == piece.hit.chunk.end for piece in read.pieces)
        if whole or not self._options.context:
            return read
        return packed(task.shelf, hits, room, self._count, language)


def domain_of(task: Task) -> Domain:
    """Return what a question is about: reports of companies, medicine, anything else."""
    kinds = [hit.chunk.source.kind for hit in task.hits[:5]]
    if task.question.about_report or kinds.count("report") > len(kinds) / 2:
        return "finance"
    medical = any(mention.group.kind == "medical" for mention in task.question.mentions)
    return "medical" if medical or kinds.count("guideline") + kinds.count("qa") > len(kinds) / 2 else "general"
