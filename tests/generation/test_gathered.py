"""Callers in threads of their own share batches, and each gets its own reply."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from vouch.generation.chat import Cancelled, ChatRequest, Message, Reply, collected
from vouch.generation.gathered import GatheredModel
from vouch.generation.models.scripted import ScriptedModel
from vouch.retrieval.errors import ModelError


class Together(ScriptedModel):
    """Answers a batch; remembers how large each was."""

    def __init__(self, answer: Callable[[ChatRequest], Reply]) -> None:
        super().__init__([], afterwards=answer)
        self.batches: list[int] = []

    def reply_many(self, requests: Sequence[ChatRequest], cancelled: Cancelled = lambda: False) -> list[Reply]:
        self.batches.append(len(requests))
        return [collected(self.stream(request, cancelled)) for request in requests]


def echo(request: ChatRequest) -> Reply:
    return Reply(f"答：{request.messages[-1].content}")


def test_what_is_asked_at_the_same_time_is_answered_together() -> None:
    model = Together(echo)
    gathered = GatheredModel(model)
    begin = threading.Barrier(4)

    def caller(number: int) -> list[str]:
        with gathered.caller():
            begin.wait()
            return [
                collected(gathered.stream(ChatRequest((Message("user", f"{number}.{turn}"),)))).text
                for turn in range(3 if number else 1)  # one leaves early
            ]

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(caller, range(4)))
    assert said == [[f"答：{n}.{turn}" for turn in range(3 if n else 1)] for n in range(4)]
    assert model.batches == [4, 3, 3]


def test_nobody_waits_for_ever_for_a_caller_who_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vouch.generation.gathered.PATIENCE", 0.05)
    gathered = GatheredModel(Together(echo))
    with gathered.caller(), gathered.caller():
        assert collected(gathered.stream(ChatRequest((Message("user", "一"),)))).text == "答：一"


def test_an_error_reaches_every_caller_of_the_batch() -> None:
    def broken(_request: ChatRequest) -> Reply:
        raise ModelError("out of memory")

    gathered = GatheredModel(Together(broken))
    begin = threading.Barrier(2)

    def caller(_number: int) -> str:
        with gathered.caller():
            begin.wait()
            with pytest.raises(ModelError, match="out of memory"):
                collected(gathered.stream(ChatRequest((Message("user", "一"),))))
            return "told"

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(caller, range(2))) == ["told", "told"]
