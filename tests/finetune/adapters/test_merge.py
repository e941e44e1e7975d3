"""Adapters merged into their base: the merged model computes what base and adapter compute, whatever the adapter."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("peft")

import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from tests.finetune.adapters.adapter_maker import LINEAR, OPTIONS, logits, plain, write_adapter
from tests.generation.models.test_adapters import write_old
from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_chatglm3, write_llama
from vouch.finetune.adapters.merge import MergeTask, merge
from vouch.generation.chat import ChatRequest, Message, Sampling, collected
from vouch.generation.models.adapters import Adapters
from vouch.generation.models.convert import Target, convert
from vouch.generation.models.loading import load_model, load_weights
from vouch.generation.models.transformers_chat import TransformersChat
from vouch.retrieval.errors import ModelError

pytestmark = pytest.mark.slow  # importing peft takes ten seconds
MLP = {"llama": ["gate_proj", "up_proj"], "chatglm3": ["gate_up_proj"]}
KINDS: dict[str, dict[str, Any]] = {
    "lora": {},
    "rslora": {"use_rslora": True},
    "dora": {"use_dora": True},
    "ranks": {"rank_pattern": {"q_proj": 2}, "alpha_pattern": {"layers.1.self_attn.v_proj": 64, "down_proj": 4}},
    "embedding": {"target_modules": ["embed_tokens", "lm_head", "q_proj"]},
    "dora-embedding": {"target_modules": ["embed_tokens", "q_proj"], "use_dora": True},
    "saved": {"modules_to_save": ["lm_head", "norm"]},
    "saved-embedding": {"modules_to_save": ["embed_tokens"]},
}


def ignore(_done: int, _of: int) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module", params=["llama", "chatglm3"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base") / str(request.param)
    if request.param == "llama":
        return write_llama(folder, CHATML_TOKENS, CHATML)
    return write_chatglm3(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_merged_computes_what_base_and_adapter_compute(base: Path, tmp_path: Path, kind: str) -> None:
    settings = {"target_modules": [*LINEAR, *MLP[base.name]]} | KINDS[kind]
    expected = write_adapter(base, tmp_path / "adapter", **settings)
    merge(MergeTask(tmp_path / "adapter", base, tmp_path / "merged"), ignore)
    merged = logits(plain(tmp_path / "merged"))
    assert (merged - logits(load_weights(base, OPTIONS))).abs().max() > 0.1, "the adapter changes something"
    assert (merged - expected).abs().max() < 1e-5 * expected.abs().max()
    assert torch.equal(logits(load_weights(tmp_path / "merged", OPTIONS)), merged), "ours opens it alike"


def test_a_bf16_model_computes_what_its_adapter_computed_within_a_hundredth(base: Path, tmp_path: Path) -> None:
    convert(base, Target(tmp_path / "base"), torch.bfloat16, ignore)
    expected = write_adapter(tmp_path / "base", tmp_path / "adapter")
    merge(MergeTask(tmp_path / "adapter", tmp_path / "base", tmp_path / "merged", torch.float32), ignore)
    assert (logits(plain(tmp_path / "merged")) - expected).abs().max() < 1e-2
    merge(MergeTask(tmp_path / "adapter", tmp_path / "base", tmp_path / "rounded"), ignore)
    assert {tensor.dtype for tensor in weights(tmp_path / "rounded").values()} == {torch.bfloat16}
    assert plain(tmp_path / "rounded", "auto").dtype == torch.bfloat16, "its config says so"


def test_an_output_layer_that_is_the_embedding_gets_weights_of_its_own_where_only_one_changes(tmp_path: Path) -> None:
    base = write_llama(tmp_path / "base", CHATML_TOKENS, CHATML)
    torch.manual_seed(3)
    config = LlamaConfig.from_pretrained(base, tie_word_embeddings=True)
    LlamaForCausalLM(config).save_pretrained(base)
    for kind in ({"modules_to_save": ["lm_head"]}, {"target_modules": ["embed_tokens"]}, {}):
        out = tmp_path / f"merged-{len(list(tmp_path.iterdir()))}"
        expected = write_adapter(base, out.with_suffix(".adapter"), **kind)
        merge(MergeTask(out.with_suffix(".adapter"), base, out), ignore)
        assert (logits(plain(out)) - expected).abs().max() < 1e-5
        assert ("lm_head.weight" in weights(out)) == bool(kind)


def test_an_old_chatglm3_adapter_is_merged_into_both_layouts(tmp_path: Path) -> None:
    base = write_chatglm3(tmp_path / "base")
    old = write_old(tmp_path / "old", seed=1)
    model = load_weights(base, OPTIONS)
    Adapters(model, {"old": old}).use("old")
    expected = logits(model)
    merge(MergeTask(old, base, tmp_path / "native"), ignore)
    merge(MergeTask(old, base, tmp_path / "original", keep_layout=True), ignore)
    assert (logits(plain(tmp_path / "native")) - expected).abs().max() < 1e-4
    assert torch.equal(logits(load_weights(tmp_path / "original", OPTIONS)), logits(plain(tmp_path / "native")))
    assert weights(tmp_path / "original").keys() == weights(base).keys() - {"transformer.rotary_pos_emb.inv_freq"}
    assert json.loads((tmp_path / "original" / "config.json").read_text("utf-8"))["model_type"] == "chatglm"


def test_a_merged_chatglm3_answers_as_its_adapter_did(tmp_path: Path) -> None:
    base = write_chatglm3(tmp_path / "base")
    old = write_old(tmp_path / "old", seed=1)
    request = ChatRequest((Message("user", "营业收入？"),), sampling=Sampling(max_tokens=16))
    merge(MergeTask(old, base, tmp_path / "merged", shard_bytes=50_000), ignore)
    assert len(list((tmp_path / "merged").glob("model-*-of-*.safetensors"))) > 2
    merged = collected(TransformersChat(load_model(tmp_path / "merged", OPTIONS)).stream(request))
    adapted = TransformersChat(load_model(base, OPTIONS, {"old": old}))
    assert merged.text == collected(adapted.stream(replace(request, adapter="old"))).text
    assert merged.text != collected(adapted.stream(request)).text


def test_nothing_is_merged_into_a_quantised_model(base: Path, tmp_path: Path) -> None:
    write_adapter(base, tmp_path / "adapter")
    quantised = tmp_path / "quantised"
    quantised.mkdir()
    told = json.loads((base / "config.json").read_text("utf-8"))
    told["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    (quantised / "config.json").write_text(json.dumps(told), "utf-8")
    with pytest.raises(ModelError, match=r"is quantised \(bitsandbytes\).*in bf16, fp16 or fp32"):
        merge(MergeTask(tmp_path / "adapter", quantised, tmp_path / "merged"), ignore)
    assert not (tmp_path / "merged").exists()


def test_an_adapter_of_another_model_is_refused_and_leaves_nothing(base: Path, tmp_path: Path) -> None:
    other = write_chatglm3(tmp_path / "other", hidden_size=128, ffn_hidden_size=64)
    write_adapter(other, tmp_path / "adapter")
    with pytest.raises(ModelError, match=r"does not fit .* in the base, .* in the adapter"):
        merge(MergeTask(tmp_path / "adapter", base, tmp_path / "merged"), ignore)
    assert [path.name for path in tmp_path.iterdir() if "merged" in path.name] == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"lora_bias": True}, "uses lora_bias, which cannot be merged"),
        ({"init_lora_weights": "pissa_niter_4"}, "took parts out of the base's own weights"),
        ({"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 3}, "only LoRA adapters"),
    ],
)
def test_adapters_that_do_more_are_refused(base: Path, tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    write_adapter(base, tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changed), "utf-8")
    with pytest.raises(ModelError, match=said):
        merge(MergeTask(tmp_path / "adapter", base, tmp_path / "merged"), ignore)


def test_an_adapter_with_numbers_that_are_none_leaves_no_model(base: Path, tmp_path: Path) -> None:
    write_adapter(base, tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    tensors = load_file(file)
    next(tensor for name, tensor in tensors.items() if "v_proj.lora_B" in name)[0, 0] = float("nan")
    save_file(tensors, file)
    with pytest.raises(ModelError, match=r"v_proj\.weight would hold numbers that are none"):
        merge(MergeTask(tmp_path / "adapter", base, tmp_path / "merged"), ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


def test_what_is_there_already_is_not_overwritten(base: Path, tmp_path: Path) -> None:
    write_adapter(base, tmp_path / "adapter")
    with pytest.raises(ModelError, match="is there already"):
        merge(MergeTask(tmp_path / "adapter", base, tmp_path / "adapter"), ignore)


def test_the_disk_is_asked_for_room_before_anything_is_written(base: Path, tmp_path: Path, monkeypatch: Any) -> None:
    write_adapter(base, tmp_path / "adapter")
    monkeypatch.setattr(
        "vouch.generation.models.checkpoint_writer.shutil.disk_usage", lambda _folder: SimpleNamespace(free=1000)
    )
    with pytest.raises(ModelError, match=r"are free on the disk of .*: make room"):
        merge(MergeTask(tmp_path / "adapter", base, tmp_path / "merged"), ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return all tensors of a folder."""
    return {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}
