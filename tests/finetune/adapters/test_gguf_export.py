"""Models exported to GGUF, in a real llama.cpp: the same token ids, the same replies as in transformers."""

import errno
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gguf")
pytest.importorskip("xllamacpp")
pytest.importorskip("transformers")

import gguf
import numpy as np
import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

from tests.generation.models.taught import Lesson, teach
from tests.generation.models.tiny_gguf import Shape, random_glm, random_llama, trained_pieces
from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, LLAMA3_TOKENS, write_chatglm3, write_llama
from vouch.finetune.adapters.gguf_check import PROBES, Source, check_vocabulary
from vouch.finetune.adapters.gguf_export import ExportTask, export_gguf
from vouch.finetune.adapters.gguf_tokens import TokenTable
from vouch.finetune.adapters.gguf_types import file_type, kind_of
from vouch.generation.chat import ChatRequest, Message, Sampling, ToolSchema
from vouch.generation.models.gguf import GgufChat
from vouch.generation.models.llama_server import LlamaOptions, LlamaServer
from vouch.generation.models.loading import LoadOptions, load_model
from vouch.generation.models.transformers_chat import TransformersChat
from vouch.retrieval.errors import ModelError

OPTIONS = LoadOptions(device="cpu", precision="float32", threads=1)
KINDS = ("llama-pieces", "llama-chatml", "llama3", "chatglm3", "chatglm3-original")
ASKED = ChatRequest(
    (
        Message("system", "你是财务助手。"),
        Message("user", "2022年营业收入1,234.56万元？<|user|></s>[gMASK]<|im_end|>"),
        Message("assistant", "1,234.56万元。"),
        Message("user", "how about  2023?\n"),
    ),
    sampling=Sampling(max_tokens=24),
)


def ignore(_done: int, _of: int) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module", params=KINDS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("model") / str(request.param))


def written(folder: Path) -> Path:
    """Write a tiny model of the kind that the folder's name says."""
    match folder.name:
        case "llama-chatml":
            return write_llama(folder, CHATML_TOKENS, CHATML)
        case "llama3":
            return write_llama(folder, LLAMA3_TOKENS)
        case "chatglm3-original":
            return write_chatglm3(folder)
    pieces = trained_pieces()
    make = random_llama if folder.name == "llama-pieces" else random_glm
    make(pieces, Shape(hidden=256)).save_pretrained(folder)
    (folder / "tokenizer.model").write_bytes(pieces.serialized_model_proto())
    return folder


@contextmanager
def running(file: Path) -> Iterator[GgufChat]:
    chat = GgufChat(file, LlamaOptions(512, threads=1))
    try:
        yield chat
    finally:
        chat.close()


def greedy(file: Path, ids: Sequence[int], count: int) -> list[int]:
    """Return the token ids that llama.cpp continues with."""
    server = LlamaServer(file, LlamaOptions(512, threads=1))
    try:
        body = {"prompt": list(ids), "n_predict": count, "temperature": 0, "return_tokens": True}
        return [int(token) for token in server.ask("/completion", body)["tokens"]]
    finally:
        server.close()


def expected(folder: Path, ids: Sequence[int], count: int) -> list[int]:
    """Return the same of a plain loop over transformers' logits: no cache, no generate."""
    model, found = load_model(folder, OPTIONS).model, list(ids)
    with torch.inference_mode():
        for _ in range(count):
            found.append(int(model(torch.tensor([found])).logits[0, -1].argmax()))
    return found[len(ids) :]


@pytest.fixture(scope="module")
def exported(folder: Path) -> Path:
    file = folder.parent / "model.gguf"
    export_gguf(ExportTask(folder, file, "f32"), check_vocabulary, ignore)
    return file


def test_llama_cpp_continues_as_transformers_does(folder: Path, exported: Path) -> None:
    ids = TransformersChat(load_model(folder, OPTIONS)).prompt_ids(ASKED)
    found = greedy(exported, ids, 24)
    assert found == expected(folder, ids, 24)[: len(found)]
    assert len(found) > 8, "it did not end at once"


