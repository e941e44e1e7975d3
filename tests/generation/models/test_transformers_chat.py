"""Models in this process: what streams out of them, when it ends, what is refused, what is kept for the next turn."""

import json
import threading
from collections.abc import Iterator, Sequence
from itertools import chain, repeat, zip_longest
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.generation.models.tiny_models import (
    CHATML,
    CHATML_TOKENS,
    LLAMA3_TOKENS,
    ScriptedLogits,
    write_chatglm3,
    write_llama,
)
from vouch.generation.chat import (
    BatchModel,
    ChatRequest,
    Delta,
    Message,
    Reply,
    Sampling,
    ToolCall,
    ToolSchema,
    collected,
)
from vouch.generation.models.batch import by_length
from vouch.generation.models.formats import language_of
from vouch.generation.models.loading import LoadedModel, LoadOptions, load_model, model_summary, raw_config
from vouch.generation.models.transformers_chat import TransformersChat
from vouch.generation.models.vocabularies import PieceVocabulary
from vouch.retrieval.errors import ModelError

OPTIONS = LoadOptions(device="cpu", precision="float32", threads=1)
TOOL = ToolSchema("lookup", "finds values", {"type": "object", "properties": {"year": {"type": "integer"}}})
QUESTION = (Message("system", "只根据所给段落回答。"), Message("user", "公司2023年营业收入为多少？"))


@pytest.fixture(scope="module")
def chatglm3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chatglm3(tmp_path_factory.mktemp("models") / "tiny-chatglm3")


@pytest.fixture(scope="module")
def chatml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("models") / "tiny-chatml", CHATML_TOKENS, CHATML)


@pytest.fixture(scope="module")
def llama3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("models") / "tiny-llama3", LLAMA3_TOKENS)


@pytest.fixture(params=["chatglm3", "chatml", "llama3"])
def folder(request: pytest.FixtureRequest) -> Path:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Path)
    return found


def chat(folder: Path, window: int = 0) -> TransformersChat:
    return TransformersChat(load_model(folder, OPTIONS), window)


def request(max_tokens: int = 24, **changed: Any) -> ChatRequest:
    return ChatRequest(QUESTION, sampling=Sampling(max_tokens=max_tokens, **changed))


def plain_loop(folder: Path, model: TransformersChat, wanted: ChatRequest) -> list[int]:
    """Return the greedy continuation by transformers' own `generate`."""
    ids = torch.tensor([model.prompt_ids(wanted)])
    whole = load_model(folder, OPTIONS).model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=wanted.sampling.max_tokens, do_sample=False
    )
    assert isinstance(whole, torch.Tensor)
    return whole[0, ids.shape[1] :].tolist()


def says(folder: Path, *pieces: str) -> TransformersChat:
    """Return a chat with a model that writes these texts and control tokens, then its last stop token."""
    language = language_of(folder, raw_config(folder))
    tokens: list[int] = []
    for piece in pieces:
        token = language.vocabulary.id_of(piece)
        tokens += language.vocabulary.text_ids(piece) if token is None else [token]
    stops = [language.vocabulary.id_of(name) for name in language.form.stops]
    tokens.append(next(id_ for id_ in stops if id_ is not None))
    model: Any = ScriptedLogits(tokens, 2000)
    return TransformersChat(LoadedModel("scripted", model, language))


def reply(model: TransformersChat, *tools: ToolSchema, stop: Sequence[str] = ()) -> Reply:
    return collected(model.stream(ChatRequest(QUESTION, tools, sampling=Sampling(stop=tuple(stop)))))


def test_a_reply_is_that_of_the_plain_loop(folder: Path) -> None:
    model = chat(folder)
    asked = request()
    expected = plain_loop(folder, model, asked)
    stops = {id_ for id_ in expected if id_ in model._stops}
    assert not stops, "the made model ends early: its reply would show nothing"
    vocabulary = language_of(folder, raw_config(folder)).vocabulary
    text = [id_ for id_ in expected if vocabulary.control_name(id_) is None]
    said = collected(model.stream(asked))
    assert (said.finish, said.usage.completion_tokens) == ("length", 24)
    assert said.usage.prompt_tokens == len(model.prompt_ids(asked))
    if len(text) == len(expected):
        assert said.text.strip() == vocabulary.text_of(text).strip()


