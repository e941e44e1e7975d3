"""Text files that people bring, read so that every problem names its file and line. Knows no layout of examples."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vouch.retrieval.errors import UsageError


class BadExample(ValueError):
    """One example that cannot be used; the message says why. Readers skip and list it, or refuse the file."""


def text_of(path: Path) -> str:
    """Return the content of a file; UsageError where it cannot be read, is not UTF-8 or holds nothing."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}, line {line}: not UTF-8 (byte {error.start}): save the file as UTF-8") from error
    if not content.strip():
        raise UsageError(f"{path} is empty: it holds no example")
    return content


def json_line(line: str) -> Mapping[str, Any]:
    """Return the object of one line; BadExample where it is none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadExample(f"no JSON ({error})") from error
    if not isinstance(row, dict):
        raise BadExample(f"a line must be a JSON object, not {type(row).__name__}")
    return row


def numbered_lines(content: str) -> Iterator[tuple[int, str]]:
    """Yield number, from 1 on, and text of each line that is not blank; a line ends at a newline and nowhere else."""
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            yield number, line
