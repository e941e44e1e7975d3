import base64
import json
import re
import zlib
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.eval.run_maker import answer, answer_line, citation, settings
from vouch.eval import failure_browser, plots
from vouch.eval.report import Extras, report_html
from vouch.eval.runs import Line

EVIL = '</script><script>alert(1)</script><img src="http://example.com/x.png">&"\''
METRICS = {
    "items": 3,
    "accuracy": 1 / 3,
    "official": {"score": 0.25, "similarity": "character F1"},
    "by_type": {"1": {"items": 2, "accuracy": 0.5, "interval": [0.1, 0.9]}, "open": {"items": 1, "accuracy": 0.0}},
    "failures": ["a"],
}
LINES = [
    answer_line("a", "correct"),
    answer_line("b", "wrong", "open", answer=answer(EVIL, (citation(1, 7, EVIL),)), question=EVIL),
    answer_line("c", "refused", EVIL),
]


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text inside scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.texts: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        (self.scripts if self._inside == "script" else self.texts).append(data)


def picture(_document: str, _page: int, _boxes: Sequence[object]) -> bytes:
    return b"\x89PNG picture"


def data_of(page: str) -> Any:
    return json.loads(Elements(page).scripts[0])


def test_the_report_loads_nothing() -> None:
    elements = Elements(report_html(settings(dataset=EVIL, command=EVIL), METRICS, LINES, Extras(picture)))
    addresses = [
        value for _, attributes in elements.found for name, value in attributes.items() if name in ("src", "href")
    ]
    assert addresses == ["data:,"], "the icon; pictures are put in by the script, out of the data"
    assert {tag for tag, _ in elements.found}.isdisjoint({"img", "iframe", "object", "embed", "base", "form"})
    assert not [
        name for _, attributes in elements.found for name in attributes if name.startswith("on") or name == "style"
    ]


def test_no_text_of_documents_becomes_markup_or_script() -> None:
    elements = Elements(report_html(settings(dataset=EVIL), METRICS, LINES))
    assert [tag for tag, _ in elements.found].count("script") == 2
    assert data_of(report_html(settings(), METRICS, LINES))["items"][0]["title"] == EVIL
    assert EVIL in "".join(elements.texts), "as text it is shown whole"


def test_the_policy_names_exactly_the_style_and_script_inside() -> None:
    import hashlib

    page = report_html(settings(), METRICS, LINES)
    policy = next(a["content"] for tag, a in Elements(page).found if a.get("http-equiv") == "Content-Security-Policy")
    for element in ("style", "script"):
        (content,) = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in str(policy)
    assert str(policy).startswith("default-src 'none'")


def test_metrics_groups_and_plots_are_there_without_a_script() -> None:
    shown = "".join(Elements(report_html(settings(), METRICS, LINES)).texts)
    for text in ("三季报 questions", "0.3333", "official · score", "0.25", "character F1", "0.1–0.9"):
        assert text in shown
    page = report_html(settings(), METRICS, LINES)
    assert page.count("<svg") == 2, "verdicts by type, and latency"
    assert 'aria-label="Verdicts by group"' in page


def test_failures_come_first_and_show_question_gold_answer_and_quote() -> None:
    data = data_of(report_html(settings(), METRICS, LINES, Extras(picture)))
    assert [item["verdict"] for item in data["items"]] == ["wrong", "refused", "correct"]
    wrong = data["items"][0]
    facts = dict(map(tuple, wrong["facts"]))
    assert (facts["gold"], facts["answer"]) == ("12.34亿元", EVIL)
    (quote,) = wrong["quotes"]
    assert quote["place"] == "[1] 江河重工2022.pdf p. 7"
    address = data["pictures"][quote["picture"]]
    assert base64.b64decode(address.removeprefix("data:image/png;base64,")) == picture("", 0, ())


def test_a_page_cited_often_is_drawn_once() -> None:
    drawn: list[tuple[str, int]] = []

    def draw(document: str, page: int, _boxes: Sequence[object]) -> bytes:
        drawn.append((document, page))
        return b"png"

    cited = answer("x", (citation(1, 7, "q"), citation(2, 7, "q"), citation(3, 8, "q")))
    report_html(settings(), {}, [answer_line(str(n), "wrong", answer=cited) for n in range(5)], Extras(draw))
    assert drawn == [("d1", 7), ("d1", 8)]


def test_pictures_are_limited_in_number_and_missing_ones_are_left_out() -> None:
    many = [
        answer_line(str(n), "wrong", answer=answer("x", (citation(1, n + 1, "q"),)))
        for n in range(failure_browser.MAX_PICTURES + 20)
    ]
    data = data_of(report_html(settings(), {}, many, Extras(picture)))
    assert len(data["pictures"]) == failure_browser.MAX_PICTURES
    data = data_of(report_html(settings(), {}, many, Extras(lambda *_: None)))
    assert data["pictures"] == {}
    assert data["items"][0]["quotes"][0]["picture"] == ""


