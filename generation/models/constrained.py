"""Replies that fit a JSON schema or a grammar for certain: tokens that would leave it are never chosen (xgrammar)."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
import xgrammar

from vouch.generation.models.vocabularies import PieceVocabulary, TokenizerVocabulary
from vouch.generation.templates.tool_texts import thawed
from vouch.retrieval.errors import ModelError

_KEPT = 32
"""Compiled schemas and grammars; compiling one for 65,000 tokens took 0.3 s."""


class Grammars:
    """Compiles schemas and grammars for one vocabulary."""

    def __init__(self, vocabulary: PieceVocabulary | TokenizerVocabulary, size: int, stops: Sequence[int]) -> None:
        """`size`: rows of the model's output layer, which may be more than there are tokens."""
        self._size = size
        self._vocabulary = vocabulary
        self._never = [id_ for id_ in range(size) if vocabulary.control_name(id_) is not None and id_ not in stops]
        self._described = _described(vocabulary, size, stops)
        self._compiler = xgrammar.GrammarCompiler(self._described)
        self._compiled = lru_cache(maxsize=_KEPT)(self._compile)
        self._compiled_grammar = lru_cache(maxsize=_KEPT)(self._compiler.compile_grammar)

    def following(self, schema: Mapping[str, Any]) -> "Mask":
        """Return what keeps one reply to a schema; ModelError for a schema that cannot be enforced."""
        return Mask(self._compiled(json.dumps(thawed(schema), ensure_ascii=False)), self._size, self._never)

    def within(self, grammar: str, spelt: Sequence[str]) -> "Mask":
        """Return what keeps to a grammar (GBNF); `spelt`: control tokens that its texts are written with."""
        never = [id_ for id_ in self._never if self._vocabulary.control_name(id_) not in spelt]
        return Mask(self._compiled_grammar(grammar), self._size, never)

    def texts(self) -> list[bytes]:
        """Return the text of each token."""
        texts: list[bytes] = self._described.decoded_vocab
        return texts

    def control_name(self, token: int) -> str | None:
        """Return the name of a control token; None for a token of text."""
        return self._vocabulary.control_name(token)

    def _compile(self, schema: str) -> xgrammar.CompiledGrammar:
        try:
            # Weak models go on with white space until the last token where they may.
            return self._compiler.compile_json_schema(schema, any_whitespace=False)
        except RuntimeError as error:
            raise ModelError(f"this JSON schema cannot be enforced: {error}") from error


class Mask:
    """Where one reply stands in its schema or grammar."""

    def __init__(self, compiled: xgrammar.CompiledGrammar, size: int, never: Sequence[int]) -> None:
        self._matcher = xgrammar.GrammarMatcher(compiled)
        self._bits = xgrammar.allocate_token_bitmask(1, size)
        self._never = torch.tensor(never, dtype=torch.long)

    def masked(self, logits: torch.Tensor) -> torch.Tensor:
        """Return logits (vocabulary,) in which only tokens that stay within it are possible."""
        self._matcher.fill_next_token_bitmask(self._bits)
        allowed = logits.clone().unsqueeze(0)
        xgrammar.apply_token_bitmask_inplace(allowed, self._bits.to(logits.device))
        allowed[0, self._never.to(logits.device)] = -torch.inf
        return allowed[0]

    def accept(self, token: int) -> None:
        """Go on behind the token that was chosen."""
        accepted = self._matcher.accept_token(token)
        assert accepted, "only tokens within the grammar are possible"

    def accept_text(self, text: bytes) -> None:
        """Go on behind a text that was written before the grammar was in force."""
        accepted = self._matcher.accept_string(text)
        assert accepted, "what began within the grammar was checked before"


def _described(
    vocabulary: PieceVocabulary | TokenizerVocabulary, size: int, stops: Sequence[int]
) -> xgrammar.TokenizerInfo:
    if isinstance(vocabulary, TokenizerVocabulary):
        return xgrammar.TokenizerInfo.from_huggingface(
            vocabulary.tokenizer, vocab_size=size, stop_token_ids=list(stops)
        )
    pieces = [vocabulary.processor.id_to_piece(id_) if id_ < vocabulary.pieces else "" for id_ in range(size)]
    return xgrammar.TokenizerInfo(
        pieces, xgrammar.VocabType.BYTE_FALLBACK, vocab_size=size, stop_token_ids=list(stops), add_prefix_space=False
    )
