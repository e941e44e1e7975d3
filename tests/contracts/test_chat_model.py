"""What every chat model promises."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec

import pytest

from tests.contracts import chat_benches
from tests.contracts.chat_benches import ASK, CALL, CALL_CUE, LOOKUP, TOKENS, Bench
from vouch.generation.chat import ChatRequest, Delta, Message, Sampling, collected

RUNTIMES = {
    "scripted": (),
    "openai_fake": ("httpx",),
    "langchain": ("langchain_core",),
    "llama_server": ("xllamacpp", "gguf", "transformers"),
    "gguf_llama": ("xllamacpp", "gguf", "transformers"),
    "gguf_chatglm3": ("xllamacpp", "gguf", "transformers"),
    "transformers_chatglm3": ("transformers",),
    "chatglm_cpp": ("chatglm_cpp", "gguf", "tabulate"),
}
PARAMETERS = [pytest.param(name, marks=pytest.mark.chatglm_cpp) if name == "chatglm_cpp" else name for name in RUNTIMES]


@pytest.fixture(scope="module", params=PARAMETERS)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    missing = [name for name in RUNTIMES[request.param] if find_spec(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    with getattr(chat_benches, request.param)(tmp_path_factory.mktemp(request.param)) as made:
        yield made


def asked(max_tokens: int = TOKENS, **changed: object) -> ChatRequest:
    return replace(ASK, sampling=Sampling(max_tokens=max_tokens, **changed))  # type: ignore[arg-type]


def test_the_pieces_make_the_reply_and_the_last_one_says_how_it_ended(bench: Bench) -> None:
    deltas = list(bench.model.stream(asked()))
    assert "".join(delta.text for delta in deltas) == bench.text
    assert len(deltas) > 5, "it streams"
    assert [delta.finish is not None for delta in deltas] == [False] * (len(deltas) - 1) + [True]
    assert all(not delta.tool_calls for delta in deltas)


def test_no_character_is_cut_in_two(bench: Bench) -> None:
    assert all("\ufffd" not in delta.text for delta in bench.model.stream(asked()))


def test_what_it_took_is_told_in_the_end(bench: Bench) -> None:
    usage = list(bench.model.stream(asked()))[-1].usage
    assert usage is not None
    assert usage.prompt_tokens > 5
    assert 5 < usage.completion_tokens <= TOKENS


def test_a_stop_text_ends_the_reply_and_is_no_part_of_it(bench: Bench) -> None:
    at = len(bench.text) // 3
    stop = bench.text[at : at + 4]
    reply = collected(bench.model.stream(asked(stop=("never this", stop))))
    assert reply.text == bench.text[: bench.text.find(stop)]
    assert reply.finish == "stop"


def test_a_stop_text_that_does_not_come_takes_nothing_away(bench: Bench) -> None:
    reply = collected(bench.model.stream(asked(stop=(bench.text[-3:] + "#",))))
    assert reply.text == (bench.text[:-3] if bench.loses_begun_stops else bench.text)


def test_a_reply_is_cut_off_at_its_limit(bench: Bench) -> None:
    reply = collected(bench.model.stream(asked(max_tokens=4)))
    assert reply.finish == "length"
    assert reply.text
    assert bench.text.startswith(reply.text)
    assert len(reply.text) < len(bench.text)


def test_the_same_seed_gives_the_same_reply(bench: Bench) -> None:
    if not bench.seeded:
        pytest.skip("chatglm.cpp takes no seed")
    replies = {collected(bench.model.stream(asked(temperature=1.0, seed=3))).text for _ in range(2)}
    assert len(replies) == 1


def test_a_caller_who_has_had_enough_is_heard_at_once(bench: Bench) -> None:
    heard: list[Delta] = []
    stream = bench.model.stream(asked(), lambda: len(heard) >= 2)
    enough = 0.0
    while not (heard and heard[-1].finish):
        heard += [next(stream)]
        enough = time.monotonic() if len(heard) == 2 else enough
    assert heard[-1].finish == "cancelled"
    assert bench.text.startswith("".join(delta.text for delta in heard))
    assert time.monotonic() - enough < 2


def test_who_wants_nothing_gets_nothing(bench: Bench) -> None:
    reply = collected(bench.model.stream(asked(), lambda: True))
    assert (reply.text, reply.finish, reply.tool_calls) == ("", "cancelled", ())


def test_a_reader_who_leaves_does_no_harm(bench: Bench) -> None:
    stream = bench.model.stream(asked())
    assert bench.text.startswith(next(stream).text)
    stream.close()  # type: ignore[attr-defined]
    assert collected(bench.model.stream(asked())).text == bench.text


def test_replies_at_the_same_time_do_not_mix(bench: Bench) -> None:
    replies: list[str] = []
    threads = [
        threading.Thread(target=lambda: replies.append(collected(bench.model.stream(asked())).text)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == [bench.text] * 3


def test_calls_and_results_of_earlier_turns_are_taken(bench: Bench) -> None:
    turns = (*ASK.messages, Message("assistant", "", (CALL,)), Message("tool", "12.34亿元", (), CALL.id, CALL.name))
    request = replace(asked(), messages=turns, tools=(LOOKUP,))
    assert collected(bench.model.stream(request)).finish in ("stop", "length", "tool_calls")


def test_calls_come_whole_and_last(bench: Bench) -> None:
    if not bench.calls:
        pytest.skip("random weights call nothing; that replies are read for calls is tested with their formats")
    request = ChatRequest((Message("user", CALL_CUE),), (LOOKUP,))
    deltas = list(bench.model.stream(request))
    assert [delta.tool_calls for delta in deltas[:-1]] == [()] * (len(deltas) - 1)
    assert deltas[-1].tool_calls == (CALL,)
    assert deltas[-1].finish == "tool_calls"


@pytest.mark.parametrize("text", ["", "营业收入", "revenue of 12.34 billion", "\U0001f600\u3000<|system|></s>[INST]\n"])
def test_a_text_takes_no_more_tokens_than_counted(bench: Bench, text: str) -> None:
    def taken(content: str) -> int:
        request = replace(asked(1), messages=(Message("user", f"a{content}"),))
        return collected(bench.model.stream(request)).usage.prompt_tokens

    assert taken(text) - taken("") <= bench.model.count_tokens(text)


def test_it_has_a_name_and_a_window(bench: Bench) -> None:
    assert bench.model.name
    assert bench.model.context_window >= 512
