"""A run as one HTML file: tables, plots, a browser of failures. It loads nothing and runs only its own script.

The Content-Security-Policy inside the file allows exactly the style and the script written here, by their hashes, and
pictures that are part of the file.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from vouch.eval import plots
from vouch.eval.failure_browser import Excerpt, PagePicture, browser_data, verdict_counts
from vouch.eval.runs import Line, RunSettings

ASSETS = Path(__file__).parent / "assets"
COLOURS = {
    "correct": ("correct", "exact", "first", "2-10"),
    "wrong": ("wrong", "not found"),
    "refused": ("refused", "missing", "11-100"),
}
"""Which class of the style sheet a verdict is shown in."""
CARDS = ("correct", "exact", "wrong", "refused", "missing", "accuracy", "items", "queries", "rows")
MAX_BARS = 60


@dataclass(frozen=True, slots=True)
class Extras:
    """What a report can show only while documents and corpus are at hand."""

    draw: PagePicture | None = None
    excerpt: Excerpt = str


def report_html(
    settings: RunSettings, metrics: Mapping[str, Any], records: Sequence[Line], extras: Extras = Extras()
) -> str:
    """Return the whole report."""
    style = (ASSETS / "report.css").read_text(encoding="utf-8")
    script = (ASSETS / "report.js").read_text(encoding="utf-8")
    data = browser_data(settings.kind, records, extras.draw, extras.excerpt)
    for item in data["items"]:
        item["colour"] = colour_of(item["verdict"])
    parts = [
        _head(settings, style, script),
        _header(settings),
        _cards(metrics),
        *_tables(metrics),
        *_plots(settings, metrics, records),
        _browser(data),
        f'<script id="data" type="application/json">{_inert_json(data)}</script>',
        f"<script>{script}</script></body></html>\n",
    ]
    return "\n".join(parts)


def colour_of(verdict: str) -> str:
    """Return the class that a verdict is shown in."""
    return next((colour for colour, verdicts in COLOURS.items() if verdict in verdicts), "refused")


def _head(settings: RunSettings, style: str, script: str) -> str:
    policy = (
        f"default-src 'none'; style-src {_hash_source(style)}; script-src {_hash_source(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(settings.dataset)} · vouch eval {settings.kind}</title><style>{style}</style></head><body>"
    )


def _hash_source(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _header(settings: RunSettings) -> str:
    sample = f" · sample of {settings.items}, seed {settings.seed}" if settings.sample else ""
    return (
        f"<h1>{escape(settings.dataset)}</h1>"
        f'<p class="under">{settings.kind} · {settings.items} items{sample} · {escape(settings.started)} · '
        f"{escape(settings.commit)}<br><code>{escape(settings.command)}</code></p>"
    )


def _cards(metrics: Mapping[str, Any]) -> str:
    shown = [(name, metrics[name]) for name in CARDS if isinstance(metrics.get(name), int | float)]
    cards = (
        f'<div class="card {colour_of(name) if name not in ("accuracy", "items", "queries", "rows") else ""}">'
        f"<b>{_number(value)}</b><span>{name}</span></div>"
        for name, value in shown
    )
    return f'<div class="cards">{"".join(cards)}</div>'


def _tables(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yield one table of all single values, then one for each group of rows: by type, mode, field."""
    single = list(_single_values(metrics))
    if single:
        pairs = "".join(f"<p><span>{escape(name)}</span><b>{value}</b></p>" for name, value in single)
        yield f'<h2>Metrics</h2><div class="pairs">{pairs}</div>'
    for name, group in metrics.items():
        if isinstance(group, Mapping) and group and all(isinstance(row, Mapping) for row in group.values()):
            yield f"<h2>{escape(name.replace('_', ' '))}</h2>{_group_table(group)}"
    compared = {" - ".join(reversed(entry["modes"])): entry for entry in metrics.get("comparisons", ())}
    if compared:
        yield f"<h2>comparisons of modes, paired by query</h2>{_group_table(compared)}"


