"""The card of a trained model: what it was made from, how, how good it is, what it is not for. Text from values alone.

Laid out as Hugging Face reads model cards: a head in YAML, then Markdown.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Report = Mapping[str, Any]
"""The contents of a run's report.json."""
_BETTER = {"loss": "lower", "perplexity": "lower"}
"""All other metrics are better when higher."""
_NO_METRIC = "seconds"
"""What measuring took; stands among the metrics of a report."""


@dataclass(frozen=True, slots=True)
class CardData:
    """The examples of a run, counted."""

    examples: int
    kinds: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)
    licences: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Everything that stands in a card."""

    name: str
    report: Report
    data: CardData | None = None
    """None: nobody counted."""
    base_licence: str = ""
    """As its folder says; empty: it does not."""
    command: str = ""
    """That repeats the run."""
    version: str = ""
    """Of Vouch."""

    @property
    def base(self) -> str:
        """Name of the base model."""
        return str(self.report["base"]["name"])

    @property
    def whole(self) -> bool:
        """Whether all weights were trained, and not an adapter."""
        return bool(self.report["method"] == "full")


def model_card(facts: CardFacts) -> str:
    """Return the card in Markdown."""
    sections = (
        ("Base", _base(facts)),
        ("Data", _data(facts)),
        ("Recipe", _recipe(facts.report)),
        ("Measured on held-out examples", _measured(facts.report)),
        ("Limits", _limits(facts)),
        ("To repeat it", _repeated(facts)),
    )
    return _head(facts) + "".join(f"\n## {title}\n\n{text}" for title, text in sections)


def _head(facts: CardFacts) -> str:
    """Return the YAML, in which a JSON string is a string whatever stands in it, and the title."""
    lines = [
        f"base_model: {_quoted(facts.base)}",
        f"library_name: {'transformers' if facts.whole else 'peft'}",
        "pipeline_tag: text-generation",
        "tags: [vouch, question-answering]",
    ]
    if facts.base_licence:
        lines += ["license: other", f"license_name: {_quoted(facts.base_licence)}"]
    kind = f"{facts.base}, all of its weights trained" if facts.whole else f"An adapter for {facts.base}, trained"
    return "\n".join(["---", *lines, "---", f"# {facts.name}", "", f"{kind} with `vouch finetune train`.", ""])


def _base(facts: CardFacts) -> str:
    base, weights = facts.report["base"], facts.report["weights"]
    licence = facts.base_licence or "not stated in its folder: look at its release before passing this on"
    return _listed(
        (
            ("model", facts.base),
            ("fingerprint of its weights", f"`{base['fingerprint']}`"),
            ("weights", f"{weights['base']:,}"),
            ("licence", licence),
        )
    )


def _data(facts: CardFacts) -> str:
    settings = facts.report["settings"]["data"]
    files = _listed((("files", ", ".join(f"`{name}`" for name in settings["train"])),))
    if facts.data is None:
        return f"{files}\nThe examples were not counted for this card.\n"
    tables = (("source", facts.data.sources), ("licence", facts.data.licences), ("kind", facts.data.kinds))
    counted = "\n".join(_table((title, "examples"), counts.items()) for title, counts in tables if counts)
    return f"{files}- examples: {facts.data.examples:,}\n\n{counted}"


def _recipe(report: Report) -> str:
    rows = [("method", report["method"]), ("computed in", report["computing"]), ("optimiser", report["optimiser"])]
    rows += [("steps", f"{report['steps']:,}"), ("epochs", f"{report['epochs']:.3g}")]
    if report["method"] != "full":
        rows.append(("weights that learned", f"{report['weights']['learned']:,}"))
    shown = {"optimiser": "optimiser", "run": "run", "data": "data"} | (
        {"adapter": "adapter"} if report["method"] != "full" else {}
    )
    settings = [
        (f"`{section}.{key}`", _value(value))
        for section in shown
        for key, value in report["settings"].get(section, {}).items()
        if key not in ("train", "held_out")
    ]
    return _listed(rows) + "\n" + _table(("setting", "value"), settings)


def _measured(report: Report) -> str:
    held_out = report["held_out"]
    if not held_out:
        return "Nothing was held out: how good this is on what it has not seen is unknown.\n"
    stopped_early = report["settings"]["run"].get("patience")
    before, after = held_out.get("before") or {}, held_out["best" if stopped_early else "after"]
    metrics = [name for name in after if name != _NO_METRIC]
    rows = [(name, _number(before.get(name)), _number(after[name]), _BETTER.get(name, "higher")) for name in metrics]
    note = f"\nThe weights are those of step {held_out['best_step']}, where the loss was least.\n"
    return _table(("metric", "before", "after", "better is"), rows) + (note if stopped_early else "")


def _limits(facts: CardFacts) -> str:
    said = [
        "It is measured on the examples above and on nothing else; what the base did well besides may have become "
        "worse: compare the two with `vouch eval answers` and `vouch eval compare`.",
        "Numbers and statements can be wrong. Vouch checks each against its source; other programs do not.",
        *facts.report.get("warnings", ()),
    ]
    if facts.report["method"] in ("qlora", "int8-lora"):
        said.append(
            "It was trained on a base in fewer bits. Merged into that base in bf16, fp16 or fp32 its outputs differ by "
            "the rounding it was trained with: measure the merged model."
        )
    smoke = facts.report.get("smoke")
    if smoke:
        said.append(f"Of {smoke['asked']} replies after training {smoke['stopped']} ended by themselves.")
    return "".join(f"- {one}\n" for one in said)


def _repeated(facts: CardFacts) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in facts.report["libraries"].items())
    lines = [f"```sh\n{facts.command}\n```\n"] if facts.command else []
    vouch = f"vouch {facts.version}, " if facts.version else ""
    trained = f"Finished {facts.report['finished']} on {facts.report['devices']} × {facts.report['device']}"
    return "\n".join([*lines, f"{trained}, seed {facts.report['settings']['run']['seed']}, with {vouch}{libraries}.\n"])


def _listed(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"- {name}: {value}\n" for name, value in rows)


def _table(header: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    lines = [header, tuple("---" for _ in header), *(tuple(map(_cell, row)) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return " ".join(text.replace("|", "\\|").split())


def _value(value: object) -> str:
    return ", ".join(map(str, value)) or "—" if isinstance(value, list) else str(value)


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.4g}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
