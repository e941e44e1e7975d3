"""Vocabularies of local models: SentencePiece as ChatGLM3 and Llama 2 use it, and Hugging Face tokenizers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import sentencepiece
from transformers import PreTrainedTokenizerBase

from vouch.generation.templates.segments import Control, Segment
from vouch.retrieval.errors import ModelError


class PieceVocabulary:
    """A SentencePiece model, whose own control pieces no text can spell, and tokens that follow it."""

    def __init__(self, file: Path, controls: Mapping[str, int] | Sequence[str]) -> None:
        """`controls`: names with their ids, or names of tokens that follow the pieces in order."""
        try:
            self.processor = sentencepiece.SentencePieceProcessor(model_file=str(file))
        except (OSError, RuntimeError) as error:
            raise ModelError(f"{file} is no SentencePiece model: fetch the model's tokenizer.model again") from error
        self.pieces: int = self.processor.get_piece_size()
        if not isinstance(controls, Mapping):
            controls = {name: self.pieces + index for index, name in enumerate(controls)}
        own = {self.processor.id_to_piece(id_): id_ for id_ in range(self.pieces) if self.processor.is_control(id_)}
        self._ids: dict[str, int] = own | dict(controls)
        self._names = {id_: name for name, id_ in self._ids.items()}

    @property
    def size(self) -> int:
        """Ids in use."""
        return max(self.pieces, *(id_ + 1 for id_ in self._names))

    def prompt_ids(self, segments: Sequence[Segment]) -> list[int]:
        """Return the token ids of a prompt, each text encoded by itself."""
        ids: list[int] = []
        for segment in segments:
            if isinstance(segment, Control):
                ids.append(_known(self.id_of(segment.name), segment.name))
            else:
                ids += self.text_ids(segment.text)
        return ids

    def text_ids(self, text: str) -> list[int]:
        """Return the ids of a text; nothing in it is read as a control token."""
        encoded: list[int] = self.processor.encode(text)
        return encoded

    def count(self, text: str) -> int:
        """Return how many tokens a text takes."""
        return len(self.text_ids(text))

    def id_of(self, name: str) -> int | None:
        """Return the id of a control token; None where there is none of the name."""
        return self._ids.get(name)

    def control_name(self, token: int) -> str | None:
        """Return the name of a control token; None for a token of text."""
        return self._names.get(token)

    def text_of(self, ids: Sequence[int]) -> str:
        """Return the text of tokens; U+FFFD where a character is not complete or an id stands for nothing."""
        known = [id_ for id_ in ids if id_ < self.pieces and id_ not in self._names]
        decoded: str = self.processor.decode(known)
        return decoded


class TokenizerVocabulary:
    """A Hugging Face tokenizer. Every added token that is not just space counts as a control token."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
        if not tokenizer.is_fast:
            raise ModelError(f"{folder} has no tokenizer.json: convert its tokenizer to the fast format first")
        self.tokenizer = tokenizer
        added = tokenizer.added_tokens_decoder
        self._names = {id_: token.content for id_, token in added.items() if token.content.strip()}
        self._ids = {name: id_ for id_, name in self._names.items()}
        literals = sorted(self._ids, key=len, reverse=True)
        # Overlapping ones too: breaking one may leave another.
        self._literal = re.compile(f"(?=({'|'.join(map(re.escape, literals))}))") if literals else None

    @property
    def controls(self) -> frozenset[str]:
        """Names of the control tokens."""
        return frozenset(self._ids)

    def prompt_ids(self, segments: Sequence[Segment]) -> list[int]:
        """Return the token ids of a prompt: those of the whole string, but for control tokens spelt in texts."""
        ids: list[int] = []
        anchor = ""
        for segment in segments:
            if isinstance(segment, Control):
                ids.append(_known(self.id_of(segment.name), segment.name))
                anchor = segment.name
            else:
                ids += self.text_ids(segment.text, anchor)
        return ids

    def text_ids(self, text: str, anchor: str = "") -> list[int]:
        """Return the ids of a text that follows a control token, or begins the prompt.

        Tokenizers put a space before the first text of all, or cut spaces behind a control token: so each text is
        encoded behind its control token, which is taken off again.
        """
        ids: list[int] = []
        for piece in self._broken_up(text):
            encoded: list[int] = self.tokenizer.encode(anchor + piece, add_special_tokens=False)
            ids += encoded[1:] if anchor else encoded
        return ids

    def count(self, text: str) -> int:
        """Return how many tokens a text takes."""
        return len(self.text_ids(text))

    def id_of(self, name: str) -> int | None:
        """Return the id of a control token; None where there is none of the name."""
        return self._ids.get(name)

    def control_name(self, token: int) -> str | None:
        """Return the name of a control token; None for a token of text."""
        return self._names.get(token)

    def text_of(self, ids: Sequence[int]) -> str:
        """Return the text of tokens; U+FFFD where a character is not complete."""
        decoded = self.tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        assert isinstance(decoded, str)  # a list only for a list of lists
        return decoded

    def _broken_up(self, text: str) -> Iterator[str]:
        """Yield a text cut within each control token that it spells."""
        at = 0
        for match in self._literal.finditer(text) if self._literal else ():
            yield text[at : match.start() + 1]
            at = match.start() + 1
        yield text[at:]


def _known(token: int | None, name: str) -> int:
    if token is None:
        raise ModelError(f"the model's vocabulary has no token {name}: this is another model's tokenizer")
    return token
