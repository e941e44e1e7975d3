"""Two collections about the same companies: a key of one learns nothing that only the other holds.

`mine` sees the shelf `open`: 江河重工 and 林海木业 for 2022. The shelf `hidden` holds a corrected report of the same
year, the year after of the same company, and another company; every number, name and file of it is a secret.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.app.conftest import REPORT, run_quietly
from vouch.app.settings import load_settings
from vouch.app.wiring_serve import create_server, key_file

CORRECTED = REPORT.replace("12.34", "98.76").replace("林望舒", "秦岳")
NEXT_YEAR = REPORT.replace("2022", "2023").replace("12.34", "87.65").replace("林望舒", "秦岳")
OTHER = REPORT.replace("江河重工", "远山电子").replace("600001", "000002").replace("12.34", "76.54")
OTHER = OTHER.replace("林望舒", "顾长川")
HEAD = "股票代码,证券简称,公司全称,年份,营业收入,净利润,法定代表人,注册地址\n"
OPEN_TABLE = f"""{HEAD}600001,江河重工,江河重工股份有限公司,2022,1234000000,56000000,林望舒,北京市
600009,林海木业,林海木业股份有限公司,2022,778000000,31000000,苏木,北京市
"""
HIDDEN_TABLE = f"""{HEAD}600001,江河重工,江河重工股份有限公司,2022,9876000000,43210000,秦岳,兰州市
600001,江河重工,江河重工股份有限公司,2023,8765000000,54320000,秦岳,兰州市
000002,远山电子,远山电子股份有限公司,2022,7654000000,65430000,顾长川,北京市
600009,林海木业,林海木业股份有限公司,2021,6543000000,76540000,秦岳,北京市
"""
SECRETS = ("98.76", "87.65", "76.54", "65.43", "9,876", "8,765", "7,654", "6,543", "9876000", "8765000", "7654000")
SECRETS += ("6543000", "秦岳", "顾长川", "远山", "000002", "hidden", "更正", "兰州")
QUESTIONS = (
    "江河重工2022年的营业收入是多少？",
    "江河重工2023年的营业收入是多少？",
    "江河重工2023年的营业收入比上年增长了多少？",
    "江河重工近两年的营业收入趋势如何？",
    "江河重工的法定代表人是谁？",
    "江河重工最新的年报是哪一年？",
    "法定代表人是秦某的公司有哪些？",
    "2022年营业收入最高的公司是哪家？",
    "2022年营业收入最低的公司是哪家？",
    "2022年营业收入的中位数是多少？",
    "2022年净利润率最高的公司是哪家？",
    "江河重工2022年的营业收入在所有公司中排第几？",
    "林海木业2022年营业收入同比增长率是多少？",
    "林海木业2021年的净利润是多少？",
    "江河重工和林海木业2022年的营业收入谁高？",
    "江河重工与远处那家公司2022年的净利润对比",
    "2022年注册在北京的公司有几家？",
    "2022年法定代表人姓顾的公司是哪家？",
    "净利率排名前五的公司及其净利率",
    "2022年营业收入排名前三的公司",
    "2022年有多少家公司的营业收入超过1亿元？",
    "2023年有多少家公司披露了年报？",
    "2022年所有公司的平均营业收入是多少？",
    "2022年营业收入的合计是多少？",
    "哪些公司的营业收入高于江河重工？",
    "注册地在北京的公司有几家？",
    "库里有哪些公司？",
    "你有哪些文档？",
    "另一家公司的营业收入是多少？",
    "Which company had the highest revenue in 2022?",
    "How many companies reported in 2023?",
    "总结一下江河重工的经营情况",
)


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with the shelves `open` and `hidden`."""
    home, folder = tmp_path_factory.mktemp("texts"), tmp_path_factory.mktemp("leaks") / "library"
    for collection, texts in {
        "open": {"江河重工2022.txt": REPORT, "table.csv": OPEN_TABLE},
        "hidden": {
            "江河重工2022更正.txt": CORRECTED,
            "江河重工2023.txt": NEXT_YEAR,
            "远山电子2022.txt": OTHER,
            "table.csv": HIDDEN_TABLE,
        },
    }.items():
        (home / collection).mkdir()
        given = ("--library", folder, "--collection", collection, "--jobs", "1", "--quiet")
        for name, text in texts.items():
            file = home / collection / name
            file.write_text(text, encoding="utf-8")
            kind = "facts" if name.endswith(".csv") else "auto"
            assert run_quietly("ingest", file, "--kind", kind, *given).code == 0
    return folder


