"""The generator with a chat model: what was found is packed into a prompt, the reply is drafted, nothing is vouched."""

from collections.abc import Callable
from dataclasses import replace

from vouch.generation.agent import Limits, ToolLoop
from vouch.generation.chat import ChatModel
from vouch.generation.chat_generator.options import ChatOptions
from vouch.generation.chat_generator.prompting import Prepared, Prompter
from vouch.generation.chat_generator.strength import is_worth_reading
from vouch.generation.drafts import Draft, Evidence, Task, Written
from vouch.generation.events import Stepped, Token
from vouch.generation.phrases import left_out_warning, no_reply, window_too_small
from vouch.generation.reasoning.bounds import Allowance
from vouch.generation.reasoning.checking import doubted
from vouch.generation.reasoning.consistency import vote
from vouch.generation.reasoning.parts import parts, takes_parts
from vouch.generation.reasoning.thoughts import ThoughtSplitter
from vouch.generation.reasoning.voice import EMPTY, Said, Voice, WithoutThoughts, thought_steps
from vouch.generation.tools.registry import Toolbox
from vouch.generation.types import Refusal, Step
from vouch.generation.vouching.claims import MARK
from vouch.retrieval.errors import NoReply
from vouch.retrieval.question import understand
from vouch.retrieval.types import Hit

SAMPLED = 0.7
"""Temperature of answers that are voted on: without chance there would be nothing to vote about."""

Tools = Callable[[Task], Toolbox]


