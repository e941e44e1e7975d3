"""`vouch eval suite`: the data sets of a suite one after the other, each with its floors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vouch.app.commands.options import with_reranker
from vouch.app.eval_answers import evaluate_answers
from vouch.app.eval_facts import evaluate_facts
from vouch.app.eval_output import RunOptions
from vouch.app.eval_retrieval import Ranking, evaluate_retrieval
from vouch.app.settings import Settings
from vouch.app.terminal import note
from vouch.app.wiring_ingest import ingest_options
from vouch.app.wiring_store import open_library, open_store_to_fill
from vouch.eval.floors import breaches, metric_value
from vouch.eval.runs import OtherRun
from vouch.eval.suite import DataSet, Suite
from vouch.ingest.bulk import ingest_paths
from vouch.ingest.loaders.discover import discover
from vouch.retrieval.errors import UsageError


@dataclass(frozen=True, slots=True)
class Places:
    """Where a suite finds its data and keeps what it makes."""

    data: Path
    work: Path


def run_suite(settings: Settings, suite: Suite, sets: Sequence[DataSet], places: Places) -> Iterator[dict[str, Any]]:
    """Yield the outcome of each set as soon as it is measured: its metrics, its floors and whether they hold."""
    filled: set[str] = set()
    for data_set in sets:
        if data_set.library and data_set.library not in filled:
            _fill(
                _with_library(settings, places.work / "libraries" / data_set.library), suite, data_set.library, places
            )
            filled.add(data_set.library)
        note(f"{data_set.name} …")
        yield _outcome(data_set, _metrics(settings, data_set, places))


def _with_library(settings: Settings, folder: Path) -> Settings:
    return replace(settings, library=str(folder))


def _fill(settings: Settings, suite: Suite, name: str, places: Places) -> None:
    """Read a library's documents where that is not done yet; those that the suite no longer names are taken out."""
    shelf = suite.libraries[name]
    files = discover([places.data / document for document in shelf.documents])
    settings = replace(settings, ingest=replace(settings.ingest, kind=shelf.kind))
    with open_store_to_fill(settings) as store:
        done = ingest_paths(files, ingest_options(settings), store, lambda _: None)
        wanted = {result.source.doc_id for result in done.results if result.source}
        store.remove([held.source.doc_id for held in store.documents() if held.source.doc_id not in wanted])
    note(f"library {name}: {done.count('ingested') + done.count('replaced')} files read in {done.seconds:.1f} s")
    for failed in (result for result in done.results if result.error):
        note(f"  {failed.path}: {failed.error and failed.error.message}")
    with open_library(settings) as library:
        library.catch_up()


def _metrics(settings: Settings, data_set: DataSet, places: Places) -> dict[str, Any]:
    """Return a set's summary; a run that was interrupted goes on, one of another program is made again."""
    options = RunOptions(out=places.work / "runs" / data_set.name, core=data_set.core, sample=data_set.sample)
    try:
        return _measured(settings, data_set, places, options)
    except OtherRun:
        return _measured(settings, data_set, places, replace(options, restart=True))


def _measured(settings: Settings, data_set: DataSet, places: Places, options: RunOptions) -> dict[str, Any]:
    files = [places.data / file for file in data_set.files]
    missing = next((file for file in files if not file.exists()), None)
    if missing is not None:
        raise UsageError(f"{missing} is not there: --data names the folder that holds the suite's data")
    asked = _with_library(settings, places.work / "libraries" / (data_set.library or data_set.name))
    match data_set.verb:
        case "answers":
            return evaluate_answers(asked, files, options, judged=False)
        case "retrieval":
            return evaluate_retrieval(with_reranker(settings), files[0], Ranking(), options, asked.library)
        case "facts":
            return evaluate_facts(asked, files[0], options, None)


def _outcome(data_set: DataSet, metrics: dict[str, Any]) -> dict[str, Any]:
    under = {breach.floor.metric for breach in breaches(metrics, [dated.floor for dated in data_set.floors])}
    floors = [
        {
            "metric": dated.floor.metric,
            "value": metric_value(metrics, dated.floor.metric),
            "least": dated.floor.least,
            "since": dated.date.isoformat(),
            "ok": dated.floor.metric not in under,
        }
        for dated in data_set.floors
    ]
    return {"name": data_set.name, "verb": data_set.verb, "ok": not under, "floors": floors, "metrics": metrics}


def outcome_lines(outcome: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each floor of a set."""
    for floor in outcome["floors"]:
        mark = "ok" if floor["ok"] else "UNDER THE FLOOR"
        yield f"{outcome['name']:<28}{floor['metric']:<26}{floor['value']:>9.4f}{floor['least']:>9.4f}  {mark}"
    if not outcome["floors"]:
        yield f"{outcome['name']:<28}(no floors)"
