"""Two runs over the same items: what got better, what got worse, and whether that is more than chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vouch.eval.runs import FinishedRun, Line, key_of
from vouch.eval.significance import compare_paired
from vouch.retrieval.errors import UsageError

VERDICTS: Mapping[str, tuple[str, ...]] = {
    "answers": ("wrong", "refused", "correct"),
    "facts": ("wrong", "missing", "exact"),
}
"""From worst to best: a wrong answer does more harm than none."""
GROUPS: Mapping[str, str] = {"answers": "type", "retrieval": "mode", "facts": "field"}
DECISIVE = "ndcg@10"
"""What makes a query better or worse; it has no verdict."""
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Pair:
    """The same item in both runs."""

    key: tuple[str, ...]
    group: str
    before: Line
    after: Line
    standing: tuple[float, float]
    """How good each is: the place of its verdict from worst to best, or its score."""

    @property
    def direction(self) -> int:
        """Return 1 for better, -1 for worse, 0 for neither."""
        difference = self.standing[1] - self.standing[0]
        return 0 if abs(difference) <= SAME else 1 if difference > 0 else -1


def compare_runs(before: FinishedRun, after: FinishedRun, seed: int = 0) -> dict[str, Any]:
    """Return what changed, item by item, by group and by metric with its significance; UsageError for unlike runs."""
    pairs = _pairs(before, after)
    moved = {direction: [pair for pair in pairs if pair.direction == direction] for direction in (1, -1)}
    return {
        "kind": before.settings.kind,
        "dataset": before.settings.dataset,
        "items": len(pairs),
        "a": _described(before),
        "b": _described(after),
        "changed_settings": _changed_settings(before, after),
        "better_count": len(moved[1]),
        "worse_count": len(moved[-1]),
        "metrics": _metrics(pairs, before.settings.kind, seed),
        "by_type": _by_group(pairs, before.settings.kind, seed),
        "better": [_change(pair, before.settings.kind) for pair in moved[1]],
        "worse": [_change(pair, before.settings.kind) for pair in moved[-1]],
    }


def _pairs(before: FinishedRun, after: FinishedRun) -> list[Pair]:
    kind = before.settings.kind
    if kind != after.settings.kind:
        raise UsageError(
            f"{before.folder} evaluates {kind}, {after.folder} {after.settings.kind}: compare like with like"
        )
    if before.settings.questions != after.settings.questions:
        raise UsageError(
            f"{before.folder} and {after.folder} asked different questions "
            f"({before.settings.dataset}: {before.settings.items}, {after.settings.dataset}: {after.settings.items}): "
            "run both on the same file with the same --sample and --seed"
        )
    first, second = ({key_of(kind, record): record for record in run.records} for run in (before, after))
    if kind == "retrieval":
        modes = {key[0] for key in first} & {key[0] for key in second}
        first, second = ({key: record for key, record in run.items() if key[0] in modes} for run in (first, second))
    if first.keys() != second.keys() or not first:
        odd = next(iter(first.keys() ^ second.keys()), ("no common mode",))
        raise UsageError(
            f"{before.folder} and {after.folder} do not hold the same items ({' '.join(odd)} is in one only)"
        )
    return [
        Pair(
            key,
            str(record.get(GROUPS[kind], "")),
            record,
            second[key],
            (_standing(kind, record), _standing(kind, second[key])),
        )
        for key, record in first.items()
    ]


def _standing(kind: str, record: Line) -> float:
    if kind == "retrieval":
        return float(record["scores"][DECISIVE])
    return float(VERDICTS[kind].index(record["verdict"]))


def _metrics(pairs: Sequence[Pair], kind: str, seed: int) -> dict[str, Any]:
    """Return each metric's means and difference; a per-item score counts where both runs have it."""
    if kind == "retrieval":
        found: dict[str, Any] = {}
        for mode in dict.fromkeys(pair.group for pair in pairs):
            inside = [pair for pair in pairs if pair.group == mode]
            found |= {f"{mode}.{name}": values for name, values in _scores(inside, seed).items()}
        return found
    best = VERDICTS[kind][-1]
    right = [(float(pair.before["verdict"] == best), float(pair.after["verdict"] == best)) for pair in pairs]
    wrong = [(float(pair.before["verdict"] == "wrong"), float(pair.after["verdict"] == "wrong")) for pair in pairs]
    return {best: _difference(right, seed), "wrong": _difference(wrong, seed), **_scores(pairs, seed)}


def _scores(pairs: Sequence[Pair], seed: int) -> dict[str, Any]:
    values: dict[str, list[tuple[float, float]]] = {}
    for pair in pairs:
        before, after = pair.before.get("scores", {}), pair.after.get("scores", {})
        for name in before:
            if name in after:
                values.setdefault(name, []).append((float(before[name]), float(after[name])))
    return {name: _difference(found, seed) for name, found in values.items()}


