"""The field dictionary: labels as reports print them, words as people ask, and what it refuses."""

import csv
import os
from pathlib import Path

import pytest

from vouch.retrieval.errors import SettingsError
from vouch.retrieval.fields import FieldDictionary, read_fields
from vouch.retrieval.lexicon import LINE_KINDS, default_lexicon

SHARED = Path(os.environ.get("VOUCH_SHARED", Path(__file__).parents[3] / "shared"))


@pytest.fixture(scope="module")
def fields() -> FieldDictionary:
    return FieldDictionary.load()


def name_of(fields: FieldDictionary, label: str, statement: str, within: str = "") -> str | None:
    field = fields.by_label(label, statement, within)
    return field.name if field else None


@pytest.mark.parametrize(
    ("label", "statement", "name"),
    [
        ("货币资金 七、1", "balance", "货币资金"),
        ("应收账款 十七、", "balance", "应收账款"),
        ("应收帐款", "balance", "应收账款"),
        ("减：库存股", "balance", "库存股"),
        ("一年内到期的非流动资产", "balance", "一年内到期的非流动资产"),
        ("实收资本（或股本） 七、53", "balance", "股本"),
        ("归属于母公司所有者权益\n（或股东权益）合计", "balance", "归属于母公司所有者权益合计"),
        ("归属于母公司股东权益合计", "balance", "归属于母公司所有者权益合计"),
        ("归属于本行股东权益合计", "balance", "归属于母公司所有者权益合计"),
        ("股东权益合计", "balance", "所有者权益合计"),
        ("负债和所有者权益（或股东权益）总计", "balance", "负债和所有者权益总计"),
        ("二、营业总成本", "income", "营业总成本"),
        ("其中：对联营企业和合营企业的投资收益", "income", "对联营企业和合营企业的投资收益"),
        ("加：公允价值变动收益（损失以“－”号填列）", "income", "公允价值变动收益"),
        ("投资收益／（损失）", "income", "投资收益"),
        ("五、净利润（净亏损以“－”号填", "income", "净利润"),
        ("五、净利润（净亏损以“－”号填列）列）", "income", "净利润"),
        ("1.归属于母公司股东的净利润（净亏损以“-”号填列）", "income", "归属于母公司所有者的净利润"),
        ("归属母公司所有者的其他综合收益的税后净额", "income", "归属于母公司所有者的其他综合收益的税后净额"),
        ("（7）现金流量套期储备（现金流量套期损益的有效部分）", "income", "现金流量套期储备"),
        ("（一）基本每股收益(元/股)", "income", "基本每股收益"),
        ("支付给职工以及为职工支付的现金", "cash_flow", "支付给职工及为职工支付的现金"),
        ("加：期初现金及现金等价物余额", "cash_flow", "期初现金及现金等价物余额"),
        ("五、现金及现金等价物净(减少)/增加额", "cash_flow", "现金及现金等价物净增加额"),
        ("归属于上市公司股东的净资产（元）", "key_figures", "归属于母公司所有者权益合计"),
        ("归属于上市公司股东的扣除非经常性损益的净利润（元）", "key_figures", "扣除非经常性损益的净利润"),
        ("总资产（元）", "key_figures", "资产总计"),
        ("加权平均净资产收益率（%）", "key_figures", "加权平均净资产收益率"),
        ("公司的外文名称缩写（如有）", "company", "外文名称缩写"),
        ("报告期末在职员工的数量合计（人）", "employees", "职工总数"),
        ("研发人员数量占公司总人数的比例（%）", "research", "研发人员占比(%)"),
        ("研发人员数量占比", "research", "研发人员占比(%)"),
        ("30~40 岁", "research", "30至40岁研发人员数"),
        ("前五名客户合计销售金额（元）", "customers", "前五名客户销售额"),
        ("Property, plant and equipment, net", "balance", "固定资产"),
        ("Total shareholders’ equity", "balance", "所有者权益合计"),
        ("Net cash used in investing activities", "cash_flow", "投资活动产生的现金流量净额"),
    ],
)
def test_a_printed_label_is_known_by_its_line(fields: FieldDictionary, label: str, statement: str, name: str) -> None:
    assert name_of(fields, label, statement) == name


@pytest.mark.parametrize("label", ["流动资产：", "项目", "", "　", "七、1", "单位：元", "永续债", "其他"])
def test_what_is_no_line_of_the_statement_is_not_known(fields: FieldDictionary, label: str) -> None:
    assert name_of(fields, label, "balance") is None


