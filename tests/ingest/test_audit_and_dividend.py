"""Audit, profit distribution and the cash flow supplement, from small pages set like real ones."""

from pathlib import Path

import pytest

from tests.ingest.pdf_maker import Text, lines, write_pdf
from tests.ingest.test_other_facts import FIELDS, printed, row, source
from vouch.ingest.facts.audit import audit_facts, opinion_kind
from vouch.ingest.facts.dividend import dividend_facts
from vouch.ingest.facts.extract import extract_facts
from vouch.ingest.facts.supplement import supplement_facts
from vouch.ingest.loaders.pdf import PdfLoader
from vouch.retrieval.facts import Fact

REPORT = ("一、 审计意见", "我们审计了远山能源股份有限公司财务报表，包括合并资产负债表。", "二、 形成审计意见的基础")


def audit(tmp_path: Path, *pages: list[Text]) -> dict[str, Fact]:
    return {fact.field: fact for fact in audit_facts(printed(tmp_path, *pages), source(), FIELDS)}


def dividend(tmp_path: Path, *pages: list[Text]) -> dict[tuple[str, int], Fact]:
    found = dividend_facts(printed(tmp_path, *pages), source(), FIELDS)
    return {(fact.field, fact.year): fact for fact in found}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("标准的无保留意见", "标准无保留意见"),
        ("无保留意见", "标准无保留意见"),
        ("带有强调事项段的无保留意见", "带强调事项段的无保留意见"),
        ("带与持续经营相关的重大不确定性段落的无保留意见", "带持续经营重大不确定性段落的无保留意见"),
        ("保留意见", "保留意见"),
        ("带强调事项段的保留意见", "带强调事项段的保留意见"),
        ("无法表示意见", "无法表示意见"),
        ("否定意见", "否定意见"),
        ("√适用 □不适用", ""),
    ],
)
def test_an_opinion_is_named_in_the_words_of_the_standards(words: str, kind: str) -> None:
    assert opinion_kind(words) == kind


def test_the_opinion_is_read_from_the_opening_pages_and_named_over_wrapped_lines(tmp_path: Path) -> None:
    page = lines("重要提示", "三、 青石会计师事务所（特殊普通合伙）为本公司出具了标准无", "保留意见的审计报告。")
    found = audit(tmp_path, page)
    assert (found["审计意见"].text, found["审计意见"].page) == ("标准无保留意见", 1)
    assert found["审计意见"].row == "三、 青石会计师事务所（特殊普通合伙）为本公司出具了标准无\n保留意见的审计报告。"
    assert found["会计师事务所"].text == "青石会计师事务所（特殊普通合伙）"


def test_the_audit_table_gives_opinion_date_number_and_accountants(tmp_path: Path) -> None:
    page = lines(
        "审计意见类型 标准的无保留意见",
        "审计报告签署日期 2024 年 04 月 01 日",
        "审计机构名称 青石会计师事务所(特殊普通合伙)",
        "审计报告文号 青石审〔2024〕77 号",
        "注册会计师姓名 赵一、钱二",
    )
    found = {name: fact.text for name, fact in audit(tmp_path, page).items()}
    assert found == {
        "审计意见": "标准无保留意见",
        "审计报告签署日期": "2024 年 04 月 01 日",
        "会计师事务所": "青石会计师事务所(特殊普通合伙)",
        "审计报告文号": "青石审〔2024〕77 号",
        "签字会计师": "赵一、钱二",
    }


def test_a_paragraph_of_emphasis_in_the_auditors_report_counts_over_the_companys_words(tmp_path: Path) -> None:
    opening = lines("青石会计师事务所为本公司出具了标准无保留意见的审计报告。")
    report = lines(*REPORT, "三、 强调事项", "我们提醒财务报表使用者关注。", "四、 关键审计事项", "五、 其他信息")
    fact = audit(tmp_path, opening, report)["审计意见"]
    assert (fact.text, fact.page, fact.confidence) == ("带强调事项段的无保留意见", 2, 0.5)