def test_every_piece_but_the_last_is_text_and_the_last_says_how_it_ended(folder: Path) -> None:
    deltas = list(says(folder, "\n" + "营业收入为12.3元。" * 5).stream(request(max_tokens=20)))
    assert len(deltas) > 3
    assert all(delta.text and delta.finish is None and delta.usage is None for delta in deltas[:-1])
    assert deltas[-1].finish == "length"
    assert deltas[-1].usage is not None


def test_a_stop_token_ends_the_reply(folder: Path) -> None:
    said = reply(says(folder, "\n营业收入为12.3元。"))
    assert (said.text.strip(), said.finish, said.tool_calls) == ("营业收入为12.3元。", "stop", ())


def test_a_stop_text_ends_the_reply_and_is_not_part_of_it(folder: Path) -> None:
    said = reply(says(folder, "\n一二三四五"), stop=["四五", "三四"])
    assert (said.text.strip(), said.finish) == ("一二", "stop")


def test_the_beginning_of_a_stop_text_that_does_not_come_is_given_out(chatml: Path) -> None:
    said = reply(says(chatml, "一二三四"), stop=["四五", "九"])
    assert (said.text, said.finish) == ("一二三四", "stop")


def test_a_cancelled_reply_ends_between_tokens(folder: Path) -> None:
    answers: Iterator[bool] = chain([False] * 5, repeat(True))
    said = collected(chat(folder).stream(request(), lambda: next(answers)))
    assert (said.finish, said.usage.completion_tokens) == ("cancelled", 5)


def test_a_reply_cancelled_before_it_began_computes_nothing(folder: Path) -> None:
    model = says(folder, "x")
    said = collected(model.stream(request(), lambda: True))
    assert (said.text, said.finish, said.usage.completion_tokens) == ("", "cancelled", 0)
    assert model._loaded.model.calls == 0  # type: ignore[operator]


