import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from vouch.eval.floors import Floor, breaches, metric_value, parse_floor
from vouch.eval.suite import DatedFloor, Shelf, chosen_sets, load_suite
from vouch.retrieval.errors import UsageError

METRICS = {
    "dataset": "x",
    "accuracy": 0.5,
    "modes": {"lexical": {"ndcg@10": 0.25, "intervals": {"ndcg@10": [0.2, 0.3]}}},
    "by_type": {"1": {"accuracy": 1}},
    "page_recall@1": None,
}
SUITE = """
[libraries]
reports = ["reports", "more"]

[[sets]]
name = "questions"
verb = "answers"
files = ["q.jsonl"]
library = "reports"
core = true
floors = [{metric = "accuracy", least = 0.5, date = 2026-01-02, commit = "abc"}]

[[sets]]
name = "corpus"
verb = "retrieval"
files = ["zh"]
"""


def test_a_floor_is_a_metric_and_a_number() -> None:
    assert parse_floor("by_type.a=b.accuracy = 0.8") == Floor("by_type.a=b.accuracy", 0.8)
    for text in ("accuracy", "accuracy=", "=0.5", "accuracy=high", "accuracy=nan"):
        with pytest.raises(UsageError, match="METRIC=VALUE"):
            parse_floor(text)


@pytest.mark.parametrize(
    ("metric", "value"),
    [("accuracy", 0.5), ("lexical.ndcg@10", 0.25), ("modes.lexical.ndcg@10", 0.25), ("by_type.1.accuracy", 1.0)],
)
def test_metrics_are_found_where_they_stand(metric: str, value: float) -> None:
    assert metric_value(METRICS, metric) == value


@pytest.mark.parametrize(("metric", "nearest"), [("acuracy", "accuracy"), ("lexical.ndcg", "lexical.ndcg@10")])
def test_an_unknown_metric_names_the_nearest_one(metric: str, nearest: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean {nearest}"):
        metric_value(METRICS, metric)


def test_a_metric_that_nothing_was_measured_for_is_not_zero() -> None:
    with pytest.raises(UsageError, match="no metric is called"):
        metric_value(METRICS, "page_recall@1")


def test_a_value_at_its_floor_holds_and_one_below_is_named_with_both_numbers() -> None:
    found = breaches(METRICS, [Floor("accuracy", 0.5), Floor("lexical.ndcg@10", 0.2501)])
    assert [str(breach) for breach in found] == ["lexical.ndcg@10 is 0.25, under the floor of 0.2501"]


def test_a_suite_is_read_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(SUITE)
    suite = load_suite(tmp_path / "s.toml")
    assert suite.libraries == {"reports": Shelf(("reports", "more"))}
    questions, corpus = suite.sets
    assert (questions.core, questions.library, corpus.verb, corpus.library) == (True, "reports", "retrieval", "")
    assert questions.floors[0].floor == Floor("accuracy", 0.5)

    assert questions.floors[0].date == date(2026, 1, 2)
    assert chosen_sets(suite, ["corpus"]) == (corpus,)
    with pytest.raises(UsageError, match="no set 'copus'; it has questions, corpus"):
        chosen_sets(suite, ["copus"])


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('name = "corpus"', 'name = "questions"', "two sets are called 'questions'"),
        ('verb = "retrieval"', 'verb = "serach"', "none of answers, retrieval, facts"),
        ('library = "reports"', 'library = "report"', "no library 'report'"),
        ("date = 2026-01-02", 'date = "soon"', "set questions.*date"),
        ("least = 0.5", 'least = "half"', "set questions"),
        ('files = ["zh"]', "", "set corpus.*files"),
        ("[[sets]]", "[[sets]", "not valid TOML"),
    ],
)
def test_what_is_wrong_in_a_suite_is_named(tmp_path: Path, before: str, after: str, message: str) -> None:
    (tmp_path / "s.toml").write_text(SUITE.replace(before, after))
    with pytest.raises(UsageError, match=message):
        load_suite(tmp_path / "s.toml")


def test_every_set_of_this_repository_has_floors_and_a_commit_for_each(repository: Path) -> None:
    suite = load_suite(repository / "eval" / "floors.toml")
    floors = [dated for data_set in suite.sets for dated in data_set.floors]
    assert all(data_set.floors for data_set in suite.sets), "every set has a floor"
    assert all(dated.commit for dated in floors)


def floors_of(path: Path) -> dict[tuple[str, str], DatedFloor]:
    return {(found.name, dated.floor.metric): dated for found in load_suite(path).sets for dated in found.floors}


def test_no_floor_goes_down_or_away_without_a_reason(repository: Path, tmp_path: Path) -> None:
    git = shutil.which("git")
    if git is None or not (repository / ".git").exists():
        pytest.skip("not a git checkout: earlier floors are unknown")

    def said(*arguments: str) -> str:
        done = subprocess.run([git, "-C", str(repository), *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    now = floors_of(repository / "eval" / "floors.toml")
    for commit in said("log", "-2", "--format=%H", "--", "eval/floors.toml").split():
        (tmp_path / "before.toml").write_text(said("show", f"{commit}:eval/floors.toml"), encoding="utf-8")
        for key, dated in floors_of(tmp_path / "before.toml").items():
            assert key in now, f"the floor of {key} is gone"
            assert now[key].floor.least >= dated.floor.least or now[key].lowered, f"the floor of {key} went down"


def test_a_library_says_what_its_documents_are_taken_for(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(SUITE.replace('["reports", "more"]', '{documents = ["t.csv"], kind = "facts"}'))
    assert load_suite(tmp_path / "s.toml").libraries == {"reports": Shelf(("t.csv",), "facts")}
    (tmp_path / "s.toml").write_text(SUITE.replace('["reports", "more"]', '{documents = ["t.csv"], kind = "fact"}'))
    with pytest.raises(UsageError, match="one of auto"):
        load_suite(tmp_path / "s.toml")
