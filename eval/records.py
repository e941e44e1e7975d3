"""Answer records as lines of records.jsonl, and back. Lines hold what independent scorers and the report need."""

from collections.abc import Mapping, Sequence
from typing import Any

from vouch.eval.types import AnswerRecord, Item
from vouch.generation.json_form import answer_json
from vouch.generation.types import Answer, Citation, Refusal, Step, Verification


def record_json(record: AnswerRecord) -> dict[str, Any]:
    """Return one line: the contract's id, question, answer and verdict, then what is known of the item."""
    item = record.item
    return {
        "id": item.id,
        "question": item.question,
        "answer": answer_json(record.answer),
        "verdict": record.verdict,
        "kind": item.kind,
        "type": item.type,
        "gold": list(item.gold),
        "gold_values": list(item.gold_values),
        "unit": item.unit,
        "references": list(item.references),
        "pages": list(item.pages),
        "report": item.report,
        "scores": dict(record.scores),
        "retrieved_pages": [list(page) for page in record.retrieved_pages],
        "seconds": round(record.seconds, 6),
        "notes": list(record.notes),
    }


def record_from_json(item: Item, line: Mapping[str, Any]) -> AnswerRecord:
    """Return the record that a line was written from; the item is given, since a line holds only part of it."""
    return AnswerRecord(
        item=item,
        answer=answer_from_json(line["answer"]),
        verdict=line["verdict"],
        scores=line["scores"],
        retrieved_pages=tuple((str(name), int(page)) for name, page in line["retrieved_pages"]),
        seconds=line["seconds"],
        notes=tuple(line["notes"]),
    )


def answer_from_json(said: Mapping[str, Any]) -> Answer:
    """Return the answer that the contract's object describes."""
    refusal = said["refusal"]
    return Answer(
        question=said["question"],
        answer=said["answer"],
        kind=said["kind"],
        refusal=Refusal(refusal["reason"], refusal["detail"], refusal["ask_back"]) if refusal else None,
        citations=tuple(map(_citation, said["citations"])),
        verification=Verification(**said["verification"]),
        steps=tuple(Step(step["thought"], step["tool"], step["arguments"], step["result"]) for step in said["steps"]),
        generator=said["generator"],
        timings_ms=said["timings_ms"],
        warnings=tuple(said["warnings"]),
    )


def _citation(said: Mapping[str, Any]) -> Citation:
    boxes: Sequence[Sequence[float]] = said["boxes"]
    return Citation(
        n=said["n"],
        document_id=said["document_id"],
        document=said["document"],
        page=said["page"],
        section=tuple(said["section"]),
        text=said["text"],
        boxes=tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in boxes),
        score=said["score"],
        ocr=said.get("ocr", False),
    )