def test_the_same_seed_draws_the_same_reply_and_another_seed_another(folder: Path) -> None:
    model = chat(folder)
    drawn = [collected(model.stream(request(temperature=1.0, seed=seed))).text for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_one_likely_token_is_the_likeliest(folder: Path) -> None:
    model = chat(folder)
    greedy = collected(model.stream(request())).text
    assert collected(model.stream(request(temperature=1.0, top_k=1, seed=3))).text == greedy
    assert collected(model.stream(request(temperature=1.0, top_p=1e-9, seed=3))).text == greedy


def test_a_prompt_that_does_not_fit_is_refused_before_anything_is_computed(folder: Path) -> None:
    length = len(says(folder, "x").prompt_ids(request()))
    model = TransformersChat(says(folder, "x")._loaded, length)
    with pytest.raises(ModelError, match=f"takes {length} tokens, scripted reads {length}: ask with fewer passages"):
        model.stream(request())


def test_a_reply_ends_where_the_window_ends(folder: Path) -> None:
    length = len(says(folder, "x").prompt_ids(request()))
    said = collected(chat(folder, length + 7).stream(request(max_tokens=500)))
    assert (said.finish, said.usage.completion_tokens) == ("length", 7)


def test_tokens_are_counted_exactly(folder: Path) -> None:
    model = chat(folder)
    text = "营业收入 12.3%"
    with_text = model.prompt_ids(ChatRequest((Message("user", f"\n{text}"),)))
    without = model.prompt_ids(ChatRequest((Message("user", "\n"),)))
    assert model.count_tokens(f"\n{text}") - model.count_tokens("\n") == len(with_text) - len(without)


CALLS = {
    "chatglm3": ("lookup\n ```python\ntool_call(year=2023)\n```",),
    "llama3": ('{"name": "lookup", "parameters": {"year": 2023}}',),
    "chatml": ('<tool_call>\n{"name": "lookup", "arguments": {"year": 2023}}\n</tool_call>',),
}


@pytest.mark.parametrize("kind", CALLS)
def test_a_call_is_read_and_nothing_of_it_is_shown(kind: str, request: pytest.FixtureRequest) -> None:
    model = says(request.getfixturevalue(kind), *CALLS[kind])
    deltas = list(model.stream(ChatRequest(QUESTION, (TOOL,))))
    assert [delta for delta in deltas if delta.text] == []
    assert deltas[-1] == Delta("", (ToolCall("call_1", "lookup", {"year": 2023}),), "tool_calls", deltas[-1].usage)


@pytest.mark.parametrize("kind", CALLS)
def test_a_result_goes_back_in_the_models_own_turns(kind: str, request: pytest.FixtureRequest) -> None:
    model = says(request.getfixturevalue(kind), "\n收入为42元。")
    call = ToolCall("call_1", "lookup", {"year": 2023})
    turns = (*QUESTION, Message("assistant", "", (call,)), Message("tool", "42元", (), "call_1", "lookup"))
    said = collected(model.stream(ChatRequest(turns, (TOOL,))))
    assert (said.text.strip(), said.finish, said.tool_calls) == ("收入为42元。", "stop", ())
    text = model._vocabulary.text_of(model.prompt_ids(ChatRequest(turns, (TOOL,))))
    assert text.index("2023年营业收入") < text.index("42元")
    assert "finds values" in text


def test_chatglm3_thinks_in_one_turn_and_calls_in_the_next(chatglm3: Path) -> None:
    said = reply(says(chatglm3, "\n我来查。", "<|assistant|>", "lookup\n ```python\ntool_call(year=2023)\n```"), TOOL)
    assert said.text.strip() == "我来查。"
    assert said.tool_calls == (ToolCall("call_1", "lookup", {"year": 2023}),)


def test_a_call_that_cannot_be_read_comes_with_its_problem(
    folder: Path, chatglm3: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vouch.generation.models.transformers_chat.find_spec", lambda _name: None)
    broken = "lookup\ntool_call(2023" if folder == chatglm3 else '{"name": "lookup", "parameters": {"year": '
    (call,) = reply(says(folder, broken), TOOL).tool_calls
    assert (call.name, call.arguments) == ("lookup", {})
    assert "cannot be read" in call.problem


def test_text_streams_at_once_where_it_is_no_call(folder: Path) -> None:
    model = says(folder, "\n[1] 营业收入为12.3元。" * 5)
    shown = [delta.text for delta in model.stream(ChatRequest(QUESTION, (TOOL,))) if delta.text]
    assert len(shown) > 20


def test_a_reply_with_a_schema_fits_it_whatever_the_model_wants(folder: Path) -> None:
    pytest.importorskip("xgrammar", reason="needs the extra grammar")
    schema = {
        "type": "object",
        "properties": {"year": {"type": "integer", "minimum": 0, "maximum": 9}, "ok": {"type": "boolean"}},
        "required": ["year", "ok"],
        "additionalProperties": False,
    }
    model = chat(folder)
    assert model.enforces_schemas
    for seed in range(3):
        sampling = Sampling(temperature=1.0, seed=seed, max_tokens=60)
        said = collected(model.stream(ChatRequest(QUESTION, schema=schema, sampling=sampling)))
        value = json.loads(said.text)
        assert said.finish == "stop"
        assert set(value) == {"year", "ok"}
        assert 0 <= value["year"] <= 9


def test_no_control_token_can_stand_in_a_constrained_text(chatglm3: Path) -> None:
    pytest.importorskip("xgrammar", reason="needs the extra grammar")
    model = chat(chatglm3)
    mask = model._grammars.following({"type": "string"})
    pieces = model._vocabulary
    assert isinstance(pieces, PieceVocabulary)
    mask.accept(pieces.processor.piece_to_id('"'))
    allowed = mask.masked(torch.zeros(model._config.vocab_size)).isfinite().nonzero().flatten().tolist()
    assert len(allowed) > 50
    assert [name for name in map(model._vocabulary.control_name, allowed) if name] == []


def test_without_a_grammar_the_schema_is_asked_for(chatml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vouch.generation.models.transformers_chat.find_spec", lambda _name: None)
    model = says(chatml, '{"a": 1}')
    asked = ChatRequest(QUESTION, schema={"type": "object", "title": "要求"})
    assert not model.enforces_schemas
    assert "要求" in model._vocabulary.text_of(model.prompt_ids(asked))
    assert collected(model.stream(asked)).text == '{"a": 1}'


def test_what_was_read_is_not_read_again_and_the_reply_is_the_same(folder: Path) -> None:
    model = chat(folder)
    first = collected(model.stream(request()))
    turns = (*QUESTION, Message("assistant", first.text), Message("user", "那2022年呢？"))
    following = ChatRequest(turns, sampling=Sampling(max_tokens=24))
    before = model._continuation.kept
    assert before >= first.usage.prompt_tokens
    again = collected(model.stream(following))
    assert again == collected(chat(folder).stream(following))


def test_replies_that_alternate_do_not_mix(folder: Path) -> None:
    model = chat(folder)
    other = ChatRequest((Message("user", "revenue in 2022?"),), sampling=Sampling(max_tokens=24))
    alone = [collected(chat(folder).stream(asked)).text for asked in (request(), other)]
    streams = [model.stream(request()), model.stream(other)]
    said = ["", ""]
    for pair in zip_longest(*streams, fillvalue=Delta()):
        said = [text + delta.text for text, delta in zip(said, pair, strict=True)]
    assert said == alone


def test_threads_share_a_model(chatglm3: Path) -> None:
    model = chat(chatglm3)
    alone = collected(model.stream(request())).text
    said: list[str] = []
    threads = [threading.Thread(target=lambda: said.append(collected(model.stream(request())).text)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [alone] * 4


def test_an_abandoned_reply_blocks_nobody(chatglm3: Path) -> None:
    model = chat(chatglm3)
    abandoned = model.stream(request())
    next(abandoned)
    assert collected(model.stream(request())).finish == "length"


def test_an_adapter_that_is_not_loaded_is_refused(chatglm3: Path) -> None:
    with pytest.raises(ModelError, match=r"no adapter named 'finance' is loaded \(model.adapters names none\)"):
        says(chatglm3, "x").stream(ChatRequest(QUESTION, adapter="finance"))


def test_defaults_are_those_of_the_models_own_configuration(chatml: Path) -> None:
    loaded = load_model(chatml, OPTIONS)
    settings = loaded.model.generation_config
    assert settings is not None
    settings.do_sample, settings.temperature, settings.top_k = True, 0.7, 1
    model = TransformersChat(loaded)
    greedy = collected(model.stream(request())).text
    left_open = Sampling(temperature=None, max_tokens=24, seed=1)
    assert collected(model.stream(ChatRequest(QUESTION, sampling=left_open))).text == greedy
    settings.top_k = None
    assert collected(model.stream(ChatRequest(QUESTION, sampling=left_open))).text != greedy


def test_a_base_model_without_a_template_is_refused(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "base", ["<|endoftext|>"])
    with pytest.raises(ModelError, match=r"no chat template.*put a chat_template.jinja"):
        load_model(folder, OPTIONS)


def test_a_vocabulary_larger_than_the_model_is_another_models(tmp_path: Path) -> None:
    folder = write_chatglm3(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"padded_vocab_size": 100}), encoding="utf-8")
    with pytest.raises(ModelError, match="it is another model's tokenizer"):
        load_model(folder, OPTIONS)


def test_a_summary_tells_what_would_be_loaded_and_reads_no_weights(chatml: Path, tmp_path: Path) -> None:
    assert model_summary(chatml, OPTIONS) == "llama, 0.0 GiB as float32 on cpu, spoken to as Template"
    folder = write_chatglm3(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"not read")
    assert model_summary(folder, OPTIONS) == "glm, 0.0 GiB as float32 on cpu, spoken to as ChatGLM3"


def test_several_replies_at_once_are_those_made_one_by_one(tmp_path: Path) -> None:
    chat = TransformersChat(load_model(write_chatglm3(tmp_path), LoadOptions(device="cpu", threads=1)))
    texts = ("营业收入是多少？", "revenue", "公司2023年营业收入为1,234,567.89元，同比增长12.3%。净利润呢？", "高血压")
    requests = [
        ChatRequest((Message("user", text),), sampling=Sampling(max_tokens=limit, stop=stop))
        for text, limit, stop in zip(texts, (12, 3, 20, 9), ((), (), ("元",), ()), strict=True)
    ]
    one_by_one = [collected(chat.stream(request)) for request in requests]
    assert isinstance(chat, BatchModel)
    assert chat.reply_many(requests) == one_by_one
    assert len({reply.usage.prompt_tokens for reply in one_by_one}) > 1, "rows are padded"
    cancelled = chat.reply_many(requests, lambda: True)
    assert [(reply.text, reply.finish) for reply in cancelled] == [("", "cancelled")] * 4


def test_prompts_of_alike_length_go_together() -> None:
    prompts = [[0] * length for length in (5, 100, 6, 90)]
    assert by_length(prompts, 200) == [[1, 3], [2, 0]]
    assert by_length(prompts, 50) == [[1], [3], [2, 0]]
