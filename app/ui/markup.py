"""Foreign text for Streamlit's Markdown: shown as it is, whatever it contains.

File names, passages, answers and comments come from outside. Backslashes before all ASCII punctuation take the
meaning from Markdown, HTML, LaTeX, colour and icon directives alike, so no picture is loaded and no link is made.
"""

import re

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_MARK = re.compile(r"\\\[(\d{1,3})\\\]")


def plain(text: str) -> str:
    """Return text that reads the same after Markdown; line breaks stay."""
    return _PUNCTUATION.sub(r"\\\1", text).replace("\n", "  \n")


def answer_markup(text: str) -> str:
    """Return an answer with its citation marks set apart; everything else plain."""
    return _MARK.sub(r" :blue-background[\1]", plain(text))
