"""What goes to the terminal and how: JSON documents, warnings, UTF-8 everywhere. Does not know any command."""

import json
import re
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from typing import Any

import click

_SYMBOLS: dict[str, str | int | None] = {
    **dict.fromkeys("\uf052\uf0fe\uf078\uf0fd", "√"),
    **dict.fromkeys("\uf0a3\uf0a8\uf06f", "□"),
    **dict.fromkeys("\uf0b7\uf06c\uf0a7\uf06e\uf0d8", "•"),
    "\uf0be": "—",
}
"""What documents print in the symbol fonts of office programs, whose codes no terminal font knows."""
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ue000-\uf8ff]")


def printable(text: str) -> str:
    """Return text as a terminal can show it: ticks and bullets as ordinary characters, no control characters."""
    return _UNPRINTABLE.sub("", text.translate(str.maketrans(_SYMBOLS)))


def speak_utf8() -> None:
    """Write UTF-8 whatever the locale says; bytes of odd file names become JSON-safe escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document, one line each entry for people, and nothing else on standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))


def print_json_line(document: Mapping[str, Any]) -> None:
    """Print one event of a stream on a line of its own."""
    click.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))


def note(message: str) -> None:
    """Print a line for people on standard error."""
    click.echo(message, err=True)


def warn(message: str) -> None:
    """Print a warning on standard error."""
    click.echo(f"vouch: {message}", err=True)


def counted(number: int, thing: str) -> str:
    """Return `1 page`, `2,000 pages`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def one_line(message: object) -> str:
    """Return a message without line breaks."""
    return " ".join(str(message).split())
