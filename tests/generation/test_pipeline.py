"""From question to answer on a hand-written report: what is quoted, with which page, and what is refused."""

import pytest

from tests.generation.shelf_maker import QINGHE, FakeShelf, annual_report, source
from vouch.generation.drafts import Draft, Task
from vouch.generation.extractive import ExtractiveGenerator
from vouch.generation.pipeline import Asker
from vouch.generation.quotes import Quote, Statement
from vouch.generation.types import Answer
from vouch.retrieval.question import understand


def ask(question: str, shelf: FakeShelf | None = None) -> Answer:
    return Asker(shelf or annual_report(), ExtractiveGenerator()).ask(question)


def test_a_value_is_the_first_column_of_the_consolidated_row_with_its_unit_and_page() -> None:
    answer = ask("清河科技2022年净利润是多少？")
    assert answer.kind == "extractive"
    assert answer.answer == "清河科技2022年净利润为 250,000.25 元。 [1]"
    (citation,) = answer.citations
    assert (citation.document, citation.page) == ("annual.pdf", 3)
    assert citation.text == "五、净利润（净亏损以“－”号填列） 250,000.25 -18,000.00"
    assert citation.section[-1] == "合并利润表"
    assert len(citation.boxes) == 1


def test_a_row_wrapped_over_lines_is_quoted_whole() -> None:
    answer = ask("清河科技2022年利润总额是多少？")
    assert "300,000.00 元" in answer.answer
    assert answer.citations[0].text == "四、利润总额（亏损总额以“－”号填列）300,000.00 -20,000.00"
    assert len(answer.citations[0].boxes) == 3


def test_two_items_give_two_cited_statements() -> None:
    answer = ask("清河科技2022年营业收入和营业成本分别是多少元？")
    assert answer.answer.split("\n") == [
        "清河科技2022年营业收入为 1,200,000.50 元。 [1]",
        "清河科技2022年营业成本为 700,000.00 元。 [2]",
    ]


def test_a_comparison_shows_the_column_beside() -> None:
    assert "上年同期或上年末为 650,000.00 元" in ask("清河科技2022年营业成本增长了多少？").answer


def test_the_year_before_is_answered_from_the_comparative_column_with_a_warning() -> None:
    answer = ask("清河科技2021年净利润是多少？")
    assert answer.answer == "清河科技2021年净利润为 -18,000.00 元。 [1]"
    assert "2021年" in answer.warnings[0]


@pytest.mark.parametrize(
    ("question", "value"),
    [("清河科技2022年的法定代表人是谁？", "王小河"), ("清河科技2022年股票代码是什么？", "301999"),
     ("清河科技2022年职工总数是多少？", "1,321 人"), ("清河科技2022年电子信箱是什么？", "ir@qinghe.example")],
)  # fmt: skip
def test_profile_and_staff_are_values_too(question: str, value: str) -> None:
    assert value in ask(question).answer


def test_an_open_question_quotes_the_section_from_its_start() -> None:
    answer = ask("请简要分析清河科技2022年核心竞争力的情况。")
    assert answer.answer.startswith(f"{QINGHE}2022年年度报告：\n1、研发优势。")
    assert answer.citations[0].page == 2
    assert answer.citations[0].text.startswith("1、研发优势。公司拥有专利 30 项，研发团队稳定。")


def test_a_section_ticked_not_applicable_says_so_and_cites_the_tick() -> None:
    answer = ask("请简要介绍2022年清河科技破产重整相关事项情况。")
    assert "不适用" in answer.answer
    assert answer.citations[0].text == "九、破产重整相关事项□适用 \uf052不适用"