def test_of_two_wordings_the_one_that_the_auditors_report_bears_out_is_cited(tmp_path: Path) -> None:
    opening = lines(
        "青石会计师事务所为本公司出具了带有强调事项段、持续经营重大不确定性段落",
        "说明的无保留意见的审计报告。",
        "青石会计师事务所对财务报告出具了带强调事项段的无保留意见的审计报告。",
    )
    report = lines(*REPORT, "三、 强调事项", "四、 关键审计事项")
    fact = audit(tmp_path, opening, report)["审计意见"]
    assert (fact.text, fact.page, fact.confidence) == ("带强调事项段的无保留意见", 1, 1.0)
    assert fact.row == "青石会计师事务所对财务报告出具了带强调事项段的无保留意见的审计报告。"


def test_a_qualified_opinion_is_read_from_the_heading_of_the_report(tmp_path: Path) -> None:
    report = lines(
        "一、 保留意见", "我们审计了远山能源股份有限公司财务报表，包括合并资产负债表。", "二、 形成保留意见的基础"
    )
    assert audit(tmp_path, report)["审计意见"].text == "保留意见"


def test_the_opinion_on_internal_control_is_not_that_on_the_statements(tmp_path: Path) -> None:
    found = audit(tmp_path, lines("内部控制审计报告意见类型：带强调事项段的无保留意见"))
    assert {name: fact.text for name, fact in found.items()} == {"内部控制审计意见": "带强调事项段的无保留意见"}


@pytest.mark.parametrize(
    ("ticked", "found"), [("□适用 √不适用", ["标准无保留意见"]), ("√适用 □不适用", []), ("□适用 □不适用", [])]
)
def test_without_words_the_box_for_other_opinions_tells(tmp_path: Path, ticked: str, found: list[str]) -> None:
    facts = audit(tmp_path, lines("非标准审计意见提示", ticked))
    assert [fact.text for fact in facts.values()] == found


@pytest.mark.parametrize(
    ("page", "fees"),
    [
        (("单位：万元 币种：人民币", "境内会计师事务所报酬 75"), [750_000.0]),
        (("境内会计师事务所报酬（万元） 116",), [1_160_000.0]),
        (("境内会计师事务所报酬 75",), []),
    ],
)
def test_an_audit_fee_needs_a_unit(tmp_path: Path, page: tuple[str, ...], fees: list[float]) -> None:
    assert [fact.value for fact in audit(tmp_path, lines(*page)).values()] == fees


def test_the_proposal_is_read_from_its_table_and_not_from_the_years_before(tmp_path: Path) -> None:
    first = lines("本年度利润分配及资本公积金转增股本情况", "每 10 股送红股数（股） 0")
    second = lines(
        "每 10 股派息数（元）（含税） 6.5",
        "现金分红金额（元）（含税） 39,000,000.00",
        "合计分红金额（含税） 40,000,000.00",
        "最近三个会计年度现金分红情况",
        "现金分红金额（含税） 99,000,000.00",
    )
    found = dividend(tmp_path, first, second)
    assert {name: (fact.value, fact.page) for (name, _), fact in found.items()} == {
        "每10股送红股数": (0, 1),
        "每10股派息数": (6.5, 2),
        "现金分红金额": (39_000_000, 2),
        "现金分红总额": (40_000_000, 2),
    }


def test_a_table_in_ten_thousands_is_scaled_but_not_what_is_per_share(tmp_path: Path) -> None:
    page = lines(
        "利润分配及资本公积金转增股本预案", "单位：万元", "每 10 股派息数（元）（含税） 3", "现金分红金额（含税） 12.50"
    )
    found = dividend(tmp_path, page)
    assert {name: fact.value for (name, _), fact in found.items()} == {"每10股派息数": 3, "现金分红金额": 125_000}


def test_the_table_of_three_years_gives_each_year_its_own(tmp_path: Path) -> None:
    page = lines(
        "分红年度 每10股送红股数 每10股派息数（含税） 每10股转增数 现金分红的数额（含税） 净利润 比率(%)",
        "2023年 0 1.50 4 30,000.00 90,000.00 33.33",
        "2022年 0 2.00 0 40,000.00 80,000.00 50.00",
        size=9,
    )
    found = dividend(tmp_path, page)
    assert [(f.value, f.column) for (n, _), f in found.items() if n == "每10股派息数"] == [
        (1.5, "current"),
        (2, "prior"),
    ]
    assert found["现金分红金额", 2022].value == 40_000


