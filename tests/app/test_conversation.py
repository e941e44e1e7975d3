"""What a conversation remembers."""

from vouch.app.conversation import Conversation
from vouch.generation.types import Answer
from vouch.retrieval.question import Question
from vouch.retrieval.types import EVERYTHING, Scope, Source, StoredDocument

REPORTS = [
    StoredDocument(
        Source(
            code,
            f"{name}.pdf",
            f"/{code}",
            "report",
            company=f"{name}股份有限公司",
            short_name=name,
            year=2022,
            period="FY",
        ),
        "hash",
        "recipe",
        1,
        1,
        0,
        0,
        "2024-01-01T00:00:00Z",
    )
    for code, name in (("a", "江河重工"), ("b", "山川电子"))
]


class Shelf:
    """A library of two reports."""

    def documents(self, scope: Scope) -> list[StoredDocument]:
        return [document for document in REPORTS if scope.allows(document.source)]


class Recorder:
    """Answers nothing and remembers in which light each question was asked."""

    def __init__(self) -> None:
        self.contexts: list[Question | None] = []

    def ask(self, question: str, scope: Scope, k: int, context: Question | None) -> Answer:
        self.contexts.append(context)
        return Answer(question, "answer", "extractive")


def asked(*questions: str) -> list[tuple[str, ...] | None]:
    """Return the companies that each question finds remembered; None where nothing is."""
    recorder = Recorder()
    talk = Conversation(Shelf(), recorder, EVERYTHING, 8)
    for question in questions:
        if question == "/new":
            talk.forget()
        else:
            talk.ask(question)
    return [context and context.companies for context in recorder.contexts]


def test_a_question_is_asked_in_the_light_of_the_one_before() -> None:
    assert asked("江河重工2022年的营业收入是多少？", "净利润呢？") == [None, ("江河重工股份有限公司",)]


def test_what_was_named_is_remembered_over_questions_that_name_nothing() -> None:
    remembered = asked("江河重工2022年的营业收入是多少？", "净利润呢？", "员工人数呢？")
    assert remembered[2] == ("江河重工股份有限公司",)


def test_another_company_takes_the_place_of_the_first() -> None:
    remembered = asked("江河重工2022年的营业收入是多少？", "山川电子呢？", "净利润呢？")
    assert remembered[2] == ("山川电子股份有限公司",)


def test_a_new_conversation_remembers_nothing() -> None:
    assert asked("江河重工2022年的营业收入是多少？", "/new", "净利润呢？") == [None, None]


def test_the_last_answer_is_kept() -> None:
    talk = Conversation(Shelf(), Recorder(), EVERYTHING, 8)
    assert talk.last is None
    assert talk.ask("江河重工的营业收入？") is talk.last
