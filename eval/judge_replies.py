"""From a judge's reply to what it says: the JSON object in it, checked. Knows no prompt and no metric."""

import json
from collections.abc import Mapping
from typing import Any


class Unparsable(Exception):
    """A reply is not what was asked for; the message says what is wrong with it, for the model to read."""


def json_object(reply: str) -> Mapping[str, Any]:
    """Return the first JSON object in a reply, which may stand in a code fence or between sentences."""
    decoder = json.JSONDecoder()
    start = reply.find("{")
    while start >= 0:
        try:
            found, _ = decoder.raw_decode(reply, start)
        except (ValueError, RecursionError):
            start = reply.find("{", start + 1)
            continue
        if isinstance(found, dict):
            return found
        start = reply.find("{", start + 1)
    raise Unparsable("there is no JSON object in the reply")


def texts(said: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of texts, blank ones left out."""
    value = said.get(name)
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise Unparsable(f'"{name}" must be a list of texts')
    return [entry.strip() for entry in value if entry.strip()]


def flag(said: Mapping[str, Any], name: str) -> bool:
    """Return a truth value; 0 and 1 pass for one, since small models write them."""
    value = said.get(name)
    if value not in (True, False):  # 0 and 1 are equal to them
        raise Unparsable(f'"{name}" must be true or false')
    return bool(value)


def verdicts(said: Mapping[str, Any], count: int) -> list[bool]:
    """Return one verdict for each of `count` statements, in their order."""
    entries = said.get("verdicts")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Unparsable('"verdicts" must be a list of objects')
    found = {entry.get("n"): flag(entry, "supported") for entry in entries}
    if len(entries) != count or set(found) != set(range(1, count + 1)):
        raise Unparsable(f'"verdicts" must hold one entry for each n from 1 to {count}')
    return [found[number] for number in range(1, count + 1)]