def test_a_section_with_a_sentence_below_the_tick_quotes_the_sentence() -> None:
    answer = ask("请简要介绍2022年清河科技面临退市情况。")
    assert "公司不存在退市风险。" in answer.answer


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("南湖化工2022年净利润是多少？", "not_in_library"),
        ("清河科技2019年净利润是多少？", "not_in_library"),
        ("清河科技2022年存货是多少？", "no_evidence"),
        ("清河科技2022年太空旅行业务的情况如何？", "no_evidence"),
        ("清河2022年净利润是多少？", "ambiguous"),
        ("从2020年到2022年，清河科技的法定代表人是否相同？", "not_in_library"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_what_is_held(question: str, reason: str) -> None:
    answer = ask(question)
    assert answer.kind == "refused"
    assert answer.refusal is not None
    assert answer.refusal.reason == reason
    assert answer.citations == ()
    if reason == "not_in_library":
        assert "2022" in answer.refusal.detail


def two_companies() -> FakeShelf:
    shelf = annual_report()
    text = "2、合并利润表\n五、净利润（净亏损以“－”号填列） 7.00 6.00"
    shelf.add(source("other", "上海蓝田食品股份有限公司", "蓝田食品", 2022), [("table", ("财务报告",), text)])
    return shelf


def test_a_question_about_one_company_is_never_answered_from_another() -> None:
    shelf = two_companies()
    assert ask("蓝田食品2022年净利润是多少？", shelf).citations[0].document == "other.pdf"
    assert ask("蓝田食品2022年营业收入是多少？", shelf).kind == "refused"


def test_a_value_of_no_company_is_asked_back_where_there_are_several() -> None:
    answer = ask("2022年净利润是多少？", two_companies())
    assert answer.refusal is not None
    assert answer.refusal.reason == "ambiguous"
    ranking = ask("2022年净利润最高的上市公司是哪家？", two_companies())
    assert ranking.refusal is not None
    assert ranking.refusal.reason == "no_evidence"


def test_an_empty_library_says_so() -> None:
    answer = ask("什么是哮喘？", FakeShelf())
    assert answer.refusal is not None
    assert answer.refusal.reason == "not_in_library"


def guideline() -> FakeShelf:
    shelf = FakeShelf()
    shelf.add(
        source("guideline", kind="guideline"),
        [
            (
                "prose",
                ("二甲双胍",),
                "二甲双胍\n二甲双胍是一种双胍类降糖药。常见不良反应为恶心、腹泻。严重肾功能不全者禁用。",
            ),
            ("prose", ("胰岛素",), "胰岛素\n胰岛素起始剂量通常为0.1~0.3U/(kg·d)。"),
        ],
    )
    shelf.add(
        source("asthma", kind="text", language="en"),
        [
            (
                "prose",
                ("Symptoms of asthma",),
                "Symptoms of asthma\nThe main symptoms are problems with breathing, such as:\n● wheezing\n● coughing",
            )
        ],
    )
    return shelf


def test_running_text_answers_in_its_own_words() -> None:
    answer = ask("二甲双胍有哪些不良反应？", guideline())
    assert "常见不良反应为恶心、腹泻。" in answer.answer
    assert answer.citations[0].section == ("二甲双胍",)


def test_a_definition_is_the_sentence_that_defines() -> None:
    answer = ask("什么是二甲双胍？", guideline())
    assert answer.answer.startswith("二甲双胍是一种双胍类降糖药。")


def test_an_announced_list_is_quoted_with_its_items() -> None:
    answer = ask("What are the symptoms of asthma?", guideline())
    assert "● wheezing\n● coughing" in answer.answer


def test_another_subject_is_no_evidence() -> None:
    answer = ask("法国的首都是哪里？", guideline())
    assert answer.refusal is not None
    assert answer.refusal.reason == "no_evidence"


def test_a_follow_up_keeps_the_company() -> None:
    shelf = annual_report()
    asker = Asker(shelf, ExtractiveGenerator())
    first = understand("清河科技2022年净利润是多少？", shelf.documents())
    assert "700,000.00" in asker.ask("那营业成本呢？", context=first).answer


def test_pages_read_from_pictures_are_warned_about() -> None:
    shelf = FakeShelf()
    text = "哮喘\n哮喘是一种慢性气道炎症性疾病。"
    shelf.add(source("scan", kind="guideline"), [("prose", ("哮喘",), text)], origin="ocr")
    answer = ask("什么是哮喘？", shelf)
    assert answer.citations[0].ocr
    assert "图像识别" in answer.warnings[0]


class Inventor:
    """A generator that says more than its evidence."""

    name = "inventor"

    def draft(self, task: Task) -> Draft:
        chunk = task.hits[0].chunk
        page = task.shelf.page(chunk.source.doc_id, chunk.page)
        quote = Quote(chunk.source, page, chunk.start, chunk.end, chunk.section, 1.0)
        return Draft((Statement("净利润为 999,999,999.00 元。", (quote,)), Statement("没有出处的话。", ())))


def test_numbers_and_sentences_without_evidence_are_not_said() -> None:
    answer = Asker(annual_report(), Inventor()).ask("清河科技2022年核心竞争力")
    assert answer.refusal is not None
    assert answer.refusal.reason == "unverified"
    assert answer.verification.numbers_unsupported == 1


def test_timings_cover_the_steps() -> None:
    times = ask("清河科技2022年净利润是多少？").timings_ms
    assert set(times) >= {"understand", "retrieve", "generate", "total"}
    assert times["total"] >= times["understand"] > 0


FILING = """Consolidated Statements of Income
(MILLIONS, EXCEPT PER SHARE DATA) 2022 2021
Revenues $ 9,000 $ 8,000
Cost of sales 4,000 3,500
Gross profit 5,000 4,500
Operating income 2,000 1,900
Net income before allocation to noncontrolling interests 1,500 1,400
Less: Net income attributable to noncontrolling interests 10 9
Diluted earnings per share 1.25 1.10"""

VENTURE = """Note 2. Equity investments in millions
The venture of the company and its net income, revenues and net income of the year:
Revenues 70 60
Net income 7 6"""


def filing() -> FakeShelf:
    shelf = FakeShelf()
    shelf.add(
        source("10-K", "Alder Tools Inc.", "Alder Tools", 2022, language="en"),
        [("prose", ("Item 8", "Note 2"), VENTURE)],
        [("table", ("Item 8",), FILING)],
        [("prose", ("Item 7",), "Revenues of Alder Tools began to grow when two new plants opened in spring.")],
    )
    return shelf


@pytest.mark.parametrize(
    ("asked", "row"),
    [("What was Alder Tools' net income in 2022?",
      "Net income before allocation to noncontrolling interests 1,500 1,400"),
     ("What were Alder Tools' total revenues in 2022?", "Revenues $ 9,000 $ 8,000"),
     ("What was the gross profit of Alder Tools in 2022?", "Gross profit 5,000 4,500")],
)  # fmt: skip
def test_an_english_value_is_the_row_of_the_consolidated_statement(asked: str, row: str) -> None:
    (citation,) = ask(asked, filing()).citations
    assert (citation.page, citation.text) == (2, row)


def test_a_figure_per_share_is_not_in_millions() -> None:
    assert ask("What was Alder Tools' diluted EPS in 2022?", filing()).answer.endswith("diluted EPS: 1.25. [1]")


def test_an_english_amount_has_the_unit_printed_above_its_table() -> None:
    assert ask("What was the gross profit of Alder Tools in 2022?", filing()).answer.endswith("5,000 (MILLIONS). [1]")


def test_why_a_line_item_changed_is_answered_by_a_sentence() -> None:
    assert "two new plants" in ask("Why did revenues of Alder Tools grow in 2022?", filing()).answer
