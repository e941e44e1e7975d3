"""Prompts as files: parts for each role, blanks that must be filled before a model is called.

A file is named `name.language.md`. Lines `# system`, `# user`, `# assistant` begin a turn; a file without them is one
piece of text that is put into another prompt. Blanks are written `${name}`. What is filled in is never searched for
blanks again, so that a document cannot fill any.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import cast

from vouch.generation.chat import Message, Role
from vouch.retrieval.errors import SettingsError

_TURN = re.compile(r"^# (system|user|assistant)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt and the blanks of it that are filled already."""

    name: str
    """Of its file, for messages."""
    turns: tuple[tuple[Role | None, str], ...]
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def blanks(self) -> frozenset[str]:
        """The blanks that are still to be filled."""
        named = {name for _, text in self.turns for name in Template(text).get_identifiers()}
        return frozenset(named - self.given.keys())

    def partial(self, values: Mapping[str, str]) -> "Prompt":
        """Return the prompt with some blanks filled; SettingsError for a blank that it does not have."""
        unknown = sorted(values.keys() - self.blanks)
        if unknown:
            raise SettingsError(f"prompt {self.name} has no blank ${{{unknown[0]}}}: it has {_listed(self.blanks)}")
        return replace(self, given={**self.given, **values})

    def messages(self, values: Mapping[str, str]) -> tuple[Message, ...]:
        """Return the turns with every blank filled; SettingsError naming one for which there is nothing."""
        filled = self._filled(values)
        return tuple(Message(role, text) for role, text in filled if role is not None)

    def text(self, values: Mapping[str, str]) -> str:
        """Return a prompt without turns as text."""
        return "\n".join(text for _, text in self._filled(values))

    def _filled(self, values: Mapping[str, str]) -> list[tuple[Role | None, str]]:
        whole = self.partial(values)
        if whole.blanks:
            missing = sorted(whole.blanks)[0]
            raise SettingsError(f"prompt {self.name}: nothing was given for ${{{missing}}}")
        return [(role, _tidy(Template(text).substitute(whole.given))) for role, text in self.turns]


def load_prompt(name: str, language: str, folder: Path | None = None) -> Prompt:
    """Return a prompt of the package, or the file of the same name in `folder` where there is one.

    SettingsError where the user's file cannot be read or its blanks are others than those of the package's.
    """
    file_name = f"{name}.{'zh' if language == 'zh' else 'en'}.md"
    shipped = _parsed(file_name, files("vouch.generation.prompts").joinpath(file_name))
    own = folder / file_name if folder else None
    if own is None or not own.is_file():
        return shipped
    prompt = _parsed(str(own), own)
    for blank in sorted(shipped.blanks ^ prompt.blanks):
        problem = "lacks" if blank in shipped.blanks else "has a blank that nothing fills:"
        raise SettingsError(f"prompt {own} {problem} ${{{blank}}}; its blanks are {_listed(shipped.blanks)}")
    return prompt


def _parsed(name: str, file: Traversable) -> Prompt:
    try:
        content = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"prompt {name} cannot be read: {error}") from error
    parts = _TURN.split(content)
    turns: list[tuple[Role | None, str]] = [
        (cast(Role, role), text.strip()) for role, text in zip(parts[1::2], parts[2::2], strict=True)
    ]
    if parts[0].strip() and turns:
        raise SettingsError(f"prompt {name}: text stands before the first turn (# system, # user)")
    for _, text in turns or [(None, parts[0])]:
        if not Template(text).is_valid():
            raise SettingsError(f"prompt {name}: a $ stands alone; blanks are written ${{name}}, a dollar sign $$")
    return Prompt(name, tuple(turns) or ((None, parts[0].strip()),))


def _tidy(text: str) -> str:
    """Return a text without the gaps that blanks filled with nothing leave."""
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"${{{name}}}" for name in sorted(names)) or "none"
