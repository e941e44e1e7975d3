"""Answers and hits as the JSON objects of the contract."""

from dataclasses import asdict
from typing import Any

from vouch.generation.types import Answer, Citation, ResultRow
from vouch.retrieval.inferred import Inferred
from vouch.retrieval.types import Hit


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return the object that `vouch ask --json`, the REST answer and the last streaming event share."""
    refusal = answer.refusal
    checked = answer.verification
    return {
        "question": answer.question,
        "answer": answer.answer,
        "kind": answer.kind,
        "refusal": refusal and {"reason": refusal.reason, "detail": refusal.detail, "ask_back": refusal.ask_back},
        "results": [_result_json(row) for row in answer.results],
        "citations": [_citation_json(citation) for citation in answer.citations],
        "verification": {
            "numbers_checked": checked.numbers_checked,
            "numbers_unsupported": checked.numbers_unsupported,
            "citations_checked": checked.citations_checked,
            "citations_missing": checked.citations_missing,
            "statements_marked": checked.statements_marked,
        },
        "plan": answer.plan,
        "understanding": answer.understanding and inferred_json(answer.understanding),
        "steps": [
            {"thought": step.thought, "tool": step.tool, "arguments": dict(step.arguments), "result": step.result}
            for step in answer.steps
        ],
        "generator": answer.generator,
        "timings_ms": {name: round(milliseconds, 2) for name, milliseconds in answer.timings_ms.items()},
        "warnings": list(answer.warnings),
    }


def inferred_json(inferred: Inferred) -> dict[str, Any]:
    """Return what was read from a question: `inferred` of a search, `understanding` of an answer."""
    return {
        "companies": list(inferred.companies),
        "years": list(inferred.years),
        "periods": list(inferred.periods),
        "kinds": list(inferred.kinds),
        "collections": list(inferred.collections),
        "department": inferred.department or None,
        "document_ids": list(inferred.documents),
    }


def hit_json(rank: int, hit: Hit) -> dict[str, Any]:
    """Return one entry of `vouch search --json`."""
    chunk = hit.chunk
    return {
        "rank": rank,
        "score": round(hit.score, 6),
        "chunk_id": chunk.id,
        "document_id": chunk.source.doc_id,
        "document": chunk.source.name,
        "page": chunk.page,
        "section": list(chunk.section),
        "kind": chunk.kind,
        "company": chunk.source.company,
        "year": chunk.source.year,
        "text": chunk.text,
        "ranks": dict(hit.ranks),
    }


def _result_json(row: ResultRow) -> dict[str, Any]:
    return {
        "company": row.company,
        "code": row.code,
        "year": row.year,
        "period": row.period,
        "field": row.field,
        "value": row.value,
        "text": row.text,
        "unit": row.unit,
        "formula": row.formula,
        "operands": [asdict(operand) for operand in row.operands],
        "citations": list(row.citations),
    }


def _citation_json(citation: Citation) -> dict[str, Any]:
    return {
        "n": citation.n,
        "document_id": citation.document_id,
        "document": citation.document,
        "page": citation.page,
        "section": list(citation.section),
        "text": citation.text,
        "boxes": [list(box) for box in citation.boxes],
        "score": citation.score,
        "ocr": citation.ocr,
    }
