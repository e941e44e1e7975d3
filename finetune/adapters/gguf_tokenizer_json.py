"""Hugging Face tokenizers as llama.cpp keeps vocabularies: byte-level BPE, and SentencePiece's BPE written as one."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from gguf import TokenType
from transformers import PreTrainedTokenizerBase

from vouch.finetune.adapters.gguf_tokens import SPACE, TokenTable, unused
from vouch.generation.models.formats import turn_ends
from vouch.generation.models.vocabularies import TokenizerVocabulary
from vouch.generation.templates.own import own_template
from vouch.retrieval.errors import ModelError

_BYTE = re.compile(r"<0x[0-9A-F]{2}>\Z")
Described = Mapping[str, Any]
"""A tokenizer.json."""


def tokenizer_table(vocabulary: TokenizerVocabulary, folder: Path, rows: int) -> TokenTable:
    """Return the vocabulary of a tokenizer.json; ModelError for a kind that llama.cpp does not know."""
    tokenizer = vocabulary.tokenizer
    described: Described = json.loads(tokenizer.backend_tokenizer.to_str())
    model = described["model"]
    if model["type"] != "BPE":
        raise ModelError(f"{folder / 'tokenizer.json'} is a {model['type']} tokenizer; only BPE goes into GGUF here")
    tokens, kinds = _tokens(described, rows)
    special = dict(_special(tokenizer, vocabulary))
    template = _template(tokenizer)
    if not model.get("byte_fallback"):
        merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
        pre = _pre_tokenizer(described, folder)
        return TokenTable(
            "gpt2", tokens, kinds, (), merges, pre, special, _begins(tokenizer, special), template=template
        )
    return TokenTable(
        "llama",
        tokens,
        _piece_kinds(tokens, kinds, special),
        # SentencePiece numbers its tokens in the order of their merges.
        scores=[-float(number) for number in range(rows)],
        special=special,
        add_bos=_begins(tokenizer, special),
        space_before=_has_space_before(vocabulary, tokens),
        template=template,
    )


def _template(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return the folder's template, of several the default one; Llama 3 is known without."""
    template = tokenizer.chat_template
    if isinstance(template, Mapping):
        template = template.get("default")
    return str(template or own_template("llama3"))


def _tokens(described: Described, rows: int) -> tuple[list[str], list[TokenType]]:
    """Return the name and the kind of each row of the embedding."""
    names = {number: token for token, number in described["model"]["vocab"].items()}
    added = {entry["id"]: entry for entry in described["added_tokens"]}
    tokens, kinds = [], []
    for number in range(rows):
        if number in added:
            tokens.append(added[number]["content"])
            kinds.append(TokenType.CONTROL if added[number]["special"] else TokenType.USER_DEFINED)
        else:
            tokens.append(names.get(number, unused(number)))
            kinds.append(TokenType.NORMAL if number in names else TokenType.UNUSED)
    return tokens, kinds


def _piece_kinds(tokens: list[str], kinds: list[TokenType], special: Mapping[str, int]) -> list[TokenType]:
    found = [TokenType.BYTE if _BYTE.match(token) else kind for token, kind in zip(tokens, kinds, strict=True)]
    if "unk" in special:
        found[special["unk"]] = TokenType.UNKNOWN
    return found


def _special(tokenizer: PreTrainedTokenizerBase, vocabulary: TokenizerVocabulary) -> Iterator[tuple[str, int]]:
    ids = {
        "bos": tokenizer.bos_token_id,
        "eos": tokenizer.eos_token_id,
        "unk": tokenizer.unk_token_id,
        "pad": tokenizer.pad_token_id,
    }
    ends = [vocabulary.id_of(name) for name in turn_ends(vocabulary)]
    ids["eot"] = next((number for number in ends if number is not None and number != ids["eos"]), None)
    for name, number in ids.items():
        if isinstance(number, int):
            yield name, number


def _begins(tokenizer: PreTrainedTokenizerBase, special: Mapping[str, int]) -> bool:
    """Say whether a text by itself begins with the token of beginnings."""
    encoded: list[int] = tokenizer.encode("a")
    return "bos" in special and encoded[:1] == [special["bos"]]


def _has_space_before(vocabulary: TokenizerVocabulary, tokens: list[str]) -> bool:
    """Say whether a text behind a control token begins with a space: in Llama 2's own manner yes, in later ones no."""
    return tokens[vocabulary.text_ids("a", anchor_of(vocabulary))[0]].startswith(SPACE)


def anchor_of(vocabulary: TokenizerVocabulary) -> str:
    """Return a control token for texts to stand behind, as they do in conversations; empty where there is none."""
    return str(vocabulary.tokenizer.bos_token or vocabulary.tokenizer.eos_token or "")


def _pre_tokenizer(described: Described, folder: Path) -> str:
    """Return llama.cpp's name for how a text is cut before it is merged."""
    wanted = _rule(described.get("pre_tokenizer") or {})
    with (files("vouch.finetune.adapters") / "pre_tokenizers.toml").open("rb") as file:
        known = tomllib.load(file)["rule"]
    found = next((rule["name"] for rule in known if rule["cuts"] == wanted), None)
    if found is None:
        raise ModelError(
            f"{folder / 'tokenizer.json'} cuts texts by {' and '.join(wanted) or 'nothing'}, for which no rule of "
            "llama.cpp is known here: take its convert_hf_to_gguf.py"
        )
    return str(found)


def _rule(pre_tokenizer: Mapping[str, Any]) -> list[str]:
    """Return what cuts a text, in order: regular expressions, `digits`, `words` for the cuts of GPT-2."""
    if pre_tokenizer.get("type") == "Sequence":
        return [cut for step in pre_tokenizer["pretokenizers"] for cut in _rule(step)]
    match pre_tokenizer:
        case {"type": "ByteLevel", "use_regex": False}:
            return []
        case {"type": "ByteLevel"}:
            return ["words"]
        case {"type": "Split", "pattern": {"Regex": expression}}:
            return [str(expression)]
        case {"type": "Digits", "individual_digits": True}:
            return ["digits"]
    return [str(pre_tokenizer.get("type", "nothing"))]
