"""`vouch eval facts` step by step: gold rows, the facts of the library (or of a file), records, summary."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vouch.app.eval_output import RunOptions, Subject, evaluation, finish
from vouch.app.settings import Settings
from vouch.app.wiring_store import open_library
from vouch.eval.datasets import sample
from vouch.eval.facts import GoldFact, fact_record_json, fact_records, load_gold_facts, summarise_facts
from vouch.eval.fingerprints import entries_fingerprint, library_fingerprint
from vouch.eval.report import Extras
from vouch.retrieval.errors import UsageError
from vouch.retrieval.fact_query import FactQuery, FactStore
from vouch.retrieval.facts import Fact

if TYPE_CHECKING:
    from vouch.retrieval.library import Library

Found = tuple[str, str, Fact]
"""Document name, period of the document, fact."""


def evaluate_facts(settings: Settings, gold_file: Path, options: RunOptions, found_file: Path | None) -> dict[str, Any]:
    """Compare what was extracted with the gold rows, and return the summary."""
    gold = load_gold_facts(gold_file)
    if options.sample is not None:
        gold = sample(gold, options.sample, options.seed)
    if found_file is not None:
        facts, fingerprint = _facts_of_file(found_file), entries_fingerprint([found_file.read_text(encoding="utf-8")])
    else:
        with open_library(settings) as library:
            facts = _facts_of_library(library)
            fingerprint = library_fingerprint(library.store.position(), library.documents())
    subject = Subject(
        kind="facts",
        dataset=gold_file.stem,
        library=fingerprint,
        questions=entries_fingerprint(asdict(row) for row in gold),
        items=len(gold),
    )
    records = list(fact_records(gold, finder(facts)))
    metrics = {"dataset": subject.dataset, **summarise_facts(records).values}
    # Comparing takes no time worth continuing: what an earlier attempt wrote is written again.
    with evaluation(settings, subject, replace(options, restart=True)) as run:
        for record in records:
            run.add(fact_record_json(record))
        finish(run, metrics, Extras(), options)
    return metrics


def finder(facts: Iterable[Found]) -> Callable[[GoldFact], Fact | None]:
    """Return what finds the value that a report states for its own year and period, consolidated; first ones first."""
    held: dict[tuple[str, str], list[tuple[str, Fact]]] = {}
    for document, period, fact in facts:
        if fact.column == "current" and fact.scope != "parent":
            held.setdefault((document, fact.field), []).append((period, fact))

    def find(gold: GoldFact) -> Fact | None:
        for period, fact in held.get((gold.report, gold.field), ()):
            if gold.year in (None, fact.year) and fact.period in (period, ""):
                return fact
        return None

    return find


def _facts_of_library(library: "Library") -> list[Found]:
    store = library.store
    if not isinstance(store, FactStore):
        raise UsageError(
            "libraries of this version hold no facts; --found FILE scores the output of `vouch facts --json` instead"
        )
    return [(stored.source.name, stored.source.period, stored.fact) for stored in store.facts(FactQuery())]


def _facts_of_file(path: Path) -> list[Found]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["facts"]
        return [(entry["document"], entry["period"], _fact(entry)) for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is no output of `vouch facts --json` ({error!r})") from error


def _fact(entry: Mapping[str, Any]) -> Fact:
    return Fact(
        field=entry["field"],
        value=entry["value"],
        unit=entry["unit"],
        year=entry["year"],
        period=entry["period"],
        scope=entry.get("scope", ""),
        text=entry.get("text") or "",
        raw=entry.get("raw") or "",
        page=entry["page"],
        row=entry.get("row") or "",
    )


def facts_text(metrics: Mapping[str, Any], at_most: int = 15) -> str:
    """Return a summary for people: counts, then the fields with the most failures."""
    lines = [
        f"{metrics['dataset']}: {metrics['rows']} rows",
        f"  exact {metrics['exact']} · wrong {metrics['wrong']} · missing {metrics['missing']}"
        f" · page exact {metrics['page_exact']}",
    ]
    failed = {name: row for name, row in metrics["by_field"].items() if row["exact"] < row["rows"]}
    if failed:
        lines.append(f"  {'exact':>7}{'wrong':>7}{'missing':>9}  field")
    worst = sorted(failed.items(), key=lambda entry: entry[1]["exact"] - entry[1]["rows"])
    lines += [f"  {row['exact']:>7}{row['wrong']:>7}{row['missing']:>9}  {name}" for name, row in worst[:at_most]]
    lines += [f"  … and {len(worst) - at_most} more fields"] if len(worst) > at_most else []
    return "\n".join(lines)
