"""ChatGLM3 as a model of texts: its states instead of its words, for embedding."""

from collections.abc import Sequence
from pathlib import Path

from transformers import PreTrainedModel

from vouch.generation.models.formats import language_of
from vouch.generation.models.loading import LoadOptions, load_weights, raw_config
from vouch.generation.models.vocabularies import PieceVocabulary
from vouch.retrieval.errors import ModelError

_PREFIX = ("[gMASK]", "sop")


class TextTokenizer:
    """Called as the tokenizers of transformers are: `[gMASK] sop` and the text, as in the published code."""

    def __init__(self, vocabulary: PieceVocabulary) -> None:
        self._vocabulary = vocabulary
        self._prefix = [id_ for id_ in map(vocabulary.id_of, _PREFIX) if id_ is not None]
        self.eos_token_id = vocabulary.id_of("</s>")

    def __call__(
        self, texts: Sequence[str], truncation: bool, max_length: int, return_attention_mask: bool = False
    ) -> dict[str, list[list[int]]]:
        """Return `input_ids`, each cut to `max_length` where `truncation` says so."""
        rows = [self._prefix + self._vocabulary.text_ids(text) for text in texts]
        ids = [row[:max_length] for row in rows] if truncation else rows
        mask = {"attention_mask": [[1] * len(row) for row in ids]} if return_attention_mask else {}
        return {"input_ids": ids, **mask}


def chatglm3_states(folder: Path, options: LoadOptions) -> tuple[PreTrainedModel, TextTokenizer]:
    """Return the layers without the output layer, and the tokenizer; ModelError where the folder is no ChatGLM3."""
    vocabulary = language_of(folder, raw_config(folder)).vocabulary
    if not isinstance(vocabulary, PieceVocabulary):
        raise ModelError(f"{folder} has no tokenizer.model of ChatGLM3")
    layers = load_weights(folder, options).base_model
    assert isinstance(layers, PreTrainedModel)
    return layers, TextTokenizer(vocabulary)
