"""Which vocabulary and which role format a model folder has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from vouch.generation.models.vocabularies import PieceVocabulary, TokenizerVocabulary
from vouch.generation.templates.chat_template import TemplateFormat, Turns
from vouch.generation.templates.chatglm3 import SPECIAL_TOKENS, ChatGLM3Format
from vouch.generation.templates.llama2 import Llama2Format
from vouch.generation.templates.llama3 import Llama3Format
from vouch.generation.templates.segments import RoleFormat
from vouch.retrieval.errors import ModelError

_PIECES = "tokenizer.model"
_FAST = "tokenizer.json"
LLAMA3_HEADER = "<|start_header_id|>"
_LLAMA2_MARKS = ("[INST]", "<<SYS>>")


@dataclass(frozen=True, slots=True)
class Language:
    """How a model is spoken to."""

    vocabulary: PieceVocabulary | TokenizerVocabulary
    form: RoleFormat


def language_of(folder: Path, raw_config: Mapping[str, Any]) -> Language:
    """Return vocabulary and role format of a model folder; ModelError where it has none that is known."""
    if raw_config.get("model_type") in ("chatglm", "glm") and not (folder / _FAST).is_file():
        size = raw_config.get("padded_vocab_size") or raw_config.get("vocab_size") or 0
        return Language(_chatglm3_vocabulary(folder, int(size)), ChatGLM3Format())
    if (folder / _PIECES).is_file() and not (folder / _FAST).is_file():
        return Language(PieceVocabulary(folder / _PIECES, {}), Llama2Format())
    tokenizer = _tokenizer(folder)
    vocabulary = TokenizerVocabulary(tokenizer, folder)
    return Language(vocabulary, _form(folder, tokenizer, vocabulary))


def _chatglm3_vocabulary(folder: Path, size: int) -> PieceVocabulary:
    file = folder / _PIECES
    if not file.is_file():
        raise ModelError(f"{folder} has no tokenizer.model: copy it from the model's release")
    vocabulary = PieceVocabulary(file, SPECIAL_TOKENS)
    if vocabulary.size > size:
        raise ModelError(f"{file} has {vocabulary.size} tokens, the model {size}: it is another model's tokenizer")
    return vocabulary


def _tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelError(f"{folder} has no tokenizer that can be loaded: {error}") from error
    assert isinstance(tokenizer, PreTrainedTokenizerBase)
    return tokenizer


def _form(folder: Path, tokenizer: PreTrainedTokenizerBase, vocabulary: TokenizerVocabulary) -> RoleFormat:
    template = tokenizer.chat_template
    if template is None and LLAMA3_HEADER in vocabulary.controls:
        return Llama3Format()
    if template is None:
        raise ModelError(
            f"{folder} has no chat template, it is a base model: take its chat version, "
            "or put a chat_template.jinja into the folder"
        )
    if isinstance(template, str) and all(mark in template for mark in _LLAMA2_MARKS):
        return Llama2Format()  # its template, with the markers of texts broken up
    stops = tuple(name for name in (tokenizer.eos_token, *turn_ends(vocabulary)) if name)
    return TemplateFormat(lambda turns, tools: rendered(tokenizer, turns, tools), vocabulary.controls, stops)


def turn_ends(vocabulary: TokenizerVocabulary) -> list[str]:
    """Return the tokens by which known models end a turn; their configuration often names the end of text only."""
    known = (
        "<|im_end|>",
        "<|eot_id|>",
        "<|eom_id|>",
        "<end_of_turn>",
        "<|end|>",
        "<|user|>",
        "<|observation|>",
        "<｜end▁of▁sentence｜>",
    )
    return [name for name in known if name in vocabulary.controls]


def rendered(tokenizer: PreTrainedTokenizerBase, turns: Turns, tools: list[dict[str, Any]] | None) -> str:
    """Return what the tokenizer's template makes of turns, the model's opened unless the last is its own."""
    offered: list[dict[Any, Any] | Callable[..., Any]] | None = list(tools) if tools else None
    opened = turns[-1]["role"] != "assistant"
    try:
        # transformers renders in a sandbox: a template cannot reach anything but what it is given.
        prompt = tokenizer.apply_chat_template(turns, tools=offered, tokenize=False, add_generation_prompt=opened)
    except (jinja2.TemplateError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise ModelError(f"the model's chat template refuses this conversation: {error}") from error
    return str(prompt)
