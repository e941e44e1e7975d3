"""The settings in force and where each came from; the only module that reads the environment and vouch.toml."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

import platformdirs

from vouch.app.library_places import beside
from vouch.app.setting_sections import (
    EmbeddingSettings,
    GenerationSettings,
    IngestSettings,
    JudgeSettings,
    ModelSettings,
    RerankSettings,
    RetrievalSettings,
    ServeSettings,
    UiSettings,
    WebSettings,
)
from vouch.app.setting_values import SettingValue, checked, nearest
from vouch.retrieval.errors import SettingsError

FILE_NAME = "vouch.toml"
PREFIX = "VOUCH_"


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, by section."""

    library: str
    """A folder, postgresql://..., or embedded-postgres:FOLDER."""
    ingest: IngestSettings = field(default_factory=IngestSettings)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    generation: GenerationSettings = field(default_factory=GenerationSettings)
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    rerank: RerankSettings = field(default_factory=RerankSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    web: WebSettings = field(default_factory=WebSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    origins: Mapping[str, str] = field(default_factory=dict)
    """For each key that is not a default: which file, variable or flag said so."""

    def items(self) -> Iterator[tuple[str, SettingValue, str]]:
        """Yield (key, value, origin) of every setting."""
        yield "library", self.library, self.origins.get("library", "default")
        for section in SECTIONS:
            values = getattr(self, section)
            for entry in fields(values):
                key = f"{section}.{entry.name}"
                yield key, getattr(values, entry.name), self.origins.get(key, "default")


SECTIONS: Mapping[str, type[Any]] = {
    "ingest": IngestSettings,
    "retrieval": RetrievalSettings,
    "generation": GenerationSettings,
    "embedding": EmbeddingSettings,
    "rerank": RerankSettings,
    "model": ModelSettings,
    "judge": JudgeSettings,
    "web": WebSettings,
    "serve": ServeSettings,
    "ui": UiSettings,
}


def valid_keys() -> dict[str, Any]:
    """Return the type of every setting, by its dotted name."""
    kinds: dict[str, Any] = {"library": str}
    for section, values in SECTIONS.items():
        hints = get_type_hints(values, include_extras=True)
        kinds |= {f"{section}.{entry.name}": hints[entry.name] for entry in fields(values)}
    return kinds


def load_settings(flags: Mapping[str, object] | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings: defaults < user's vouch.toml < this folder's < environment < flags that are not None."""
    environment = os.environ if environment is None else environment
    kinds = valid_keys()
    given: dict[str, tuple[object, str]] = {}
    for path in settings_files():
        given |= _from_file(path, kinds)
    given |= _from_environment(environment, kinds)
    given |= {key: (value, f"flag {_flag(key)}") for key, value in (flags or {}).items() if value is not None}
    values = {key: checked(key, value, kinds[key], origin) for key, (value, origin) in given.items()}
    return _assembled(values, {key: origin for key, (_, origin) in given.items()})


def _assembled(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    sections: dict[str, Any] = {
        section: kind(
            **{key.partition(".")[2]: value for key, value in values.items() if key.startswith(section + ".")}
        )
        for section, kind in SECTIONS.items()
    }
    library = str(values.get("library", "")) or str(default_library())
    return Settings(library=library, origins=origins, **sections)


def _flag(key: str) -> str:
    name = key.rpartition(".")[2]
    return f"-{name}" if len(name) == 1 else f"--{name}"


def default_library() -> Path:
    """Return the folder of the library that is used when nothing else is said."""
    return platformdirs.user_data_path("vouch", appauthor=False) / "default"


def settings_files() -> list[Path]:
    """Return the settings files that exist, the weaker one first."""
    candidates = [platformdirs.user_config_path("vouch", appauthor=False) / FILE_NAME, Path.cwd() / FILE_NAME]
    return [path for path in candidates if path.is_file()]


def debug_wanted(environment: Mapping[str, str] | None = None) -> bool:
    """Say whether VOUCH_DEBUG asks for tracebacks."""
    environment = os.environ if environment is None else environment
    return environment.get(PREFIX + "DEBUG", "").lower() not in ("", "0", "false", "no")


def _from_file(path: Path, kinds: Mapping[str, Any]) -> dict[str, tuple[object, str]]:
    import tomllib  # most runs have no settings file

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    found: dict[str, tuple[object, str]] = {}
    for name, value in content.items():
        entries = {f"{name}.{key}": entry for key, entry in value.items()} if isinstance(value, dict) else {name: value}
        if isinstance(value, dict) and name not in SECTIONS:
            raise _unknown(f"section [{name}]", name, list(SECTIONS), str(path))
        for key, entry in entries.items():
            if key not in kinds:
                raise _unknown(key, key, list(kinds), str(path))
            inside = key == "library" and isinstance(entry, str)
            found[key] = (beside(path.parent, entry) if inside else entry, str(path))
    return found


def _from_environment(environment: Mapping[str, str], kinds: Mapping[str, Any]) -> dict[str, tuple[object, str]]:
    variables = {variable_name(key): key for key in kinds}
    found: dict[str, tuple[object, str]] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX):
            continue
        if name in variables:
            found[variables[name]] = (value, f"environment {name}")
        elif "__" in name or _is_misspelt(name, variables):
            raise _unknown(name, name, list(variables), "environment")
    return {key: entry for key, entry in found.items() if entry[0] != "" or key != "library"}


def variable_name(key: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + key.replace(".", "__").upper()


def _is_misspelt(name: str, variables: Mapping[str, str]) -> bool:
    """Other programs may own a VOUCH_ variable; one that differs from ours by a letter or two is a mistake."""
    lowered = [variable.lower() for variable in variables]
    return nearest(name, lowered, cutoff=0.88) is not None


def _unknown(what: str, name: str, valid: list[str], place: str) -> SettingsError:
    by_lower = {key.lower(): key for key in valid}
    guess = nearest(name, list(by_lower))
    hint = f"did you mean {by_lower[guess]}?" if guess else "valid are " + ", ".join(valid)
    return SettingsError(f"unknown setting {what} ({place}): {hint}")