class ChatGenerator:
    """Lets a chat model answer from numbered passages."""

    def __init__(self, model: ChatModel, options: ChatOptions, tools: Tools | None = None) -> None:
        self._model = model
        self._options = options
        self._tools = tools
        self._prompter = Prompter(model, options)

    @property
    def name(self) -> str:
        """Name of the model and, where one is in force, of its adapter."""
        return "+".join(filter(None, (self._model.name, self._options.adapter)))

    @property
    def model(self) -> ChatModel:
        """The model, for others that have something to ask it: its weights are loaded once."""
        return self._model

    def draft(self, task: Task) -> Draft:
        """Return what the model writes, unchecked; an empty draft where what was found is too far from the question."""
        if not (task.objections or is_worth_reading(task)):
            return Draft()
        allowance = Allowance(self._options.bounds, task.begun, task.cancelled)
        sampling = replace(self._options.sampling, max_tokens=self._prompter.reply_tokens)
        voice = Voice(self._model, sampling, allowance, self._options.adapter)
        try:
            return self._drafted(task, voice)
        except NoReply as error:
            return Draft(refusal=Refusal("unverified", no_reply(str(error), task.question.language)))

    def _drafted(self, task: Task, voice: Voice) -> Draft:
        task, steps = self._looked_up(task, voice)
        tools = self._toolbox(task)
        prompt = self._prompter.prompt(task, tools.schemas if tools else ())
        if not (prompt.pieces or tools):
            window = window_too_small(self._model.context_window, task.question.language)
            return Draft(refusal=Refusal("unverified", window)) if prompt.left_out else Draft()
        written, more = self._written(task, prompt, voice, tools)
        if self._options.check and written.text:
            reader = self._prompter.named("check", task.question.language)
            written = replace(written, doubted=doubted(voice, reader, written.text, prompt.passages))
        warnings = self._warnings(task, prompt)
        return Draft(written=written, steps=(*steps, *more), warnings=warnings, task=task)

    def _toolbox(self, task: Task) -> Toolbox | None:
        """Return the tools for a task; None where there are none, votes are taken, or the window is too small."""
        if self._tools is None or self._options.bounds.samples > 1:
            return None
        tools = self._tools(task)
        return tools if self._prompter.have_room(tools.schemas) else None

    def _written(
        self, task: Task, prompt: Prepared, voice: Voice, tools: Toolbox | None
    ) -> tuple[Written, tuple[Step, ...]]:
        if self._options.bounds.samples > 1:
            said = self._voted(task, prompt, voice)
        elif tools is not None:
            return self._with_tools(task, prompt, voice, tools)
        else:
            said = voice.say(prompt.messages, listen=task.listen)
        return Written(said.text, _evidence(task, prompt), (), said.complete, prompt.instructions), said.thoughts

    def _with_tools(
        self, task: Task, prompt: Prepared, voice: Voice, tools: Toolbox
    ) -> tuple[Written, tuple[Step, ...]]:
        """Return what the model writes after looking things up; tools' findings are numbered on from the passages."""
        bounds, allowance = self._options.bounds, voice.allowance
        limits = Limits(bounds.steps, max(1, allowance.tokens), allowance.seconds)
        loop = ToolLoop(self._model, tools, limits)
        listen = WithoutThoughts(task.listen)
        found = loop.run(voice.request(prompt.messages), len(prompt.pieces) + 1, listen, task.cancelled)
        listen.finish()
        allowance.spend(found.usage.completion_tokens)
        splitter = ThoughtSplitter()
        answer = splitter.feed(found.text) + splitter.finish()
        if found.finish == "answered" and not answer.strip():
            raise NoReply(EMPTY, "malformed")
        evidence = (*_evidence(task, prompt), *(Evidence(quote) for quote in found.evidence))
        written = Written(answer, evidence, found.computations, found.finish == "answered", prompt.instructions)
        thoughts = thought_steps(splitter.thoughts)
        return written, (*thoughts, *found.steps)

    def _voted(self, task: Task, prompt: Prepared, voice: Voice) -> Said:
        """Return the answer that most of several samples agree on, the vote as its last step."""
        said: list[Said] = []
        for number in range(self._options.bounds.samples):
            seed = (voice.sampling.seed or 0) + number
            temperature = max(voice.sampling.temperature or 0.0, SAMPLED)
            one = voice.say_if_it_can(prompt.messages, replace(voice.sampling, temperature=temperature, seed=seed))
            if one.text or not said:
                said.append(one)
            if voice.allowance.is_over():
                break
        if not any(one.text for one in said) and not voice.allowance.is_over():
            raise NoReply(EMPTY, "malformed")
        found = vote([one.text for one in said])
        chosen = said[found.index]
        step = Step("", "self_consistency", {"samples": found.of}, f"{found.agreeing}/{found.of}")
        task.listen(Stepped(step))
        task.listen(Token(chosen.text))
        return replace(chosen, thoughts=(*chosen.thoughts, step))

    def _looked_up(self, task: Task, voice: Voice) -> tuple[Task, tuple[Step, ...]]:
        """Return a task with the passages of its sub-questions and, as notes, what the model answers to each."""
        question, options = task.question, self._options
        if task.objections or not takes_parts(question, options.decompose):
            return task, ()
        documents = task.shelf.documents(task.scope)
        asked = parts(voice, self._prompter.named("parts", question.language), question, options.bounds.steps)
        steps: list[Step] = []
        found: list[list[Hit]] = [list(task.hits)]
        for text in asked:
            part = understand(text, documents, question)
            hits = task.find(task.shelf, part, task.scope if part.scope.is_everything else part.scope)
            found.append(hits)
            inner = replace(task, question=part, hits=hits)
            said = voice.say_if_it_can(self._prompter.prompt(inner).messages)
            steps.append(Step(text, "sub_question", {}, said.text[:1000]))
            task.listen(Stepped(steps[-1]))
        notes = "\n".join(f"- {step.thought} {MARK.sub('', step.result)}" for step in steps)
        return replace(task, hits=_in_turn(found), notes=notes), tuple(steps)

    def _warnings(self, task: Task, prompt: Prepared) -> tuple[str, ...]:
        return (left_out_warning(prompt.left_out, task.question.language),) if prompt.left_out else ()


def _evidence(task: Task, prompt: Prepared) -> tuple[Evidence, ...]:
    return tuple(piece.evidence(task.shelf) for piece in prompt.pieces)


def _in_turn(lists: list[list[Hit]]) -> list[Hit]:
    """Return the hits of several searches, the best of each first, each passage once."""
    found: dict[str, Hit] = {}
    for rank in range(max(map(len, lists), default=0)):
        for hits in lists:
            if rank < len(hits):
                found.setdefault(hits[rank].chunk.id, hits[rank])
    return list(found.values())
