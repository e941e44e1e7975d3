"""What each judge calls right and wrong, case by case."""

import pytest

from tests.eval.makers import REPORT, answer, cited, item, refusal, value_item
from vouch.eval.answer_metrics import judge
from vouch.eval.types import Item

REVENUE = value_item(579_374_501.21, "579,374,501.21")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("琅岱仪器2022年营业收入为 579,374,501.21 元。 [1]", "correct"),
        ("579374501.21", "correct"),
        ("营业收入为579,374,501.21元（约5.79亿元），同比增长13.08%。", "correct"),
        ("营业收入为579,374,501.21元，上年为512,345,678.90元。", "correct"),
        ("营业收入为512,345,678.90元。", "wrong"),
        ("营业收入为57,937,450.12元。", "wrong"),
        ("营业收入约5.79亿元。", "wrong"),  # the question asks for the figure
        ("上年为512,345,678.90元，本年为579,374,501.21元。", "wrong"),  # another number is claimed first
        ("营业收入 579,374,501.21 512,345,678.90", "wrong"),  # a row does not say which
        ("营业收入为579,374,501.21元。成本1.00元。费用2.00元。利润3.00元。", "wrong"),
        ("没有数字。", "wrong"),
    ],
)
def test_a_value_must_be_what_the_answer_claims(text: str, verdict: str) -> None:
    assert judge(REVENUE, answer(text)).verdict == verdict


RATE = value_item(
    23.15,
    "23.15%",
    "%",
    "琅岱仪器2022年毛利率是多少？保留2位小数。",
    components={"营业收入": "1,175,301,034.32", "营业成本": "903,236,584.52"},
)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("营业收入1,175,301,034.32元，营业成本903,236,584.52元，毛利率为23.15%。", "correct"),
        ("毛利率=(1,175,301,034.32-903,236,584.52)/1,175,301,034.32=23.15%", "correct"),
        ("营业收入11.7530亿元，营业成本9.0324亿元，毛利率为23.149%。", "correct"),
        ("毛利率为23.15%。", "wrong"),  # the operands are not shown
        ("营业收入1,175,301,034.32元，营业成本903,236,584.52元，毛利率为23.2%。", "wrong"),
        ("营业收入1,175,301,034.32元，营业成本903,236,584.52元。", "wrong"),
    ],
)
def test_a_computed_value_needs_its_operands_and_the_precision_asked(text: str, verdict: str) -> None:
    assert judge(RATE, answer(text)).verdict == verdict


def test_what_is_missing_is_said() -> None:
    found = judge(RATE, answer("毛利率为23.15%，营业收入1,175,301,034.32元。"))
    assert found.scores == {"value": 1.0, "components": 0.5}
    assert found.notes == ("not shown: 营业成本",)


TWO = item(
    "values",
    "琅岱仪器2022年营业成本和营业利润分别是多少元？",
    ("126,811,323.12", "49,019,056.34"),
    gold_values=(126_811_323.12, 49_019_056.34),
    unit="元",
    labels=("营业成本", "营业利润"),
)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("营业成本为126,811,323.12元，营业利润为49,019,056.34元。", "correct"),
        ("营业利润为49,019,056.34元，营业成本为126,811,323.12元。", "correct"),
        ("分别为126,811,323.12元和49,019,056.34元。", "correct"),
        ("营业成本为49,019,056.34元，营业利润为126,811,323.12元。", "wrong"),
        ("分别为49,019,056.34元和126,811,323.12元。", "wrong"),
        ("营业成本和营业利润分别为126,811,323.12元、49,019,056.34元。", "correct"),
        ("营业利润和营业成本分别为49,019,056.34元、126,811,323.12元。", "correct"),
        ("营业成本和营业利润分别为49,019,056.34元、126,811,323.12元。", "wrong"),
        ("营业成本为126,811,323.12元。", "wrong"),
    ],
)
def test_several_values_stand_each_beside_its_own_name(text: str, verdict: str) -> None:
    assert judge(TWO, answer(text)).verdict == verdict


def test_half_of_two_values_is_half_a_score() -> None:
    assert judge(TWO, answer("营业成本为126,811,323.12元。")).scores["value"] == 0.5


def test_a_label_inside_a_longer_one_is_none() -> None:
    assets = item(
        "values",
        "流动资产和其他流动资产？",
        ("9.5", "2.5"),
        gold_values=(9.5, 2.5),
        labels=("流动资产", "其他流动资产"),
    )
    assert judge(assets, answer("其他流动资产为2.5元，流动资产为9.5元。")).verdict == "correct"
    assert judge(assets, answer("其他流动资产为9.5元，流动资产为2.5元。")).verdict == "wrong"


def test_equal_values_may_be_said_once_or_twice() -> None:
    both = item(
        "values",
        "营业总收入和营业收入分别是多少？",
        ("5.00", "5.00"),
        gold_values=(5, 5),
        labels=("营业总收入", "营业收入"),
    )
    assert judge(both, answer("营业总收入为5.00元。\n营业收入为5.00元。")).verdict == "correct"
    assert judge(both, answer("营业总收入和营业收入均为5.00元。")).verdict == "correct"


def test_another_reading_of_the_period_is_right_too() -> None:
    growth = value_item(30.53, "30.53", "%", "同比增长率是多少", alternatives=((32.74,),), components={"本期": "249"})
    assert judge(growth, answer("单季同比增长32.74%。")).verdict == "correct"
    assert judge(growth, answer("同比增长31.00%。")).verdict == "wrong"


MAIL = item("text", "琅岱仪器的电子信箱是什么？", ("ir@langdai.com",))
PERSON = item("text", "琅岱仪器的法定代表人是谁？", ("周墨言",))
CODE = item("text", "琅岱仪器的证券代码是什么？", ("688999",))


@pytest.mark.parametrize(
    ("question", "text", "verdict"),
    [
        (MAIL, "电子信箱：IR@langdai.com。", "correct"),
        (MAIL, "电子信箱：air@langdai.com。", "wrong"),
        (PERSON, "法定代表人为 周墨言。", "correct"),
        (PERSON, "法定代表人为周墨。", "wrong"),
        (PERSON, "周墨言。" + "公司治理结构健全，内部控制有效。" * 20, "wrong"),  # a page is no answer
        (CODE, "证券代码为688999。", "correct"),
        (CODE, "1688999", "wrong"),
        (CODE, "688999 688998 688997 688996 688995", "wrong"),
    ],
)
def test_a_short_text_is_said_word_for_word_and_briefly(question: Item, text: str, verdict: str) -> None:
    assert judge(question, answer(text)).verdict == verdict


def same_person(gold: str) -> Item:
    return item(
        "text", "法定代表人2022年与2021年相比是否相同？", (gold,), components={"2021": "周墨言", "2022": "林疏"}
    )


@pytest.mark.parametrize(
    ("gold", "text", "verdict"),
    [
        ("不相同", "不相同：2021年为周墨言，2022年为林疏。", "correct"),
        ("不相同", "2021年为周墨言，2022年为林疏，发生了变化。", "correct"),
        ("不相同", "相同：2021年为周墨言，2022年为林疏。", "wrong"),
        ("相同", "未发生变化：2021年为周墨言，2022年为林疏。", "correct"),
        ("相同", "不相同：2021年为周墨言，2022年为林疏。", "wrong"),
        ("不相同", "不相同。", "wrong"),  # what was compared is not shown
    ],
)
def test_a_comparison_is_a_conclusion_with_what_was_compared(gold: str, text: str, verdict: str) -> None:
    assert judge(same_person(gold), answer(text)).verdict == verdict


NAMES = ("琅岱仪器股份有限公司", "青砚科技股份有限公司", "云汀药业股份有限公司")
ALIASES = {NAMES[0]: ("琅岱仪器",), NAMES[1]: ("青砚科技",), NAMES[2]: ("云汀药业",)}
HIGHEST = item(
    "ranking",
    "2022年净利润最高的上市公司是哪家？金额是多少？",
    NAMES[:1],
    gold_values=(199_212_637.27,),
    unit="元",
    labels=NAMES,
    aliases=ALIASES,
)
TOP = item(
    "ranking",
    "净利润排名前2的公司有哪些？",
    NAMES[:2],
    gold_values=(9.5, 8.25),
    unit="万元",
    labels=NAMES,
    aliases=ALIASES,
)
SECOND = item("ranking", "哪家上市公司净利润第二高？", NAMES[1:2], labels=NAMES, aliases=ALIASES)
LOSSES = item("ranking", "净利润为负数的公司有哪些？", NAMES[:2], labels=NAMES, aliases=ALIASES, ordered=False)