def test_a_conversation_becomes_the_same_token_ids(folder: Path, exported: Path) -> None:
    model = TransformersChat(load_model(folder, OPTIONS))
    with running(exported) as chat:
        assert chat.prompt_ids(ASKED) == model.prompt_ids(ASKED)
        for text in PROBES:
            assert chat.count_tokens(text) == model.count_tokens(text)


def test_the_file_brings_a_chat_template_that_says_the_same(folder: Path, exported: Path) -> None:
    benign = ChatRequest(
        (Message("user", "2022年营业收入？"), Message("assistant", "12亿。"), Message("user", "2023?"))
    )
    server = LlamaServer(exported, LlamaOptions(512, threads=1))
    try:
        turns = [{"role": turn.role, "content": turn.content} for turn in benign.messages]
        prompt = server.ask("/apply-template", {"messages": turns})["prompt"]
        body = {"content": prompt, "add_special": True, "parse_special": True}
        ids = [int(token) for token in server.ask("/tokenize", body)["tokens"]]
    finally:
        server.close()
    assert ids == TransformersChat(load_model(folder, OPTIONS)).prompt_ids(benign)


@pytest.mark.parametrize(
    "kind",
    ["q8_0", "q4_k_m", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("f16", "bf16", "q5_0", "q6_k"))],
)
@pytest.mark.parametrize("name", ["llama-pieces", "chatglm3"])
def test_a_smaller_file_gives_the_reply_that_was_taught(tmp_path: Path, name: str, kind: str) -> None:
    folder = written(tmp_path / name)
    loaded = load_model(folder, OPTIONS)
    prompt = TransformersChat(loaded).prompt_ids(ASKED)
    reply = expected(folder, prompt, 8)
    model: Any = loaded.model
    teach(model, [Lesson(prompt, reply)])
    model.save_pretrained(folder)
    done = export_gguf(ExportTask(folder, tmp_path / "model.gguf", kind), None, ignore)
    assert greedy(done.file, prompt, len(reply)) == reply


@pytest.mark.parametrize(
    ("kind", "bits", "worst"),
    [
        ("f16", 16, 0.001),
        ("q8_0", 8.5, 0.01),
        ("q6_k", 6.5625, 0.025),
        ("q5_0", 5.5, 0.06),
        ("q5_k_m", 5.5, 0.05),
        ("q4_0", 4.5, 0.11),
        ("q4_k_m", 4.5, 0.09),
    ],
)
def test_a_type_keeps_its_bits_and_is_off_by_little(tmp_path: Path, kind: str, bits: float, worst: float) -> None:
    folder = written(tmp_path / "chatglm3")
    export_gguf(ExportTask(folder, tmp_path / "model.gguf", kind), None, ignore)
    weights = load_file(folder / "model.safetensors")
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(tmp_path / "model.gguf").tensors}
    stored, original = tensors["blk.0.attn_output.weight"], weights["model.layers.0.self_attn.o_proj.weight"].numpy()
    assert stored.n_bytes * 8 / original.size == bits
    error = gguf.quants.dequantize(stored.data, stored.tensor_type) - original
    assert np.sqrt((error**2).mean()) < worst * original.std()
    assert tensors["blk.0.attn_norm.weight"].tensor_type == gguf.GGMLQuantizationType.F32


def test_layers_that_matter_most_keep_more_bits_in_a_k_type() -> None:
    kinds = [
        kind_of(f"blk.{layer}.ffn_down.weight", (4096, 11008), file_type("q4_k_m"), 32).name for layer in range(32)
    ]
    # llama-quantize of llama.cpp on Llama-2-7B: 16 of 32 down projections as Q6_K, the first and last four among them
    assert [layer for layer, kind in enumerate(kinds) if kind == "Q6_K"] == [
        *(0, 1, 2, 3),
        *(6, 9, 12, 15, 18, 21, 24, 27),
        *(28, 29, 30, 31),
    ]
    assert kind_of("blk.0.ffn_down.weight", (4096, 13696), file_type("q4_k_m"), 28).name == "Q8_0", "no multiple of 256"
    assert kind_of("blk.0.attn_qkv.weight", (4608, 4096), file_type("q4_k_m"), 28).name == "Q5_K"
    assert kind_of("output.weight", (65024, 4096), file_type("q4_k_m"), 28).name == "Q6_K"


