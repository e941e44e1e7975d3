"""Where a model lies on this machine, whether it is one, and a fingerprint of its content. Loads nothing."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from vouch.retrieval.errors import ModelError

WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
ONNX = ("model.onnx", "onnx/model.onnx")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.txt", "sentencepiece.bpe.model", "spiece.model", "vocab.json")
_SAMPLES = 64
_SAMPLE_BYTES = 16_384
"""Of weights only so much is read for the fingerprint, evenly spread: 14 GB would take ten seconds at each start."""


def find_model(model: str, setting: str = "embedding.model") -> Path:
    """Return the folder of a model named by its folder, or by its name on the hub if it was downloaded before."""
    if not model:
        raise ModelError(f"no model is named: set {setting} to a folder, or to a name that the hub's cache holds")
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_file():
        raise ModelError(f"{folder} is a file: name the folder that holds config.json, the tokenizer and the weights")
    found = _in_hub_cache(model)
    if found is None:
        raise ModelError(
            f"there is no folder {model}, and no model of this name in the hub's cache: download it where there is "
            f"a network (hf download {model} --local-dir FOLDER), copy the folder here and name it"
        )
    return found


def _in_hub_cache(model: str) -> Path | None:
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError:
        return None  # the ONNX runtime works without it, from a folder
    try:
        found = try_to_load_from_cache(model, "config.json")
    except HFValidationError:
        return None  # a path that does not exist
    return Path(found).parent if isinstance(found, str) else None


def read_json(path: Path) -> Mapping[str, Any]:
    """Return a JSON object; an empty one where there is no such file, ModelError where it is broken."""
    content = read_json_value(path)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds no JSON object: copy the model again")
    return content


def read_json_value(path: Path) -> Any:
    """Return what a JSON file holds; None where there is none, ModelError where it is broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as JSON ({error}): copy the model again") from error


def writes_text(folder: Path) -> bool:
    """Say whether a model is one that writes text (a causal language model)."""
    return any("ForCausalLM" in str(kind) for kind in read_json(folder / "config.json").get("architectures") or [])


def check_model(folder: Path) -> None:
    """Raise ModelError where a folder lacks what a model needs, saying what."""
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise ModelError(f"{folder} holds an adapter only: merge it into its base model first")
        raise ModelError(f"{folder} holds no model: its config.json is missing")
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise ModelError(f"{folder} holds no tokenizer ({', '.join(TOKENIZERS[:3])}): copy the model's tokenizer files")
    if not any((folder / name).is_file() for name in (*WEIGHTS, *ONNX)):
        raise ModelError(f"{folder} holds no weights ({WEIGHTS[0]} or {WEIGHTS[2]}): the download is not complete")


def fingerprint(folder: Path) -> str:
    """Return twelve hexadecimal digits of what decides a model's vectors: settings, tokenizer and weights."""
    digest = hashlib.blake2b(digest_size=6)
    for path in _deciding_files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            for piece in _pieces(file, path.stat().st_size):
                digest.update(piece)
    return digest.hexdigest()


def _deciding_files(folder: Path) -> Iterator[Path]:
    names = {"config.json", "modules.json", "sentence_bert_config.json", "tokenizer_config.json", *TOKENIZERS}
    named = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    weights = [path for path in named if path.suffix in (".safetensors", ".bin")]
    weights = weights or [folder / name for name in ONNX if (folder / name).is_file()]
    yield from sorted({*weights, *(path for path in named if path.name in names)})


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    if size <= 2 * _SAMPLES * _SAMPLE_BYTES or file.name.endswith(".json"):
        yield file.read()
        return
    for sample in range(_SAMPLES):
        file.seek((size - _SAMPLE_BYTES) * sample // (_SAMPLES - 1))
        yield file.read(_SAMPLE_BYTES)
