"""`vouch eval answers` step by step: items, the system that answers them, records, summary."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any

from vouch.app.eval_bare import bare_model
from vouch.app.eval_libraries import passage_library
from vouch.app.eval_output import RunOptions, Subject, evaluation, finish
from vouch.app.eval_progress import item_progress
from vouch.app.settings import Settings
from vouch.app.wiring import make_judge, page_picture
from vouch.app.wiring_ask import fact_desk, make_generator, make_retrieval, make_voucher, model_of
from vouch.app.wiring_models import gathered_model
from vouch.app.wiring_store import open_library
from vouch.eval.answers import System, asked, judged_record, summarise
from vouch.eval.datasets import core, load_items, sample
from vouch.eval.failure_browser import PagePicture
from vouch.eval.fingerprints import items_fingerprint, library_fingerprint
from vouch.eval.judges import Case, Judge, Judgement, judge_summary
from vouch.eval.records import record_from_json, record_json
from vouch.eval.report import Extras
from vouch.eval.runs import Run
from vouch.eval.systems import AskLibrary, AskPassages
from vouch.eval.types import AnswerRecord, Item, PageText, UnderTest
from vouch.generation.pipeline import Asker
from vouch.retrieval.types import Hit

if TYPE_CHECKING:
    from vouch.generation.gathered import GatheredModel
    from vouch.retrieval.library import Library

JUDGED_PASSAGES = 10
_WRITING = Lock()
"""Of records: questions may be answered in several threads."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that a run of questions needs."""

    systems: Sequence[UnderTest]
    """One for each question that is answered at the same time."""
    gathered: "GatheredModel | None"
    """The chat model that they share; None where questions are answered one by one."""
    fingerprint: str
    picture: PagePicture


def evaluate_answers(settings: Settings, files: Sequence[Path], options: RunOptions, judged: bool) -> dict[str, Any]:
    """Ask all questions that are not answered yet in the run, and return the summary of all."""
    items = chosen_items(files, options)
    judge = make_judge(settings) if judged else None
    with bare_bench(settings, options.bare) if options.bare else bench(settings, items) as prepared:
        subject = Subject(
            kind="answers",
            dataset=", ".join(f"{file.absolute().parent.name}/{file.stem}" for file in files),
            library=prepared.fingerprint,
            questions=items_fingerprint(items),
            items=len(items),
            choices={"judged": judged, "bare": options.bare},
        )
        with evaluation(settings, subject, options) as run:
            done = sum(run.find(item.id) is not None for item in items)
            with item_progress(len(items), done, quiet=False) as advance:
                records = _records(items, prepared, lambda item, system: _record(item, run, system, judge, advance))
            metrics = {"dataset": subject.dataset, **summarise(records).values, "latency_ms": _latency(records)}
            if judge is not None:
                metrics["judged"] = judge_summary(_judgements(line) for line in run.records)
            finish(run, metrics, Extras(draw=prepared.picture), options)
    return metrics


def chosen_items(files: Sequence[Path], options: RunOptions) -> list[Item]:
    """Return the questions of all files, or the part of them that was asked for."""
    items = [(file, item) for file in files for item in load_items(file)]
    often = Counter(item.id for _, item in items)
    # Files number their questions each on their own.
    named = [replace(item, id=f"{file.stem}:{item.id}") if often[item.id] > 1 else item for file, item in items]
    if options.core:
        named = core(named)
    return named if options.sample is None else sample(named, options.sample, options.seed)


@contextmanager
def bench(settings: Settings, items: Sequence[Item]) -> Iterator[Bench]:
    """Give what answers: the library of the settings, and one made of the passages that come with questions."""
    passages = dict.fromkeys(item.passage for item in items if item.passage)
    k = settings.generation.k
    with ExitStack() as stack:
        library = stack.enter_context(open_library(settings)) if any(not item.passage for item in items) else None
        if passages:
            made, ids = stack.enter_context(passage_library(settings, passages))
        elif library is not None:
            made, ids = library, {}
        main = library or made
        main.catch_up()  # now, not in the time of the first question
        documents = main.documents()
        position = main.store.position() if library else ""
        fingerprint = library_fingerprint(f"{position} {main.embedder.name}", documents)
        generator, voucher = make_generator(settings), make_voucher(settings)
        gathered = gathered_model(model_of(generator)) if settings.model.batch > 1 else None
        if gathered is not None:
            generator = make_generator(settings, gathered)
        find = make_retrieval(settings, generator)

        def system() -> System:
            ask = AskLibrary(lambda watched: Asker(main, watched, fact_desk(main), voucher, find), generator, k)
            ask_made = AskLibrary(lambda watched: Asker(made, watched, None, voucher, find), generator, k)
            return System(ask, AskPassages(ask_made, ids), _page_text(main))

        systems = [system() for _ in range(settings.model.batch if gathered else 1)]
        yield Bench(systems, gathered, fingerprint, _picture(main))


