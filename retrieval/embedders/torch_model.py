"""Encoders and decoders in torch, through transformers' AutoModel."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from transformers import AutoModel

from vouch.retrieval.embedders.description import ModelDescription
from vouch.retrieval.embedders.pooling import LAST_LAYERS, Pooling, token_weights
from vouch.retrieval.embedders.token_batches import TokenBatch
from vouch.retrieval.torch_models.loading import Device, LoadedModel, Precision, load_model, memory_errors
from vouch.retrieval.types import Vectors

Load = Callable[[ModelDescription, Device, Precision], LoadedModel]


def load_with_transformers(described: ModelDescription, device: Device, precision: Precision) -> LoadedModel:
    """Return a model that transformers knows."""
    return load_model(AutoModel.from_pretrained, described.folder, device, precision)


class TorchTokenModel:
    """A TokenModel in torch."""

    def __init__(
        self,
        described: ModelDescription,
        device: Device = "auto",
        precision: Precision = "auto",
        load: Load = load_with_transformers,
    ) -> None:
        """`load` brings models that transformers does not know."""
        loaded = load(described, device, precision)
        self._poolings = described.poolings
        self._tokenizer, self._device = loaded.tokenizer, loaded.device
        is_pair = getattr(loaded.model.config, "is_encoder_decoder", False)
        self._model: Any = loaded.model.get_encoder() if is_pair else loaded.model  # type: ignore[operator]

    @property
    def end(self) -> int | None:
        end: int | None = self._tokenizer.eos_token_id
        return end

    def token_ids(self, texts: Sequence[str], max_length: int) -> list[list[int]]:
        coded = self._tokenizer(list(texts), truncation=True, max_length=max_length, return_attention_mask=False)
        ids: list[list[int]] = coded["input_ids"]
        return ids

    def pooled(self, batch: TokenBatch) -> Vectors:
        rows, longest = batch.ids.shape
        doing = f"embedding {rows} texts of {longest} tokens"
        with torch.inference_mode(), memory_errors(doing, "set embedding.batch or embedding.max_length lower"):
            states = self._states(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask))
            parts = [pooled_states(states, batch.counted, pooling) for pooling in self._poolings]
            vectors: Vectors = torch.cat(parts, dim=1).cpu().numpy()
        return vectors

    def _states(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        layers = Pooling.MEAN_LAST_LAYERS in self._poolings
        output = self._model(
            input_ids=ids.to(self._device), attention_mask=mask.to(self._device), output_hidden_states=layers
        )
        if layers:
            return torch.stack(output.hidden_states[1:][-LAST_LAYERS:]).float().mean(dim=0)
        last: torch.Tensor = output.last_hidden_state
        return last.float()


def pooled_states(states: torch.Tensor, mask: np.ndarray, pooling: Pooling) -> torch.Tensor:
    """Return one row for each text of float32 states (texts, tokens, width), on their device."""
    if pooling is Pooling.MAX:
        real = torch.from_numpy(mask > 0).to(states.device)[:, :, None]
        highest = states.masked_fill(~real, -torch.inf).amax(dim=1)
        return torch.where(torch.isfinite(highest), highest, 0.0)
    weights = torch.from_numpy(token_weights(mask, pooling)).to(states.device)
    return torch.matmul(weights[:, None, :], states)[:, 0]
