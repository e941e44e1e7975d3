"""What stops a training is said before its first step, with a remedy; no weight is read for it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors import SafetensorError

from tests.finetune.training.runs import questions
from tests.finetune.training.shapes import CHATGLM3_6B, write_config
from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_chatglm3, write_llama
from vouch.finetune.examples.files import write_examples
from vouch.finetune.training.checks import check_layers, check_room, checked_base
from vouch.finetune.training.estimate import Estimate, estimate
from vouch.finetune.training.plan import planned
from vouch.finetune.training.recipe import DataRecipe, RunRecipe, TrainingRecipe
from vouch.finetune.training.shape import shape_of
from vouch.finetune.training.workload import Batch, Workload
from vouch.generation.models.loading import LoadOptions, load_weights
from vouch.generation.models.vocabularies import PieceVocabulary
from vouch.retrieval.errors import ModelError, TrainingFailed

BATCH = Batch(4, 2048, 512)
WORK = Workload(10, 80_000, 20_000, 81_920, 10 * 4 * 2048**2, 20_480, BATCH, BATCH)
PLENTY = 2**60


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chatglm3(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture
def copy(base: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(base, folder)
    return folder


def changed(folder: Path, **settings: object) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | settings), encoding="utf-8")


def of_6b(folder: Path, **recipe: object) -> tuple[TrainingRecipe, Estimate]:
    wanted = TrainingRecipe(folder, run=RunRecipe(batch=4, accumulate=2, precision="bfloat16"), **recipe)  # type: ignore[arg-type]
    return wanted, estimate(wanted, shape_of(write_config(folder, CHATGLM3_6B)), WORK, "cpu", rate=1e12)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Free bytes that the machine says it has."""
    free = [PLENTY]
    monkeypatch.setattr("vouch.finetune.training.checks.available_bytes", lambda _device: free[0])
    return free


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Free bytes that the disk says it has."""
    free = [PLENTY]
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(PLENTY, 0, free[0]))  # type: ignore[attr-defined]
    return free


def test_a_base_is_known_by_its_configuration_without_its_weights_being_read(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"none")
    language, shape = checked_base(TrainingRecipe(copy))
    assert isinstance(language.vocabulary, PieceVocabulary)
    assert (shape.layers, shape.hidden, shape.window) == (2, 64, 512)
    with pytest.raises((ModelError, SafetensorError)):
        load_weights(copy, LoadOptions(device="cpu", threads=1))


def test_a_model_without_its_weights_is_refused(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="holds no weights"):
        checked_base(TrainingRecipe(copy))


def test_a_model_without_its_tokenizer_is_refused(copy: Path) -> None:
    (copy / "tokenizer.model").unlink()
    with pytest.raises(ModelError, match=r"has no tokenizer\.model: copy it from the model's release"):
        checked_base(TrainingRecipe(copy))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder of a model"):
        checked_base(TrainingRecipe(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ('{"base_model_name_or_path": "chatglm3-6b"}', "set model to its base, which it names chatglm3-6b"),
        ("{", "set model to its base$"),
        ("[]", "set model to its base$"),
    ],
)
def test_an_adapter_given_as_base_is_refused_with_its_base(tmp_path: Path, settings: str, named: str) -> None:
    (tmp_path / "adapter_config.json").write_text(settings, encoding="utf-8")
    with pytest.raises(TrainingFailed, match=f"holds an adapter, no model: {named}"):
        checked_base(TrainingRecipe(tmp_path))


def test_a_base_that_is_stored_quantised_is_refused(copy: Path) -> None:
    changed(copy, quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True})
    with pytest.raises(TrainingFailed, match=r"stored quantised .bitsandbytes.*take the original weights"):
        checked_base(TrainingRecipe(copy))


def test_a_base_quantised_in_chatglms_own_way_is_refused(copy: Path) -> None:
    changed(copy, quantization_bit=4)
    with pytest.raises(ModelError, match="is quantised to 4 bits"):
        checked_base(TrainingRecipe(copy))


def test_layers_that_blocks_of_4_bits_do_not_divide_are_named_with_a_remedy(copy: Path) -> None:
    changed(copy, ffn_hidden_size=96)
    shape = shape_of(copy)
    with pytest.raises(TrainingFailed) as raised:
        check_layers(TrainingRecipe(copy, "qlora"), shape, "cpu")
    said = str(raised.value)
    assert said.startswith("2 layers read a number of values that blocks of 64 in 4 bits do not divide")
    assert "down_proj (96)" in said
    assert 'Set method = "int8-lora" or "lora", or train on a GPU' in said
    check_layers(TrainingRecipe(copy, "lora"), shape, "cpu")
    check_layers(TrainingRecipe(copy, "qlora"), shape, "cuda")


def test_too_little_memory_is_said_with_what_helps(tmp_path: Path, memory: list[int], disk: list[int]) -> None:
    recipe, found = of_6b(tmp_path, method="lora")
    memory[0] = 2**34
    with pytest.raises(TrainingFailed) as raised:
        check_room(recipe, found, tmp_path)
    said = str(raised.value)
    assert "16.0 GiB are free on cpu" in said
    assert "run.gradient_checkpointing = true (saves " in said
    assert "run.batch = 1 with run.accumulate = 8" in said
    assert 'method = "qlora"' in said


def test_what_is_set_already_is_no_remedy(tmp_path: Path, memory: list[int], disk: list[int]) -> None:
    recipe, _ = of_6b(tmp_path)
    recipe = replace(recipe, run=replace(recipe.run, batch=1, gradient_checkpointing=True))
    memory[0] = 2**30
    with pytest.raises(TrainingFailed) as raised:
        check_room(recipe, estimate(recipe, shape_of(tmp_path), WORK, "cpu", rate=1e12), tmp_path)
    assert not [word for word in ("gradient_checkpointing", "run.batch", "qlora") if word in str(raised.value)]
    assert "a lower data.max_length; or a smaller model" in str(raised.value)


def test_memory_that_just_suffices_is_no_error(tmp_path: Path, memory: list[int], disk: list[int]) -> None:
    recipe, found = of_6b(tmp_path)
    memory[0] = found.memory.total - found.memory.libraries
    check_room(recipe, found, tmp_path)
    memory[0] -= 1
    with pytest.raises(TrainingFailed, match="training takes about"):
        check_room(recipe, found, tmp_path)


def test_a_disk_without_room_for_the_checkpoints_is_said(tmp_path: Path, memory: list[int], disk: list[int]) -> None:
    recipe, found = of_6b(tmp_path)
    disk[0] = found.disk
    check_room(recipe, found, tmp_path / "not" / "there" / "yet")
    disk[0] -= 1
    with pytest.raises(TrainingFailed, match=r"3 checkpoints and the result take 1\.2 GiB.*run\.keep_checkpoints"):
        check_room(recipe, found, tmp_path / "not" / "there" / "yet")


def test_a_plan_learns_nothing_longer_than_the_models_window(tmp_path: Path) -> None:
    model = write_llama(tmp_path / "model", CHATML_TOKENS, CHATML, end="<|im_end|>")
    write_examples(tmp_path / "train.jsonl", questions(6))
    data = DataRecipe(("train.jsonl",), held_out_share=0.2)
    recipe = TrainingRecipe(model, "lora", data=data, run=RunRecipe(batch=2, accumulate=1, precision="float32"))
    plan = planned(recipe, tmp_path, rate=1e9)
    assert plan.limit == 1024, "the recipe's 2048 are more than the model reads"
    assert (len(plan.rows), plan.estimate.work.steps) == (5, 3)
    packed = planned(replace(recipe, data=replace(data, packing=True)), tmp_path, rate=1e9)
    assert [len(row) for row in packed.rows] == [5]
