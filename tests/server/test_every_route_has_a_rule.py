"""Every route against every sort of key. A new route without an entry in CALLS fails here."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.server.conftest import Served

SECRETS = ("远山", "秦岳", "56.78", "000002")
"""Words that only the shelf `secret` holds."""
OF_SECRET = "远山电子2022年的营业收入是多少？"

Call = dict[str, Any]


def secret_document(served: Served) -> str:
    listed = served.client.get("/v1/documents", headers=served.headers("admin")).json()["documents"]
    return next(entry["document_id"] for entry in listed if entry["collection"] == "secret")


def secret_job(served: Served) -> str:
    files = {"files": ("note.md", "# 远山\n\n远山电子的一条说明。\n".encode(), "text/markdown")}
    sent = served.client.post(
        "/v1/documents", files=files, data={"collection": "secret"}, headers=served.headers("other")
    )
    return str(sent.json()["job_id"])


CALLS: dict[tuple[str, str], Callable[[Served], Call]] = {
    ("POST", "/v1/ask"): lambda _: {"json": {"question": OF_SECRET}},
    ("POST", "/v1/search"): lambda _: {"json": {"query": OF_SECRET}},
    ("GET", "/v1/facts"): lambda _: {"params": {"company": "远山电子"}},
    ("GET", "/v1/warnings"): lambda _: {"params": {"company": "远山电子"}},
    ("GET", "/v1/models"): lambda _: {},
    ("POST", "/v1/chat/completions"): lambda _: {"json": {"messages": [{"role": "user", "content": OF_SECRET}]}},
    ("GET", "/v1/documents"): lambda _: {},
    ("POST", "/v1/documents"): lambda _: {
        "files": {"files": ("a.md", b"# A\n\nText.\n", "text/markdown")},
        "data": {"collection": "secret"},
    },
    ("GET", "/v1/documents/{document_id}"): lambda _: {},
    ("DELETE", "/v1/documents/{document_id}"): lambda _: {},
    ("GET", "/v1/documents/{document_id}/pages/{number}"): lambda _: {},
    ("GET", "/v1/documents/{document_id}/pages/{number}.png"): lambda _: {},
    ("GET", "/v1/jobs/{job_id}"): lambda _: {},
    ("DELETE", "/v1/jobs/{job_id}"): lambda _: {},
    ("POST", "/v1/feedback"): lambda _: {"json": {"question": "问", "answer": {"answer": "答"}, "rating": "up"}},
    ("GET", "/v1/conversations"): lambda _: {},
    ("GET", "/v1/conversations/{session}"): lambda _: {},
    ("PATCH", "/v1/conversations/{session}"): lambda _: {"json": {"title": "新"}},
    ("DELETE", "/v1/conversations/{session}"): lambda _: {},
    ("GET", "/v1/library"): lambda _: {},
    ("GET", "/metrics"): lambda _: {},
}
OPEN = {("GET", "/healthz"), ("GET", "/readyz")}
"""Say only that the server lives; no key is asked for."""
ADMIN_ONLY = {("GET", "/metrics")}


def routes(served: Served) -> list[tuple[str, str]]:
    described = served.client.get("/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, operations in described.items() for method in operations]


def called(served: Served, route: tuple[str, str], headers: dict[str, str], ids: dict[str, str]) -> httpx.Response:
    method, path = route
    return served.client.request(method, path.format(**ids), headers=headers, **CALLS[route](served))


@pytest.fixture(scope="module")
def ids(served: Served) -> dict[str, str]:
    """What the owner of the shelf `secret` has there."""
    return {
        "document_id": secret_document(served),
        "job_id": secret_job(served),
        "number": "1",
        "session": "0" * 8,
    }


def test_every_route_is_listed_here(served: Served) -> None:
    assert set(routes(served)) == set(CALLS) | OPEN


@pytest.mark.parametrize("route", CALLS, ids=" ".join)
@pytest.mark.parametrize("credentials", ["none", "wrong", "empty", "basic", "revoked"])
def test_without_a_valid_key_nothing_is_served(
    served: Served, ids: dict[str, str], route: tuple[str, str], credentials: str
) -> None:
    headers = {
        "none": {},
        "wrong": {"Authorization": "Bearer vouch_" + "a" * 43},
        "empty": {"Authorization": "Bearer "},
        "basic": {"Authorization": "Basic dm91Y2g6dm91Y2g="},
        "revoked": served.headers("revoked"),
    }[credentials]
    response = called(served, route, headers, ids)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", [route for route in CALLS if route not in ADMIN_ONLY], ids=" ".join)
def test_the_key_of_another_collection_sees_nothing_of_this_one(
    served: Served, ids: dict[str, str], route: tuple[str, str]
) -> None:
    before = len(served.client.get("/v1/documents", headers=served.headers("other")).json()["documents"])
    response = called(served, route, served.headers("mine"), ids)
    assert response.status_code in (200, 201, 403, 404)
    # What the caller said itself may be repeated; nothing else of the shelf may be.
    said = str(CALLS[route](served))
    assert [word for word in SECRETS if word in response.text and word not in said] == []
    if "{document_id}" in route[1] or "{job_id}" in route[1]:
        assert response.status_code == 404
    after = served.client.get("/v1/documents", headers=served.headers("other")).json()["documents"]
    assert len(after) >= before
    assert ids["document_id"] in {entry["document_id"] for entry in after}


@pytest.mark.parametrize("route", sorted(ADMIN_ONLY), ids=" ".join)
def test_what_is_for_administrators_is_refused_to_others(
    served: Served, ids: dict[str, str], route: tuple[str, str]
) -> None:
    assert called(served, route, served.headers("mine"), ids).status_code == 403
    assert called(served, route, served.headers("admin"), ids).status_code == 200


@pytest.mark.parametrize(
    "route",
    [("POST", "/v1/documents"), ("DELETE", "/v1/documents/{document_id}"), ("GET", "/v1/jobs/{job_id}")],
    ids=" ".join,
)
def test_a_key_that_only_asks_changes_nothing(served: Served, ids: dict[str, str], route: tuple[str, str]) -> None:
    assert called(served, route, served.headers("reader"), ids).status_code == 403


def test_the_right_key_gets_what_it_asks_for(served: Served, ids: dict[str, str]) -> None:
    for route in CALLS:
        if route[0] == "DELETE" or "{session}" in route[1]:
            continue
        response = called(served, route, served.headers("other"), ids)
        expected = {403} if route in ADMIN_ONLY else {404} if route[1].endswith(".png") else {200, 201, 202}
        assert response.status_code in expected, (route, response.text)
    answer = called(served, ("POST", "/v1/ask"), served.headers("other"), ids).json()
    assert "56.78" in answer["answer"]
