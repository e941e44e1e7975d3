"""What to call a document: what its cover makes of it, its own title where that says something, else its file name."""

import re
from pathlib import PurePath

from vouch.ingest.identity import Identity
from vouch.ingest.rejoin import HAN

_WORD = re.compile(rf"[{HAN}]{{2,}}|[A-Za-z]{{3,}}")
_MADE_BY_SOFTWARE = re.compile(
    r"Microsoft (?:Word|PowerPoint|Excel)|untitled|无标题|未命名|文档\s*\d|\.(?:docx?|xlsx?|pptx?|indd|pdf|wps)\s*$"
    r"|^(?:股份)?有限公司$",
    re.IGNORECASE,
)
_PERIODS = {
    "zh": {"FY": "年度报告", "H1": "半年度报告", "Q1": "第一季度报告", "Q3": "第三季度报告"}
    | {"摘要": "年度报告摘要", "H1摘要": "半年度报告摘要"},
    "en": {"FY": "annual report"},
}


def title_of(found: Identity, title: str, path: str, language: str) -> str:
    """Return a document's title; PDF files often carry the name of a template or an accession number instead."""
    if found.kind == "report" and found.company and found.year:
        name = _PERIODS[language].get(found.period, found.period)
        return (
            f"{found.company}{found.year}年{name}"
            if language == "zh"
            else f"{found.company} {found.year} {name}".strip()
        )
    own = " ".join(title.replace("_", " ").split())
    if _WORD.search(own) and not _MADE_BY_SOFTWARE.search(own):
        return own
    return " ".join(PurePath(path).stem.replace("_", " ").split())
