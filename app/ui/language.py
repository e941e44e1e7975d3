"""What the interface says, in Chinese and English."""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: dict[Language, str] = {"zh": "中文", "en": "English"}


class Texts:
    """The texts of one language, by key."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._texts = {key: said[language] for key, said in all_texts().items()}

    def __call__(self, key: str, /, **values: object) -> str:
        """Return a text with its values filled in; KeyError for a key that does not exist."""
        return self._texts[key].format(**values) if values else self._texts[key]

    def has(self, key: str) -> bool:
        """Say whether there is a text of this key."""
        return key in self._texts


@lru_cache(maxsize=1)
def all_texts() -> dict[str, dict[str, str]]:
    """Return every text, by key and language."""
    return tomllib.loads(resources.files("vouch.app.ui").joinpath("texts.toml").read_text("utf-8"))
