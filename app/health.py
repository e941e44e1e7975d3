"""What `vouch doctor` looks at. Each check returns a finding; none changes anything but a scratch folder."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from vouch.app.library_places import ServerPlace, place_of
from vouch.app.settings import Settings
from vouch.retrieval.errors import VouchError

State = Literal["ok", "missing", "failed"]

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?(?P<limits>[^;]*)(;.*extra == ['\"](?P<extra>[^'\"]+)['\"])?"
)
_DEVELOPMENT = "dev"
_CHINESE_FONTS = re.compile(
    r"cjk|wqy|simsun|simhei|msyh|pingfang|sourcehan|droidsansfallback|uming|ukai|songti|heiti", re.I
)
_FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `missing` is a choice, `failed` is trouble."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def python_finding() -> Finding:
    """Say which Python runs this."""
    return Finding("python", "ok", f"{sys.version.split()[0]} at {sys.executable}")


def package_findings() -> Iterator[Finding]:
    """Yield one finding for each package that Vouch needs or can use."""
    for line in requires("vouch-qa") or []:
        match = _REQUIREMENT.match(line)
        if match is None or match["name"] == "vouch-qa" or match["extra"] == _DEVELOPMENT:
            continue
        name, extra = match["name"], match["extra"]
        purpose = f"extra {extra}" if extra else "core"
        try:
            yield Finding(name, "ok", f"{version(name)} ({purpose})")
        except PackageNotFoundError:
            wanted = f"vouch-qa[{extra}]" if extra else "vouch-qa"
            yield Finding(name, "missing" if extra else "failed", purpose, f"pip install '{wanted}'")


def library_finding(settings: Settings) -> Finding:
    """Say what the library in force holds, or why it cannot be used."""
    from vouch.app.wiring_store import library_exists, open_library

    place = place_of(settings.library).shown
    try:
        if not library_exists(settings):
            return Finding("library", "missing", f"{place}: nothing there yet", "vouch ingest PATH makes it")
        with open_library(settings) as shelf:
            held = shelf.documents()
    except (VouchError, ImportError) as error:
        return Finding("library", "failed", f"{place}: {error}")
    return Finding(
        "library", "ok", f"{place}: {len(held)} documents, {sum(document.chunks for document in held)} passages"
    )


def embedder_finding(settings: Settings) -> Finding:
    """Say which embedder the library or the settings name and how it is used, or why it cannot be."""
    from vouch.app.wiring_embedder import embedder_summary
    from vouch.app.wiring_store import library_exists, settled

    chosen = settings.retrieval.embedder
    try:
        in_force = settled(settings) if library_exists(settings) else settings
        return Finding("embedder", "ok", f"{chosen}: {embedder_summary(in_force)}")
    except (VouchError, ImportError) as error:
        return Finding("embedder", "failed", f"{chosen}: {error}")


def reranker_finding(settings: Settings) -> Finding:
    """Say which reranker the settings name, or why it cannot be used."""
    from vouch.app.wiring_embedder import make_reranker

    try:
        made = make_reranker(settings)
    except VouchError as error:
        return Finding("reranker", "failed", f"{settings.retrieval.reranker}: {error}")
    return Finding("reranker", "ok", made.name if made else "none")


def chat_model_finding(settings: Settings) -> Finding:
    """Say which model writes answers and whether it could be loaded, or why not; no weights are read."""
    from vouch.app.wiring_ask import model_settings
    from vouch.app.wiring_models import chat_model_summary

    if settings.generation.generator == "extractive":
        return Finding("chat model", "ok", "none: answers are quoted")
    chosen = model_settings(settings)
    try:
        return Finding("chat model", "ok", f"{chosen.runtime}: {chat_model_summary(chosen)}")
    except VouchError as error:
        return Finding("chat model", "failed", f"{chosen.runtime}: {error}")


def folder_finding(name: str, folder: Path) -> Finding:
    """Say whether a folder, or the nearest one above it that exists, can be written to."""
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return Finding(name, "ok", f"{folder} can be written")
    return Finding(name, "failed", f"{nearest} cannot be written", f"give yourself write permission on {nearest}")


def font_finding() -> Finding:
    """Say whether Chinese pages without embedded fonts can be drawn (OCR and pictures of pages need that)."""
    for folder in _FONT_FOLDERS:
        for _, _, files in os.walk(Path(folder).expanduser()):
            found = next((file for file in files if _CHINESE_FONTS.search(file.replace("-", ""))), None)
            if found:
                return Finding("chinese font", "ok", found)
    remedy = "install one, for example the package fonts-noto-cjk" if sys.platform == "linux" else "install one"
    return Finding("chinese font", "missing", "PDF pages that embed no font are drawn empty", remedy)


def self_test_finding() -> Finding:
    """Ingest two sentences into a scratch library, find them again and quote them."""
    from vouch.app.self_test import problem_with_core

    with tempfile.TemporaryDirectory(prefix="vouch-doctor-") as folder:
        problem = problem_with_core(Path(folder))
    if problem:
        return Finding(
            "self-test", "failed", problem, "pip install --force-reinstall vouch-qa; else report it as a bug"
        )
    return Finding("self-test", "ok", "ingest, search and a cited answer work")


def all_findings(settings: Settings) -> Iterator[Finding]:
    """Yield every finding, cheap ones first."""
    yield python_finding()
    yield from package_findings()
    yield library_finding(settings)
    yield embedder_finding(settings)
    yield reranker_finding(settings)
    yield chat_model_finding(settings)
    place = place_of(settings.library)
    if not isinstance(place, ServerPlace):
        yield folder_finding("library folder", place.folder)
    yield folder_finding("scratch folder", Path(tempfile.gettempdir()))
    yield font_finding()
    yield self_test_finding()
