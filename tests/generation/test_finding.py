"""What `vouch search` finds."""

from tests.generation.shelf_maker import QINGHE, FakeShelf, annual_report, source
from vouch.generation.finding import Wanted, find
from vouch.retrieval.inferred import Inferred
from vouch.retrieval.types import Scope


def two_companies() -> FakeShelf:
    shelf = annual_report()
    text = "净利润 净利润 清河科技是我们的客户，本年净利润增长。"
    shelf.add(source("other", "蓝田企业股份有限公司", "蓝田股份", 2022), [("prose", ("概况",), text)])
    return shelf


def test_the_company_named_comes_first_and_others_after() -> None:
    finding = find(two_companies(), "清河科技2022年净利润", Wanted(k=20))
    documents = [hit.chunk.source.doc_id for hit in finding.hits]
    assert documents[0] == "annual"
    assert documents[-1] == "other"
    assert finding.inferred.companies == (QINGHE,)
    assert finding.inferred.years == (2022,)


def test_each_passage_comes_once_and_no_more_than_wanted() -> None:
    finding = find(two_companies(), "清河科技2022年净利润", Wanted(k=3))
    assert len({hit.chunk.id for hit in finding.hits}) == len(finding.hits) == 3


def test_without_inference_the_words_alone_are_searched_for() -> None:
    shelf = two_companies()
    finding = find(shelf, "清河科技2022年净利润", Wanted(k=5, infer=False))
    assert finding.inferred == Inferred()
    assert list(finding.hits) == shelf.search("清河科技2022年净利润", 5)


def test_nothing_outside_the_scope_is_found() -> None:
    finding = find(two_companies(), "清河科技2022年净利润", Wanted(k=20, scope=Scope(doc_ids=frozenset({"other"}))))
    assert {hit.chunk.source.doc_id for hit in finding.hits} == {"other"}
    assert finding.inferred.companies == ()


def test_only_what_is_asked_of_no_report_is_read_again() -> None:
    shelf = two_companies()
    assert find(shelf, "清河科技2022年净利润", Wanted(mode=None)).mode == "hybrid"
    assert find(shelf, "高血压患者能吃咸菜吗", Wanted(mode=None)).mode == "hybrid+rerank"
    assert find(shelf, "营业收入", Wanted(mode=None)).mode == "hybrid"
    assert find(shelf, "高血压患者能吃咸菜吗", Wanted()).mode == "hybrid"
    assert find(shelf, "高血压患者能吃咸菜吗", Wanted(mode=None, infer=False)).mode == "hybrid"
