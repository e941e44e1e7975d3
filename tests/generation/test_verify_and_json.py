"""What is checked before an answer is given, and the contract's JSON."""

import json

from vouch.generation.json_form import answer_json, hit_json
from vouch.generation.quotes import Quote, Statement, cite
from vouch.generation.types import Answer, Citation, Refusal
from vouch.generation.verify import is_on_page, numbers_without_evidence, verified
from vouch.retrieval.types import Chunk, Hit, Page, Source

SOURCE = Source("d1", "report.pdf", "/report.pdf", "report", company="甲公司", year=2022)
PAGE = Page(7, "净利润 1,234.50\n营业收入 ９９９\n")


def quote(start: int = 0, end: int = 12, page: Page = PAGE) -> Quote:
    return Quote(SOURCE, page, start, end, ("财务报告",), 0.9)


def test_numbers_need_evidence_apart_from_those_of_the_question() -> None:
    said = Statement("2022年净利润为 1,234.50 元，增长 5%。", (quote(),))
    assert numbers_without_evidence(said, "2022年净利润") == ["5"]


def test_width_and_thousands_separators_do_not_matter() -> None:
    statement = Statement("净利润 1234.50，营业收入 999", (quote(0, 21),))
    assert numbers_without_evidence(statement, "") == []


def test_a_quote_must_stand_on_its_page() -> None:
    assert is_on_page(quote())
    assert not is_on_page(quote(3, 3))


def test_unsupported_statements_are_dropped_and_counted() -> None:
    good, bad = Statement("净利润 1,234.50", (quote(),)), Statement("净利润 77", (quote(),))
    kept, checked = verified([good, bad, Statement("空话", ())], "")
    assert kept == [good]
    assert (checked.numbers_checked, checked.numbers_unsupported, checked.citations_checked) == (2, 1, 2)


def test_a_span_is_cited_once() -> None:
    texts, citations = cite([Statement("甲", (quote(),)), Statement("乙", (quote(), quote(13, 21)))])
    assert texts == ["甲 [1]", "乙 [1][2]"]
    assert [(c.n, c.page, c.text) for c in citations] == [(1, 7, "净利润 1,234.50"), (2, 7, "营业收入 ９９９")]


def test_the_answer_object_has_the_keys_of_the_contract() -> None:
    citation = Citation(1, "d1", "report.pdf", 7, ("财务报告",), "净利润", ((1.0, 2.0, 3.0, 4.0),), 0.9)
    answer = Answer("问", "答 [1]", "extractive", citations=(citation,), timings_ms={"total": 1.23456})
    form = json.loads(json.dumps(answer_json(answer), ensure_ascii=False))
    assert set(form) == {
        "question", "answer", "kind", "refusal", "results", "citations", "verification", "plan", "steps", "generator",
        "timings_ms", "understanding", "warnings",
    }  # fmt: skip
    assert (form["refusal"], form["results"], form["plan"], form["understanding"]) == (None, [], None, None)
    assert form["citations"] == [
        {"n": 1, "document_id": "d1", "document": "report.pdf", "page": 7, "section": ["财务报告"], "text": "净利润",
         "boxes": [[1.0, 2.0, 3.0, 4.0]], "score": 0.9, "ocr": False},
    ]  # fmt: skip
    refused = answer_json(Answer("问", "无", "refused", Refusal("no_evidence", "没有", "换个问法")))
    assert refused["refusal"] == {"reason": "no_evidence", "detail": "没有", "ask_back": "换个问法"}


def test_a_hit_has_the_keys_of_the_contract() -> None:
    chunk = Chunk("c1", SOURCE, 7, 0, 3, "净利润", "table", ("财务报告",))
    assert hit_json(2, Hit(chunk, 0.5, {"lexical": 3})) == {
        "rank": 2, "score": 0.5, "chunk_id": "c1", "document_id": "d1", "document": "report.pdf", "page": 7,
        "section": ["财务报告"], "kind": "table", "company": "甲公司", "year": 2022, "text": "净利润",
        "ranks": {"lexical": 3},
    }  # fmt: skip
