"""What was read from a question, in a line for people."""

from vouch.app.terminal import printable
from vouch.generation.phrases import Language
from vouch.retrieval.inferred import Inferred

_NAMES = {
    "zh": {
        "companies": "公司",
        "years": "年份",
        "periods": "报告期",
        "kinds": "文档类型",
        "collections": "文集",
        "department": "科室",
        "lead": "按问题优先检索：",
        "joint": "；",
        "colon": "：",
    },
    "en": {
        "companies": "company",
        "years": "year",
        "periods": "period",
        "kinds": "kind",
        "collections": "collection",
        "department": "department",
        "lead": "read from the question: ",
        "joint": "; ",
        "colon": " ",
    },
}


def inferred_text(inferred: Inferred, language: Language) -> str:
    """Return what a question named, '' where it named nothing."""
    words = _NAMES[language]
    values = {
        "companies": inferred.companies,
        "years": inferred.years,
        "periods": inferred.periods,
        "kinds": inferred.kinds,
        "collections": inferred.collections,
        "department": (inferred.department,) if inferred.department else (),
    }
    parts = [f"{words[name]}{words['colon']}{', '.join(map(str, said))}" for name, said in values.items() if said]
    return printable(words["lead"] + words["joint"].join(parts)) if parts else ""
