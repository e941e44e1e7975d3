"""A tiny library made, asked and thrown away: proof that the core works on this machine."""

from pathlib import Path

from vouch.app.settings import Settings, load_settings
from vouch.retrieval.errors import VouchError
from vouch.retrieval.types import EVERYTHING

_TEXT = "# 示例公司\n\n示例公司的吉祥物是一只戴眼镜的猫头鹰。\n\nThe mascot of the sample company is an owl.\n"
_QUESTION, _EXPECTED = "示例公司的吉祥物是什么？", "猫头鹰"


def problem_with_core(folder: Path) -> str:
    """Return what does not work, in one line; empty if a question about a fresh document is answered with its page."""
    document = folder / "sample.md"
    document.write_text(_TEXT, encoding="utf-8")
    settings = load_settings({"library": str(folder / "library"), "ingest.jobs": 1})
    try:
        return _problem(settings, document)
    except (VouchError, ImportError) as error:
        return str(error)


def _problem(settings: Settings, document: Path) -> str:
    from vouch.app.wiring_ask import asker
    from vouch.app.wiring_ingest import ingest_options
    from vouch.app.wiring_store import open_library, open_store_to_fill
    from vouch.ingest.bulk import ingest_paths

    with open_store_to_fill(settings) as store:
        [result] = ingest_paths([document], ingest_options(settings), store, lambda _: None).results
    if result.error:
        return f"a document could not be read: {result.error.message}"
    with open_library(settings) as shelf:
        answer = asker(settings, shelf).ask(_QUESTION, EVERYTHING, settings.generation.k)
    if _EXPECTED not in answer.answer or not answer.citations:
        return f"a question about a fresh document got the answer {answer.answer!r}"
    return ""
