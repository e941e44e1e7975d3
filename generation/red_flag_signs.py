"""Which signs and frames of the red-flag tables a text shows. Knows no rule."""

import re
from collections.abc import Iterator

from vouch.generation.red_flag_tables import Flags, load_flags
from vouch.generation.red_flag_text import plain_chinese, plain_english

HAN = re.compile(r"[\u3400-\u9fff]")
_FRAMES = ("about", "person", "now", "past")


def readings(question: str) -> Iterator[tuple[Flags, str]]:
    """Yield the question as each language reads it: both where it mixes them."""
    if HAN.search(question):
        flags = load_flags("zh")
        yield flags, plain_chinese(question, flags)
    if re.search(r"[A-Za-zＡ-Ｚａ-ｚ]{2}", question):
        flags = load_flags("en")
        yield flags, plain_english(question, flags)


def holds(flags: Flags, group: str, text: str) -> bool:
    """Say whether a group is found; a sign that is denied (没有胸痛) is not."""
    pattern = flags.signs.get(group)
    if pattern is None:
        return flags.context[group].compiled.search(text) is not None
    return any(not flags.negation.compiled.search(text[: match.start()]) for match in pattern.compiled.finditer(text))


def shown(question: str) -> list[str]:
    """Return the names of all groups and frames that a question shows in any language it mixes."""
    found = []
    for flags, text in readings(question):
        found += [f"{flags.language} {group}" for group in (*flags.signs, *flags.context) if holds(flags, group, text)]
        frames = "".join("x" if flags.frames[name].compiled.search(text) else "-" for name in _FRAMES)
        found.append(f"{flags.language} {frames}")
    return found
