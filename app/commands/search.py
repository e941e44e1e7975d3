"""`vouch search`: ranked passages, no answer."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from vouch.app.commands.options import (
    chosen_scope,
    chosen_settings,
    json_option,
    library_option,
    scope_options,
    setting_option,
    with_reranker,
)
from vouch.app.terminal import note, print_json, warn

if TYPE_CHECKING:
    from vouch.app.settings import Settings
    from vouch.retrieval.inferred import Inferred
    from vouch.retrieval.types import Hit, SearchMode


@click.command(short_help="Find passages.")
@click.argument("query")
@setting_option("-k", key="retrieval.k", metavar="N", kind=int, text="How many passages.")
@setting_option("--mode", key="retrieval.mode", metavar="MODE", text="lexical, vector or hybrid.")
@click.option("--rerank", is_flag=True, help="Put the best in a better order, if the settings do not.")
@click.option("--no-infer", is_flag=True, help="Search for the words alone: read no company, year or kind from them.")
@scope_options
@library_option
@json_option
@click.pass_context
def search(ctx: click.Context, query: str, rerank: bool, no_infer: bool, as_json: bool) -> None:
    """Show the passages that fit QUERY best, with document and page.

    Documents of the company, years and kind that QUERY names come first.
    """
    settings = with_reranker(chosen_settings(ctx)) if rerank else chosen_settings(ctx)
    from vouch.app.scoping import named_scope
    from vouch.app.wiring_store import open_library
    from vouch.generation.finding import Wanted, find
    from vouch.generation.json_form import inferred_json

    started = time.perf_counter()
    with open_library(settings) as shelf:
        scope, warnings = named_scope(shelf.documents(), chosen_scope(ctx))
        opened = time.perf_counter()
        wanted = Wanted(settings.retrieval.k, _mode(settings), scope, not no_infer)
        finding = find(shelf, query, wanted)
        found = time.perf_counter()
    for warning in warnings:
        warn(warning)
    if as_json:
        timings = {"open": opened - started, "search": found - opened, "total": found - started}
        found_json = search_json(query, finding.mode, finding.hits, timings)
        print_json({**found_json, "inferred": inferred_json(finding.inferred)})
        return
    _print_inferred(query, finding.inferred)
    _print_hits(query, finding.hits)


def _mode(settings: "Settings") -> "SearchMode | None":
    """Return how is searched; None: as suits the question."""
    chosen = settings.retrieval
    if chosen.mode != "hybrid" or chosen.reranker == "none":
        return chosen.mode
    return None if chosen.reranker == "auto" else "hybrid+rerank"


def search_json(query: str, mode: str, hits: "Sequence[Hit]", seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return the contract's search object."""
    from vouch.generation.json_form import hit_json

    return {
        "query": query,
        "mode": mode,
        "hits": [hit_json(rank, hit) for rank, hit in enumerate(hits, 1)],
        "timings_ms": {name: round(value * 1000, 1) for name, value in seconds.items()},
    }


def _print_inferred(query: str, inferred: "Inferred") -> None:
    from vouch.app.answer_text import language_of
    from vouch.app.inferred_text import inferred_text

    said = inferred_text(inferred, language_of(query))
    if said:
        note(said)


def _print_hits(query: str, hits: "Sequence[Hit]") -> None:
    from vouch.app.answer_text import indented, language_of, place_text, shortened

    language = language_of(query)
    for rank, hit in enumerate(hits, 1):
        place = place_text(hit.chunk.source.name, hit.chunk.page, hit.chunk.section, language)
        legs = " · ".join(f"{leg} {place_in}" for leg, place_in in hit.ranks.items())
        click.echo(f"{rank}. {place}  ({hit.score:.3f}; {legs})\n{indented(shortened(hit.chunk.text))}\n")
    if not hits:
        note("没有找到相关内容。" if language == "zh" else "Nothing found.")
