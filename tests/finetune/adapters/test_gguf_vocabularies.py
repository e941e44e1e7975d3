"""Vocabularies as people have them, in a real llama.cpp: ChatGLM3's, Llama 2's as pieces and as tokenizer.json."""

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("gguf")
pytest.importorskip("xllamacpp")
pytest.importorskip("transformers")

import torch
from tokenizers.normalizers import Prepend, Replace, Sequence
from transformers import (
    GlmConfig,
    GlmForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaTokenizer,
    PreTrainedTokenizerFast,
)

from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, byte_tokenizer, llama_config, write_llama
from vouch.finetune.adapters.gguf_check import check_vocabulary
from vouch.finetune.adapters.gguf_export import ExportTask, export_gguf
from vouch.generation.models.gguf_header import read_header
from vouch.generation.models.llama_server import LlamaOptions, LlamaServer
from vouch.retrieval.errors import ModelError

SHARED = Path(os.environ.get("VOUCH_SHARED", Path(__file__).resolve().parents[4] / "shared")) / "models"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs real vocabularies: set VOUCH_SHARED")


def ignore(_done: int, _of: int) -> None:
    """Nobody watches."""


def write_model(folder: Path, pieces: Path, model: torch.nn.Module) -> Path:
    model.save_pretrained(folder)
    (folder / "tokenizer.model").write_bytes(pieces.read_bytes())
    return folder


def small(vocabulary: int) -> dict[str, int]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": 64,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "max_position_embeddings": 512,
    }


def in_llama_cpp(file: Path, texts: list[str]) -> list[list[int]]:
    server = LlamaServer(file, LlamaOptions(512, threads=1))
    try:
        bodies = ({"content": text, "add_special": False, "parse_special": False} for text in texts)
        return [[int(token) for token in server.ask("/tokenize", body)["tokens"]] for body in bodies]
    finally:
        server.close()


@needs_shared
def test_chatglm3_s_vocabulary_makes_the_ids_of_the_published_tokenizer(tmp_path: Path) -> None:
    pieces = SHARED / "chatglm3-tokenizer" / "tokenizer.model"
    folder = write_model(tmp_path / "glm", pieces, GlmForCausalLM(GlmConfig(pad_token_id=0, **small(65024))))
    export_gguf(ExportTask(folder, tmp_path / "glm.gguf", "q4_0"), check_vocabulary, ignore)
    controls = read_header(tmp_path / "glm.gguf").controls
    assert [controls[name] for name in ("[gMASK]", "<sop>", "<|user|>", "<|observation|>")] == [
        64790,
        64792,
        64795,
        64797,
    ]
    cases = json.loads((SHARED / "chatglm3-reference" / "tokenizer_cases.json").read_text("utf-8"))["texts"]
    cases = [case for case in cases if case["text"]]
    assert len(cases) > 500
    found = in_llama_cpp(tmp_path / "glm.gguf", [case["text"] for case in cases])
    assert [ids for ids, case in zip(found, cases, strict=True) if ids != case["ids"]] == []


@pytest.mark.slow
@needs_shared
def test_llama_2_s_pieces_make_the_ids_of_sentencepiece(tmp_path: Path) -> None:
    pieces = SHARED / "llama-tokenizer" / "tokenizer.model"
    folder = write_model(tmp_path / "llama", pieces, LlamaForCausalLM(LlamaConfig(**small(32000))))
    done = export_gguf(ExportTask(folder, tmp_path / "llama.gguf", "q4_0"), check_vocabulary, ignore)
    assert done.architecture == "llama"


@pytest.mark.slow
@needs_shared
@pytest.mark.parametrize("manner", ["of 2023", "of transformers 5"])
def test_llama_2_as_tokenizer_json_makes_the_ids_of_that_tokenizer(tmp_path: Path, manner: str) -> None:
    pieces = SHARED / "llama-tokenizer" / "tokenizer.model"
    folder = write_model(tmp_path / "llama", pieces, LlamaForCausalLM(LlamaConfig(**small(32000))))
    tokenizer = LlamaTokenizer.from_pretrained(folder)
    (folder / "tokenizer.model").unlink()
    if manner == "of 2023":  # a space before each text, also behind a control token
        tokenizer.backend_tokenizer.normalizer = Sequence([Prepend("▁"), Replace(" ", "▁")])
        tokenizer.backend_tokenizer.pre_tokenizer = None
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer, bos_token="<s>", eos_token="</s>", chat_template=CHATML
    ).save_pretrained(folder)
    export_gguf(ExportTask(folder, tmp_path / "llama.gguf", "q4_0"), check_vocabulary, ignore)
    (spaced,) = in_llama_cpp(tmp_path / "llama.gguf", ["a"])
    assert spaced == ([263] if manner == "of 2023" else [29874]), "▁a, a"


def test_tokens_of_another_order_than_their_merges_are_found(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "model", CHATML_TOKENS, CHATML)
    file = folder / "tokenizer.json"
    described = json.loads(file.read_text("utf-8"))
    described["model"]["byte_fallback"] = True  # so it is taken for SentencePiece, whose ids give the order
    file.write_text(json.dumps(described), "utf-8")
    with pytest.raises(ModelError, match="would not read texts as this model's tokenizer does"):
        export_gguf(ExportTask(folder, tmp_path / "model.gguf", "f16"), check_vocabulary, ignore)


def test_rows_without_a_token_and_tokens_that_any_text_may_spell_are_told_apart(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    tokenizer = byte_tokenizer(CHATML_TOKENS, ["<answer>"])
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", chat_template=CHATML)
    wrapped.save_pretrained(folder)
    LlamaForCausalLM(llama_config(tokenizer.get_vocab_size() + 5)).save_pretrained(folder)
    export_gguf(ExportTask(folder, tmp_path / "model.gguf", "f16"), check_vocabulary, ignore)
    header = read_header(tmp_path / "model.gguf")
    assert header.controls.keys() == {*CHATML_TOKENS, "<answer>"}
    assert header.literals == {"<answer>"}
    assert header.tokens[-1] == f"[PAD{tokenizer.get_vocab_size() + 4}]"
    assert header.end == "<|im_end|>"
