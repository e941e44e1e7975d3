"""Model folders converted: what the published code computed is what transformers computes from the new folder."""

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("transformers")

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, PreTrainedModel

from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_chatglm3, write_llama, write_pieces
from vouch.generation.models.checkpoint import fingerprint, open_checkpoint
from vouch.generation.models.checkpoint_writer import Pending, write_weights
from vouch.generation.models.convert import Target, convert
from vouch.generation.models.formats import language_of
from vouch.generation.models.loading import LoadOptions, load_weights, raw_config
from vouch.generation.templates.chatglm3 import ChatGLM3Format
from vouch.retrieval.errors import ModelError

OPTIONS = LoadOptions(device="cpu", precision="float32", threads=1)
SHARED = Path(os.environ.get("VOUCH_SHARED", Path(__file__).resolve().parents[4] / "shared")) / "models"
REFERENCE = SHARED / "chatglm3-reference"


def ignore(_done: int, _of: int) -> None:
    """Nobody watches."""


def plain(folder: Path) -> PreTrainedModel:
    """Return a folder's model as transformers alone opens it."""
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder)
    return model.eval()


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs the reference checkpoints: set VOUCH_SHARED")
@pytest.mark.parametrize("name", ["base", "sharded", "long-rope"])
def test_a_converted_chatglm3_computes_what_the_published_code_computed(tmp_path: Path, name: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for file in (REFERENCE / name).iterdir():
        (source / file.name).symlink_to(file)
    write_pieces(source / "tokenizer.model")
    convert(source, Target(tmp_path / "native", shard_bytes=500_000), None, ignore)
    assert len(list((tmp_path / "native").glob("model-*-of-*.safetensors"))) > 1
    expected = load_file(source / "expected.safetensors")
    with torch.inference_mode():
        found = plain(tmp_path / "native")(expected["input_ids"]).logits
    assert (found - expected["logits"]).abs().max() < 1e-5


def test_a_converted_chatglm3_is_spoken_to_as_before_and_stops_as_before(tmp_path: Path) -> None:
    source = write_chatglm3(tmp_path / "source")
    convert(source, Target(tmp_path / "native"), None, ignore)
    language = language_of(tmp_path / "native", raw_config(tmp_path / "native"))
    assert isinstance(language.form, ChatGLM3Format)
    stops = [language.vocabulary.id_of(name) for name in ("</s>", "<|user|>", "<|observation|>")]
    assert plain(tmp_path / "native").generation_config.eos_token_id == stops
    assert torch.equal(
        load_weights(tmp_path / "native", OPTIONS).lm_head.weight, load_weights(source, OPTIONS).lm_head.weight
    )


def test_another_precision_rounds_the_weights_and_the_configuration_says_so(tmp_path: Path) -> None:
    source = write_llama(tmp_path / "source", CHATML_TOKENS, CHATML)
    convert(source, Target(tmp_path / "half"), torch.bfloat16, ignore)
    before, after = load_file(source / "model.safetensors"), load_file(tmp_path / "half" / "model.safetensors")
    assert all(torch.equal(after[name], tensor.bfloat16()) for name, tensor in before.items())
    assert json.loads((tmp_path / "half" / "config.json").read_text("utf-8"))["dtype"] == "bfloat16"
    assert (tmp_path / "half" / "chat_template.jinja").read_text("utf-8") == CHATML


def test_pickled_weights_become_safetensors(tmp_path: Path) -> None:
    source = write_llama(tmp_path / "source", CHATML_TOKENS, CHATML)
    tensors = load_file(source / "model.safetensors")
    torch.save(tensors, source / "pytorch_model.bin")
    (source / "model.safetensors").unlink()
    convert(source, Target(tmp_path / "safe"), None, ignore)
    found = load_file(tmp_path / "safe" / "model.safetensors")
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())


def test_a_fingerprint_is_the_model_s_whatever_its_files_are(tmp_path: Path) -> None:
    source = write_chatglm3(tmp_path / "source")
    mark = fingerprint(open_checkpoint(source))
    convert(source, Target(tmp_path / "shards", shard_bytes=50_000), None, ignore)
    assert fingerprint(open_checkpoint(tmp_path / "shards")) == mark
    convert(source, Target(tmp_path / "half"), torch.float16, ignore)
    assert fingerprint(open_checkpoint(tmp_path / "half")) != mark
    tensors = load_file(source / "model.safetensors")
    tensors["transformer.encoder.layers.1.mlp.dense_4h_to_h.weight"].mul_(1.0001)
    save_file(tensors, source / "model.safetensors")
    assert fingerprint(open_checkpoint(source)) != mark


def test_a_folder_without_a_tokenizer_is_not_converted(tmp_path: Path) -> None:
    source = write_chatglm3(tmp_path / "source")
    (source / "tokenizer.model").unlink()
    with pytest.raises(ModelError, match="has no tokenizer"):
        convert(source, Target(tmp_path / "native"), None, ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_shards_are_no_larger_than_wanted_and_are_read_by_the_library(tmp_path: Path) -> None:
    made = {
        name: torch.arange(size).reshape(-1, 2).to(kind)
        for name, size, kind in (("a", 60, torch.float32), ("b", 60, torch.bfloat16), ("c", 100, torch.int64))
    }
    plan = {
        name: Pending(tuple(tensor.shape), tensor.dtype, lambda tensor=tensor: tensor) for name, tensor in made.items()
    }
    told: list[tuple[int, int]] = []
    files = write_weights(tmp_path, plan, 360, lambda *step: told.append(step))
    assert [sorted(load_file(file)) for file in files] == [["a", "b"], ["c"]]
    assert told == [(240, 1160), (360, 1160), (1160, 1160)]
    for file in files:
        for name, tensor in load_file(file).items():
            assert torch.equal(tensor, made[name])
            assert tensor.dtype == made[name].dtype
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text("utf-8"))
    assert index["metadata"]["total_size"] == 1160
    assert index["weight_map"] == {"a": files[0].name, "b": files[0].name, "c": files[1].name}
