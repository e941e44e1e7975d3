"""Settings in, working parts out: what imports adapters, each inside the function that picks it.

What reads documents is picked in `wiring_ingest`, what makes vectors in `wiring_embedder`, libraries in `wiring_store`.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.extras import need
from vouch.app.settings import Settings
from vouch.app.wiring_embedder import make_embedder
from vouch.retrieval.errors import UnreadableDocument, UsageError
from vouch.retrieval.types import Box, Source

if TYPE_CHECKING:
    # What only some commands need is imported by them: a question waits for every import.
    from vouch.app.chart_results import ResultChart
    from vouch.app.fact_rows import FactRow
    from vouch.app.result_lines import ResultLine
    from vouch.app.warning_report import WarningReport
    from vouch.eval.judges import Judge
    from vouch.eval.retrieval import Measure
    from vouch.eval.types import TextScorer


def fact_writer(path: Path) -> "Callable[[Iterable[FactRow], Path], int]":
    """Return what writes facts to a file of this ending; UsageError for one that nothing writes."""
    match path.suffix.lower():
        case ".csv":
            from vouch.app.exports.text_files import write_csv

            return write_csv
        case ".json":
            from vouch.app.exports.text_files import write_json

            return write_json
        case ".xlsx":
            from vouch.app.exports.workbook import write_workbook

            return write_workbook
        case ".parquet":
            need("pyarrow", "exporting Parquet", "export")
            from vouch.app.exports.parquet import write_parquet

            return write_parquet
    ending = path.suffix or "a file without ending"
    raise UsageError(f"facts are exported as .csv, .json, .xlsx or .parquet, not as {ending}")


def result_writer() -> "Callable[[Iterable[ResultLine], Path], int]":
    """Return what writes the values of an answer to a CSV file."""
    from vouch.app.exports.text_files import write_result_csv

    return write_result_csv


def warning_drawer(path: Path) -> "Callable[[WarningReport], None]":
    """Return what draws the signals of a report into a PNG file."""
    _need_charts(path)
    from vouch.app.chart_signals import chart_signals
    from vouch.app.exports.warning_chart import draw_signals

    return lambda report: draw_signals(f"{report.company} {report.year}", chart_signals(report), path)


def result_drawer(path: Path) -> "Callable[[ResultChart], None]":
    """Return what draws the values of an answer into a PNG file."""
    _need_charts(path)
    from vouch.app.exports.result_chart import draw_results

    return lambda chart: draw_results(chart, path)


def _need_charts(path: Path) -> None:
    if path.suffix.lower() != ".png":
        raise UsageError(f"charts are PNG pictures: name the file {path.with_suffix('.png').name}")
    need("matplotlib", "--chart", "chart")


def make_judge(settings: Settings) -> "Judge":
    """Return what scores answers with the language model that the settings name."""
    need("httpx", "a language model over HTTP", "openai")
    from vouch.eval.judges import Judge
    from vouch.generation.models.openai_http import OpenAIChat, Server
    from vouch.retrieval.tokenize import tokens

    chosen = settings.judge
    server = Server(chosen.base_url, chosen.model, chosen.api_key, float(chosen.timeout), chosen.retries)
    embedder = make_embedder(settings)

    def similarity(question: str, other: str) -> float:
        if tokens(question) == tokens(other):
            return 1.0
        return float((embedder.embed_query(question) @ embedder.embed_query(other).T).clip(0, 1).item())

    return Judge(OpenAIChat(server), similarity)


def ranking_measure() -> "Measure":
    """Return what measures rankings."""
    need("ir_measures", "vouch eval retrieval", "eval")
    from vouch.eval.ranking_measures import measured

    return measured


def text_scorer() -> "TextScorer":
    """Return what scores generated texts."""
    need("sacrebleu", "vouch eval texts", "eval")
    from vouch.eval import text_generation

    return text_generation


def page_picture(source: Source, page: int, boxes: Sequence[Box]) -> bytes | None:
    """Return the page of a PDF document as PNG with boxes marked; None where its file is gone or is no PDF."""
    from vouch.ingest.loaders.page_picture import page_picture as drawn

    path = Path(source.path)
    if path.suffix.lower() != ".pdf" or not path.is_file():
        return None
    try:
        return drawn(path, page, boxes)
    except UnreadableDocument:
        return None  # replaced by another file since it was ingested