def _single_values(metrics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in metrics.items():
        if isinstance(value, int | float | str):
            yield prefix + name, escape(_number(value))
        elif isinstance(value, Mapping) and not all(isinstance(entry, Mapping) for entry in value.values()):
            yield from _single_values(value, f"{prefix}{name} · ")


def _group_table(group: Mapping[str, Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(column for row in group.values() for column in row if _is_cell(row[column])))
    head = "".join(f'<th class="number">{escape(column)}</th>' for column in columns)
    body = []
    for name, row in group.items():
        cells = "".join(f'<td class="number">{escape(_number(row.get(column, "")))}</td>' for column in columns)
        body.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    return f'<div class="wide"><table><tr><th></th>{head}</tr>{"".join(body)}</table></div>'


def _is_cell(value: object) -> bool:
    if isinstance(value, int | float | str):
        return True
    return isinstance(value, Sequence) and len(value) == 2 and all(isinstance(end, int | float) for end in value)


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.1f}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "–".join(_number(entry) for entry in value)
    return str(value)


def _plots(settings: RunSettings, metrics: Mapping[str, Any], records: Sequence[Line]) -> Iterator[str]:
    rows = []
    for group, counts in verdict_counts(settings.kind, records):
        parts = {colour: sum(counts.get(verdict, 0) for verdict in verdicts) for colour, verdicts in COLOURS.items()}
        rows.append(plots.StackedRow(group, tuple(parts.items())))
    if rows:
        rows.sort(key=lambda row: -row.total)
        yield f"<h2>Verdicts</h2>{_legend(settings.kind)}{plots.stacked_bars('Verdicts by group', rows[:MAX_BARS])}"
    if settings.kind == "retrieval":
        yield from _mode_plots(metrics.get("modes", {}))
    yield from _latency(settings, records)


def _legend(kind: str) -> str:
    words = {
        "answers": ("correct", "wrong", "refused"),
        "facts": ("exact", "wrong", "missing"),
        "retrieval": ("found in the first 10", "not found", "found from 11 to 100"),
    }[kind]
    spans = (f'<span><i class="{colour}"></i>{word}</span>' for colour, word in zip(COLOURS, words, strict=True))
    return f'<p class="legend">{"".join(spans)}</p>'


def _mode_plots(modes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for metric in ("ndcg@10", "recall@10", "recall@100"):
        rows = [
            plots.ValueRow(mode, values[metric], _interval(values, metric))
            for mode, values in modes.items()
            if metric in values
        ]
        if rows:
            yield f"<h2>{metric}</h2>{plots.value_bars(metric, rows)}"


def _interval(values: Mapping[str, Any], metric: str) -> tuple[float, float] | None:
    found = values.get("intervals", {}).get(metric)
    return (found[0], found[1]) if found else None


def _latency(settings: RunSettings, records: Sequence[Line]) -> Iterator[str]:
    spent = sorted(1000 * record["seconds"] for record in records if record.get("seconds"))
    if not spent:
        return
    marks = [(f"p{share}", spent[min(len(spent) * share // 100, len(spent) - 1)]) for share in (50, 95)]
    what = "query" if settings.kind == "retrieval" else "question"
    yield f"<h2>Milliseconds a {what}</h2>{plots.histogram(f'Milliseconds a {what}', spent, marks, 'ms')}"


def _browser(data: Mapping[str, Any]) -> str:
    left_out = (
        f'<p class="note">{data["left_out"]} more items are in records.jsonl only.</p>' if data["left_out"] else ""
    )
    return (
        '<h2>Items <span id="count" class="note"></span></h2>'
        '<div class="filters"><select id="type" aria-label="type"></select>'
        '<select id="verdict" aria-label="verdict"></select>'
        '<input id="text" type="search" placeholder="search questions, answers, gold" aria-label="search"></div>'
        f'<div id="list"></div><button id="more" type="button">more</button>{left_out}'
    )


def _inert_json(data: Mapping[str, Any]) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
