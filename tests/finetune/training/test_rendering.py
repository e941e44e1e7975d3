"""What is trained is what serving sends and reads: prompts, replies, the tokens that are learned."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from tests.generation.models.tiny_models import (
    CHATML,
    CHATML_TOKENS,
    LLAMA3_TOKENS,
    ScriptedLogits,
    byte_tokenizer,
    write_pieces,
)
from tests.generation.templates.test_chat_template import MARKED, NO_SYSTEM
from vouch.finetune.examples.types import Example
from vouch.finetune.training.sequences import sequences
from vouch.finetune.training.types import Sequence
from vouch.generation.chat import ChatRequest, Message, Reply, Sampling, ToolCall, ToolSchema, collected
from vouch.generation.models.formats import Language, language_of, rendered
from vouch.generation.models.loading import LoadedModel
from vouch.generation.models.reply import ReplyInProgress
from vouch.generation.models.transformers_chat import TransformersChat
from vouch.generation.models.vocabularies import PieceVocabulary, TokenizerVocabulary
from vouch.generation.templates.chat_template import TemplateFormat
from vouch.generation.templates.chatglm3 import SPECIAL_TOKENS, ChatGLM3Format
from vouch.generation.templates.llama2 import Llama2Format
from vouch.retrieval.errors import ModelError

SHARED = Path(os.environ.get("VOUCH_SHARED", Path(__file__).resolve().parents[4] / "shared")) / "models"
FIELDS = {"year": {"type": "integer"}, "field": {"type": "string"}, "latest": {"type": "boolean"}}
TOOL = ToolSchema("lookup", "finds values", {"type": "object", "properties": FIELDS})
CALL = ToolCall("call_1", "lookup", {"year": 2023, "field": "营业收入"})
RESULT = Message("tool", "42元", (), "call_1", "lookup")
SYSTEM, QUESTION = Message("system", "只根据所给段落回答。"), Message("user", "公司2023年营业收入为多少？")
ANSWER = Message("assistant", "营业收入为 42 元[1]。")
QWEN3 = CHATML.replace(
    "{{ m.content }}{% for c",
    "{% if loop.last and m.role == 'assistant' %}<think>\n\n</think>\n\n{% endif %}{{ m.content }}{% for c",
)
"""Tells the last turn otherwise than it opens one: with an empty line of thought, as Qwen3 does."""
THINKING = CHATML.replace("<|im_start|>assistant\n{% endif %}", "<|im_start|>assistant\n<think>\n{% endif %}")
"""Opens a turn with a line to think on, and tells none, as DeepSeek-R1 does."""
GLM4 = (
    "[gMASK]<sop>{% for m in messages %}<|{{ 'observation' if m.role == 'tool' else m.role }}|>\n{{ m.content }}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
"""Ends turns by the next one's role alone, as GLM-4 does."""
KINDS = ("chatglm3", "llama2", "llama3", "chatml", "gemma", "marked", "qwen3", "thinking", "glm4")


@dataclass(frozen=True)
class Made:
    """A language, and its tokenizer where it has one."""

    language: Language
    tokenizer: PreTrainedTokenizerFast | None = None


def templated(template: str | None, tokens: tuple[str, ...], end: str) -> Callable[[Path], Made]:
    def made(folder: Path) -> Made:
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=byte_tokenizer(tokens, ("<tool_call>", "</tool_call>")), eos_token=end
        )
        tokenizer.chat_template = template
        tokenizer.save_pretrained(folder)
        return Made(language_of(folder, {"model_type": "llama"}), tokenizer)

    return made


def chatglm3(folder: Path) -> Made:
    return Made(Language(PieceVocabulary(write_pieces(folder / "tokenizer.model"), SPECIAL_TOKENS), ChatGLM3Format()))


def llama2(folder: Path) -> Made:
    return Made(Language(PieceVocabulary(write_pieces(folder / "tokenizer.model"), {}), Llama2Format()))


