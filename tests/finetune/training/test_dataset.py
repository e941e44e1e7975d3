"""Example files become splits: nothing is cut, what is left out is listed, no group is in both."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, byte_tokenizer
from vouch.finetune.examples.files import write_examples
from vouch.finetune.examples.types import Example
from vouch.finetune.training.dataset import TrainingData, listed, read_data
from vouch.finetune.training.recipe import DataRecipe
from vouch.generation.chat import Message, ToolCall, ToolSchema
from vouch.generation.models.formats import Language, language_of
from vouch.retrieval.errors import TrainingFailed, UsageError

TOOL = ToolSchema("lookup", "finds values", {"type": "object", "properties": {"year": {"type": "integer"}}})


@pytest.fixture(scope="module")
def language(tmp_path_factory: pytest.TempPathFactory) -> Language:
    folder = tmp_path_factory.mktemp("tokenizer")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(CHATML_TOKENS), eos_token="<|im_end|>")
    tokenizer.chat_template = CHATML
    tokenizer.save_pretrained(folder)
    return language_of(folder, {"model_type": "llama"})


def example(name: str, group: str = "", answer: str = "42") -> Example:
    return Example(name, (Message("user", f"q {name}"), Message("assistant", answer)), "qa", group or name)


def read(folder: Path, language: Language, limit: int = 64, **recipe: object) -> TrainingData:
    return read_data(folder, DataRecipe(train=("train.jsonl",), **recipe), language, limit, seed=1)  # type: ignore[arg-type]


def write(folder: Path, examples: Sequence[Example], name: str = "train.jsonl") -> None:
    write_examples(folder / name, examples)


def test_a_share_of_the_groups_is_held_out_and_no_group_is_parted(tmp_path: Path, language: Language) -> None:
    write(tmp_path, [example(f"{group}-{number}", f"g{group}") for group in range(20) for number in range(3)])
    data = read(tmp_path, language, held_out_share=0.25)
    groups = [{sequence.group for sequence in split.sequences} for split in (data.train, data.held_out)]
    assert [len(found) for found in groups] == [15, 5]
    assert not groups[0] & groups[1]
    assert len(data.train.sequences) == 45
    assert read(tmp_path, language, held_out_share=0.25) == data


def test_without_a_share_nothing_is_held_out(tmp_path: Path, language: Language) -> None:
    write(tmp_path, [example("a"), example("b")])
    data = read(tmp_path, language, held_out_share=0.0)
    assert (len(data.train.sequences), len(data.held_out.sequences)) == (2, 0)


def test_one_group_alone_cannot_be_parted(tmp_path: Path, language: Language) -> None:
    write(tmp_path, [example("a", "g"), example("b", "g")])
    with pytest.raises(TrainingFailed, match=r"all of one group.*held_out_share = 0"):
        read(tmp_path, language, held_out_share=0.5)


def test_a_held_out_file_that_shares_a_group_is_refused(tmp_path: Path, language: Language) -> None:
    write(tmp_path, [example("a", "g1"), example("b", "g2")])
    write(tmp_path, [example("c", "g2"), example("d", "g3")], "held.jsonl")
    with pytest.raises(TrainingFailed, match=r"has groups that are trained on: g2\. What is measured must come from"):
        read(tmp_path, language, held_out=("held.jsonl",))


def test_a_long_example_is_left_out_counted_and_listed_never_cut(tmp_path: Path, language: Language) -> None:
    long = example("long", answer="0123456789 " * 30_000)
    write(tmp_path, [example("a"), long, example("b")])
    data = read(tmp_path, language, held_out_share=0.0)
    assert [sequence.example for sequence in data.train.sequences] == ["a", "b"]
    (left,) = data.left_out
    assert (left.example, left.turn) == ("long", 2)
    assert left.tokens > 100_000
    assert listed(data.left_out) == f"1 left out (long, turn 2: {left.tokens} tokens, more than 64)"


def test_where_nothing_is_left_that_is_said(tmp_path: Path, language: Language) -> None:
    write(tmp_path, [example("a", answer="1 2 3 4 5 6 7 8 9 " * 20)])
    with pytest.raises(
        TrainingFailed, match=r"no example is left to learn from: 1 left out .a, turn 2: .* more than 64"
    ):
        read(tmp_path, language, held_out_share=0.0)


def test_where_no_held_out_example_is_left_that_is_said(tmp_path: Path, language: Language) -> None:
    write(tmp_path, [example("a")])
    write(tmp_path, [example("b", answer="1 2 3 4 5 6 7 8 9 " * 20)], "held.jsonl")
    with pytest.raises(TrainingFailed, match="no held-out example is left to measure"):
        read(tmp_path, language, held_out=("held.jsonl",))


def test_a_call_that_serving_could_not_read_is_left_out(tmp_path: Path, language: Language) -> None:
    call = Message("assistant", "", (ToolCall("c1", "lookup", {"year": 2023}),))
    turns = (Message("user", "q"), call, Message("tool", "42", (), "c1", "lookup"), Message("assistant", "42"))
    write(tmp_path, [Example("offered", turns, "tools", "g1", (TOOL,)), Example("not", turns, "tools", "g2")])
    data = read(tmp_path, language, limit=1000, held_out_share=0.0)
    assert [sequence.example for sequence in data.train.sequences] == ["offered", "offered", "not"]
    assert [(left.example, left.turn, left.reason) for left in data.left_out] == [
        ("not", 2, "serving would not read these tool calls back from what the model writes")
    ]


def test_packed_rows_hold_every_sequence_once(tmp_path: Path, language: Language) -> None:
    write(tmp_path, [example(str(number)) for number in range(12)])
    data = read(tmp_path, language, held_out_share=0.0)
    rows = data.rows(True, 64)
    assert len(rows) < 12
    assert all(sum(sequence.length for sequence in row) <= 64 for row in rows)
    assert sorted(sequence.example for row in rows for sequence in row) == sorted(map(str, range(12)))
    assert [len(row) for row in data.rows(False, 64)] == [1] * 12


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"role": "user", "content": "q"}', "no answer: the last turn must be the assistant's"),
        ('{"role": "user", "content": "q"}, {"role": "assistant", "content": " "}', "turn 2 .assistant. is empty"),
        ('{"role": "assistant", "content": "a"}', "turn 1: wrong order of roles, assistant at the start"),
        (
            '{"role": "user", "content": "q"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}',
            "turn 2: wrong order of roles, user after user where assistant must stand",
        ),
    ],
)
def test_a_conversation_that_cannot_be_learned_is_refused_by_line(
    tmp_path: Path, language: Language, line: str, complaint: str
) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text(f'{{"id": "a", "kind": "qa", "group": "g", "messages": [{line}]}}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=f"train.jsonl, line 1: {complaint}"):
        read(tmp_path, language)


@pytest.mark.parametrize(
    ("content", "complaint"), [(b"", "is empty"), (b"\n\n", "is empty"), (b'{"id": "\xff"}', "line 1: not UTF-8")]
)
def test_a_file_that_holds_no_text_is_refused(
    tmp_path: Path, language: Language, content: bytes, complaint: str
) -> None:
    (tmp_path / "train.jsonl").write_bytes(content)
    with pytest.raises(UsageError, match=complaint):
        read(tmp_path, language)


def test_a_recipe_without_files_is_refused(tmp_path: Path, language: Language) -> None:
    with pytest.raises(UsageError, match=r"names no examples: set data\.train"):
        read_data(tmp_path, DataRecipe(), language, 64, 0)