def test_items_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure_browser, "MAX_ITEMS", 2)
    page = report_html(settings(), METRICS, LINES)
    assert len(data_of(page)["items"]) == 2
    assert "1 more items are in records.jsonl only" in page


def test_a_retrieval_report_shows_ranks_intervals_and_texts() -> None:
    line: Line = {
        "query_id": "q1", "mode": "lexical", "query": "高血压怎么办", "relevant": {"d9": 1},
        "hits": [["d1", 3.0], ["d9", 2.0]], "scores": {"ndcg@10": 0.63}, "seconds": 0.004,
    }  # fmt: skip
    lost = {**line, "query_id": "q2", "hits": [["d1", 3.0]]}
    pair = {"modes": ["lexical", "hybrid"], "measure": "ndcg@10", "difference": 0.125, "interval": [0.1, 0.2]}
    modes = {"lexical": {"ndcg@10": 0.63, "intervals": {"ndcg@10": [0.5, 0.7]}, "recall@10": 1.0}}
    page = report_html(
        settings("retrieval"),
        {"modes": modes, "comparisons": [pair]},
        [line, lost],
        Extras(excerpt=lambda name: f"text of {name}"),
    )
    items = data_of(page)["items"]
    assert [(item["id"], item["verdict"]) for item in items] == [("q2", "not found"), ("q1", "2-10")]
    assert ["relevant", "d9 (rank 2)"] in items[1]["facts"]
    assert items[1]["quotes"][0] == {"place": "relevant: d9", "text": "text of d9", "picture": ""}
    assert 'aria-label="ndcg@10"' in page
    assert "hybrid - lexical" in page
    assert "0.1–0.2" in page
    assert page.count('class="whisker"') == 1 + 2, "one interval, p50 and p95"


def test_a_facts_report_groups_by_field() -> None:
    line = {"report": "r.pdf", "field": "营业收入", "gold": 1.0, "found": None, "page": 3, "verdict": "missing"}
    page = report_html(settings("facts"), {"rows": 1, "by_field": {"营业收入": {"exact": 0}}}, [line])
    assert data_of(page)["items"][0]["title"] == "营业收入 · r.pdf"
    assert "1 refused of 1" in page, "missing facts have the colour of refusals"


def test_the_parts_of_a_bar_add_up_to_its_length() -> None:
    drawn = plots.stacked_bars("t", [plots.StackedRow("甲", (("correct", 3), ("wrong", 1)))])
    widths = [float(found) for found in re.findall(r'class="part \w+" x="[\d.]+" y="\d+" width="([\d.]+)"', drawn)]
    assert widths[0] == pytest.approx(3 * widths[1], abs=0.3)


def test_plots_survive_nothing_and_sameness() -> None:
    assert plots.histogram("t", [], [], "ms") == ""
    assert plots.histogram("t", [5.0, 5.0], [("p50", 5.0)], "ms").count("<rect") == 6
    assert plots.stacked_bars("t", [plots.StackedRow("x", (("correct", 0),))]).startswith("<svg")
    assert "…" in plots.stacked_bars("t", [plots.StackedRow("很长的标签" * 20, (("correct", 1),))])


def test_a_histogram_counts_every_value() -> None:
    values = [0.1 * 1.4**n for n in range(30)]
    drawn = plots.histogram("t", values, [], "ms")
    assert sum(map(int, re.findall(r"<title>(\d+)</title>", drawn))) == 30


def test_page_pictures_are_png_with_the_span_marked(repository: Any) -> None:
    from vouch.ingest.loaders.page_picture import page_picture
    from vouch.retrieval.errors import UnreadableDocument

    sample = next((repository / "app" / "samples").glob("*2022*.pdf"))
    plain, marked = page_picture(sample, 1), page_picture(sample, 1, [(72, 72, 300, 90), (-50, -50, -10, -10)])
    width, height = int.from_bytes(plain[16:20], "big"), int.from_bytes(plain[20:24], "big")
    assert plain.startswith(b"\x89PNG")
    assert height > width > 800

    def tinted(png: bytes) -> int:
        start = png.index(b"IDAT") + 4
        rows = zlib.decompress(png[start : start + int.from_bytes(png[start - 8 : start - 4], "big")])
        return sum(value >= 128 for value in rows)

    assert tinted(plain) == 0
    assert tinted(marked) == pytest.approx((300 - 72) * 1.5 * (90 - 72) * 1.5, rel=0.3)
    with pytest.raises(UnreadableDocument, match="page 9999"):
        page_picture(sample, 9999)