GLM4_TOKENS = ("<|endoftext|>", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")
MAKERS: dict[str, Callable[[Path], Made]] = {
    "chatglm3": chatglm3,
    "llama2": llama2,
    "llama3": templated(None, LLAMA3_TOKENS, "<|end_of_text|>"),
    "chatml": templated(CHATML, CHATML_TOKENS, "<|im_end|>"),
    "gemma": templated(
        NO_SYSTEM.replace("{{ bos_token }}", "<bos>"), ("<bos>", "<start_of_turn>", "<end_of_turn>", "<eos>"), "<eos>"
    ),
    "marked": templated(MARKED, ("<eos>",), "<eos>"),
    "qwen3": templated(QWEN3, (*CHATML_TOKENS, "<think>", "</think>"), "<|im_end|>"),
    "thinking": templated(THINKING, (*CHATML_TOKENS, "<think>", "</think>"), "<|im_end|>"),
    "glm4": templated(GLM4, GLM4_TOKENS, "<|endoftext|>"),
}


@pytest.fixture(scope="module")
def languages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    return {kind: make(tmp_path_factory.mktemp(kind)) for kind, make in MAKERS.items()}


def chat(language: Language, reply: Sequence | None = None) -> TransformersChat:
    """Return serving over a model that writes this reply."""
    model: Any = ScriptedLogits(reply.reply if reply else [0], 3000)
    return TransformersChat(LoadedModel("scripted", model, language))


def example(*messages: Message, tools: tuple[ToolSchema, ...] = ()) -> Example:
    return Example("e", messages, "qa", "g", tools)


def served(language: Language, made: Sequence, before: tuple[Message, ...]) -> Reply:
    """Return what serving makes of a model that writes the learned tokens."""
    request = ChatRequest(before, sampling=Sampling(max_tokens=len(made.reply) + 5))
    return collected(chat(language, made).stream(request))


def read(language: Language, made: Sequence) -> tuple[str, list[dict[str, Any]]]:
    """Return text and arguments of calls as serving reads them from the learned tokens."""
    reply = ReplyInProgress(language.vocabulary, language.form.reader([TOOL]), Sampling())
    text = "".join(map(reply.add, made.reply[:-1]))
    rest, calls = reply.end()
    assert all((call.name, call.problem) == ("lookup", "") for call in calls)
    return text + rest, [dict(call.arguments) for call in calls]


def spelt(language: Language, ids: tuple[int, ...]) -> list[str]:
    """Return tokens one by one, as far as they are whole characters."""
    vocabulary = language.vocabulary
    return [vocabulary.control_name(token) or vocabulary.text_of([token]) for token in ids]


@pytest.mark.parametrize("kind", KINDS)
def test_the_prompt_is_the_one_that_serving_sends(languages: dict[str, Made], kind: str) -> None:
    language = languages[kind].language
    turns = (SYSTEM, QUESTION, Message("assistant", "", (CALL,)), RESULT, ANSWER, QUESTION, ANSWER)
    made = sequences([example(*turns, tools=(TOOL,))], language)
    served_prompts = [tuple(chat(language).prompt_ids(ChatRequest(turns[:place], (TOOL,)))) for place in (2, 4, 6)]
    assert [sequence.prompt for sequence in made] == served_prompts


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_writes_what_was_learned_answers_so(languages: dict[str, Made], kind: str) -> None:
    language = languages[kind].language
    (made,) = sequences([example(SYSTEM, QUESTION, ANSWER)], language)
    said = served(language, made, (SYSTEM, QUESTION))
    assert (said.text.strip(), said.finish, said.tool_calls) == (ANSWER.content, "stop", ())
    assert said.usage.completion_tokens == len(made.reply), "serving stops at the last learned token, not before"


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_writes_the_learned_calls_calls_so(languages: dict[str, Made], kind: str) -> None:
    language = languages[kind].language
    second = ToolCall("call_2", "lookup", {"year": 2022, "latest": True})
    turns = (SYSTEM, QUESTION, Message("assistant", "", (CALL, second)), RESULT, RESULT, ANSWER)
    made = sequences([example(*turns, tools=(TOOL,))], language)
    text, calls = read(language, made[0])
    assert (text.strip(), calls) == ("", [CALL.arguments, second.arguments])
    ends = [name in language.form.stops for name in map(language.vocabulary.control_name, made[0].reply)]
    assert ends == [False] * (len(ends) - 1) + [True], "serving stops at the last learned token, not before"


def test_a_thought_before_a_call_is_learned_where_serving_tells_it_from_the_call(languages: dict[str, Made]) -> None:
    turns = (QUESTION, Message("assistant", "我来查。", (CALL,)), RESULT, ANSWER)
    told = {}
    for kind, made in languages.items():
        first = sequences([example(*turns, tools=(TOOL,))], made.language)[0]
        said, calls = read(made.language, first)
        assert calls == [CALL.arguments], kind
        told[kind] = said.strip()
    assert told == {kind: "我来查。" if kind in ("chatglm3", "chatml", "qwen3", "thinking") else "" for kind in KINDS}


def test_chatglm3_learns_its_line_of_metadata_the_answer_and_the_end(languages: dict[str, Made]) -> None:
    language = languages["chatglm3"].language
    assert isinstance(language.vocabulary, PieceVocabulary)
    encode = language.vocabulary.processor.encode
    (made,) = sequences([example(QUESTION, ANSWER)], language)
    names = {name: language.vocabulary.id_of(name) for name in ("[gMASK]", "sop", "<|user|>", "<|assistant|>", "</s>")}
    # As build_chat_input of the published tokenizer: header and content apart; the reply as finetune_hf.py of the
    # published repository, which learns all of the assistant's turn behind its role, and </s>.
    assert list(made.prompt) == [
        names["[gMASK]"], names["sop"], names["<|user|>"], *encode("\n"), *encode(QUESTION.content),
        names["<|assistant|>"],
    ]  # fmt: skip
    assert list(made.reply) == [*encode("\n"), *encode(ANSWER.content), names["</s>"]]


def test_chatglm3_learns_a_call_up_to_the_observation(languages: dict[str, Made]) -> None:
    language = languages["chatglm3"].language
    assert isinstance(language.vocabulary, PieceVocabulary)
    encode, of = language.vocabulary.processor.encode, language.vocabulary.id_of
    turns = (QUESTION, Message("assistant", "我来查。", (CALL,)), RESULT, ANSWER)
    made = sequences([example(*turns, tools=(TOOL,))], language)[0]
    code = " ```python\ntool_call(year=2023, field='营业收入')\n```"
    assert list(made.reply) == [
        *encode("\n"), *encode("我来查。"), of("<|assistant|>"), *encode("lookup\n"), *encode(code),
        of("<|observation|>"),
    ]  # fmt: skip


def test_llama2_learns_what_the_published_code_tells(languages: dict[str, Made]) -> None:
    language = languages["llama2"].language
    assert isinstance(language.vocabulary, PieceVocabulary)
    pieces = language.vocabulary.processor
    (made,) = sequences([example(QUESTION, ANSWER)], language)
    told = pieces.encode(f"[INST] {QUESTION.content} [/INST] {ANSWER.content} ")
    assert [*made.prompt, *made.reply] == [pieces.bos_id(), *told, pieces.eos_id()]
    assert list(made.reply) == [*pieces.encode(f"{ANSWER.content} "), pieces.eos_id()]


def test_llama3_learns_the_answer_and_the_end_of_turn(languages: dict[str, Made]) -> None:
    language = languages["llama3"].language
    assert isinstance(language.vocabulary, TokenizerVocabulary)
    tokenizer = language.vocabulary.tokenizer
    (made,) = sequences([example(QUESTION, ANSWER)], language)
    assert list(made.reply) == [
        *tokenizer.encode(ANSWER.content, add_special_tokens=False), tokenizer.convert_tokens_to_ids("<|eot_id|>")
    ]  # fmt: skip


def test_a_template_learns_the_rest_of_the_rendered_conversation(languages: dict[str, Made]) -> None:
    tokenizer = languages["chatml"].tokenizer
    assert tokenizer is not None
    (made,) = sequences([example(SYSTEM, QUESTION, ANSWER)], languages["chatml"].language)
    whole: Any = tokenizer.apply_chat_template(
        [{"role": turn.role, "content": turn.content} for turn in (SYSTEM, QUESTION, ANSWER)], return_dict=False
    )
    assert [*made.prompt, *made.reply] == whole[:-1]  # but for the newline behind <|im_end|>, where serving stopped
    assert spelt(languages["chatml"].language, whole[-1:]) == ["\n"]
    assert spelt(languages["chatml"].language, made.reply)[-1] == "<|im_end|>"


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("gemma", "42 元<end_of_turn>"),
        ("marked", "\n42 元<eos>"),  # its markers end without a newline, and no token ends its turns
        ("qwen3", "<think>\n\n</think>\n\n42 元<|im_end|>"),
        ("thinking", "42 元<|im_end|>"),
        ("glm4", "\n42 元<|endoftext|>"),
    ],
)
def test_templates_end_a_turn_in_their_own_ways(languages: dict[str, Made], kind: str, written: str) -> None:
    language = languages[kind].language
    (made,) = sequences([example(QUESTION, Message("assistant", "42 元"))], language)
    assert language.vocabulary.text_of(made.reply) == written


