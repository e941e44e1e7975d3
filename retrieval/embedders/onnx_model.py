"""Encoders in the ONNX runtime: without torch, whose import a first question would wait for."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as raised
from tokenizers import Tokenizer

from vouch.retrieval.embedders.description import ModelDescription
from vouch.retrieval.embedders.pooling import Pooling, pooled
from vouch.retrieval.embedders.token_batches import TokenBatch
from vouch.retrieval.errors import ModelError
from vouch.retrieval.model_files import ONNX, read_json
from vouch.retrieval.types import Vectors

UNUSABLE = (raised.Fail, raised.InvalidGraph, raised.InvalidProtobuf, raised.NoSuchFile, raised.NotImplemented)
"""What the runtime raises for a graph it cannot run."""


class OnnxTokenModel:
    """A TokenModel in the ONNX runtime, on the CPU."""

    def __init__(self, described: ModelDescription, graph: Path, threads: int = 0) -> None:
        """`graph` gives the states of the last layer; `threads` 0: one for each core."""
        if Pooling.MEAN_LAST_LAYERS in described.poolings:
            raise ModelError("mean-last-layers needs the states of several layers: set embedding.runtime = torch")
        self._poolings = described.poolings
        self._tokenizer = _tokenizer(described.folder)
        end = read_json(described.folder / "tokenizer_config.json").get("eos_token")
        self._end = self._tokenizer.token_to_id(end["content"] if isinstance(end, dict) else end) if end else None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except UNUSABLE as error:
            raise ModelError(f"{graph} is no ONNX model that this runtime can use: {error}") from error
        self._inputs = {entry.name for entry in self._session.get_inputs()}
        self._output = _states_output(self._session, graph)

    @property
    def end(self) -> int | None:
        return self._end

    def token_ids(self, texts: Sequence[str], max_length: int) -> list[list[int]]:
        self._tokenizer.enable_truncation(max_length)
        return [coded.ids for coded in self._tokenizer.encode_batch(list(texts))]

    def pooled(self, batch: TokenBatch) -> Vectors:
        given = {
            "input_ids": batch.ids,
            "attention_mask": batch.mask,
            "token_type_ids": np.zeros_like(batch.ids),
            "position_ids": np.maximum(np.cumsum(batch.mask, axis=1) - 1, 0),
        }
        fed = {name: value for name, value in given.items() if name in self._inputs}
        (states,) = self._session.run([self._output], fed)
        return pooled(states.astype(np.float32, copy=False), batch.counted, self._poolings)


def graph_in(folder: Path) -> Path | None:
    """Return the ONNX graph that comes with a model; None where there is none."""
    return next((folder / name for name in ONNX if (folder / name).is_file()), None)


def _tokenizer(folder: Path) -> Tokenizer:
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelError(
            f"{folder} has no tokenizer.json, which the ONNX runtime needs: "
            "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER) writes it"
        )
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    return tokenizer


def _states_output(session: onnxruntime.InferenceSession, graph: Path) -> str:
    for output in session.get_outputs():
        if len(output.shape) == 3:
            return str(output.name)
    raise ModelError(f"{graph} gives no states of tokens (texts, tokens, width): export it for feature-extraction")
