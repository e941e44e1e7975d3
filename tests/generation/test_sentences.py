"""Where sentences end, and printed lines as running text."""

import pytest

from vouch.generation.sentences import is_tick_line, is_ticked_not, readable, rejoined, running_text, sentences


def cut(text: str) -> list[str]:
    return [rejoined(text[s.start : s.end]) for s in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("净利润增长3.5%。营收\n下降；成本上升！", ["净利润增长3.5%。", "营收下降；", "成本上升！"]),
        ("他说：“很好。”然后走了。", ["他说：“很好。”", "然后走了。"]),
        ("审议通过（详见公告；编号 1。），已实施。", ["审议通过（详见公告；编号 1。），已实施。"]),
        ("Dr. Smith of Acme Inc. said so. Sales rose 3.5% in the U.S. market.",
         ["Dr. Smith of Acme Inc. said so.", "Sales rose 3.5% in the U.S. market."]),
        ("Symptoms include:\n● wheezing\n● cough\nthat goes on",
         ["Symptoms include:", "● wheezing", "● cough that goes on"]),
        ("√适用 □不适用\n公司已整改。", ["√适用 □不适用", "公司已整改。"]),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_offsets_are_those_of_the_page() -> None:
    text = "页眉\n第一句。第二句。"
    assert [text[s.start : s.end] for s in sentences(text, 3)] == ["第一句。", "第二句。"]


def test_rejoining_keeps_every_character_and_closes_chinese_lines_only() -> None:
    assert rejoined("营业\n收入 12\n34 and\nmore well-\nknown") == "营业收入 12 34 and more well-known"
    assert rejoined("□适用 \uf052不适用") == "□适用 \uf052不适用"
    assert readable("□适用 \uf052不适用 auto\u00ad\nmatic") == "□适用 √不适用 automatic"


@pytest.mark.parametrize(
    ("line", "ticked_not"),
    [("□适用 √不适用", True), ("√适用 □不适用", False), ("□适用 \uf052不适用", True), ("\uf052适用 □不适用", False),
     ("□适用 不适用", True), ("适用 □不适用", False), ("□是 √否", True), ("√是 □否", False)],
)  # fmt: skip
def test_tick_lines_are_read_even_where_the_tick_has_no_glyph(line: str, ticked_not: bool) -> None:
    assert is_tick_line(line)
    assert is_ticked_not(line) == ticked_not


def test_list_items_stand_on_lines_of_their_own() -> None:
    text = "Such as:\n● one\n● two"
    assert running_text(text, sentences(text)) == "Such as:\n● one\n● two"
