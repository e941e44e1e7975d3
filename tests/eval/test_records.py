import json

from vouch.eval.records import answer_from_json, record_from_json, record_json
from vouch.eval.types import AnswerRecord, Item
from vouch.generation.types import Answer, Citation, Refusal, Step, Verification

CITED = Answer(
    question="营业收入？",
    answer="12.34亿元",
    kind="extractive",
    citations=(
        Citation(1, "d1", "江河.pdf", 7, ("一", "（一）"), "营业收入 12.34", ((1.0, 2.0, 3.0, 4.0),), 0.5, ocr=True),
    ),
    verification=Verification(3, 1, 2, 0),
    steps=(Step("先查", "lookup", {"year": 2022}, "12.34"),),
    timings_ms={"total": 12.0},
    warnings=("a warning",),
)
REFUSED = Answer("?", "没有", "refused", Refusal("not_in_library", "没有", "换一个"))
ITEM = Item(
    "q1", "营业收入？", "value", type="1", gold=("12.34亿元",), gold_values=(1.234e9,), pages=(7,), report="江河.pdf"
)


def test_an_answer_survives_the_way_through_json() -> None:
    for answer in (CITED, REFUSED):
        record = AnswerRecord(ITEM, answer, "correct", {"f1": 1 / 3}, (("江河.pdf", 7),), 0.25, ("note",))
        line = json.loads(json.dumps(record_json(record), ensure_ascii=False))
        assert record_from_json(ITEM, line) == record
        assert answer_from_json(line["answer"]) == answer


def test_a_line_has_the_keys_that_independent_scorers_read() -> None:
    line = record_json(AnswerRecord(ITEM, CITED, "wrong", {}))
    assert (line["id"], line["question"], line["verdict"]) == ("q1", "营业收入？", "wrong")
    assert line["answer"]["citations"][0]["page"] == 7
    assert {"question", "answer", "kind", "refusal", "citations", "verification"} <= line["answer"].keys()
