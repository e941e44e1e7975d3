"""Vocabularies as llama.cpp keeps them: tokens, their kinds, what is merged first; and SentencePiece models as such."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import gguf

from vouch.generation.models.gguf_header import unspelt
from vouch.generation.models.vocabularies import PieceVocabulary
from vouch.generation.templates.own import own_template

Kind = gguf.TokenType
SPACE = "▁"


@dataclass(frozen=True, slots=True)
class TokenTable:
    """A vocabulary as the fields of a GGUF file."""

    model: str
    """`llama`: SentencePiece; `gpt2`: byte-level BPE."""
    tokens: Sequence[str]
    kinds: Sequence[Kind]
    scores: Sequence[float] = ()
    """Of SentencePiece: the highest is merged first."""
    merges: Sequence[str] = ()
    """Of BPE: the first is merged first."""
    pre: str = "default"
    """Which of llama.cpp's rules cuts a text before it is merged."""
    special: Mapping[str, int] = field(default_factory=dict)
    """bos, eos, eot, unk and pad by id, as far as there are any."""
    add_bos: bool = False
    space_before: bool = False
    """A text is read as if a space stood before it."""
    template: str = ""
    """Jinja, for runtimes that know nothing else."""

    def write(self, writer: gguf.GGUFWriter) -> None:
        """Write the fields."""
        writer.add_tokenizer_model(self.model)
        writer.add_tokenizer_pre(self.pre)
        writer.add_token_list(list(self.tokens))
        writer.add_token_types(list(self.kinds))
        if self.scores:
            writer.add_token_scores(list(self.scores))
        if self.merges:
            writer.add_token_merges(list(self.merges))
        for name, number in self.special.items():
            writer.add_uint32(f"tokenizer.ggml.{_FIELDS[name]}_token_id", number)
        writer.add_add_bos_token(self.add_bos)
        writer.add_add_space_prefix(self.space_before)
        if self.template:
            writer.add_chat_template(self.template)


_FIELDS = {"bos": "bos", "eos": "eos", "eot": "eot", "unk": "unknown", "pad": "padding"}


def piece_table(vocabulary: PieceVocabulary, glm: bool, rows: int) -> TokenTable:
    """Return a SentencePiece vocabulary: the pieces, the control tokens that follow them, what fills up the rows.

    `glm`: of ChatGLM3, else of Llama 2.
    """
    processor = vocabulary.processor
    tokens, kinds, scores = [], [], []
    for number in range(rows):
        piece = number < vocabulary.pieces
        name = None if piece else vocabulary.control_name(number)
        tokens.append(processor.id_to_piece(number) if piece else (unspelt(name) if name else unused(number)))
        kinds.append(_piece_kind(vocabulary, number) if piece else Kind.CONTROL if name else Kind.UNUSED)
        scores.append(processor.get_score(number) if piece else 0.0)
    ends = {"eot": vocabulary.id_of("<|user|>")} if glm else {}
    special = {"bos": processor.bos_id(), "eos": processor.eos_id(), "unk": processor.unk_id(), **ends}
    return TokenTable(
        "llama",
        tokens,
        kinds,
        scores,
        special={name: number for name, number in special.items() if number is not None and number >= 0},
        add_bos=not glm,
        space_before=str(processor.id_to_piece(processor.encode("a")[0])).startswith(SPACE),
        template=own_template("chatglm3" if glm else "llama2"),
    )


def _piece_kind(vocabulary: PieceVocabulary, number: int) -> Kind:
    processor = vocabulary.processor
    if processor.is_unknown(number):
        return Kind.UNKNOWN
    if processor.is_control(number):
        return Kind.CONTROL
    if processor.is_unused(number):
        return Kind.UNUSED
    return Kind.BYTE if processor.is_byte(number) else Kind.NORMAL


def unused(number: int) -> str:
    """Return the name of a row of the embedding that no token has."""
    return f"[PAD{number}]"
