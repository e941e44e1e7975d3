"""Whatever a model wants to write, once it begins a call it is one that can be carried out; answers stay free."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("xgrammar", reason="needs the extra grammar")
pytest.importorskip("jsonschema")

import jsonschema
import torch

from tests.generation.models.tiny_models import (
    CHATML,
    CHATML_TOKENS,
    LLAMA3_TOKENS,
    ScriptedLogits,
    write_chatglm3,
    write_llama,
)
from vouch.generation.chat import ChatRequest, Message, Reply, Sampling, ToolSchema, collected
from vouch.generation.models.constrained_calls import CallGrammars
from vouch.generation.models.formats import language_of
from vouch.generation.models.loading import LoadedModel, LoadOptions, load_model, raw_config
from vouch.generation.models.transformers_chat import TransformersChat

QUESTION = (Message("user", "公司2023年营业收入为多少？"),)
SHORT = {"type": "string", "maxLength": 6}
TOOLS = (
    ToolSchema("today", "date", {"type": "object", "properties": {}, "additionalProperties": False}),
    ToolSchema(
        "lookup_facts",
        "finds values",
        {
            "type": "object",
            "properties": {
                "company": SHORT,
                "year": {"type": "integer"},
                "unit": {"enum": ["元", "it's"]},
                "parent": {"type": "boolean"},
                "share": {"type": "number"},
                "fields": {"type": "array", "items": SHORT, "maxItems": 3},
                "operands": {"type": "object", "additionalProperties": {"type": "number"}, "maxProperties": 2},
            },
            "required": ["company", "unit"],
            "additionalProperties": False,
        },
    ),
)
FEW = (TOOLS[0], ToolSchema("add", "adds", {"type": "object", "properties": {"n": {"type": "integer"}}}))
SCHEMAS = {tool.name: dict(tool.parameters) for tool in (*TOOLS, *FEW)}
CALL_OPENINGS = {
    "chatglm3": ["lookup_facts\n", "today", " lookup"],
    "llama3": ["{", " \n{", "[{", '{"name": "l'],
    "chatml": ["{", "我来查。<tool_call>", "<tool_call>\n"],
    "tags": ["我来查。", "{"],
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model of each family; `tags`: the tags are tokens of their own, as in Qwen."""
    home = tmp_path_factory.mktemp("models")
    return {
        "chatglm3": write_chatglm3(home / "chatglm3", seq_length=2048),
        "llama3": write_llama(home / "llama3", LLAMA3_TOKENS),
        "chatml": write_llama(home / "chatml", CHATML_TOKENS, CHATML),
        "tags": write_llama(home / "tags", ("<tool_call>", "</tool_call>", *CHATML_TOKENS), CHATML),
    }


class Wild(ScriptedLogits):
    """Wants given tokens first and then anything, so that the grammar alone decides."""

    def __init__(self, tokens: Sequence[int], vocabulary: int, seed: int, ends: Sequence[int]) -> None:
        super().__init__(tokens, vocabulary)
        self._random = torch.Generator().manual_seed(seed)
        self._ends = list(ends)

    def __call__(self, input_ids: torch.Tensor, **arguments: Any) -> SimpleNamespace:
        if self.calls < len(self._tokens):
            return super().__call__(input_ids, **arguments)
        self.calls += 1
        logits = torch.randn(1, 1, self._vocabulary, generator=self._random)
        logits[0, 0, self._ends] += 4  # texts and numbers end some time
        return SimpleNamespace(logits=logits)


def wild(folder: Path, seed: int, *pieces: str) -> TransformersChat:
    language = language_of(folder, raw_config(folder))
    vocabulary = language.vocabulary
    tokens: list[int] = []
    for piece in pieces:
        control = vocabulary.id_of(piece)
        tokens += vocabulary.text_ids(piece) if control is None else [control]
    ends = [id_ for mark in ('"', "'", "}", ",") for id_ in vocabulary.text_ids(mark)]
    model: Any = Wild(tokens, vocabulary_size(folder), seed, ends)
    return TransformersChat(LoadedModel("wild", model, language))


def vocabulary_size(folder: Path) -> int:
    config = raw_config(folder)
    return int(config.get("padded_vocab_size") or config["vocab_size"])


def said(model: TransformersChat) -> Reply:
    return collected(model.stream(ChatRequest(QUESTION, TOOLS, sampling=Sampling(max_tokens=2000))))


def check(reply: Reply) -> None:
    assert reply.finish == "tool_calls", reply
    assert reply.tool_calls
    for call in reply.tool_calls:
        assert call.problem == ""
        jsonschema.validate(dict(call.arguments), SCHEMAS[call.name])


