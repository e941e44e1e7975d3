"""Writes an encoder as an ONNX graph, once for each model."""

import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path

import torch
from transformers import AutoModel

from vouch.retrieval.embedders.description import ModelDescription
from vouch.retrieval.errors import ModelError
from vouch.retrieval.torch_models.loading import load_model

_OPSET = 17


def exported(described: ModelDescription, cache: Path) -> Path:
    """Return the graph of a model in the cache folder, written there if this is the first time."""
    folder = cache / described.fingerprint
    graph = folder / "model.onnx"
    if graph.is_file():
        return graph
    if described.is_decoder:
        raise ModelError("decoder models are not exported to ONNX: set embedding.runtime = torch")
    cache.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=cache, prefix="writing-"))
    try:
        _write(described, scratch / graph.name)
        if not graph.is_file():  # another process may have been quicker
            os.replace(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return graph


class _States(torch.nn.Module):
    """The last layer's states, and nothing else that a model returns."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        return states


def _write(described: ModelDescription, path: Path) -> None:
    loaded = load_model(AutoModel.from_pretrained, described.folder, "cpu", "float32")
    ids = torch.ones((2, 8), dtype=torch.long)
    axes = {name: {0: "texts", 1: "tokens"} for name in ("input_ids", "attention_mask", "last_hidden_state")}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.inference_mode():
        # The tracing exporter is deprecated, but the new one wants onnxscript besides.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _States(loaded.model),
            (ids, torch.ones_like(ids)),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["last_hidden_state"],
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )
