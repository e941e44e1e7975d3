"""A metric that cannot fail measures nothing: right, shuffled and empty answers, and a page full of numbers."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.eval.makers import answer, cited, hit, item, refusal
from vouch.eval.answers import judged_record, summarise
from vouch.eval.facts import GoldFact, fact_records, summarise_facts
from vouch.eval.ranking_measures import NAMES, measured
from vouch.eval.types import AnswerRecord, Item
from vouch.generation.types import Answer
from vouch.retrieval.facts import Fact

COUNT = 8
NAMES_OF_COMPANIES = ("琅岱仪器", "青砚科技", "云汀药业", "白鹭建工", "砚池软件", "松烟材料", "鹤汀能源", "栖霞食品")
PEOPLE = ("周墨言", "林疏影", "顾长风", "沈知白", "陆青禾", "温如玉", "江晚吟", "谢云归")
THEMES = (
    *("研发平台获省级认定并持续引进人才", "海外渠道覆盖四十个国家和地区", "原材料价格上涨推高采购支出"),
    *("核心专利到期引发仿制竞争压力", "仓储物流改由第三方承运配送", "董事会换届选举产生新任主席"),
    *("环保督察要求技改升级废水处理", "股权激励授予骨干员工限制性股票"),
)
ENGLISH = (
    "cardiac surgery",
    "renal failure",
    "viral vaccine",
    "bone marrow",
    "gene therapy",
    "skin grafts",
    "lung cancer",
    "liver biopsy",
)


def amount(n: int) -> float:
    return 1_000_003.25 * (n + 3) ** 2


def items() -> list[Item]:
    """Eight made-up items of every kind; item n stands on page n + 1 of its own report."""
    return [made for n in range(COUNT) for made in of_number(n)]


def of_number(n: int) -> list[Item]:
    value, company = amount(n), NAMES_OF_COMPANIES[n]
    place = {"report": f"{company}.pdf", "pages": (n + 1,)}
    pair = (f"{value:,.2f}", f"{value / 2:,.3f}")
    made = [
        item("value", f"{company}营业收入是多少元？", pair[:1], gold_values=(value,), unit="元", **place),
        item(
            *("value", f"{company}毛利率是多少？保留2位小数。", (f"{41.37 + n}%",)),
            **{"gold_values": (41.37 + n,), "unit": "%", "components": {"收入": pair[0]}, "type": "2-1"},
            **{"references": (f"{company}收入{pair[0]}元，毛利率为{41.37 + n}%。",), "keywords": (pair[0],)} | place,
        ),
        item(
            "values", f"{company}成本和利润？", pair, gold_values=(value, value / 2), labels=("成本", "利润"), **place
        ),
        item("text", f"{company}的法定代表人是谁？", (PEOPLE[n],), **place),
        item("ranking", "净利润最高的公司是哪家？", (company,), labels=NAMES_OF_COMPANIES, **place),
        item("count", "有多少家公司？", (str(n + 11),), gold_values=(n + 11.0,), **place),
        item("open", f"{company}的经营情况？", references=(THEMES[n],), **place),
        item("open", f"什么是{company}？", references=(THEMES[n],), type="3-2"),
        item("reading", "谁？", (PEOPLE[n],), references=(PEOPLE[n],), passage=f"法定代表人{PEOPLE[n]}。"),
        item("reading", "Which?", (ENGLISH[n],), references=(ENGLISH[n],), passage=ENGLISH[n], language="en"),
        item("filing", "Which?", (f"Mostly {ENGLISH[n]}",), language="en", **place),
        item("filing", "How much?", (f"${value:,.2f}",), gold_values=(value,), unit="USD", language="en", **place),
        item("choice", "谁？", ("ABCDEFGH"[n], PEOPLE[n]), choices=PEOPLE),
        item("refusal", f"{company}2030年？"),
    ]
    return [replace(entry, id=f"{n}-{k}") for k, entry in enumerate(made)]


def page_of(n: int) -> str:
    """What page n + 1 of report n prints."""
    printed = f"收入 {amount(n):,.2f} 利润 {amount(n) / 2:,.3f} 法定代表人 {PEOPLE[n]}"
    return f"{printed} {NAMES_OF_COMPANIES[n]} {THEMES[n]} {ENGLISH[n]}"


def page_text(document_id: str, page: int) -> str:
    return page_of(NAMES_OF_COMPANIES.index(document_id.removesuffix(".pdf")))


def right(entry: Item) -> Answer:
    """The answer that is right, with the citation it needs."""
    n = int(entry.id.partition("-")[0])
    place = cited(n + 1, page_of(n), f"{NAMES_OF_COMPANIES[n]}.pdf")
    match entry.kind:
        case "refusal":
            return refusal()
        case "open" | "filing" | "reading" | "choice":
            said = (entry.references or entry.gold[-1:])[0]
        case "values":
            said = f"成本为{entry.gold[0]}元，利润为{entry.gold[1]}元。"
        case "ranking":
            said = f"最高的是{entry.gold[0]}。"
        case "count":
            said = f"有{entry.gold[0]}家。"
        case _:
            said = entry.references[0] if entry.references else entry.gold[0]
    return answer(said, *(() if entry.passage or not entry.places else (place,)))


Answering = Callable[[Item], Answer]


def records(answering: Answering, pages: Callable[[Item], Sequence[int]]) -> list[AnswerRecord]:
    made = []
    for entry in items():
        retrieved = [hit(page, entry.report) for page in pages(entry)] if entry.report else []
        made.append(judged_record(entry, answering(entry), retrieved, page_text))
    return made


def shuffled() -> Answering:
    """Every item gets the answer to the next item of its kind; refusals are swapped with values."""
    everything = {entry.id: entry for entry in items()}

    def next_of_kind(entry: Item) -> Answer:
        n, _, k = entry.id.partition("-")
        if entry.kind == "refusal":
            return right(everything[f"{n}-0"])
        return right(everything[f"{(int(n) + 1) % COUNT}-{k}"])

    return next_of_kind


def numbers_of_the_page(entry: Item) -> Answer:
    """Everything that looks like a number on a page that holds the right one, properly cited."""
    n = int(entry.id.partition("-")[0])
    others = " ".join(f"{amount(n) * k / 7:,.2f} {k}.5% {k * 13}" for k in range(1, 12))
    place = cited(n + 1, page_of(n), f"{NAMES_OF_COMPANIES[n]}.pdf")
    return answer(f"{others} {amount(n):,.2f} {amount(n) / 2:,.3f} {41.37 + n}% {n + 11} {others}", place)


SCORED = (
    *("value", "components", "text", "names", "em", "f1", "rouge_l", "choice", "official", "number_faithfulness"),
    *("page_recall@1", "page_recall@3", "page_recall@5"),
    *("citation_precision", "citation_recall", "cited_page_recall"),
)


def test_right_answers_score_one_everywhere() -> None:
    found = summarise(records(right, lambda entry: entry.pages)).values
    assert [failure["id"] for failure in found["failures"]] == []
    assert (found["accuracy"], found["score"]) == (1, 1)
    assert {name: found[name] for name in SCORED if name != "official"} == pytest.approx(
        dict.fromkeys((name for name in SCORED if name != "official"), 1.0)
    )
    assert found["official"]["score"] == pytest.approx(100)


def test_shuffled_answers_score_about_nothing() -> None:
    found = summarise(records(shuffled(), lambda entry: [page + 1 for page in entry.pages])).values
    assert (found["correct"], found["refused"]) == (0, 0)
    assert found["score"] == -1
    # What two made-up texts share by chance: common characters and the words of the template.
    chance = {"f1": 0.2, "rouge_l": 0.2}
    others = [name for name in SCORED if name not in ("official", "number_faithfulness")]
    assert {name: found[name] for name in others if found[name] > chance.get(name, 0.0)} == {}
    assert found["official"]["score"] < 5


def test_empty_answers_are_refused_not_wrong() -> None:
    found = summarise(records(lambda entry: answer(""), lambda entry: ())).values
    assert (found["refused"], found["correct"], found["wrong"]) == (found["items"], 0, 0)
    assert found["score"] == 0
    present = {name: found[name] for name in SCORED if name in found and name != "official"}
    assert {name: value for name, value in present.items() if value} == {}
    assert found["official"]["score"] == 0


def test_a_page_of_numbers_scores_nothing() -> None:
    found = summarise(records(numbers_of_the_page, lambda entry: entry.pages)).values
    assert found["correct"] == 0
    assert max(found[name] for name in ("value", "components", "text", "names", "em", "choice")) == 0
    assert max(found[name] for name in ("f1", "rouge_l")) < 0.05
    # The facts and key words are in it somewhere, as the challenge counts them; its likeness is none.
    assert found["official"]["score"] < 60


def test_numbers_that_stand_nowhere_are_unfaithful() -> None:
    made = records(lambda entry: replace(right(entry), answer="约777.77元、888.88元。"), lambda entry: ())
    assert summarise(made).values["number_faithfulness"] == 0


def test_retrieval_measures_can_be_one_nothing_and_between() -> None:
    relevant = {"q": {"a": 1, "b": 1}}
    assert measured(relevant, {"q": ["a", "b"]})["q"] == dict.fromkeys(NAMES, 1.0)
    assert measured(relevant, {"q": ["x", "y"]})["q"] == dict.fromkeys(NAMES, 0.0)
    assert all(0 < value < 1 for value in measured(relevant, {"q": ["x", "a"]})["q"].values())


def test_facts_can_be_exact_shuffled_and_missing() -> None:
    gold = [GoldFact("a.pdf", f"项目{n}", amount(n), f"{amount(n)}", "元", n + 1) for n in range(COUNT)]

    def found(shift: int) -> dict[str, int]:
        def find(row: GoldFact) -> Fact:
            other = gold[(gold.index(row) + shift) % COUNT]
            return Fact(row.field, other.value, "元", 2022, "FY", page=other.page or 1)

        return dict(summarise_facts(list(fact_records(gold, find))).values)

    assert (found(0)["exact"], found(0)["page_exact"]) == (COUNT, COUNT)
    assert (found(1)["wrong"], found(1)["page_exact"]) == (COUNT, 0)
    nothing = summarise_facts(list(fact_records(gold, lambda row: None))).values
    assert nothing["missing"] == COUNT