@pytest.mark.parametrize(("kind", "opening"), [(kind, one) for kind, found in CALL_OPENINGS.items() for one in found])
def test_a_call_that_has_begun_can_be_carried_out(folders: dict[str, Path], kind: str, opening: str) -> None:
    pieces = (opening, "<tool_call>") if kind == "tags" and opening != "{" else (opening,)
    for seed in range(3):
        check(said(wild(folders[kind], seed, *pieces)))


@pytest.mark.parametrize("kind", CALL_OPENINGS)
def test_random_weights_call_tools_with_arguments_that_fit(folders: dict[str, Path], kind: str) -> None:
    loaded = load_model(folders[kind], LoadOptions(device="cpu", precision="float32", threads=1))
    vocabulary = loaded.language.vocabulary
    beginning = vocabulary.text_ids("a" if kind == "chatglm3" else "{")[-1]

    def eager(_module: Any, _args: Any, kwargs: Any, output: Any) -> Any:
        """Make the model begin a call behind the prompt; what follows is its own."""
        if kwargs["input_ids"].shape[1] > 1:
            output.logits[:, -1, beginning] += 100.0
        return output

    loaded.model.register_forward_hook(eager, with_kwargs=True)
    requests = [ChatRequest(QUESTION, FEW, sampling=Sampling(1.0, seed=seed, max_tokens=250)) for seed in range(4)]
    alone = [collected(TransformersChat(loaded).stream(request)) for request in requests[:2]]
    replies = alone + TransformersChat(loaded).reply_many(requests)
    for reply in replies:
        check(reply)


def test_an_unknown_tool_cannot_be_named(folders: dict[str, Path]) -> None:
    for kind, wish in (
        ("chatglm3", "look_into\n ```python\ntool_call(a=1)\n```"),
        ("llama3", '{"name": "look_into", "parameters": {"a": 1}}'),
        ("chatml", '<tool_call>\n{"name": "look_into", "arguments": {}}\n</tool_call>'),
    ):
        check(said(wild(folders[kind], 1, wish)))


@pytest.mark.parametrize("kind", ["llama3", "chatml", "chatglm3"])
def test_logits_of_an_answer_are_the_models_own(folders: dict[str, Path], kind: str) -> None:
    model = wild(folders[kind], 0, "x")
    mask = model._mask(ChatRequest(QUESTION, TOOLS))
    assert mask is not None
    logits = torch.randn(vocabulary_size(folders[kind]))
    for token in model._vocabulary.text_ids("\n[1] 营业收入为{12.3}元。"):  # type: ignore[attr-defined]
        mask.accept(token)
    assert mask.masked(logits) is logits


@pytest.mark.parametrize("kind", ["llama3", "chatml"])
def test_a_token_that_begins_a_call_and_goes_wrong_is_never_chosen(folders: dict[str, Path], kind: str) -> None:
    model = wild(folders[kind], 0, "x")
    mask = model._mask(ChatRequest(QUESTION, TOOLS))
    assert mask is not None
    allowed = mask.masked(torch.zeros(vocabulary_size(folders[kind]))).isfinite().nonzero().flatten().tolist()
    texts = {model._vocabulary.text_of([token]).lstrip() for token in allowed}
    begun = {text for text in texts if text.startswith("{")}
    assert begun
    assert all('{"name":'.startswith(text) or text.startswith('{"name":') for text in begun)
    assert {"[", "a", "1"} <= texts


def test_several_calls_in_one_reply_are_each_checked(folders: dict[str, Path]) -> None:
    one = '{"name": "today", "parameters": {}}'
    reply = said(wild(folders["llama3"], 0, f'{one}; {{"name": "lookup_facts", "parameters": {{"company": "甲", "u'))
    check(reply)
    assert [call.name for call in reply.tool_calls][:2] == ["today", "lookup_facts"]


def test_a_name_that_python_cannot_write_leaves_chatglm3_free(folders: dict[str, Path]) -> None:
    odd = ToolSchema("odd", "x", {"type": "object", "properties": {"a-b": SHORT}})
    model = wild(folders["chatglm3"], 0, "x")
    mask = model._mask(ChatRequest(QUESTION, (odd,)))
    logits = torch.randn(vocabulary_size(folders["chatglm3"]))
    assert mask is not None
    assert mask.masked(logits) is logits


def test_masks_of_one_vocabulary_are_made_once(folders: dict[str, Path]) -> None:
    model = wild(folders["llama3"], 0, "x")
    assert isinstance(model._call_grammars, CallGrammars)
    first = model._mask(ChatRequest(QUESTION, TOOLS))
    assert first is not None
    first.masked(torch.zeros(vocabulary_size(folders["llama3"])))
    assert len(model._call_grammars._beginnings) == 2
    second = model._mask(ChatRequest(QUESTION, TOOLS))
    assert second is not None
    second.masked(torch.zeros(vocabulary_size(folders["llama3"])))
    assert len(model._call_grammars._beginnings) == 2
