"""An early-warning report as one HTML file that loads nothing and runs nothing."""

import base64
import hashlib
from html import escape

from vouch.app.warning_report import CitedOperand, CitedSignal, WarningReport
from vouch.app.warning_text import LEVELS, operand_value

STYLE = """
:root { color-scheme: light dark; --line: #8884; --alarm: #c62828; --watch: #b26a00; --ok: #2e7d32; }
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; max-width: 70em; margin: 2em auto;
  padding: 0 1em; }
table { border-collapse: collapse; width: 100%; margin: .5em 0; }
th, td { border-bottom: 1px solid var(--line); padding: .25em .6em; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.alarm { color: var(--alarm); font-weight: 600; } .watch { color: var(--watch); font-weight: 600; }
.ok { color: var(--ok); } .not_applicable, .small { opacity: .7; } .small { font-size: .85em; }
summary { cursor: pointer; }
"""


def warning_html(report: WarningReport) -> str:
    """Return the whole page; every text in it is escaped."""
    title = escape(f"{report.company} {report.code} {report.year or ''}".strip() or "vouch warn")
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    raised = {level: sum(cited.signal.level == level for cited in report.signals) for level in LEVELS}
    counts = " · ".join(
        f'<span class="{level}">{LEVELS[level]} {count}</span>' for level, count in raised.items() if count
    )
    parts = [
        '<!doctype html>\n<html lang="zh"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{STYLE}</style></head><body>",
        f"<h1>{title}</h1><p>{counts}</p>",
        *(f"<p>⚠ {escape(warning)}</p>" for warning in report.warnings),
        "<table><thead><tr><th>级别</th><th>指标</th><th>值</th><th>阈值</th><th>依据</th></tr></thead><tbody>",
        *map(_row, report.signals),
        "</tbody></table></body></html>\n",
    ]
    return "\n".join(parts)


def _row(cited: CitedSignal) -> str:
    signal = cited.signal
    name = f'{escape(signal.name)}<br><span class="small">{escape(signal.group)}</span>'
    return (
        f'<tr><td class="{signal.level}">{LEVELS[signal.level]}</td><td>{name}</td>'
        f'<td class="number">{escape(signal.text) or "—"}</td><td>{escape(signal.threshold) or "—"}</td>'
        f"<td>{_evidence(cited)}</td></tr>"
    )


def _evidence(cited: CitedSignal) -> str:
    signal = cited.signal
    reason = f"<p>{escape(signal.reason)}</p>" if signal.reason else ""
    source = f'<p class="small">{escape(signal.source)}</p>'
    if not cited.operands:
        return reason + source
    parts = "，".join(f"{escape(name)} = {float(value):.6g}" for name, value in signal.parts)
    return (
        f"{reason}<details><summary>{len(cited.operands)} 项数据</summary>{f'<p>{parts}</p>' if parts else ''}"
        f"<table>{''.join(map(_operand, cited.operands))}</table></details>{source}"
    )


def _operand(operand: CitedOperand) -> str:
    fact, source = operand.stated.fact, operand.stated.source
    column = "（上年对比列）" if fact.column == "prior" else ""
    return (
        f"<tr><td>{operand.year}</td><td>{escape(operand.field)}</td>"
        f'<td class="number">{escape(operand_value(operand))}</td>'
        f'<td class="small" title="{escape(fact.row)}">{escape(source.name)}，第 {fact.page} 页{column}</td></tr>'
    )