def _difference(values: Sequence[tuple[float, float]], seed: int) -> dict[str, Any]:
    before, after = [first for first, _ in values], [second for _, second in values]
    compared = compare_paired(before, after, seed)
    return {
        "items": compared.pairs,
        "a": round(sum(before) / len(before), 6),
        "b": round(sum(after) / len(after), 6),
        "difference": round(compared.difference.mean, 6),
        "interval": [round(compared.difference.low, 6), round(compared.difference.high, 6)],
        "p": round(compared.p, 6),
    }


def _by_group(pairs: Sequence[Pair], kind: str, seed: int) -> dict[str, Any]:
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.group, []).append(pair)
    best = DECISIVE if kind == "retrieval" else VERDICTS[kind][-1]
    found = {}
    for name, inside in groups.items():
        values = _metrics(inside, kind, seed)
        found[name] = {
            "items": len(inside),
            "better": sum(pair.direction == 1 for pair in inside),
            "worse": sum(pair.direction == -1 for pair in inside),
            best: values[f"{name}.{best}" if kind == "retrieval" else best],
        }
    return found


def _change(pair: Pair, kind: str) -> dict[str, Any]:
    """Return what a person wants to see of a changed item."""
    shown: dict[str, Any] = {"id": pair.key[-1], "type": pair.group}
    match kind:
        case "answers":
            shown |= {
                "question": pair.before["question"],
                "from": pair.before["verdict"],
                "to": pair.after["verdict"],
                "answer_a": pair.before["answer"]["answer"],
                "answer_b": pair.after["answer"]["answer"],
                "gold": pair.before.get("gold", []),
            }
        case "retrieval":
            shown |= {"query": pair.before.get("query", ""), "from": pair.standing[0], "to": pair.standing[1]}
        case _:
            shown |= {
                "report": pair.before["report"],
                "from": pair.before["verdict"],
                "to": pair.after["verdict"],
                "gold": pair.before["gold"],
                "found_a": pair.before["found"],
                "found_b": pair.after["found"],
            }
    return shown


def _described(run: FinishedRun) -> dict[str, str]:
    said = run.settings
    return {"folder": str(run.folder), "started": said.started, "commit": said.commit, "command": said.command}


def _changed_settings(before: FinishedRun, after: FinishedRun) -> dict[str, Any]:
    first, second = before.settings.settings, after.settings.settings
    found: dict[str, Any] = {
        name: [first.get(name), second.get(name)] for name in {**first, **second} if first.get(name) != second.get(name)
    }
    for name in ("library", "program"):
        if getattr(before.settings, name) != getattr(after.settings, name):
            found[name] = "differs"
    return found


def comparison_text(found: Mapping[str, Any], at_most: int = 20) -> str:
    """Return a comparison for people: means with intervals, groups, then the items that changed."""
    lines = [
        f"{found['dataset']}: {found['items']} items, {found['better_count']} better, {found['worse_count']} worse",
        f"  A {found['a']['folder']}  {found['a']['commit']}",
        f"  B {found['b']['folder']}  {found['b']['commit']}",
        *(f"  {name}: {_shown(change)}" for name, change in found["changed_settings"].items()),
        "",
        f"{'metric':<24}{'A':>9}{'B':>9}{'B - A':>9}   95 % interval        p",
    ]
    for name, entry in found["metrics"].items():
        low, high = entry["interval"]
        lines.append(
            f"{name:<24}{entry['a']:>9.4f}{entry['b']:>9.4f}{entry['difference']:>+9.4f}   "
            f"{low:+.4f} … {high:+.4f}   {entry['p']:.4f}"
        )
    lines += ["", f"{'by type':<24}{'items':>9}{'better':>9}{'worse':>9}"]
    lines += [f"{name:<24}{g['items']:>9}{g['better']:>9}{g['worse']:>9}" for name, g in found["by_type"].items()]
    for direction in ("worse", "better"):
        changes = found[direction]
        lines += ["", f"{direction} ({len(changes)}):"] if changes else []
        lines += [_change_line(change) for change in changes[:at_most]]
        lines += [f"  … {len(changes) - at_most} more with --json"] if len(changes) > at_most else []
    return "\n".join(lines)


def _shown(change: object) -> str:
    return f"{change[0]} -> {change[1]}" if isinstance(change, list) else str(change)


def _change_line(change: Mapping[str, Any]) -> str:
    what = change.get("question") or change.get("query") or change.get("report", "")
    steps = [f"{step:.3f}" if isinstance(step, float) else str(step) for step in (change["from"], change["to"])]
    return f"  {change['id']}  {' -> '.join(steps)}  {what}"
