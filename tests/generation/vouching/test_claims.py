"""A reply cut into claims, cleaned of what is no answer."""

import pytest

from vouch.generation.vouching.claims import claims
from vouch.generation.vouching.cleaning import cleaned


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("营业收入为12亿元[1]，净利润为2亿元[2]。", [("营业收入为12亿元", (1,)), ("，净利润为2亿元。", (2,))]),
        ("甲。[1][2] 乙。", [("甲。", (1, 2)), ("乙。", ())]),
        ("甲[1,3]。乙【2】。丙［４］。", [("甲。", (1, 3)), ("乙。", (2,)), ("丙。", (4,))]),
        ("甲[来源1]。乙（资料：2）。", [("甲。", (1,)), ("乙。", (2,))]),
        ("丙[^3]。丁【4†source】。", [("丙。", (3,)), ("丁。", (4,))]),
        ("It was $1.5 million [1]. Up 3.5% [2-4].", [("It was $1.5 million.", (1,)), ("Up 3.5%.", (2, 3, 4))]),
        ("根据[1]，净利润为5元。", [("净利润为5元。", (1,))]),
        ("See Dr. Smith and e.g. this [1].", [("See Dr. Smith and e.g. this.", (1,))]),
        ("- 甲[1]\n- 乙[2]", [("甲", (1,)), ("乙", (2,))]),
        ("| 甲 | 5 |\n|---|---|\n| 乙 | 6 [1] |", [("| 甲 | 5 |", ()), ("| 乙 | 6 |", (1,))]),
        ("[1-999]", [("", tuple(range(1, 22)))]),
    ],
)  # fmt: skip
def test_a_mark_belongs_to_the_words_before_it(reply: str, expected: list[tuple[str, tuple[int, ...]]]) -> None:
    assert [(claim.text, claim.marks) for claim in claims(reply)] == expected


def test_headings_and_announcements_are_told_apart() -> None:
    assert [claim.heading for claim in claims("## 结论\n如下：\n净利润为5元[1]。")] == [True, True, False]


def test_a_claim_knows_its_place() -> None:
    reply = "甲。[1] 乙[2]。"
    assert [reply[claim.start : claim.end] for claim in claims(reply)] == ["甲。[1]", "乙[2]。"]


@pytest.mark.parametrize(
    ("reply", "text", "repeats"),
    [
        ("好。<|user|>再来", "好。", False), ("<|assistant|>好。", "好。", False), ("好。\nUser: 再来", "好。", False),
        ("好\u200b。\x00", "好。", False), ("同一句话。" * 9, "同一句话。", True), ("绕" * 100, "绕", True),
        ("|---|---|---|---|---|---|---|---|---|---|", "|---|---|---|---|---|---|---|---|---|---|", False),
        ("合计100,000,000,000,000,000,000元。", "合计100,000,000,000,000,000,000元。", False),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_cut_away(reply: str, text: str, repeats: bool) -> None:
    found = cleaned(reply, complete=True)
    assert (found.text.rstrip("绕") if text == "绕" else found.text) == text.replace("绕", "")
    assert found.repeats == repeats


def test_a_half_sentence_is_cut_only_where_the_reply_was_cut_off() -> None:
    assert cleaned("第一句。第二", complete=False).text == "第一句。"
    assert cleaned("第一句。第二", complete=True).text == "第一句。第二"
