"""A request chooses an adapter of the language model: by the model's name, or by a field."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from vouch.app.settings import load_settings
from vouch.app.wiring_serve import create_server
from vouch.generation.models import scripted
from vouch.generation.models.scripted import ScriptedModel

QUESTION = "What is recommended for mild hay fever?"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    made = ScriptedModel([], afterwards="Antihistamine tablets are the first choice for mild hay fever [1].")
    monkeypatch.setattr(scripted, "scripted_model", lambda *_: made)
    return made


@pytest.fixture
def client(model: ScriptedModel, two_shelves: Path) -> Iterator[TestClient]:
    said = {
        "library": str(two_shelves),
        "generation.generator": "scripted",
        "generation.tools": False,
        "model.path": "script.json",
        "model.adapters": "finance=/models/finance, medical=/models/medical",
        "model.adapter": "medical",
        "ingest.jobs": 1,
    }
    with TestClient(create_server(load_settings(said, {})), raise_server_exceptions=False) as client:
        yield client


def chat(client: TestClient, model: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    asked = {"model": model, "messages": [{"role": "user", "content": QUESTION}]}
    response = client.post("/v1/chat/completions", json=asked)
    return response.status_code, response.json()


@pytest.mark.parametrize(
    ("name", "adapter"),
    [("vouch", "medical"), ("vouch:finance", "finance"), ("vouch:medical", "medical"), ("vouch:", "")],
)
def test_the_name_of_the_model_chooses(client: TestClient, model: ScriptedModel, name: str, adapter: str) -> None:
    status, reply = chat(client, name)
    assert status == 200
    assert {request.adapter for request in model.requests} == {adapter}
    assert reply["choices"][0]["message"]["vouch"]["generator"] == (f"scripted+{adapter}" if adapter else "scripted")


def test_a_field_chooses_for_one_question(client: TestClient, model: ScriptedModel) -> None:
    for adapter in ("finance", "", None, "finance"):
        body = {"question": QUESTION} | ({} if adapter is None else {"adapter": adapter})
        assert client.post("/v1/ask", json=body).status_code == 200
    assert [request.adapter for request in model.requests] == ["finance", "", "medical", "finance"]


def test_an_adapter_that_is_not_there_is_not_found(client: TestClient, model: ScriptedModel) -> None:
    status, problem = chat(client, "vouch:legal")
    assert (status, problem["detail"]) == (404, "this server has no adapter 'legal': there are finance, medical")
    assert client.post("/v1/ask", json={"question": QUESTION, "adapter": "legal"}).status_code == 404
    assert model.requests == []


def test_adapters_are_listed_as_models(client: TestClient) -> None:
    listed = [entry["id"] for entry in client.get("/v1/models").json()["data"]]
    assert listed == ["vouch", "vouch-extractive", "vouch:finance", "vouch:medical"]


def test_a_server_that_quotes_has_no_adapters(two_shelves: Path) -> None:
    said = {"library": str(two_shelves), "model.adapters": "finance=/models/finance", "ingest.jobs": 1}
    with TestClient(create_server(load_settings(said, {}))) as client:
        assert chat(client, "vouch:finance")[0] == 404
        assert len(client.get("/v1/models").json()["data"]) == 2