@contextmanager
def bare_bench(settings: Settings, generator: str) -> Iterator[Bench]:
    """Give the chat model by itself, with the adapter that `base+ADAPTER` names or without one."""
    system, gathered = bare_model(settings, generator)
    yield Bench([system] * (settings.model.batch if gathered else 1), gathered, "", lambda *_: None)


def _records(
    items: Sequence[Item], prepared: Bench, record: Callable[[Item, UnderTest], AnswerRecord]
) -> list[AnswerRecord]:
    """Return the record of each item; where a model answers several together, each in a thread of its own."""
    gathered = prepared.gathered
    if gathered is None:
        return [record(item, prepared.systems[0]) for item in items]
    free: SimpleQueue[UnderTest] = SimpleQueue()
    for system in prepared.systems:
        free.put(system)

    def recorded(item: Item) -> AnswerRecord:
        system = free.get()
        try:
            with gathered.caller():
                return record(item, system)
        finally:
            free.put(system)

    with ThreadPoolExecutor(len(prepared.systems)) as pool:
        return list(pool.map(recorded, items))


def _page_text(library: "Library") -> PageText:
    def text(document_id: str, page: int) -> str:
        return library.page(document_id, page).text

    return text


def _picture(library: "Library") -> PagePicture:
    sources = {document.source.doc_id: document.source for document in library.documents()}

    def draw(document_id: str, page: int, boxes: Any) -> bytes | None:
        return page_picture(sources[document_id], page, boxes) if document_id in sources else None

    return draw


def _record(
    item: Item, run: Run, system: UnderTest, judge: Judge | None, advance: Callable[[str], None]
) -> AnswerRecord:
    """Return an item's record: the one of an earlier attempt, else the question is asked now."""
    from time import perf_counter

    line = run.find(item.id)
    if line is not None:
        return record_from_json(item, line)
    started = perf_counter()
    answer, hits = asked(item, system)
    record = judged_record(item, answer, hits, system.page_text, perf_counter() - started)
    record = replace(record, scores={**record.scores, **system.likelihood(item)})
    written = record_json(record)
    if judge is not None:
        found = judge.judge(_case(record, hits))
        written["judged"] = {
            name: {"state": judgement.state, "value": judgement.value, "reason": judgement.reason}
            for name, judgement in found.items()
        }
    with _WRITING:
        run.add(written)
        advance(record.verdict)
    return record


def _case(record: AnswerRecord, hits: Sequence[Hit]) -> Case:
    item, answer = record.item, record.answer
    return Case(
        question=item.question,
        answer="" if answer.kind == "refused" else answer.answer,
        passages=tuple(hit.chunk.text for hit in hits[:JUDGED_PASSAGES]),
        reference=(item.references or ("；".join(item.gold),))[0],
        language=item.language,
    )


def _latency(records: Sequence[AnswerRecord]) -> dict[str, float]:
    spent = sorted(1000 * record.seconds for record in records)
    return {f"p{share}": round(spent[min(len(spent) * share // 100, len(spent) - 1)], 1) for share in (50, 95)}


def _judgements(line: Mapping[str, Any]) -> dict[str, Judgement]:
    return {name: Judgement(**said) for name, said in line["judged"].items()}


def answers_text(metrics: Mapping[str, Any]) -> str:
    """Return a summary for people: verdicts, scores, a line for each type."""
    weights = ", ".join(f"{verdict} {weight:+g}" for verdict, weight in metrics["weights"].items())
    low, high = metrics["accuracy_interval"]
    lines = [
        f"{metrics['dataset']}: {metrics['items']} items",
        f"  correct {metrics['correct']} · wrong {metrics['wrong']} · refused {metrics['refused']}",
        f"  accuracy {metrics['accuracy']:.4f} ({low:.3f} to {high:.3f})   score {metrics['score']:+.4f} ({weights})",
    ]
    shown = ("items", "correct", "wrong", "refused", "accuracy", "score", "weights", "accuracy_interval", "dataset")
    others = {name: value for name, value in metrics.items() if isinstance(value, float) and name not in shown}
    lines += [f"  {name} {value:.4f}" for name, value in others.items()]
    lines.append("  milliseconds a question: " + " · ".join(f"{k} {v:g}" for k, v in metrics["latency_ms"].items()))
    official = metrics.get("official")
    if isinstance(official, Mapping):
        parts = (
            f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in official.items()
        )
        lines.append("  official: " + " · ".join(part for part in parts if "{" not in part))
    for name, entry in metrics.get("judged", {}).items():
        mean = "none" if entry["mean"] is None else f"{entry['mean']:.4f}"
        lines.append(
            f"  judged {name} {mean} ({entry['judged']} judged, {entry['failed']} failed {entry['failures'] or ''})"
        )
    lines.append(f"  {'type':<24}{'items':>7}{'correct':>9}{'wrong':>7}{'refused':>9}{'accuracy':>10}")
    for name, row in metrics["by_type"].items():
        counts = f"{row['items']:>7}{row['correct']:>9}{row['wrong']:>7}{row['refused']:>9}"
        lines.append(f"  {name:<24}{counts}{row['accuracy']:>10.4f}")
    return "\n".join(lines)
