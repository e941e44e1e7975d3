"""Ways to ask about companies that report in English."""

from typing import Any

import pytest

from vouch.retrieval.errors import SettingsError
from vouch.retrieval.report_idioms import default_idioms, read_idioms

GUIDANCE = {"guidance": {"asked": ["outlook"], "search": ["expects"]}}
REASONS = {"reasons of a change": {"asked": ["drove"], "search": ["primarily due to"]}}


def named(question: str) -> set[str]:
    return {idiom.name for idiom in default_idioms().find(question)}


@pytest.mark.parametrize(
    ("question", "idiom"),
    [
        ("Is Acme spinning off any business?", "spin-offs and sales"),
        ("Did Acme spin off its dental unit?", "spin-offs and sales"),
        ("Was Acme able to retain its customers?", "customers that stay"),
        ("What drove the change in revenue?", "reasons of a change"),
        ("Is Acme a capital-intensive business?", "capital intensity"),
        ("Does Acme expect a better outlook?", "guidance"),
        ("Are there any ongoing lawsuits?", "legal battles"),
    ],
)
def test_an_idiom_is_known_in_any_form_of_its_words(question: str, idiom: str) -> None:
    assert idiom in named(question)


def test_words_that_stand_apart_make_no_idiom() -> None:
    assert "spin-offs and sales" not in named("Did the spin of the wheel turn the light off?")


def test_the_longer_of_two_idioms_that_overlap_counts() -> None:
    found = named("Which debt securities are registered on an exchange?")
    assert "registered securities" in found
    assert "debt" not in found


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"asked": ["x1"], "search": "revenue"}, "lists of words"),
        ({"asked": ["x1"], "search": ["revenue"], "page": ["7"]}, "lists of words"),
        ({"asked": [], "search": ["revenue"]}, "needs 'asked'"),
        ({"asked": ["x1"], "search": ["revenue"], "statements": ["ledger"]}, "'ledger'"),
        ({"asked": ["of the"], "search": ["revenue"]}, "without a word"),
    ],
)
def test_an_entry_of_another_form_is_named(entry: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        read_idioms({"a": {**GUIDANCE, **REASONS, "wrong": entry}})


def test_the_idioms_that_decide_where_to_look_must_be_there() -> None:
    with pytest.raises(SettingsError, match="reasons of a change"):
        read_idioms({"a": GUIDANCE})