def test_what_the_layers_compute_beyond_the_plain_llama_is_carried_over(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "llama31", LLAMA3_TOKENS)
    torch.manual_seed(5)
    config = LlamaConfig.from_pretrained(
        folder,
        head_dim=32,
        attention_bias=True,
        mlp_bias=True,
        tie_word_embeddings=True,
        initializer_range=0.3,
        rope_parameters={
            "rope_type": "llama3",
            "rope_theta": 500_000.0,
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
    )
    model = LlamaForCausalLM(config)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    export_gguf(ExportTask(folder, tmp_path / "model.gguf", "f32"), check_vocabulary, ignore)
    ids = list(range(5, 120))
    assert greedy(tmp_path / "model.gguf", ids, 16) == expected(folder, ids, 16)


def test_an_adapter_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match=r"is an adapter, not a model: run `vouch finetune merge"):
        export_gguf(ExportTask(tmp_path, tmp_path / "x.gguf", "f16"), None, ignore)


def test_models_that_cannot_be_written_are_named_with_the_reason(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "model", CHATML_TOKENS, CHATML)
    out = tmp_path / "model.gguf"
    with pytest.raises(ModelError, match=r"not written as 'q3_k': take one of f32"):
        export_gguf(ExportTask(folder, out, "q3_k"), None, ignore)
    tokenizer = (folder / "tokenizer.json").read_text("utf-8")
    cut = tokenizer.replace('"type": "ByteLevel"', '"type": "Whitespace"', 1)
    (folder / "tokenizer.json").write_text(cut, "utf-8")
    with pytest.raises(ModelError, match=r"cuts texts by Whitespace, for which no rule"):
        export_gguf(ExportTask(folder, out, "f16"), None, ignore)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    with pytest.raises(ModelError, match="no tokenizer"):
        export_gguf(ExportTask(folder, out, "f16"), None, ignore)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "gpt_neox"}), "utf-8")
    with pytest.raises(ModelError, match=r"is a gpt_neox; GGUF is written here for llama, mistral and ChatGLM3"):
        export_gguf(ExportTask(folder, out, "f16"), None, ignore)
    assert not out.exists()


def test_a_vocabulary_that_llama_cpp_reads_otherwise_is_found(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "model", CHATML_TOKENS, CHATML)
    tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    tokenizer["model"]["merges"].reverse()
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    (folder / "tokenizer.json").write_text((folder / "tokenizer.json").read_text("utf-8"), "utf-8")
    with pytest.raises(ModelError, match="would not read texts as this model's tokenizer does"):
        export_gguf(ExportTask(folder, tmp_path / "model.gguf", "f16"), _with_another_rule, ignore)
    assert not (tmp_path / "model.gguf").exists()


def _with_another_rule(table: TokenTable, source: Source) -> None:
    check_vocabulary(replace(table, pre="llama-bpe"), source)


def test_a_file_that_was_not_finished_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_llama(tmp_path / "model", CHATML_TOKENS, CHATML)
    out = tmp_path / "model.gguf"
    out.write_bytes(b"the old one")

    def full(_numbers: object, _kind: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("vouch.finetune.adapters.gguf_export.blocks", full)
    with pytest.raises(ModelError, match=r"disk of .* is full, nothing was kept"):
        export_gguf(ExportTask(folder, out, "f16"), None, ignore)
    assert out.read_bytes() == b"the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model.gguf"]


def test_a_llama3_is_told_of_its_tools_in_its_own_way(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "llama3", LLAMA3_TOKENS)
    export_gguf(ExportTask(folder, tmp_path / "model.gguf", "f16"), None, ignore)
    asked = replace(ASKED, tools=(ToolSchema("lookup", "查数", {"type": "object", "properties": {}}),))
    with running(tmp_path / "model.gguf") as chat:
        assert chat.prompt_ids(asked) == TransformersChat(load_model(folder, OPTIONS)).prompt_ids(asked)
