"""A library's document list for tests of questions: made-up companies with names that invite mistakes."""

from vouch.retrieval.types import Source, StoredDocument


def report(company: str, short: str, code: str, year: int, period: str = "FY", language: str = "zh") -> StoredDocument:
    name = f"{short or company}-{year}-{period}"
    source = Source(
        name, f"{name}.pdf", f"/{name}.pdf", "report", company=company, short_name=short, code=code, year=year,
        period=period, language=language,
    )  # fmt: skip
    return StoredDocument(source, "", "", pages=10, chunks=50, ocr_pages=0, image_pages=0, ingested_at="")


QINGHE = "杭州清河精密科技股份有限公司"
LANTIAN = "蓝田企业（集团）股份有限公司"
ACME = "Acme Tool & Die Company, Inc."

DOCUMENTS = [
    report(QINGHE, "清河科技", "301999", 2021),
    report(QINGHE, "清河科技", "301999", 2022),
    report(QINGHE, "清河科技", "301999", 2022, "摘要"),
    report(QINGHE, "清河科技", "301999", 2023, "摘要"),
    report(QINGHE, "清河科技", "301999", 2024),
    report(QINGHE, "清河科技", "301999", 2025, "Q3"),
    report(LANTIAN, "蓝田股份", "000998", 2022),
    report(ACME, "", "ACTD", 2022, language="en"),
    report(ACME, "", "ACTD", 2023, "Q2", language="en"),
]


def names(doc_ids: frozenset[str]) -> list[str]:
    return sorted(doc_ids)
