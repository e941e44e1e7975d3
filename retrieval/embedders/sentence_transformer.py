"""Any sentence-transformers model, run by the package itself: for modules that Vouch does not run."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from sentence_transformers import SentenceTransformer

from vouch.retrieval.embedders.description import AUTO, NO_CHOICES, ModelChoices
from vouch.retrieval.embedders.model_embedder import unit
from vouch.retrieval.embedders.recent_queries import RecentQueries
from vouch.retrieval.errors import ModelError
from vouch.retrieval.model_files import find_model, fingerprint
from vouch.retrieval.torch_models.loading import Device, Precision, chosen_device, chosen_dtype, memory_errors
from vouch.retrieval.types import Vectors


class SentenceTransformerEmbedder:
    """Pools, projects and instructs as the model's own files say; pooling is not chosen here."""

    def __init__(
        self,
        model: str,
        choices: ModelChoices = NO_CHOICES,
        device: Device = "auto",
        precision: Precision = "auto",
        batch: int = 32,
    ) -> None:
        """The model is loaded with the first text, or when its dimension is asked for."""
        if choices.pooling != AUTO:
            raise ModelError("the runtime sentence-transformers pools as the model says: set embedding.pooling = auto")
        self._folder = find_model(model)
        self._choices, self._device, self._precision, self._batch = choices, device, precision, batch
        self._queries = RecentQueries(lambda text: self._embedded([text], choices.query_instruction, ("query",)))

    @cached_property
    def name(self) -> str:
        """The folder's content and every choice over it."""
        chosen = self._choices
        said = f"{chosen.query_instruction}|{chosen.passage_instruction}"
        length = f"{chosen.max_length}t" if chosen.max_length else AUTO
        return f"st@{fingerprint(self._folder)}/{chosen.dimension or 'all'}/{length}/{said}"

    @property
    def dimension(self) -> int:
        size = self._model.get_embedding_dimension()
        if size is None:
            raise ModelError(f"{self._folder} does not say how many dimensions its vectors have")
        return int(size)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embedded(texts, self._choices.passage_instruction, ("document", "passage", "corpus"))

    def embed_query(self, text: str) -> Vectors:
        return self._queries.vector(text)

    @cached_property
    def _model(self) -> SentenceTransformer:
        place = chosen_device(self._device)
        try:
            model = SentenceTransformer(
                str(self._folder),
                device=str(place),
                local_files_only=True,
                trust_remote_code=False,
                truncate_dim=self._choices.dimension or None,
                model_kwargs={"dtype": chosen_dtype(self._precision, place)},
            )
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise ModelError(f"{self._folder} cannot be loaded by sentence-transformers: {error}") from error
        if self._choices.max_length:
            model.max_seq_length = self._choices.max_length
        return model

    def _embedded(self, texts: Sequence[str], instruction: str, names: Sequence[str]) -> Vectors:
        prompt = _prompt(self._model, instruction, names)
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        full = [place for place, text in enumerate(texts) if any(map(str.isalnum, text))]
        if full:
            with memory_errors(f"embedding {len(full)} texts", "set embedding.batch lower"):
                rows = self._model.encode(
                    [texts[place] for place in full], prompt=prompt, batch_size=self._batch, show_progress_bar=False
                )
            vectors[full] = unit(np.asarray(rows, np.float32))
        return vectors


def _prompt(model: SentenceTransformer, chosen: str, names: Sequence[str]) -> str:
    if chosen != AUTO:
        return chosen
    return next((prompt for prompt in map(model.prompts.get, names) if prompt), "")
