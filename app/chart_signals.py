"""What a chart of early-warning signals shows: values and the zones in which they are raised."""

from dataclasses import dataclass

from vouch.app.warning_report import WarningReport
from vouch.generation.warning_rules import Threshold, standard_rules


@dataclass(frozen=True, slots=True)
class Zone:
    """A side of a number in which a signal is raised."""

    level: str
    below: bool
    limit: float


@dataclass(frozen=True, slots=True)
class ChartSignal:
    """A value and its zones, the stronger last."""

    name: str
    level: str
    value: float
    text: str
    zones: tuple[Zone, ...]


def chart_signals(report: WarningReport) -> list[ChartSignal]:
    """Return the signals that have a value and thresholds, in the report's order."""
    rules = {rule.name: rule for rule in standard_rules().rules}
    found = []
    for signal in (cited.signal for cited in report.signals):
        rule = rules.get(signal.name)
        if rule is None or signal.value is None or signal.level == "not_applicable":
            continue
        limits = (("watch", rule.watch), ("alarm", rule.alarm))
        zones = tuple(_zone(level, limit) for level, limit in limits if limit)
        found.append(ChartSignal(signal.name, signal.level, float(signal.value), signal.text, zones))
    return found


def _zone(level: str, threshold: Threshold) -> Zone:
    return Zone(level, threshold.sign.startswith("<"), float(threshold.limit))