def test_the_same_words_mean_another_line_in_another_statement(fields: FieldDictionary) -> None:
    assert name_of(fields, "其他综合收益", "balance") == "其他综合收益"
    assert name_of(fields, "其他综合收益", "income") == "其他综合收益的税后净额"
    assert name_of(fields, "硕士", "employees") == "硕士人数"
    assert name_of(fields, "硕士", "research") == "研发人员中硕士人数"


def test_a_label_below_another_line_can_mean_that_lines_part(fields: FieldDictionary) -> None:
    assert name_of(fields, "永续债", "balance", within="应付债券") == "应付债券中的永续债"
    assert name_of(fields, "永续债", "balance", within="其他权益工具") == "其他权益工具中的永续债"
    assert name_of(fields, "利息收入", "income", within="营业总收入") == "营业总收入中的利息收入"
    assert name_of(fields, "利息收入", "income", within="财务费用") == "利息收入"
    assert {"应付债券", "营业总收入", "财务费用", "存货"} <= fields.parents


def test_questions_name_fields_by_the_longest_word(fields: FieldDictionary) -> None:
    question = "2021年归属于母公司所有者的净利润、硕士及以上学历人数和PP&E是多少？"
    found = [(m.field.name, question[m.start : m.end]) for m in fields.mentions(question)]
    assert found == [
        ("归属于母公司所有者的净利润", "归属于母公司所有者的净利润"),
        ("硕士及以上人数", "硕士及以上学历人数"),
        ("固定资产", "PP&E"),
    ]


def test_units_follow_the_kind_of_value(fields: FieldDictionary) -> None:
    units = {name: fields.by_name(name) for name in ("营业收入", "基本每股收益", "职工总数", "法定代表人", "净息差")}
    assert [field.unit for field in units.values() if field] == ["元", "元/股", "人", "", "%"]
    eps = units["基本每股收益"]
    assert eps is not None
    assert not eps.is_money  # a table in 万元 does not scale it


def entry(**more: object) -> dict[str, object]:
    return {"en": str(more.pop("en", "Cash")), **more}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (
            {"balance": {"甲": entry(labels=["丙"]), "乙": entry(en="B", labels=["丙："])}},
            "label '丙：' stands under '甲'",
        ),
        (
            {"balance": {"甲": entry(aliases=["丙"])}, "income": {"乙": entry(en="B", aliases=["丙"])}},
            "'丙' stands under '甲'",
        ),
        ({"balance": {"甲": entry()}, "income": {"甲": entry(en="B")}}, "'甲' stands twice"),
        ({"balance": {"甲": entry(label=["丙"])}}, "unknown key 'label'"),
        ({"balance": {"甲": {}}}, "needs its English name"),
        ({"balance": {"甲": entry(unit="yuan")}}, "unit 'yuan'"),
        ({"balance": {"甲": entry(part_of="乙")}}, "refers to unknown '乙'"),
        ({"balance": {"甲": entry(labels=["乙", "乙"])}}, "names a word twice"),
    ],
)
def test_an_entry_that_cannot_be_right_is_refused(tables: dict[str, dict[str, object]], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_fields(tables)


WIDER_IN_THE_LEXICON = {
    "签字会计师",  # the lexicon looks for evidence about the auditor; here the persons are a value of their own
    "total revenues",  # a filing calls its first line so, or plain "revenues"; in Chinese statements they differ
    "other comprehensive income",  # of the year in English statements; 其他综合收益 is the balance
}
NOT_VALUES = {"受限资产", "主营业务"}  # described in reports, stated as no single value


def test_the_lexicon_of_questions_and_the_dictionary_agree(fields: FieldDictionary) -> None:
    kinds = {*LINE_KINDS, "profile", "people"}
    for group in default_lexicon().groups:
        if group.kind in kinds and group.name not in NOT_VALUES:
            named = {term: fields.by_alias(term) for term in group.terms if term not in WIDER_IN_THE_LEXICON}
            assert {field.name for field in named.values() if field} == {named[group.name].name}, group.name  # type: ignore[union-attr]
            assert [term for term, field in named.items() if field is None] == []


def test_every_field_of_the_gold_table_has_its_canonical_name(fields: FieldDictionary) -> None:
    gold = SHARED / "data/finance/cn/fields_gold.csv"
    if not gold.is_file():
        pytest.skip("the shared data is not here")
    with gold.open(encoding="utf-8-sig") as file:
        names = {row["field"] for row in csv.DictReader(file)}
    assert {name for name in names if fields.by_name(name) is None} == set()