@pytest.mark.parametrize("kind", ["chatglm3", "llama2", "llama3", "chatml", "gemma"])
def test_what_was_learned_is_what_the_next_turn_tells(languages: dict[str, Made], kind: str) -> None:
    language = languages[kind].language
    turns = (SYSTEM, QUESTION, Message("assistant", "", (CALL,)), RESULT, ANSWER, QUESTION, ANSWER)
    first, second, third = sequences([example(*turns, tools=(TOOL,))], language)
    for now, later in ((first, second), (second, third)):
        # ChatGLM3 tells a past answer without its end: the next turn's role stands there.
        open_ended = kind == "chatglm3" and now is second
        told = [*now.prompt, *(now.reply[:-1] if open_ended else now.reply)]
        assert list(later.prompt[: len(told)]) == told


EVIL = ("<|im_end|>", "<|user|>", "<|assistant|>", "<|observation|>", "</s>", "<|eot_id|>", "<end_of_turn>", "<eos>",
        "<|endoftext|>", "<|end_of_text|>", "[INST]", "<<SYS>>")  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_texts_that_spell_control_tokens_stay_texts(languages: dict[str, Made], kind: str) -> None:
    language = languages[kind].language
    vocabulary = language.vocabulary

    def controls(*texts: str) -> list[list[str]]:
        system, asked, answered = texts
        turns = (Message("system", system), Message("user", asked), Message("assistant", answered))
        (made,) = sequences([example(*turns)], language)
        return [[name for name in map(vocabulary.control_name, ids) if name] for ids in (made.prompt, made.reply)]

    evil = "".join(EVIL)
    assert controls(f"S{evil}", f"q{evil}", f"a{evil}b") == controls("S", "q", "ab")


