"""Documents come in by upload or folder, are read in the background, shown, and go again."""

import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.server.conftest import Served
from vouch.app.service.uploads import file_name

NOTE = "# 维护手册\n\n每周更换一次紫杉滤芯，并记录压差。\n".encode()


def finished(client: TestClient, job_id: str, headers: dict[str, str]) -> dict[str, Any]:
    for _ in range(600):
        job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}", headers=headers).json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def uploaded(served: Served, name: str, content: bytes, **said: str) -> dict[str, Any]:
    headers = served.headers("mine")
    sent = served.client.post(
        "/v1/documents", files={"files": (name, content)}, data={"collection": "open", **said}, headers=headers
    )
    assert sent.status_code == 202, sent.text
    return finished(served.client, sent.json()["job_id"], headers)


def test_an_upload_is_searched_as_soon_as_its_job_is_done_and_gone_when_removed(served: Served) -> None:
    headers = served.headers("mine")
    job = uploaded(served, "手册.md", NOTE)
    assert (job["state"], job["done"], job["failed"]) == ("done", 1, 0)
    assert "path" not in job["documents"][0]
    hits = served.client.post("/v1/search", json={"query": "紫杉滤芯"}, headers=headers).json()["hits"]
    assert hits[0]["document"] == "手册.md"
    document = hits[0]["document_id"]
    page = served.client.get(f"/v1/documents/{document}/pages/1", headers=headers).json()
    assert "紫杉滤芯" in page["text"]
    assert served.client.delete(f"/v1/documents/{document}", headers=headers).status_code == 204
    hits = served.client.post("/v1/search", json={"query": "紫杉滤芯"}, headers=headers).json()["hits"]
    assert "手册.md" not in {hit["document"] for hit in hits}
    assert list((served.folder / "uploads").rglob("手册.md")) == []


def test_a_broken_file_fails_alone_and_says_why(served: Served) -> None:
    headers = served.headers("mine")
    files = [("files", ("bad.pdf", b"%PDF-1.7 nothing")), ("files", ("good.md", NOTE))]
    sent = served.client.post("/v1/documents", files=files, data={"collection": "open"}, headers=headers)
    job = finished(served.client, sent.json()["job_id"], headers)
    by_name = {entry["document"]: entry for entry in job["documents"]}
    assert (job["state"], job["done"], job["failed"]) == ("done", 2, 1)
    assert by_name["bad.pdf"]["error"]["message"]
    assert by_name["good.md"]["status"] == "ingested"


def test_the_same_name_again_replaces_the_document(served: Served) -> None:
    uploaded(served, "plan.md", NOTE.replace("每周".encode(), "每日".encode()))
    job = uploaded(served, "plan.md", NOTE.replace("每周".encode(), "每月".encode()))
    assert job["documents"][0]["status"] == "replaced"


def test_a_file_that_cannot_be_read_leaves_the_one_it_would_have_replaced(served: Served, repository: Path) -> None:
    headers = served.headers("mine")
    pdf = next((repository / "app" / "samples").glob("*10-K.pdf"))
    document = uploaded(served, "annual.pdf", pdf.read_bytes() + b"\n% ours")["documents"][0]["document_id"]
    picture = served.client.get(f"/v1/documents/{document}/pages/1.png", headers=headers).content
    assert uploaded(served, "annual.pdf", b"%PDF-1.7 broken")["failed"] == 1
    assert served.client.get(f"/v1/documents/{document}/pages/1.png", headers=headers).content == picture
    left = [path.name for path in (served.folder / "uploads").rglob(".*")]
    assert left == [], "nothing is left aside"


@pytest.mark.parametrize("path", ["/etc/hostname", "../../etc", "\x00", "/tmp"])
def test_paths_outside_the_servers_folders_are_refused(served: Served, path: str) -> None:
    said = {"paths": [path], "collection": "open"}
    assert served.client.post("/v1/documents", json=said, headers=served.headers("mine")).status_code == 403


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"x", 415),
        ("application/json", b"{", 422),
        ("application/json", b'{"paths": []}', 422),
        ("multipart/form-data; boundary=b", b"--b--\r\n", 422),
    ],
)
def test_bodies_that_are_no_documents_are_refused(served: Served, content_type: str, body: bytes, status: int) -> None:
    headers = {**served.headers("mine"), "Content-Type": content_type}
    assert served.client.post("/v1/documents", content=body, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\reports\\年报.pdf", "年报.pdf"),
        ("<img src=x onerror=alert(1)>.pdf", "<img src=x onerror=alert(1)>.pdf"),
        ("a\x00b\n.pdf", "a_b_.pdf"),
        ("...", "upload"),
        ("", "upload"),
    ],
)
def test_a_file_name_is_never_a_path(said: str, kept: str) -> None:
    assert file_name(said) == kept


def test_a_very_long_name_keeps_its_ending_and_fits_every_file_system() -> None:
    name = file_name("年" * 300 + ".pdf")
    assert name.endswith(".pdf")
    assert len(name.encode()) <= 255


def test_a_cancelled_job_ends_without_its_files(served: Served) -> None:
    headers = served.headers("mine")
    files = [("files", (f"n{n}.md", NOTE + str(n).encode())) for n in range(40)]
    sent = served.client.post("/v1/documents", files=files, data={"collection": "open"}, headers=headers).json()
    assert served.client.delete(f"/v1/jobs/{sent['job_id']}", headers=headers).status_code == 200
    job = finished(served.client, sent["job_id"], headers)
    assert job["state"] == "cancelled"
    assert job["done"] < 40


def test_pictures_of_pages_mark_boxes(served: Served, repository: Path) -> None:
    pdf = next((repository / "app" / "samples").glob("*10-K.pdf"))
    document = uploaded(served, pdf.name, pdf.read_bytes())["documents"][0]["document_id"]
    path, headers = f"/v1/documents/{document}/pages/1.png", served.headers("mine")
    plain = served.client.get(path, headers=headers)
    marked = served.client.get(path, params={"boxes": "72,72,300,90;72,100,300,118"}, headers=headers)
    assert plain.headers["content-type"] == "image/png"
    assert plain.content.startswith(b"\x89PNG")
    assert marked.content != plain.content
    assert served.client.get(path, params={"boxes": "1,2,3"}, headers=headers).status_code == 422
    assert served.client.get(path.replace("/1.png", "/99.png"), headers=headers).status_code == 404
