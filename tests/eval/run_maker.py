"""Made-up runs for the tests of runs, comparisons and reports."""

from collections.abc import Mapping
from typing import Any

from vouch.eval.runs import RunKind, RunSettings


def settings(kind: RunKind = "answers", **changes: Any) -> RunSettings:
    """Return the settings of a run; `changes` replaces some."""
    said: dict[str, Any] = {
        "kind": kind,
        "dataset": "三季报 questions",
        "settings": {"retrieval.mode": "hybrid", "generation.k": 10},
        "library": "lib:1:0 abc",
        "questions": "q1",
        "program": "p1",
        "items": 3,
        "command": "vouch eval answers q.jsonl",
        "started": "2026-01-02T03:04:05+00:00",
    }
    return RunSettings(**(said | changes))


def answer_line(name: str, verdict: str, type_: str = "1", **changes: Any) -> dict[str, Any]:
    """Return a record of an answer."""
    line: dict[str, Any] = {
        "id": name,
        "question": f"江河重工2022年的营业收入是多少？({name})",
        "answer": answer("营业收入为12.34亿元。"),
        "verdict": verdict,
        "type": type_,
        "gold": ["12.34亿元"],
        "scores": {"f1": 1.0 if verdict == "correct" else 0.0},
        "seconds": 0.02,
    }
    return line | changes


def answer(text: str, citations: tuple[Mapping[str, Any], ...] = ()) -> dict[str, Any]:
    """Return an answer object of the contract."""
    return {
        "question": "",
        "answer": text,
        "kind": "extractive",
        "refusal": None,
        "results": [],
        "citations": list(citations),
        "verification": {
            "numbers_checked": 0,
            "numbers_unsupported": 0,
            "citations_checked": 0,
            "citations_missing": 0,
        },
        "plan": None,
        "steps": [],
        "generator": "extractive",
        "timings_ms": {"total": 20.0},
        "warnings": [],
    }


def citation(n: int, page: int, text: str, document_id: str = "d1") -> dict[str, Any]:
    """Return a citation object of the contract."""
    return {
        "n": n,
        "document_id": document_id,
        "document": "江河重工2022.pdf",
        "page": page,
        "section": ["二、经营情况"],
        "text": text,
        "boxes": [[72.0, 100.0, 300.0, 112.0]],
        "score": 0.9,
        "ocr": False,
    }
