"""Passages: what they hold, where they end, and that they can be found on their page."""

from hypothesis import given
from hypothesis import strategies as st

from vouch.ingest import chunk, rejoin
from vouch.ingest.pages import page_of_lines
from vouch.ingest.types import Block, Document
from vouch.retrieval.types import Chunk, Page, Source

SOURCE = Source("d", "a.pdf", "/a.pdf")


def document(*pages: list[tuple[str, str, int]]) -> Document:
    """Build a document from (kind, text, level) blocks."""
    made, blocks = [], []
    for number, page in enumerate(pages, 1):
        text, position = "\n".join(text for _, text, _ in page), 0
        for kind, part, level in page:
            blocks.append(Block(kind, number, position, position + len(part), level))  # type: ignore[arg-type]
            position += len(part) + 1
        made.append(Page(number, text))
    return Document(tuple(made), tuple(blocks))


def split(*pages: list[tuple[str, str, int]]) -> tuple[Chunk, ...]:
    return chunk.split(document(*pages), SOURCE)


def test_a_section_holds_its_heading_and_its_paragraphs() -> None:
    (only,) = split([("heading", "九、破产重整相关事项", 2), ("prose", "□适用 √不适用", 0)])
    assert only.text == "九、破产重整相关事项\n□适用 √不适用"
    assert only.section == ("九、破产重整相关事项",)


def test_a_heading_closes_the_deeper_ones_before_it() -> None:
    chunks = split(
        [
            ("heading", "第一节 概况", 1),
            ("heading", "一、业务", 2),
            ("prose", "甲。", 0),
            ("heading", "第二节 财务", 1),
            ("prose", "乙。", 0),
        ]
    )
    assert [c.section for c in chunks] == [("第一节 概况", "一、业务"), ("第二节 财务",)]


def test_a_chunk_never_crosses_a_page() -> None:
    chunks = split([("heading", "一、业务", 2), ("prose", "甲。", 0)], [("prose", "乙。", 0)])
    assert [(c.page, c.section) for c in chunks] == [(1, ("一、业务",)), (2, ("一、业务",))]


def test_furniture_and_contents_are_left_out() -> None:
    chunks = split([("furniture", "2023 年年度报告", 0), ("toc", "第一节....4", 0), ("prose", "正文。", 0)])
    assert [c.text for c in chunks] == ["正文。"]


def test_a_heading_without_text_is_kept_where_nothing_repeats_it() -> None:
    chunks = split([("heading", "十、其他", 2), ("heading", "十一、后续", 2), ("prose", "甲。", 0)])
    assert [c.text for c in chunks] == ["十、其他", "十一、后续\n甲。"]


def test_every_piece_of_a_long_table_carries_caption_unit_and_columns() -> None:
    head = "合并利润表\n单位：元\n项目 2023 年 2022 年"
    rows = "\n".join(f"项目{i:03d} {i},000.00 {i},500.00" for i in range(100))
    chunks = split([("table", f"{head}\n{rows}", 0)])
    assert len(chunks) > 1
    assert chunks[0].context == ""
    assert all(c.context == head for c in chunks[1:])
    assert "\n".join(c.text for c in chunks) == f"{head}\n{rows}"


def test_a_table_that_goes_on_over_the_page_keeps_its_head() -> None:
    head = "单位：元\n项目 2023 年 2022 年"
    _, second = split([("table", f"{head}\n货币资金 1.00 2.00", 0)], [("table", "开发支出\n商誉 3.00 4.00", 0)])
    assert second.context == head


def test_a_new_table_on_the_next_page_has_its_own_head() -> None:
    _, second = split([("table", "项目 2023 年\n甲 1.00", 0)], [("table", "序号 名称 金额\n1 乙 2.00", 0)])
    assert "2023" not in second.context


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = "".join(f"这是第{i}句话，内容略有不同。" for i in range(100))
    chunks = split([("prose", text, 0)])
    assert len(chunks) > 2
    assert all(c.text.endswith("。") for c in chunks)
    assert "".join(c.text for c in chunks) == text


def test_ids_depend_on_document_page_and_text_only() -> None:
    first, second = split([("prose", "甲。", 0)]), split([("furniture", "页眉", 0), ("prose", "甲。", 0)])
    assert first[0].id == second[0].id
    repeated = split([("heading", "一", 2), ("prose", "同。", 0), ("heading", "一", 2), ("prose", "同。", 0)])
    assert len({c.id for c in repeated}) == 2


def test_chinese_lines_join_without_blanks_and_english_ones_with() -> None:
    assert rejoin.prose("后遗\n症状 \n明显") == "后遗症状明显"
    assert rejoin.prose("blood\npressure") == "blood pressure"
    assert rejoin.prose("dis\u00adcovery") == "discovery"
    assert rejoin.prose("long-\nterm") == "long-term"
    assert rejoin.prose("经 营 活 动 产生") == "经营活动产生"
    assert rejoin.prose("\uf052适用 □不适用") == "√适用 □不适用"


@given(st.lists(st.text(alphabet="甲乙丙。，；a b1.\n", min_size=1, max_size=700), min_size=1, max_size=4))
def test_every_passage_stands_on_its_page(texts: list[str]) -> None:
    pages = [page_of_lines(number, text.split("\n")) for number, text in enumerate(texts, 1)]
    blocks = tuple(Block("prose", page.number, 0, len(page.text)) for page in pages if page.text.strip())
    chunks = chunk.split(Document(tuple(pages), blocks), SOURCE)
    for found in chunks:
        page = pages[found.page - 1]
        assert rejoin.squeeze(found.text) in rejoin.squeeze(page.text)
        assert rejoin.squeeze(page.text[found.start : found.end]) == rejoin.squeeze(found.text)
    kept = "".join(rejoin.squeeze(found.text) for found in chunks)
    assert kept == "".join(rejoin.squeeze(pages[b.page - 1].text) for b in blocks)
