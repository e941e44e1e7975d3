"""A small library in memory for tests of answers: pages written by hand, search by shared characters."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from vouch.retrieval.tokenize import tokens
from vouch.retrieval.types import (
    EVERYTHING,
    Chunk,
    ChunkKind,
    DocumentKind,
    Hit,
    Line,
    Page,
    PageOrigin,
    Scope,
    SearchMode,
    Source,
    StoredDocument,
)


class Frequencies:
    """The part of a lexical index that answers need."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._held = Counter(token for chunk in chunks for token in set(tokens(chunk.text)))

    def document_frequency(self, token: str) -> int:
        return self._held[token]


@dataclass
class FakeShelf:
    """Documents whose passages are found by the share of the query's tokens that they hold."""

    sources: list[Source] = field(default_factory=list)
    pages: dict[tuple[str, int], Page] = field(default_factory=dict)
    chunks: list[Chunk] = field(default_factory=list)

    @property
    def lexical(self) -> Frequencies:
        return Frequencies(self.chunks)

    def documents(self, scope: Scope = EVERYTHING) -> list[StoredDocument]:
        return [
            StoredDocument(source, "", "", 1, len(self.chunks), 0, 0, "")
            for source in self.sources
            if scope.allows(source)
        ]

    def search(self, query: str, k: int = 10, mode: SearchMode = "hybrid", scope: Scope = EVERYTHING) -> list[Hit]:
        wanted = set(tokens(query))
        scored: list[tuple[float, Chunk]] = []
        for chunk in self.chunks:
            words = set(tokens(" ".join((*chunk.section, chunk.source.title, chunk.text))))
            if scope.allows(chunk.source) and wanted & words:
                scored.append((len(wanted & words) / len(wanted), chunk))
        scored.sort(key=lambda pair: -pair[0])
        return [Hit(chunk, score) for score, chunk in scored[:k]]

    def page(self, doc_id: str, number: int) -> Page:
        return self.pages[doc_id, number]

    def passages(self, doc_id: str) -> list[Chunk]:
        return [chunk for chunk in self.chunks if chunk.source.doc_id == doc_id]

    def add(
        self, source: Source, *pages: Iterable[tuple[ChunkKind, tuple[str, ...], str]], origin: PageOrigin = "text"
    ) -> None:
        """Add a document; each page is a list of passages: kind, headings, text as printed."""
        self.sources.append(source)
        for number, passages in enumerate(pages, start=1):
            text, spans = "", []
            for kind, section, printed in passages:
                spans.append((kind, section, len(text), len(text) + len(printed)))
                text += printed + "\n"
            lines = tuple(
                Line(m.start(), m.end(), (72.0, 20.0 * i, 500.0, 20.0 * i + 12))
                for i, m in enumerate(re.finditer(r"[^\n]+", text))
            )
            self.pages[source.doc_id, number] = Page(number, text, lines, origin=origin)
            for kind, section, start, end in spans:
                self.chunks.append(
                    Chunk(
                        f"{source.doc_id}-{number}-{start}", source, number, start, end, text[start:end], kind, section
                    )
                )


def source(
    doc_id: str,
    company: str = "",
    short: str = "",
    year: int | None = None,
    kind: DocumentKind = "report",
    language: str = "zh",
) -> Source:
    return Source(
        doc_id, f"{doc_id}.pdf", f"/{doc_id}.pdf", kind, title=doc_id, company=company, short_name=short, code="",
        year=year, period="FY" if company else "", language=language,
    )  # fmt: skip


INCOME = """2、合并利润表
单位：元
项目 附注 2022 年度 2021 年度
一、营业总收入 1,200,000.50 1,000,000.00
其中：营业收入 七、40 1,200,000.50 1,000,000.00
减：营业成本 七、40 700,000.00 650,000.00
四、利润总额（亏损总额以“－”号
填列）
300,000.00 -20,000.00
五、净利润（净亏损以“－”号填列） 250,000.25 -18,000.00"""

PARENT = """4、母公司利润表
单位：元
项目 2022 年度 2021 年度
一、营业收入 900,000.00 800,000.00
五、净利润（净亏损以“－”号填列） 111,111.11 99,999.99"""

PROFILE = """一、公司信息
股票简称 清河科技 股票代码 301999
公司的中文名称 杭州清河精密科技股份有限公司
公司的外文名称缩写（如
有） QHT
公司的法定代表人 王小河
注册地址 浙江省杭州市清河路 1 号
电子信箱 ir@qinghe.example"""

STAFF = """报告期末在职员工的数量合计（人） 1,321
生产人员 218
销售人员 23"""

QINGHE = "杭州清河精密科技股份有限公司"


def annual_report() -> FakeShelf:
    """A library of one company's annual report for 2022."""
    shelf = FakeShelf()
    shelf.add(
        source("annual", QINGHE, "清河科技", 2022),
        [("table", ("第二节 公司简介和主要财务指标", "一、公司信息"), PROFILE)],
        [
            (
                "prose",
                ("第三节 管理层讨论与分析", "三、核心竞争力分析"),
                "三、核心竞争力分析\n1、研发优势。公司拥有专利 30 项，\n研发团队稳定。2、客户优势。公司客户遍布全国。",
            ),
            ("table", ("第四节 公司治理", "九、公司员工情况"), STAFF),
            ("prose", ("第六节 重要事项", "九、破产重整相关事项"), "九、破产重整相关事项\n□适用 \uf052不适用"),
            ("prose", ("第六节 重要事项", "八、面临退市情况"), "八、面临退市情况\n□适用 √不适用\n公司不存在退市风险。"),
        ],
        [("table", ("第十节 财务报告", "二、财务报表"), INCOME)],
        [("table", ("第十节 财务报告", "二、财务报表"), PARENT)],
    )
    return shelf