def test_without_a_table_the_words_of_the_proposal_count(tmp_path: Path) -> None:
    first = lines("公司经本次董事会审议通过的利润分配预案为：以总股本为基数，向全体股东每 10 股")
    second = lines("派发现金红利 2.5 元（含税），送红股 0 股，以资本公积金向全体股东每 10 股转增 3 股。", "第一节 释义")
    found = dividend(tmp_path, first, second)
    assert {name: fact.value for (name, _), fact in found.items()} == {
        "利润分配预案": None, "每10股派息数": 2.5, "每10股送红股数": 0, "每10股转增数": 3,
    }  # fmt: skip
    assert found["利润分配预案", 2023].text.endswith("每10股转增3股。")
    assert found["每10股派息数", 2023].page == 1


def supplement_page(caption: str) -> list[Text]:
    return [
        *row(100, (80, caption)),
        *row(112, (430, "单位：千元")),
        *row(124, (80, "补充资料"), (320, "本期金额"), (430, "上期金额")),
        *row(136, (80, "加：资产减值准备"), (320, "1,000.00"), (430, "-2,000.00")),
        *row(148, (80, "固定资产折旧、油气资产折")),
        *row(158, (80, "耗、生产性生物资产折旧"), (320, "3,000.00"), (430, "4,000.00")),
        *row(172, (80, "无形资产摊销"), (430, "50.00")),
        *row(186, (80, "2．不涉及现金收支的重大投资和筹资活动")),
        *row(200, (80, "长期待摊费用摊销"), (320, "7.00"), (430, "8.00")),
    ]


def test_the_supplement_states_depreciation_of_both_years(tmp_path: Path) -> None:
    page = supplement_page("（1） 现金流量表补充资料")
    facts = supplement_facts(printed(tmp_path, page), source(), FIELDS)
    assert {(f.field, f.year, f.value, f.scope, f.column) for f in facts} == {
        ("资产减值准备", 2023, 1e6, "consolidated", "current"),
        ("资产减值准备", 2022, -2e6, "consolidated", "prior"),
        ("固定资产折旧", 2023, 3e6, "consolidated", "current"),
        ("固定资产折旧", 2022, 4e6, "consolidated", "prior"),
        ("无形资产摊销", 2022, 5e4, "consolidated", "prior"),
    }
    depreciation = next(f for f in facts if f.field == "固定资产折旧")
    assert depreciation.row == "固定资产折旧、油气资产折\n耗、生产性生物资产折旧 3,000.00 4,000.00"


def test_the_parents_supplement_is_kept_apart(tmp_path: Path) -> None:
    facts = supplement_facts(printed(tmp_path, supplement_page("母公司现金流量表补充资料")), source(), FIELDS)
    assert {fact.scope for fact in facts} == {"parent"}


def test_a_caption_at_the_foot_of_a_page_holds_overleaf(tmp_path: Path) -> None:
    first = lines("55、现金流量表补充资料", "（1） 现金流量表补充资料", y=760)
    facts = supplement_facts(printed(tmp_path, first, supplement_page("")), source(), FIELDS)
    assert ("固定资产折旧", 2, 3e6) in {(fact.field, fact.page, fact.value) for fact in facts}


def test_the_profile_names_the_auditor_once(tmp_path: Path) -> None:
    pages = [
        lines("青石会计师事务所（特殊普通合伙）为本公司出具了标准无保留意见的审计报告。"),
        lines("一、公司信息", "公司聘请的会计师事务所 青石会计师事务所（特殊普通合伙）", "二、主要会计数据"),
    ]
    document = PdfLoader().load(write_pdf(tmp_path / "a.pdf", pages))
    facts = extract_facts(document, source(), FIELDS).facts
    assert [fact.page for fact in facts if fact.field == "会计师事务所"] == [2]
    assert [fact.text for fact in facts if fact.field == "审计意见"] == ["标准无保留意见"]
