"""`vouch doctor`: what is installed, what is missing and how to get it."""

import click

from vouch.app.commands.options import chosen_settings, json_option, library_option
from vouch.app.terminal import print_json

FAILED = 3
_MARKS = {"ok": "ok     ", "missing": "missing", "failed": "FAILED "}


@click.command(short_help="Check the installation.")
@library_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check the installation, optional packages, the library, folders and fonts; try the core out."""
    import platform
    from importlib.metadata import version

    from vouch.app.health import all_findings

    findings = list(all_findings(chosen_settings(ctx)))
    sound = all(finding.state != "failed" for finding in findings)
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    if as_json:
        checks = [{"name": f.name, "state": f.state, "detail": f.detail, "remedy": f.remedy} for f in findings]
        print_json({"vouch": version("vouch-qa"), "platform": system, "ok": sound, "checks": checks})
    else:
        click.echo(f"vouch {version('vouch-qa')} on {system}")
        for finding in findings:
            remedy = f"  ->  {finding.remedy}" if finding.remedy else ""
            click.echo(f"{_MARKS[finding.state]}  {finding.name:<20} {finding.detail}{remedy}")
    if not sound:
        ctx.exit(FAILED)