@pytest.mark.parametrize(
    ("question", "text", "verdict"),
    [
        (HIGHEST, "净利润最高的是琅岱仪器，为199,212,637.27元。", "correct"),
        (HIGHEST, "净利润最高的是琅岱仪器股份有限公司，金额199,212,637.27元；其次是青砚科技。", "correct"),
        (HIGHEST, "净利润最高的是琅岱仪器，为1,992,126.37元。", "wrong"),
        (HIGHEST, "净利润最高的是青砚科技，为199,212,637.27元。", "wrong"),
        (HIGHEST, "琅岱仪器、青砚科技、云汀药业。199,212,637.27元。", "wrong"),
        (HIGHEST, "净利润最高的是白鹭建工股份有限公司，为199,212,637.27元。", "wrong"),
        (TOP, "琅岱仪器（9.50万元）、青砚科技（8.25万元）。", "correct"),
        (TOP, "1. 琅岱仪器 95,000元\n2. 青砚科技 82,500元", "correct"),
        (TOP, "青砚科技（8.25万元）、琅岱仪器（9.50万元）。", "wrong"),
        (TOP, "琅岱仪器（9.50万元）、青砚科技（8.25万元）、云汀药业（7.00万元）。", "wrong"),
        (TOP, "琅岱仪器（8.25万元）、青砚科技（9.50万元）。", "wrong"),
        (HIGHEST, "净利润最高的是琅岱仪器（199,212,637.27）。", "correct"),
        (HIGHEST, "净利润最高的是琅岱仪器，为199,212,637.27元。" + "公司治理结构健全，内部控制有效。" * 40, "wrong"),
        (SECOND, "琅岱仪器最高，青砚科技第二高。", "correct"),
        (SECOND, "琅岱仪器第二高。", "wrong"),
        (LOSSES, "青砚科技、琅岱仪器。", "correct"),
        (LOSSES, "青砚科技。", "wrong"),
    ],
)
def test_names_are_the_right_ones_in_order_with_their_amounts(question: Item, text: str, verdict: str) -> None:
    assert judge(question, answer(text)).verdict == verdict


def test_the_year_of_a_superlative_needs_all_values() -> None:
    best = item(
        "ranking",
        "2021、2022年中，哪一年的净利润最高？",
        ("2022",),
        labels=("2021", "2022"),
        components={"2021": "7", "2022": "9"},
    )
    assert judge(best, answer("2021年为7元，2022年为9元，2022年最高。")).verdict == "correct"
    assert judge(best, answer("2021年为7元，2022年为9元，2021年最高。")).verdict == "wrong"
    assert judge(best, answer("2022年最高，为9元。")).notes == ("not shown: 2021",)


@pytest.mark.parametrize(
    ("gold", "text", "verdict"),
    [
        (2, "2022年营业收入大于5亿的上市公司有2家：琅岱仪器、青砚科技。", "correct"),
        (2, "共有两家公司。", "correct"),
        (2, "有3家。", "wrong"),
        (2, "有2家，也可能是3家。", "wrong"),
        (0, "没有符合条件的上市公司。", "correct"),
        (0, "0家", "correct"),
        (0, "有1家。", "wrong"),
        (2, "营业收入大于五亿的上市公司数量为2。", "correct"),
        (2, "1 2 3 4 5 6", "wrong"),
    ],
)
def test_a_count_is_the_first_number_counted(gold: int, text: str, verdict: str) -> None:
    counted = item("count", "2022年营业收入大于5亿的上市公司有多少家？", (str(gold),), gold_values=(float(gold),))
    assert judge(counted, answer(text)).verdict == verdict


SECTION = item(
    "open", "琅岱仪器的核心竞争力？", references=("公司研发平台高效。",), report=REPORT, pages=(9,), also_pages=(10,)
)
QUOTE = "公司设有省级研发平台，参与制定多项国家标准，产品远销海外市场。"


@pytest.mark.parametrize(
    ("text", "page", "verdict"),
    [
        (QUOTE, 9, "correct"),
        (QUOTE, 10, "correct"),  # the section goes on
        (QUOTE, 11, "wrong"),
        ("本公司无重大诉讼，亦无破产重整事项，治理结构健全。", 9, "wrong"),  # not what the cited page says
        ("12.5 3,456 78.9 100 2,222", 9, "wrong"),
        (QUOTE * 45, 9, "wrong"),
    ],
)
def test_prose_cites_a_right_page_and_is_drawn_from_it(text: str, page: int, verdict: str) -> None:
    assert judge(SECTION, answer(text, cited(page, QUOTE))).verdict == verdict


def test_a_section_ticked_not_applicable_is_answered_with_none() -> None:
    ticked = item("open", "破产重整事项？", report=REPORT, pages=(30,), not_applicable=True)
    assert judge(ticked, answer("该节勾选不适用。", cited(30))).verdict == "correct"
    assert judge(ticked, answer("报告期内未发生破产重整事项。", cited(30))).verdict == "correct"
    assert judge(ticked, answer("公司无形资产增加，破产重整正在进行。", cited(30))).verdict == "wrong"
    assert judge(ticked, answer("该节勾选不适用。", cited(31))).verdict == "wrong"


