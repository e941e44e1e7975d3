"""What `vouch search` reads from a question, and that it says so."""

from pathlib import Path

import pytest

from tests.app.conftest import Vouch


def test_what_was_read_from_the_question_is_in_the_result(vouch: Vouch, library: Path) -> None:
    found = vouch("search", "江河重工2022年营业收入", "--library", library, "--json").json
    assert found["inferred"]["companies"] == ["江河重工股份有限公司"]
    assert found["inferred"]["years"] == [2022]
    assert found["hits"][0]["document_id"] in found["inferred"]["document_ids"]


def test_people_are_told_too_beside_the_ranks_of_each_leg(vouch: Vouch, library: Path) -> None:
    done = vouch("search", "江河重工2022年营业收入", "--library", library)
    assert "公司：江河重工股份有限公司；年份：2022" in done.err
    assert "lexical 1" in done.out


def test_the_words_alone_are_searched_for_where_that_is_wanted(vouch: Vouch, library: Path) -> None:
    found = vouch("search", "江河重工2022年营业收入", "--library", library, "--no-infer", "--json").json
    assert found["inferred"]["companies"] == []
    assert vouch("search", "江河重工2022年营业收入", "--library", library, "--no-infer").err == ""


def test_an_answer_tells_what_was_read_from_its_question(vouch: Vouch, library: Path) -> None:
    answer = vouch("ask", "江河重工2022年的法定代表人是谁？", "--library", library, "--json").json
    assert answer["understanding"]["companies"] == ["江河重工股份有限公司"]
    assert answer["understanding"]["years"] == [2022]


def test_constants_that_tantivy_fixes_are_refused_with_the_remedy(
    vouch: Vouch, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCH_RETRIEVAL__K1", "2")
    done = vouch("search", "营业收入", "--library", library)
    assert done.code == 2
    assert "choose rank-bm25" in done.err
