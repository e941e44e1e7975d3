"""Pieces of text found in a picture become lines in reading order, with the place of each character."""

import numpy as np
import pytest

from vouch.ingest.picture_lines import Piece, page_of_pieces
from vouch.retrieval.types import Page

SIZE = 10.0


def piece(x: float, y: float, text: str) -> Piece:
    """Return a piece whose Chinese characters are 10 points wide and Latin ones 5."""
    width = sum(SIZE if ord(character) > 0x2E80 else SIZE / 2 for character in text)
    return Piece(text, (x, y, x + width, y + SIZE))


def printed(page: Page) -> list[str]:
    return [page.text[line.start : line.end] for line in page.lines]


def test_the_cells_of_a_table_row_are_one_line() -> None:
    cells = [
        piece(300, 100, "1,234.50"),
        piece(60, 101, "货币资金"),
        piece(60, 120, "应收账款"),
        piece(305, 119, "99.00"),
    ]
    assert printed(page_of_pieces(1, cells)) == ["货币资金 1,234.50", "应收账款 99.00"]


def test_a_slightly_tilted_row_is_one_line() -> None:
    tilted = [piece(60 + 120 * i, 100 + 2 * i, f"第{i}格") for i in range(4)]
    assert printed(page_of_pieces(1, tilted)) == ["第0格 第1格 第2格 第3格"]


def test_a_label_of_two_lines_belongs_to_its_numbers() -> None:
    label = [piece(60, 100, "归属于上市公司股东"), piece(60, 109, "的净利润")]
    numbers = [piece(300, 104.5, "33,459.00"), piece(400, 104.5, "18,160.00")]
    assert printed(page_of_pieces(1, label + numbers)) == ["归属于上市公司股东的净利润 33,459.00 18,160.00"]


def test_two_stacked_cells_beside_one_label_are_two_lines() -> None:
    label = [piece(60, 104.5, "会计师事务所")]
    names, values = (
        [piece(200, 100, "名称"), piece(200, 109, "地址")],
        [piece(300, 100, "甲乙"), piece(300, 109, "丙丁")],
    )
    lines = printed(page_of_pieces(1, label + names + values))
    assert [line.replace("会计师事务所 ", "") for line in lines] == ["名称 甲乙", "地址 丙丁"]


def two_columns() -> list[Piece]:
    left = [piece(60, 140 + 15 * i, f"左栏第{i}行的文字一直写到栏边为止") for i in range(8)]
    right = [piece(320, 140 + 15 * i, f"右栏第{i}行的文字一直写到栏边为止") for i in range(8)]
    return [*left, *right]


def test_columns_of_text_are_read_one_after_the_other_below_their_title() -> None:
    title = piece(150, 100, "横跨两栏的文章标题一共二十多个汉字在这里写完")
    lines = printed(page_of_pieces(1, [*two_columns(), title]))
    assert lines[0] == title.text
    assert [line[0] for line in lines[1:]] == ["左"] * 8 + ["右"] * 8


def test_columns_above_and_below_a_picture_title_are_read_apart() -> None:
    below = [Piece(p.text, (p.box[0], p.box[1] + 200, p.box[2], p.box[3] + 200)) for p in two_columns()]
    caption = piece(100, 290, "图一 横跨两栏的图题写得很长以便越过中间的空白处直到右边的一栏里面")
    lines = printed(page_of_pieces(1, [*two_columns(), caption, *below]))
    assert [line[0] for line in lines] == [*"左" * 8, *"右" * 8, "图", *"左" * 8, *"右" * 8]


def test_a_table_is_not_taken_for_columns_of_text() -> None:
    labels = [piece(60, 100 + 15 * i, "购买商品接受劳务支付的现金") for i in range(10)]
    numbers = [piece(330, 100 + 15 * i, f"{i},234,567.89 9,876,543.21 111,222") for i in range(10)]
    assert all("现金" in line and "234" in line for line in printed(page_of_pieces(1, labels + numbers)))


def test_the_box_of_a_span_follows_the_width_of_its_characters() -> None:
    page = page_of_pieces(3, [piece(100, 50, "总资产12.5元")])
    assert page.number == 3
    ((x0, y0, x1, y1),) = page.boxes(page.text.index("12.5"), page.text.index("元"))
    assert (x0, x1) == (pytest.approx(130, abs=0.1), pytest.approx(150, abs=0.1))
    assert (y0, y1) == (50, 60)


def test_every_character_has_edges_and_blanks_have_none() -> None:
    page = page_of_pieces(1, [piece(60, 100, "甲"), piece(200, 100, "乙"), piece(60, 130, "丙")])
    assert page.text == "甲 乙\n丙"
    assert page.char_x is not None
    assert np.array_equal(page.char_x, [[600, 700], [0, 0], [2000, 2100], [0, 0], [600, 700]])


def test_a_page_without_pieces_is_empty() -> None:
    page = page_of_pieces(1, [])
    assert (page.text, page.lines) == ("", ())