def test_prose_without_pages_is_compared_with_its_references() -> None:
    definition = item("open", "什么是商誉？", references=("商誉是收购价超过可辨认净资产公允价值的部分。", "x"))
    # 商誉指收购价超过净资产公允价值的部分。 / reference, 21 characters: 17 characters in common of 18 and 21
    found = judge(definition, answer("商誉指收购价超过净资产公允价值的部分。"))
    assert found.verdict == "correct"
    assert found.scores["rouge_l"] == pytest.approx(2 * 17 / (18 + 21))
    assert judge(definition, answer("存货是企业持有以备出售的商品。")).verdict == "wrong"


def test_reading_gives_exact_match_and_f1() -> None:
    question = item(
        "reading", "哪一年？", ("1995年", "1995"), references=("1995年", "1995"), passage="研究在1995年进行。"
    )
    assert judge(question, answer("1995")).scores == {"em": 1.0, "f1": 1.0}
    # 研究在1995年进行 (10 characters) with 1995年 (5): 5 shared -> 10 / 15
    found = judge(question, answer("研究在1995年进行。"))
    assert found.scores == {"em": 0.0, "f1": pytest.approx(10 / 15)}
    assert found.verdict == "wrong"


FILING = item(
    "filing",
    "How much did sales grow?",
    ("Sales grew by 1.3% in FY2022.",),
    report="LD_10K",
    pages=(28,),
    language="en",
)


@pytest.mark.parametrize(
    ("text", "page", "verdict"),
    [
        ("In FY2022 sales grew by 1.3%.", 28, "correct"),
        ("In FY2022 sales grew by 1.4%.", 28, "wrong"),
        ("In FY2022 sales grew by 1.3%.", 29, "wrong"),
        ("Profit 1.3%, margin 2.4%, tax 5.5%, cash 6.6%, debt 7.7%, equity 8.8%, sales 9.9%, growth 1.1%", 28, "wrong"),
    ],
)
def test_prose_about_a_filing_has_its_numbers_words_and_page(text: str, page: int, verdict: str) -> None:
    assert judge(FILING, answer(text, cited(page, document="LD_10K.pdf"))).verdict == verdict


def test_a_short_answer_about_a_filing_may_stand_in_a_sentence_but_not_contradict() -> None:
    largest = item("filing", "Largest liability?", ("Customer deposits",), report="LD_10K", pages=(98,), language="en")
    cites = cited(98, document="LD_10K.pdf")
    assert (
        judge(largest, answer("The largest liability in 2022 was customer deposits of $110.2 billion.", cites)).verdict
        == "correct"
    )
    decided = item("filing", "Did it grow?", ("Yes, it grew year over year",), language="en")
    assert judge(decided, answer("Yes, it grew year over year.")).verdict == "correct"
    assert judge(decided, answer("No, it grew year over year.")).verdict == "wrong"


def test_a_number_about_a_filing_is_compared_in_the_unit_asked() -> None:
    expected = item(
        "filing", "How much in USD million?", ("77.78",), gold_values=(77.78,), unit="USD million", language="en"
    )
    assert judge(expected, answer("It expects to pay $77.78 million.")).verdict == "correct"
    assert judge(expected, answer("77.78")).verdict == "correct"
    assert judge(expected, answer("It expects to pay $77.78 billion.")).verdict == "wrong"


OPTIONS = ("额中回后份", "角回", "额下回后份", "顶上小叶")
EXAM = item("choice", "语言中枢在哪里？", ("C", "额下回后份"), choices=OPTIONS)
LONGER = item("choice", "How much?", ("B", "A pea-sized amount."), choices=("A smear.", "A pea-sized amount."))
DECISION = item("choice", "Does it help?", ("yes",), choices=("yes", "no", "maybe"))


@pytest.mark.parametrize(
    ("question", "text", "verdict"),
    [
        (EXAM, "C", "correct"),
        (EXAM, "答案是C。", "correct"),
        (EXAM, "(C) 额下回后份", "correct"),
        (EXAM, "语言中枢位于额下回后份。", "correct"),
        (EXAM, "答案是B。", "wrong"),
        (EXAM, "A. 额中回后份 B. 角回 C. 额下回后份 D. 顶上小叶", "wrong"),
        (EXAM, "额中回后份和额下回后份", "wrong"),
        (LONGER, "A pea-sized amount.", "correct"),
        (LONGER, "A pea-sized amount or a smear.", "wrong"),
        (DECISION, "Yes, it does.", "correct"),
        (DECISION, "yes or no or maybe", "wrong"),
    ],
)
def test_a_choice_is_one_option(question: Item, text: str, verdict: str) -> None:
    assert judge(question, answer(text)).verdict == verdict


def test_a_refusal_is_right_only_where_nothing_else_is() -> None:
    impossible = item("refusal", "琅岱仪器2030年净利润？")
    assert judge(impossible, refusal()).verdict == "correct"
    assert judge(impossible, answer("净利润为5元。")).verdict == "wrong"
    assert judge(REVENUE, refusal()).verdict == "refused"