class Opened:
    """A server and the callers that know one shelf, none, or everything."""

    def __init__(self, client: TestClient, keys: dict[str, str]) -> None:
        self.client, self._keys = client, keys

    def get(self, path: str, key: str = "mine", **params: Any) -> Any:
        return self.client.get(path, headers=self._bearer(key), params=params)

    def post(self, path: str, body: dict[str, Any], key: str = "mine", **headers: str) -> Any:
        return self.client.post(path, headers={**self._bearer(key), **headers}, json=body)

    def upload(self, name: str, content: bytes, key: str, collection: str) -> Any:
        sent = self.client.post(
            "/v1/documents",
            headers=self._bearer(key),
            files={"files": (name, content)},
            data={"collection": collection},
        )
        job: dict[str, Any] = sent.json()
        while job["state"] in ("queued", "running"):
            job = self.get(f"/v1/jobs/{job['job_id']}", key).json()
        return job

    def _bearer(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._keys[key]}"}


@pytest.fixture(scope="module")
def opened(shelves: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("copy") / "library"
    shutil.copytree(shelves, folder)
    settings = load_settings({"library": str(folder), "serve.require_keys": True, "ingest.jobs": 1}, {})
    file = key_file(settings)
    keys = {
        "mine": file.create("mine", ("ask", "ingest"), ["open"])[1],
        "same": file.create("same", ("ask", "ingest"), ["open"])[1],
        "theirs": file.create("theirs", ("ask", "ingest"), ["hidden"])[1],
        "both": file.create("both", ("ask", "ingest"), ["open", "hidden"])[1],
        "nowhere": file.create("nowhere", ("ask", "ingest"), [])[1],
        "admin": file.create("admin", ("admin",), None)[1],
    }
    with TestClient(create_server(settings)) as client:
        yield Opened(client, keys)


def leaked(text: str, said: str = "") -> list[str]:
    return [secret for secret in SECRETS if secret in text and secret not in said]


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_answer_tells_what_only_the_other_shelf_holds(opened: Opened, question: str) -> None:
    answer = opened.post("/v1/ask", {"question": question})
    assert answer.status_code == 200
    assert leaked(answer.text) == []
    stream = opened.post("/v1/ask", {"question": question}, accept="text/event-stream")
    assert leaked(stream.text) == []
    assert leaked(opened.post("/v1/search", {"query": question, "k": 50}).text) == []


def test_the_secrets_are_there_for_who_may_see_them(opened: Opened) -> None:
    told = "".join(opened.post("/v1/ask", {"question": question}, "theirs").text for question in QUESTIONS)
    assert {"9876000", "8765000", "7654000", "远山", "秦岳"} <= set(leaked(told))


@pytest.mark.parametrize("key", ["both", "admin"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_filter_by_collection_is_kept_by_facts_as_by_passages(opened: Opened, question: str, key: str) -> None:
    body = {"question": question, "collections": ["open"]}
    assert leaked(opened.post("/v1/ask", body, key).text) == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_key_of_no_collection_sees_nothing(opened: Opened, question: str) -> None:
    text = opened.post("/v1/ask", {"question": question}, "nowhere").text
    assert leaked(text) == []
    assert "12.34" not in text


@pytest.mark.parametrize(
    ("wide", "expected"),
    [
        ("2022年营业收入最高的公司是哪家？", "江河重工"),
        ("2022年营业收入最低的公司是哪家？", "林海木业"),
        ("2022年有多少家公司的营业收入超过1亿元？", "2"),
        ("2022年所有公司的平均营业收入是多少？", "1006000000"),
        ("2022年营业收入的合计是多少？", "2012000000"),
    ],
)
def test_rankings_and_counts_are_over_what_may_be_seen(opened: Opened, wide: str, expected: str) -> None:
    assert expected in opened.post("/v1/ask", {"question": wide}).json()["answer"]


@pytest.mark.parametrize("collections", [["hidden"], ["open", "hidden"], ["nothing"]])
@pytest.mark.parametrize("mode", ["lexical", "vector", "hybrid"])
def test_no_filter_reaches_beyond_the_key(opened: Opened, collections: list[str], mode: str) -> None:
    body = {"query": "营业收入 法定代表人", "collections": collections, "mode": mode, "k": 50}
    assert leaked(opened.post("/v1/search", body).text, str(body)) == []
    body = {"question": "江河重工2023年的营业收入是多少？", "collections": collections}
    assert leaked(opened.post("/v1/ask", body).text, str(body)) == []
    params = {"collection": collections, "company": "江河重工"}
    assert leaked(opened.get("/v1/facts", **params).text, str(params)) == []


def test_warnings_about_unknown_names_list_only_what_may_be_seen(opened: Opened) -> None:
    for text in (
        opened.post("/v1/ask", {"question": "营业收入是多少？", "companies": ["无名公司"]}).text,
        opened.post("/v1/search", {"query": "收入", "collections": ["无此"], "companies": ["无名"]}).text,
        opened.get("/v1/facts", company="无名公司").text,
        opened.get("/v1/facts", company="江河重工", year="2023").text,
        opened.get("/v1/facts", field="无此项目").text,
        opened.get("/v1/warnings", company="无名公司").text,
        opened.get("/v1/warnings", company="江河重工", year=2023).text,
        opened.get("/v1/warnings", company="江河重工").text,
    ):
        assert leaked(text) == []


def test_the_library_as_told_is_that_of_the_key(opened: Opened) -> None:
    library = opened.get("/v1/library").json()
    assert library["documents"] == len(opened.get("/v1/documents").json()["documents"])
    assert library["collections"] == ["open"]
    assert leaked(opened.get("/v1/facts").text + opened.get("/v1/documents").text) == []


def test_a_follow_up_stays_on_the_shelf(opened: Opened) -> None:
    for question in ("江河重工2022年的营业收入是多少？", "2023年呢？", "那远山电子呢？", "法定代表人是谁？"):
        answer = opened.post("/v1/ask", {"question": question, "session": "talk"})
        assert leaked(answer.text, "远山") == []
    said = [{"role": "user", "content": "远山电子2022年的营业收入是多少？"}, {"role": "user", "content": "法人呢？"}]
    assert leaked(opened.post("/v1/chat/completions", {"messages": said}).text, "远山") == []


def test_a_conversation_belongs_to_its_key_also_under_the_same_id(opened: Opened) -> None:
    for key, question in (("theirs", "远山电子2022年的营业收入是多少？"), ("same", "净利润是多少？")):
        opened.post("/v1/ask", {"question": question, "session": "s-1"}, key)
    mine = opened.post("/v1/ask", {"question": "它的法定代表人是谁？", "session": "s-1"}).json()
    assert leaked(json.dumps(mine, ensure_ascii=False)) == []
    turns = opened.get("/v1/conversations/s-1").json()["turns"]
    assert [turn["question"] for turn in turns] == ["它的法定代表人是谁？"]
    headers = opened._bearer("mine")
    assert opened.client.delete("/v1/conversations/s-1", headers=headers).status_code == 204
    assert opened.get("/v1/conversations/s-1", "theirs").status_code == 200
    assert opened.get("/v1/conversations/s-1").status_code == 404


def test_the_same_file_in_two_collections_is_two_documents(opened: Opened) -> None:
    text = "# 共同的说明\n\n紫檀滤芯每周更换一次。\n".encode()
    theirs = opened.upload("说明.md", text, "theirs", "hidden")["documents"][0]
    mine = opened.upload("说明.md", text, "mine", "open")["documents"][0]
    assert mine["status"] == "ingested"
    assert mine["document_id"] != theirs["document_id"]
    assert leaked(json.dumps(mine, ensure_ascii=False)) == []
    headers = opened._bearer("mine")
    assert opened.client.delete(f"/v1/documents/{mine['document_id']}", headers=headers).status_code == 204
    hits = opened.post("/v1/search", {"query": "紫檀滤芯"}, "theirs").json()["hits"]
    assert hits[0]["document_id"] == theirs["document_id"]
    assert opened.get(f"/v1/documents/{theirs['document_id']}").status_code == 404


def test_the_same_file_under_another_name_does_not_tell_where_the_first_stands(opened: Opened) -> None:
    text = "# 重复\n\n同一份文件传了两次。\n".encode()
    opened.upload("第一份.md", text, "mine", "open")
    job = opened.upload("第二份.md", text, "same", "open")
    assert "/" not in json.dumps(job["documents"], ensure_ascii=False)


def test_jobs_are_seen_by_the_keys_of_their_collection_alone(opened: Opened) -> None:
    job = opened.upload("任务.md", "# 任务\n\n内容。\n".encode(), "theirs", "hidden")
    assert opened.get(f"/v1/jobs/{job['job_id']}").status_code == 404
    assert opened.get(f"/v1/jobs/{job['job_id']}", "both").status_code == 200


def test_nobody_adds_to_a_collection_that_is_not_theirs(opened: Opened) -> None:
    for collection in ("hidden", "new", "hidden\u0000", " open"):
        sent = opened.client.post(
            "/v1/documents",
            headers=opened._bearer("mine"),
            files={"files": ("a.md", b"# A\n\nText.\n")},
            data={"collection": collection},
        )
        assert sent.status_code == 403
        assert leaked(sent.text, collection) == []


def test_the_size_of_all_collections_is_for_administrators(opened: Opened) -> None:
    assert opened.get("/metrics").status_code == 403
    assert "vouch_library" in opened.get("/metrics", "admin").text
