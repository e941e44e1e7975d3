"""Rows of printed tables: wrapped labels, note numbers, values."""

from vouch.generation.profile_rows import profile_rows
from vouch.generation.rows import plain_label, rows
from vouch.retrieval.types import Page


def read(text: str) -> dict[str, tuple[str, ...]]:
    return {row.label: row.values for row in rows(Page(1, text))}


def test_note_numbers_are_no_values() -> None:
    text = "税金及附加 七、62 5,180,657.76 6,286,416.12\n存货 9 1,000.50 2,000.00\n"
    text += "Inventories (Notes 1 and 3) 12,483 10,387"
    assert read(text) == {
        "税金及附加": ("5,180,657.76", "6,286,416.12"),
        "存货": ("1,000.50", "2,000.00"),
        "inventories": ("12,483", "10,387"),
    }


def test_a_label_wrapped_over_lines_is_one_label() -> None:
    text = "四、利润总额（亏损总额以“－”号\n填列）\n145,623,928.45 215,706,027.04\n"
    text += "投资收益（损失以“－”号填\n列）\n七、68 -12,558,289.50"
    assert read(text) == {"利润总额": ("145,623,928.45", "215,706,027.04"), "投资收益": ("-12,558,289.50",)}


def test_the_quoted_span_holds_label_and_values() -> None:
    page = Page(1, "其他\n所有者权益（或股东权\n益）合计 10.00 9.00\n")
    row = next(row for row in rows(page) if "所有者权益" in row.label)
    assert page.text[row.start : row.end] == "所有者权益（或股东权\n益）合计 10.00 9.00"


def test_a_label_that_the_line_above_completes_is_known_both_ways() -> None:
    (row,) = rows(Page(1, "归属于上市公司股东\n的净利润 34.00 30.00"))
    assert row.label == "的净利润"
    assert "归属于上市公司股东的净利润" in row.long_labels


def test_labels_are_compared_without_numbering_brackets_and_width() -> None:
    assert plain_label("（一）基本每股收益（元／股）") == "基本每股收益"
    assert plain_label("其中：营业收入") == "营业收入"
    assert plain_label("30 岁以下") == "30岁以下"


def test_profile_values_end_where_the_next_label_begins() -> None:
    page = Page(1, "股票简称 清河科技 股票代码 301999\n公司的法定代表人 王小河\n")
    assert profile_rows(page, ["股票简称"])[0].values == ("清河科技",)
    assert profile_rows(page, ["股票代码"])[0].values == ("301999",)
    assert profile_rows(page, ["法定代表人"])[0].values == ("王小河",)


def test_a_value_below_its_column_head_is_found() -> None:
    page = Page(1, "董事会秘书 证券事务代表\n姓名 李大河 徐小河\n联系地址 杭州")
    (row,) = profile_rows(page, ["董事会秘书"])
    assert row.values == ("李大河",)
    assert page.text[row.start : row.end] == "董事会秘书 证券事务代表\n姓名 李大河 徐小河"


def test_a_line_of_amounts_is_no_entry_of_the_profile() -> None:
    page = Page(1, "主营业务 272,264,521.72 56,126,944.02\n主营业务 医疗器械的研发和销售\n注册资本 100,000,000.00\n")
    assert [row.values for row in profile_rows(page, ["主营业务"])] == [("医疗器械的研发和销售",)]
    assert [row.values for row in profile_rows(page, ["注册资本"])] == [("100,000,000.00",)]
