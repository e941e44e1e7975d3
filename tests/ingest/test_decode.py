"""Bytes become the text that was written, or an error; never another text."""

import pytest

from vouch.ingest.loaders.decode import decode, decoding_warnings
from vouch.retrieval.errors import UnreadableDocument

CHINESE = "公司董事会、监事会保证年度报告内容的真实、准确、完整，不存在虚假记载。"
TRADITIONAL = "香港聯合交易所有限公司對本公告的內容概不負責，對其準確性或完整性亦不發表任何聲明。"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-32", "utf-32-le"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
def test_chinese_is_read_in_the_encodings_it_comes_in(encoding: str, name: str) -> None:
    assert decode(CHINESE.encode(encoding)) == (CHINESE, name)


def test_utf_16_with_its_bytes_the_other_way_round_is_read() -> None:
    assert decode(b"\xfe\xff" + CHINESE.encode("utf-16-be")) == (CHINESE, "utf-16-be")


def test_traditional_chinese_in_big5_is_not_taken_for_gb18030() -> None:
    assert decode(TRADITIONAL.encode("big5"))[0] == TRADITIONAL


def test_traditional_chinese_in_gbk_is_not_taken_for_big5() -> None:
    assert decode(TRADITIONAL.encode("gbk"))[0] == TRADITIONAL


def test_western_letters_in_a_single_byte_encoding_are_read_with_a_warning() -> None:
    text, encoding = decode("Le résumé financier a été présenté à la société en février.".encode("cp1252"))
    assert text == "Le résumé financier a été présenté à la société en février."
    assert "guessed to be cp1252" in decoding_warnings(text, encoding)[0]


@pytest.mark.parametrize("lost", [1, 2, 3])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_cut_off_last_character_does_not_change_the_encoding(encoding: str, lost: int) -> None:
    text, found = decode(CHINESE.encode(encoding)[:-lost])
    assert text.rstrip("\ufffd") == CHINESE[: len(text.rstrip("\ufffd"))]
    assert len(text.rstrip("\ufffd")) >= len(CHINESE) - 2
    if text.endswith("\ufffd"):
        assert "at its end" in decoding_warnings(text, found)[-1]


def test_one_broken_byte_in_a_long_utf_8_text_does_not_make_it_gb18030() -> None:
    data = bytearray((CHINESE * 20).encode())
    data[300] = 0xFF
    text, encoding = decode(bytes(data))
    assert encoding == "utf-8"
    assert text.count("公司董事会") >= 19
    assert "broken character" in decoding_warnings(text, encoding)[0]


def test_every_kind_of_line_end_becomes_a_newline() -> None:
    assert decode(b"a\r\nb\rc\nd")[0] == "a\nb\nc\nd"


def test_what_a_file_declares_is_believed_where_its_bytes_allow_it() -> None:
    text = "Привет, мир"
    assert decode(text.encode("koi8-r"), "KOI8-R") == (text, "koi8-r")
    assert decode(CHINESE.encode(), "gb2312") == (CHINESE, "utf-8")
    assert decode(CHINESE.encode("gbk"), "no-such-encoding") == (CHINESE, "gb18030")


@pytest.mark.parametrize("data", [b"abc\x00def", b"\x01\x02\x03\x04 text", "文字".encode("utf-16-le") + b"\n\x00"])
def test_binary_data_is_refused_with_a_remedy(data: bytes) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        decode(data)
    assert caught.value.remedy


def test_a_byte_order_mark_that_lies_is_refused() -> None:
    with pytest.raises(UnreadableDocument, match="byte order mark"):
        decode(b"\xff\xfe" + b"\x00\xd8" * 20)
