"""A service that answers from a script, for pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from vouch.app.service.types import (
    Access,
    AskRequest,
    Cancelled,
    FeedbackRequest,
    Json,
    Listen,
    SearchRequest,
    StreamEvent,
    ignored,
    never,
)
from vouch.retrieval.errors import NotFound

CITATION = {
    "n": 1,
    "document_id": "d1",
    "document": "江河重工2022.pdf",
    "page": 3,
    "section": ["第二节"],
    "text": "营业收入 12.34",
    "boxes": [],
}
DOCUMENT = {
    "document_id": "d1",
    "document": "江河重工2022.pdf",
    "collection": "default",
    "company": "江河重工股份有限公司",
    "short_name": "江河重工",
    "year": 2022,
    "period": "FY",
    "kind": "report",
}


def answered(text: str = "营业收入为12.34亿元[1]。", kind: str = "fact", **more: Any) -> dict[str, Any]:
    """Return an answer object."""
    return {
        "answer": text,
        "kind": kind,
        "citations": [CITATION],
        "results": [],
        "steps": [],
        "warnings": [],
        "verification": {
            "numbers_checked": 1,
            "numbers_unsupported": 0,
            "citations_checked": 1,
            "citations_missing": 0,
        },
        **more,
    }


class FakeService:
    """Holds one document; answers what it was told to."""

    def __init__(self, answer: Mapping[str, Any] | Exception, documents: Sequence[Json] = (DOCUMENT,)) -> None:
        self.answer, self.held = answer, list(documents)
        self.asked: list[AskRequest] = []
        self.given: list[FeedbackRequest] = []
        self.kept: dict[str, dict[str, Any]] = {}
        self.generators = ["extractive", "model"]

    def documents(self, access: Access) -> list[Json]:
        return self.held

    def stats(self, access: Access) -> Json:
        return {"documents": len(self.held), "pages": 9, "facts": 4, "generators": self.generators}

    def ask(self, request: AskRequest, access: Access, listen: Listen = ignored, cancelled: Cancelled = never) -> Json:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        listen(StreamEvent("understanding", {"companies": ["江河重工"], "years": [2022], "terms": ["营业收入"]}))
        listen(StreamEvent("token", self.answer["answer"]))
        listen(StreamEvent("answer", self.answer))
        turns = self.kept.setdefault(
            request.session, {"session": request.session, "title": request.question, "turns": []}
        )
        turns["turns"].append({"question": request.question, "answer": self.answer})
        return self.answer

    def search(self, request: SearchRequest, access: Access) -> Json:
        return {"hits": [], "warnings": []}

    def conversations(self, access: Access) -> list[Json]:
        return list(self.kept.values())

    def conversation(self, session: str, access: Access) -> Json:
        if session not in self.kept:
            raise NotFound("none")
        return self.kept[session]

    def rename_conversation(self, session: str, title: str, access: Access) -> Json:
        self.kept[session]["title"] = title
        return self.kept[session]

    def delete_conversation(self, session: str, access: Access) -> None:
        del self.kept[session]

    def feedback(self, request: FeedbackRequest, access: Access) -> Json:
        self.given.append(request)
        return {}

    def warning(self, company: str, year: int | None, access: Access) -> Json:
        return {"company": company, "code": "", "year": 2022, "signals": [], "warnings": ["no annual report is held"]}
