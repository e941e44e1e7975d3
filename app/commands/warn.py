"""`vouch warn`: what a company's stated values say about distress, manipulation and sudden changes."""

from pathlib import Path

import click

from vouch.app.commands.options import chosen_settings, json_option, library_option
from vouch.app.terminal import note, print_json
from vouch.app.terminal import warn as say


@click.command(short_help="Early-warning signals of a company and year.")
@click.argument("company")
@click.argument("year", required=False, default="")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write one HTML page.")
@click.option("--chart", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.png", help="Draw the values.")
@library_option
@json_option
@click.pass_context
def warn(ctx: click.Context, company: str, year: str, html: Path | None, chart: Path | None, as_json: bool) -> None:
    """Show the early-warning signals of COMPANY (name, short name or code) in YEAR, else in its latest annual report.

    Every signal names its threshold, the source of it and the values it was computed from with their pages.
    """
    settings = chosen_settings(ctx)
    from vouch.app.warning_html import warning_html
    from vouch.app.warning_report import warning_report
    from vouch.app.warning_text import warning_json, warning_text
    from vouch.app.wiring import warning_drawer
    from vouch.app.wiring_store import open_store

    draw = warning_drawer(chart) if chart else None
    with open_store(settings) as store:
        report = warning_report(company, year, store)
    for warning in report.warnings:
        say(warning)
    if html and report.signals:
        html.write_text(warning_html(report), encoding="utf-8")
        note(f"report written to {html}")
    if draw and chart and report.signals:
        draw(report)
        note(f"chart written to {chart}")
    if as_json:
        print_json(warning_json(report))
    elif report.signals:
        click.echo(warning_text(report))