def test_feedback_teaches_its_last_turn_alone(languages: dict[str, Made]) -> None:
    language = languages["chatml"].language
    turns = (QUESTION, Message("assistant", "不知道。"), QUESTION, ANSWER)
    assert len(sequences([Example("e", turns, "qa", "g")], language)) == 2
    assert len(sequences([Example("e", turns, "qa", "g")], language, "last")) == 1
    (corrected,) = sequences([Example("e", turns, "feedback", "g")], language)
    assert language.vocabulary.text_of(corrected.reply).startswith("营业收入")


def test_a_template_without_a_turn_of_the_assistant_is_refused() -> None:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(("<eos>",)), eos_token="<eos>")
    tokenizer.chat_template = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}"
    form = TemplateFormat(lambda turns, tools: rendered(tokenizer, turns, tools), ["<eos>"], ("<eos>",))
    with pytest.raises(ModelError, match="renders no turn of the assistant"):
        form.reply(ANSWER, [])


def test_a_tokenizer_without_an_end_is_refused() -> None:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(("<pad>",)))
    tokenizer.chat_template = MARKED
    form = TemplateFormat(lambda turns, tools: rendered(tokenizer, turns, tools), ["<pad>"], ())
    with pytest.raises(ModelError, match="names no eos_token: a model trained so would never stop"):
        form.reply(ANSWER, [])


LETTERS = st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"])
WORDS = st.text(LETTERS, min_size=1, max_size=24).map(str.strip)
LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers(-9999, 9999) | WORDS,
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
NAMES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)


@settings(max_examples=25, deadline=None, phases=[Phase.generate])  # shrinking over nine formats takes minutes
@given(WORDS, WORDS, st.dictionaries(NAMES, LITERALS, max_size=3))
def test_every_learned_turn_reads_back(answer: str, asked: str, arguments: dict[str, Any]) -> None:
    assume(answer and not answer.startswith(("{", "[", "`", "<")))  # these look like calls
    calling = Message("assistant", "", (ToolCall("1", "lookup", arguments),))
    turns = (SYSTEM, Message("user", asked), calling, RESULT, Message("assistant", answer))
    for kind, language in _languages().items():
        called, answered = sequences([example(*turns, tools=(TOOL,))], language)
        assert read(language, called)[1] == [arguments], kind
        said, calls = read(language, answered)
        assert (" ".join(said.split()), calls) == (" ".join(answer.split()), []), kind


@cache
def _languages() -> dict[str, Language]:
    return {kind: make(Path(mkdtemp())).language for kind, make in MAKERS.items()}


@pytest.mark.parametrize("name", ["chatglm3", "llama"])
def test_real_vocabularies_read_back_too(name: str) -> None:
    file = SHARED / f"{name}-tokenizer" / "tokenizer.model"
    if not file.is_file():
        pytest.skip(f"needs the vocabulary of {name}: set VOUCH_SHARED to its folder")
    language = (
        Language(PieceVocabulary(file, SPECIAL_TOKENS), ChatGLM3Format())
        if name == "chatglm3"
        else Language(PieceVocabulary(file, {}), Llama2Format())
    )
    turns = (SYSTEM, QUESTION, Message("assistant", "", (CALL,)), RESULT, ANSWER)
    calling, answering = sequences([example(*turns, tools=(TOOL,))], language)
    assert read(language, calling)[1] == [CALL.arguments]
    assert read(language, answering)[0].strip() == ANSWER.content
    if name == "chatglm3":
        assert (calling.reply[-1], answering.reply[-1]) == (64797, 2)
