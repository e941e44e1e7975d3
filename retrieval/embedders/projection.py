"""The dense layers that some models have behind their pooling, in numpy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from vouch.retrieval.embedders.sentence_modules import Projection
from vouch.retrieval.errors import ModelError
from vouch.retrieval.types import Vectors


def _sigmoid(values: Vectors) -> Vectors:
    return (1 / (1 + np.exp(-values))).astype(np.float32)


_ACTIVATIONS: Mapping[str, Callable[[Vectors], Vectors]] = {
    "identity": lambda values: values,
    "tanh": np.tanh,
    "relu": lambda values: np.maximum(values, 0),
    "sigmoid": _sigmoid,
}


@dataclass(frozen=True, slots=True)
class DenseLayer:
    """`activation(x · weightᵀ + bias)`."""

    weight: Vectors
    bias: Vectors | None
    activation: str

    def __call__(self, states: Vectors) -> Vectors:
        """Return one row for each row."""
        product = states @ self.weight.T
        return _ACTIVATIONS[self.activation](product if self.bias is None else product + self.bias)


def dense_layer(projection: Projection) -> DenseLayer:
    """Return the layer in a folder; ModelError where its weights are missing or of another shape."""
    path = projection.folder / "model.safetensors"
    try:
        tensors = load_file(path)
        weight, bias = tensors["linear.weight"], tensors.get("linear.bias")
    except (OSError, SafetensorError, KeyError) as error:
        raise ModelError(
            f"{path} holds no dense layer ({error}): save the model again with a recent sentence-transformers, "
            "which writes safetensors"
        ) from error
    if weight.shape != (projection.outputs, projection.inputs):
        raise ModelError(f"{path} has the shape {weight.shape}, its config.json says otherwise: copy the model again")
    return DenseLayer(
        weight.astype(np.float32), None if bias is None else bias.astype(np.float32), projection.activation
    )
