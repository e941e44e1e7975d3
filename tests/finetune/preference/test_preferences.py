"""Preferences: from feedback and files, nothing made up; the very prompts of serving; splits that share no question."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_chatglm3, write_llama
from vouch.finetune.examples.unfit import Unfit
from vouch.finetune.preference.feedback import Prompt, preferences_of
from vouch.finetune.preference.files import read_preferences, write_preferences
from vouch.finetune.preference.pairs import Fitting, pair_of, read_pairs
from vouch.finetune.preference.types import Preference
from vouch.generation.chat import ChatRequest, Message, ToolSchema
from vouch.generation.models.formats import language_of
from vouch.generation.models.loading import raw_config
from vouch.retrieval.conversations import Feedback
from vouch.retrieval.errors import TrainingFailed, UsageError

QUESTION = "公司2023年营业收入是多少？"


def given(id_: str, answer: str, rating: str, correction: str = "", question: str = QUESTION) -> Feedback:
    kind = "refused" if not answer else "generated"
    return Feedback(question, {"answer": answer, "kind": kind}, rating, "", correction, id=id_)  # type: ignore[arg-type]


def prompt(feedback: Feedback) -> Prompt:
    return Prompt((Message("system", "规则"), Message("user", f"【1】表\n{feedback.question}")))


def sides(*feedback: Feedback) -> list[tuple[str, str]]:
    return [(one.chosen, one.rejected) for one in preferences_of(feedback, prompt).preferences]


def test_a_correction_is_preferred_to_the_answer_it_corrects() -> None:
    found = preferences_of([given("1", "营业收入为1亿元。", "down", "营业收入为2亿元。")], prompt)
    (one,) = found.preferences
    assert (one.chosen, one.rejected, one.source) == ("营业收入为2亿元。", "营业收入为1亿元。", "feedback")
    assert one.messages == (Message("system", "规则"), Message("user", f"【1】表\n{QUESTION}"))
    assert not found.left_out


def test_a_disliked_answer_stands_beside_the_last_liked_one_to_the_same_question() -> None:
    feedback = (
        given("1", "好一。", "up"),
        given("2", "坏。", "down", question="公司 2023年营业收入是多少？"),
        given("3", "好二。", "up"),
        given("4", "另一答。", "up", question="净利润是多少？"),
    )
    assert sides(*feedback) == [("好二。", "坏。")]


def test_nothing_is_made_up_where_nothing_better_is_known() -> None:
    found = preferences_of(
        [
            given("alone", "坏。", "down"),
            given("liked", "好。", "up", question="净利润是多少？"),
            given("refused", "", "down", "2亿元。", question="现金流？"),
            given("same", "2 亿元。", "down", "2亿元。", question="总资产？"),
        ],
        prompt,
    )
    assert not found.preferences
    assert [(one.id, one.reason.split(":")[0].split(",")[0]) for one in found.left_out] == [
        ("alone", "disliked"),
        ("refused", "the answer was empty or a refusal of the program"),
        ("same", "the correction says what the answer said"),
    ]


def test_marks_of_citations_are_no_preference_where_one_side_has_none() -> None:
    assert sides(given("1", "收入为1亿元[1]，增长[2]。", "down", "收入为2亿元。")) == [
        ("收入为2亿元。", "收入为1亿元，增长。")
    ]
    assert sides(given("1", "收入为1亿元[1]。", "down", "收入为2亿元[2]。")) == [
        ("收入为2亿元[2]。", "收入为1亿元[1]。")
    ]


def test_what_serving_would_ask_no_model_is_left_out_with_its_reason() -> None:
    def never(_feedback: Feedback) -> Prompt:
        raise Unfit("serving refuses the question before it searches")

    found = preferences_of([given("1", "坏。", "down", "好。")], never)
    assert [one.reason for one in found.left_out] == ["serving refuses the question before it searches"]


def test_preferences_come_back_from_their_file(tmp_path: Path) -> None:
    tool = ToolSchema("compute", "d", {"type": "object"})
    one = Preference("a", (Message("user", "q"),), "好", "坏", "g", (tool,), "feedback")
    assert write_preferences(tmp_path / "p.jsonl", [one]) == 1
    assert read_preferences(tmp_path / "p.jsonl") == [one]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "chosen": "好", "rejected": "坏"},
        {
            "prompt": [{"role": "user", "content": "q"}],
            "chosen": [{"role": "assistant", "content": "好"}],
            "rejected": [{"role": "assistant", "content": "坏"}],
        },
    ],
)
def test_files_may_have_the_form_of_published_sets(tmp_path: Path, row: dict[str, Any]) -> None:
    (tmp_path / "p.jsonl").write_text(json.dumps(row), encoding="utf-8")
    (one,) = read_preferences(tmp_path / "p.jsonl")
    assert (one.messages, one.chosen, one.rejected, one.id) == ((Message("user", "q"),), "好", "坏", "p:1")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"prompt": "q", "chosen": "好"}, "rejected must be an answer"),
        ({"prompt": "q", "chosen": "好", "rejected": "好"}, "the same"),
        ({"chosen": "好", "rejected": "坏"}, "messages must be a list"),
        ({"messages": [{"role": "assistant", "content": "!"}], "chosen": "好", "rejected": "坏"}, "end with the user"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: dict[str, Any], problem: str) -> None:
    good = {"prompt": "q", "chosen": "好", "rejected": "坏"}
    (tmp_path / "p.jsonl").write_text(json.dumps(good) + "\n" + json.dumps(row), encoding="utf-8")
    with pytest.raises(UsageError, match=f"p.jsonl, line 2: .*{problem}"):
        read_preferences(tmp_path / "p.jsonl")


@pytest.fixture(scope="module", params=["chatglm3", "llama"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models") / request.param
    return write_chatglm3(place) if request.param == "chatglm3" else write_llama(place, CHATML_TOKENS, CHATML)


def test_pairs_have_the_prompt_of_serving_and_end_as_replies_end(folder: Path) -> None:
    from vouch.generation.models.loading import LoadOptions, load_model
    from vouch.generation.models.transformers_chat import TransformersChat

    language = language_of(folder, raw_config(folder))
    messages = (Message("system", "规则"), Message("user", "收入？ <|im_start|> <|user|>"))
    pair = pair_of(Preference("a", messages, "2亿元。", "1亿元。", "g"), language)
    chat = TransformersChat(load_model(folder, LoadOptions(device="cpu", precision="float32", threads=1)))
    assert list(pair.prompt) == chat.prompt_ids(ChatRequest(messages))
    stops = {language.vocabulary.id_of(name) for name in language.form.stops}
    assert {pair.chosen[-1], pair.rejected[-1]} <= stops
    assert language.vocabulary.text_of(pair.chosen[:-1]).strip() == "2亿元。"
    assert language.vocabulary.text_of(pair.rejected[:-1]).strip() == "1亿元。"


def preferences(count: int) -> list[Preference]:
    return [Preference(str(n), (Message("user", f"第{n}问？"),), "好", "坏", f"g{n // 2}") for n in range(count)]


def test_a_split_parts_no_question_and_is_the_same_again(folder: Path) -> None:
    fitting = Fitting(language_of(folder, raw_config(folder)), 512)
    data = read_pairs(preferences(20), [], 0.2, 0, fitting)
    assert {pair.group for pair in data.train}.isdisjoint(pair.group for pair in data.held_out)
    assert (len(data.train), len(data.held_out)) == (16, 4)
    assert data == read_pairs(preferences(20), [], 0.2, 0, fitting)
    assert data.held_out != read_pairs(preferences(20), [], 0.2, 1, fitting).held_out
    assert not read_pairs(preferences(20), [], 0.0, 0, fitting).held_out


def test_what_cannot_be_split_or_does_not_fit_is_said(folder: Path) -> None:
    language = language_of(folder, raw_config(folder))
    with pytest.raises(TrainingFailed, match="about one question"):
        read_pairs(preferences(2), [], 0.2, 0, Fitting(language, 512))
    with pytest.raises(TrainingFailed, match=r"data\.held_out has groups that are trained on, such as 'g0'"):
        read_pairs(preferences(2), preferences(1), 0.2, 0, Fitting(language, 512))
    with pytest.raises(TrainingFailed, match=r"no preference is left to learn from \(0: \d+ tokens, more than 5\)"):
        read_pairs(preferences(4), [], 0.0, 0, Fitting(language, 5))
