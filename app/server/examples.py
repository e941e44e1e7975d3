"""Examples for the API description, all made up."""

from typing import Any

from vouch.app.server.documented import Responses

CITATION = {
    "n": 1,
    "document_id": "3f9c2a1b",
    "document": "琅屿仪器_2023年_年度报告.pdf",
    "page": 57,
    "section": ["第三节 管理层讨论与分析"],
    "text": "营业收入 812,345,678.90",
    "boxes": [[72.0, 310.5, 520.1, 322.4]],
    "score": 0.93,
    "ocr": False,
}
ANSWER: dict[str, Any] = {
    "question": "琅屿仪器2023年的营业收入是多少？",
    "answer": "琅屿仪器2023年营业收入为812,345,678.90元。[1]",
    "kind": "fact",
    "refusal": None,
    "results": [
        {
            "company": "琅屿仪器股份有限公司",
            "code": "600000",
            "year": 2023,
            "period": "FY",
            "field": "营业收入",
            "value": 812345678.9,
            "text": "812,345,678.90元",
            "unit": "元",
            "formula": None,
            "operands": [],
            "citations": [1],
        }
    ],
    "citations": [CITATION],
    "verification": {"numbers_checked": 1, "numbers_unsupported": 0, "citations_checked": 1, "citations_missing": 0},
    "plan": None,
    "steps": [],
    "generator": "facts",
    "timings_ms": {"understand": 1.2, "facts": 2.9, "total": 4.1},
    "warnings": [],
}
_HIT = {
    "rank": 1,
    "score": 0.87,
    "chunk_id": "b1c2",
    "document_id": "3f9c2a1b",
    "document": "琅屿仪器_2023年_年度报告.pdf",
    "page": 112,
    "section": ["七、合并财务报表项目注释", "5、应收账款"],
    "kind": "table",
    "company": "琅屿仪器股份有限公司",
    "year": 2023,
    "text": "按坏账计提方法分类披露 …",
    "ranks": {"lexical": 1, "vector": 3},
}
SEARCH = {"query": "应收账款坏账准备", "mode": "hybrid", "hits": [_HIT], "timings_ms": {"search": 4.2, "total": 4.4}}
FACTS = {
    "facts": [
        {
            "company": "琅屿仪器股份有限公司",
            "year": 2023,
            "period": "FY",
            "field": "营业收入",
            "value": 812345678.9,
            "page": 57,
        }
    ],
    "total": 1,
}
WARNING = {"company": "琅屿仪器股份有限公司", "code": "600000", "year": 2023, "signals": [], "warnings": []}
DOCUMENT = {
    "document_id": "3f9c2a1b",
    "name": "琅屿仪器_2023年_年度报告.pdf",
    "collection": "default",
    "kind": "report",
    "company": "琅屿仪器股份有限公司",
    "code": "600000",
    "year": 2023,
    "period": "FY",
    "pages": 180,
    "chunks": 420,
    "facts": 260,
}
DOCUMENTS = {"documents": [DOCUMENT]}
PAGE = {"document_id": "3f9c2a1b", "page": 57, "pages": 180, "text": "…", "width": 595.3, "height": 841.9}
JOB = {
    "job_id": "5d1f0c",
    "state": "running",
    "files": 3,
    "done": 1,
    "failed": 0,
    "collection": "default",
    "documents": [],
    "error": None,
}
FEEDBACK = {"feedback_id": "9a7e", "rating": "down"}
CONVERSATION = {"session": "c0ffee", "title": "营业收入", "updated": "2026-11-22T12:00:00Z", "turns": []}
CONVERSATIONS = {"conversations": [{key: CONVERSATION[key] for key in ("session", "title", "updated")}]}
STATS = {"documents": 12, "pages": 2140, "chunks": 5020, "facts": 3100, "generators": ["extractive"]}
MODELS = {"object": "list", "data": [{"id": "vouch", "object": "model", "created": 0, "owned_by": "vouch"}]}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1795000000,
    "model": "vouch",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": ANSWER["answer"], "vouch": ANSWER},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
}
_SSE = {"schema": {"type": "object", "properties": {"event": {"type": "string"}, "data": {"type": "string"}}}}
STREAMED: Responses = {
    200: {
        "description": "The answer, or events that end with it.",
        "content": {
            "application/json": {"example": ANSWER},
            "text/event-stream": {**_SSE, "example": 'event: token\ndata: "…"\n\nevent: answer\ndata: {…}\n\n'},
        },
    }
}
CHUNKS: Responses = {
    200: {
        "description": "The completion, or chunks of it when `stream` is true.",
        "content": {
            "application/json": {"example": COMPLETION},
            "text/event-stream": {**_SSE, "example": 'data: {"object":"chat.completion.chunk"}\n\ndata: [DONE]\n\n'},
        },
    }
}


def upload_body() -> dict[str, Any]:
    """Return the two bodies of POST /v1/documents."""
    said = {
        "collection": {"type": "string", "minLength": 1, "maxLength": 200, "default": "default"},
        "kind": {"type": "string", "enum": ["auto", "report", "guideline", "qa", "text", "facts"], "default": "auto"},
        "company": {"type": "string", "minLength": 1, "maxLength": 200},
        "year": {"type": "integer", "minimum": 1900, "maximum": 2099},
        "force": {"type": "boolean", "default": False},
    }
    files = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}
    path = {"type": "string", "minLength": 1, "maxLength": 4096}
    paths = {"type": "array", "items": path, "minItems": 1, "maxItems": 1000}
    return {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["files"], "properties": {"files": files, **said}}
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["paths"],
                    "properties": {"paths": paths, **said},
                    "additionalProperties": False,
                },
                "example": {"paths": ["/srv/reports/2023"], "collection": "default"},
            },
        },
    }
