"""A recipe says everything; what it says wrong is named, with what was meant."""

import dataclasses
from pathlib import Path

import pytest

from vouch.finetune.training.recipe import (
    AdapterRecipe,
    DataRecipe,
    OptimiserRecipe,
    RunRecipe,
    TrainingRecipe,
)
from vouch.finetune.training.recipe_file import read_recipe
from vouch.retrieval.errors import UsageError

WHOLE = """
model = "models/base"
method = "lora"

[adapter]
rank = 8
alpha = 16
dropout = 0
targets = ["q_proj", "v_proj"]
rank_stabilised = true
decomposed = true

[data]
train = ["a.jsonl", "b.jsonl"]
held_out = ["c.jsonl"]
max_length = 512
packing = true
turns = "last"

[optimiser]
learning_rate = 1
schedule = "linear"
warm_up = 0.1
weight_decay = 0.01
clip = 0.5
paged = false

[run]
epochs = 3
max_steps = 40
batch = 2
gradient_checkpointing = true
precision = "bfloat16"
seed = 7
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "recipe.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_recipe_is_read_as_it_stands(tmp_path: Path) -> None:
    assert read_recipe(written(tmp_path, WHOLE)) == TrainingRecipe(
        model=tmp_path / "models" / "base",
        method="lora",
        adapter=AdapterRecipe(8, 16, 0.0, ("q_proj", "v_proj"), True, True),
        data=DataRecipe(("a.jsonl", "b.jsonl"), ("c.jsonl",), 0.05, 512, True, "last"),
        optimiser=OptimiserRecipe(1.0, "linear", 0.1, 0.01, 0.5, False),
        run=RunRecipe(3.0, 40, 2, gradient_checkpointing=True, precision="bfloat16", seed=7),
    )


def test_what_a_recipe_leaves_out_is_the_default(tmp_path: Path) -> None:
    recipe = read_recipe(written(tmp_path, 'model = "/models/base"'))
    assert recipe == TrainingRecipe(Path("/models/base"))
    assert recipe.method == "qlora"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("methd = 'lora'", "there is no methd; did you mean method?"),
        ("[adapter]\nrnk = 4", "there is no adapter.rnk; did you mean adapter.rank?"),
        ("[run]\nlearning_rate = 1e-4", "there is no run.learning_rate; did you mean optimiser.learning_rate?"),
        ("rank = 4", "there is no rank; did you mean adapter.rank?"),
        ("xyzzy = 4", "there is no xyzzy; there are model, method, adapter.rank"),
        ("method = 'qlore'", "method is 'qlore', expected one of 'qlora', 'lora', 'int8-lora', 'full'"),
        ("[adapter]\nrank = 0", "adapter.rank is 0, expected a whole number from 1 to 1024"),
        ("[adapter]\nrank = 8.0", "adapter.rank is 8.0, expected a whole number"),
        ("[adapter]\nrank = true", "adapter.rank is True, expected a whole number"),
        ("[adapter]\ntargets = 'q_proj'", "adapter.targets is 'q_proj', expected a list of texts"),
        ("[data]\npacking = 1", "data.packing is 1, expected true or false"),
        ("[data]\nheld_out_share = 1.5", "data.held_out_share is 1.5, expected a number from 0 to 0.9"),
        ("[optimiser]\nlearning_rate = nan", "optimiser.learning_rate is nan, expected a number from"),
        ("[optimiser]\nlearning_rate = '1e-4'", "optimiser.learning_rate is '1e-4', expected a number from"),
        ("run = 3", "run is a table, write"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, text: str, complaint: str) -> None:
    file = written(tmp_path, f"model = 'm'\n{text}")
    with pytest.raises(UsageError) as raised:
        read_recipe(file)
    assert str(raised.value).startswith(f"{file}: ")
    assert complaint in str(raised.value)


def test_a_recipe_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not say model: add it"):
        read_recipe(written(tmp_path, "method = 'lora'"))


@pytest.mark.parametrize("content", [b"model = ", b"model = '\xff'"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "recipe.toml"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="is no recipe of a training"):
        read_recipe(file)


def test_every_number_of_a_recipe_has_its_limits() -> None:
    for part in (AdapterRecipe, DataRecipe, OptimiserRecipe, RunRecipe):
        for entry in dataclasses.fields(part):
            if entry.type in (int, float):
                pytest.fail(f"{part.__name__}.{entry.name} takes any number")
