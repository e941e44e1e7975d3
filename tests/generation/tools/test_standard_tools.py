"""What each tool finds, on what evidence, and what it says to calls that make no sense. Numbers are worked by hand."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.generation.tools.bench import Bench
from vouch.generation.tools.standard import standard_tools
from vouch.generation.tools.types import ToolContext, ToolMisuse, ToolResult, WebPage
from vouch.retrieval.errors import NoReply
from vouch.retrieval.types import Scope


def called(bench: Bench, name: str, **arguments: Any) -> ToolResult:
    result: ToolResult = bench.tools().call(name, arguments)
    return result


def complaint(bench: Bench, name: str, **arguments: Any) -> str:
    with pytest.raises(ToolMisuse) as misuse:
        called(bench, name, **arguments)
    return str(misuse.value)


def test_a_stated_value_comes_with_its_row(bench: Bench) -> None:
    found = called(bench, "lookup_facts", company="北原光学", fields=["营业收入"], years=[2023])
    assert found.text == "北原光学股份有限公司 2023年 营业收入 = 900.75元"
    (quote,) = found.evidence
    assert (quote.text, quote.page.number, quote.source.name) == ("营业收入 900.75 600.50", 1, "北原光学2023FY.pdf")
    assert found.computations == ()


def test_a_ratio_comes_with_formula_operands_and_their_rows(bench: Bench) -> None:
    found = called(bench, "lookup_facts", company="900001", fields=["毛利率"], years=[2023])
    # (900.75 - 450.30) / 900.75 = 50.0083 %
    assert "50.01%" in found.text
    assert [quote.text for quote in found.evidence] == ["营业收入 900.75 600.50", "营业成本 450.30"]
    (computation,) = found.computations
    assert computation.operands == {"营业收入": Decimal("900.75"), "营业成本": Decimal("450.30")}
    assert round(computation.value, 4) == Decimal("50.0083")


def test_what_is_not_stated_is_said_with_what_is_held(bench: Bench) -> None:
    found = called(bench, "lookup_facts", company="南屿仪表", fields=["营业成本"], years=[2023])
    assert "not stated" in found.text
    assert found.text.endswith("南屿仪表股份有限公司: 2023年")
    assert found.evidence == ()


def test_words_without_meaning_here_are_explained(bench: Bench) -> None:
    assert "holds nothing of '无名公司'" in complaint(
        bench, "lookup_facts", company="无名公司", fields=["a"], years=[1]
    )
    unknown = complaint(bench, "lookup_facts", company="北原光学", fields=["营业收人"], years=[2023])
    assert "'营业收人' is no known value; did you mean" in unknown
    assert "at least one" in complaint(bench, "lookup_facts", company="北原光学", fields=[], years=[2023])


def test_companies_are_ranked_with_how_many_were_compared(bench: Bench) -> None:
    found = called(bench, "compare_companies", field="营业收入", year=2023)
    lines = found.text.splitlines()
    assert lines[0].startswith("2 companies state this value")
    assert [line[:2] for line in lines[1:]] == ["1.", "2."]
    assert "1200" in lines[1].replace(",", "")
    assert [quote.source.company for quote in found.evidence] == ["南屿仪表股份有限公司", "北原光学股份有限公司"]
    lowest = called(bench, "compare_companies", field="营收", year=2023, order="lowest")
    assert "北原光学" in lowest.text.splitlines()[1]
    assert "at least two" in complaint(bench, "compare_companies", field="营业收入", year=2023, companies=["北原光学"])


def test_a_tool_never_looks_outside_the_scope_of_the_question(bench: Bench) -> None:
    scope = Scope(companies=frozenset({"北原光学股份有限公司"}))
    tools = bench.tools(scope)
    with pytest.raises(ToolMisuse, match="holds nothing of '南屿仪表'"):
        tools.call("lookup_facts", {"company": "南屿仪表", "fields": ["营业收入"], "years": [2023]})
    with pytest.raises(ToolMisuse, match="some companies only"):
        tools.call("compare_companies", {"field": "营业收入", "year": 2023})
    with pytest.raises(ToolMisuse, match=r"there is no document 'guide\.pdf'"):
        tools.call("read_page", {"document": "guide.pdf", "page": 1})
    assert tools.call("search_documents", {"query": "食盐"}).evidence == ()
    with pytest.raises(ToolMisuse, match="no document of the library is about '南屿仪表'"):
        tools.call("search_documents", {"query": "收入", "company": "南屿仪表"})


def test_numbers_are_computed_exactly(bench: Bench) -> None:
    found = called(bench, "compute", expression="(a-b)/b", operands={"a": 0.3, "b": 0.1}, percent=True)
    assert found.text == "(a-b)/b = 200% (a = 0.3; b = 0.1)"
    (computation,) = found.computations
    assert (computation.value, computation.unit) == (Decimal(200), "%")
    third = called(bench, "compute", expression="营业收入/3*1.5", operands={"营业收入": 1})
    assert third.text.startswith("营业收入/3*1.5 = 0.5 ")
    assert set(third.computations[0].constants) == {Decimal(3), Decimal("1.5")}
    assert called(bench, "compute", expression="1/3", operands={}).text == "1/3 = 0.333333333333"


@pytest.mark.parametrize(
    "expression",
    [
        "a**99999999", "__import__('os').system('ls')", "a.real", "a if b else c", "[a]*9", "lambda: a", "a<<9", "c+1",
        "a/0", "prior(a)", "", "a;b", "9" * 2000, "(" * 500 + "a" + ")" * 500, "open('x')", "a and b", "'z'*9",
    ],
)  # fmt: skip
def test_nothing_but_arithmetic_is_computed(bench: Bench, expression: str) -> None:
    assert complaint(bench, "compute", expression=expression, operands={"a": 1, "b": 0}).startswith("compute: ")


def test_a_passage_is_found_with_its_place_and_span(bench: Bench) -> None:
    found = called(bench, "search_documents", query="食盐", limit=1)
    assert found.text == "(guide.pdf, p. 1, 高血压 > 饮食) 高血压患者每日食盐不超过5克。"
    (quote,) = found.evidence
    assert (quote.text, quote.section) == ("高血压患者每日食盐不超过5克。", ("高血压", "饮食"))


def test_a_page_is_read_in_parts(bench: Bench) -> None:
    first = called(bench, "read_page", document="notes", page=1)
    assert first.text.endswith("(goes on: part 2)")
    (quote,) = called(bench, "read_page", document="notes.pdf", page=1, part=2).evidence
    assert (quote.start, quote.end) == (3500, 5001)
    assert "has pages 1 to 1, not 9" in complaint(bench, "read_page", document="notes.pdf", page=9)
    assert "there is no document 'other'" in complaint(bench, "read_page", document="other", page=1)
    assert "has no text there" in complaint(bench, "read_page", document="notes", page=1, part=9)


@pytest.mark.parametrize(
    ("value", "quantity", "origin", "target", "expected"),
    [
        (7.0, "血糖", "mmol/L", "mg/dL", "126.1"),  # 7 × 18.0156
        (126, "glucose", "mg/dl", "mmol/l", "6.994"),
        (5.2, "总胆固醇", "mmol/L", "mg/dL", "201.1"),  # 5.2 × 38.665
        (1.7, "甘油三酯", "mmol/L", "mg/dL", "150.5"),  # 1.7 × 88.54
        (88.4, "肌酐", "μmol/L", "mg/dL", "1"),  # 88.4 / 88.4
        (420, "尿酸", "umol/L", "mg/dL", "7.061"),  # 420 / 59.48
        (14, "BUN", "mg/dL", "mmol/L", "4.998"),  # 14 × 0.357
        (2.5, "血钙", "mmol/L", "mEq/L", "5"),
        (100.4, "体温", "℉", "℃", "38"),
        (37, "temperature", "C", "F", "98.6"),
        (150, "weight", "lbs", "公斤", "68.04"),
        (7, "HbA1c", "%", "mmol/mol", "53"),  # (7 - 2.152) / 0.09148
        (120, "血压", "mmHg", "kPa", "16"),  # 120 × 0.133322
        (60, "insulin", "pmol/L", "µIU/mL", "10"),
        (12, "血红蛋白", "g/dL", "g/L", "120"),
    ],
)
def test_units_of_laboratories_are_converted(
    bench: Bench, value: float, quantity: str, origin: str, target: str, expected: str
) -> None:
    found = called(bench, "medical_unit_convert", value=value, quantity=quantity, from_unit=origin, to_unit=target)
    number = found.text.partition(" = ")[2].split()[0]
    assert number == expected
    assert found.computations[0].operands.popitem()[1] == Decimal(repr(float(value)))


def test_conversions_that_make_no_sense_are_explained(bench: Bench) -> None:
    ask: Mapping[str, Any] = {"value": 1, "from_unit": "mg/dL", "to_unit": "mmol/L"}
    assert "'幸福感' is not known; known are" in complaint(bench, "medical_unit_convert", quantity="幸福感", **ask)
    odd = complaint(bench, "medical_unit_convert", value=1, quantity="体重", from_unit="kg", to_unit="mmol/L")
    assert "'mmol/L' is no unit of weight; units are kg" in odd


def test_today_is_the_clock_s(bench: Bench) -> None:
    assert called(bench, "today").text == "2024-02-29 (Thursday)"


class Web:
    def __init__(self, *pages: WebPage | Exception) -> None:
        self.pages = pages

    def search(self, query: str, k: int) -> list[WebPage]:
        for page in self.pages:
            if isinstance(page, Exception):
                raise page
        return [page for page in self.pages if isinstance(page, WebPage)]


def test_the_web_is_searched_only_where_it_was_switched_on(bench: Bench) -> None:
    assert "web_search" not in bench.tools().names
    tools = bench.tools(web=Web(WebPage("标题", "https://a.example/x", "正文" * 900)))
    found = tools.call("web_search", {"query": "油价"})
    assert found.text.startswith("(web: https://a.example/x) 标题\n正文")
    (quote,) = found.evidence
    assert (quote.source.name, quote.source.collection, len(quote.page.text)) == ("https://a.example/x", "web", 800)
    failing = bench.tools(web=Web(NoReply("the search engine did not answer", "timeout")))
    with pytest.raises(ToolMisuse, match="did not answer"):
        failing.call("web_search", {"query": "油价"})


def test_without_facts_no_tool_over_facts_is_offered(bench: Bench) -> None:
    names = standard_tools(ToolContext(bench.shelf)).names  # type: ignore[arg-type]
    assert names == ("search_documents", "read_page", "compute", "medical_unit_convert", "today")


def test_no_tool_can_write(bench: Bench) -> None:
    # What tools are given has nothing that changes a library; their schemas name no path, statement or address.
    context = bench.context()
    given = {name for part in (context.shelf, context.facts) for name in dir(part) if not name.startswith("_")}
    assert not given & {"put", "remove", "delete", "write", "execute", "transaction"}
    told = json.dumps([schema.parameters for schema in bench.tools().schemas])
    assert not any(word in told for word in ('"path"', '"sql"', '"url"', '"command"'))
