"""A classifier of red flags learned from a few lines tells their kinds apart, and is the same each time."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vouch.finetune.red_flags import KINDS, Recipe, read_recipe, said, texts_of, train, write
from vouch.generation.red_flag_classifier import Classifier, Reader, load, shares
from vouch.retrieval.errors import SettingsError

EXAMPLES = """
[words]
who = ["my dad", "my aunt"]

[examples]
emergency = \"\"\"
<who> has {crushing|heavy} chest pain and {sweats|is pale}
\"\"\"
poisoning = \"\"\"
<who> swallowed {bleach|petrol} by mistake
\"\"\"
ordinary = \"\"\"
what {helps|is good} for {dry skin|warts|dandruff}
what are the {symptoms|causes} of {asthma|gout}
\"\"\"

[sentences]
ordinary = \"\"\"
which tea is nice
\"\"\"
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "examples.toml").write_text(EXAMPLES, "utf-8")
    return Recipe(
        seed=0, members=2, examples=(tmp_path / "examples.toml",), most_texts_of_a_line=6, copies=2, joined=0.5,
        slips=0.5,
        epochs=12, batch=16, rate=0.02, hidden=4, dropped=0.2, shrink=0.0,
    )  # fmt: skip


def test_a_line_stands_for_each_of_its_choices() -> None:
    words = {"who": ["mum", "dad"]}
    made = {said("<who> {fell|ran}{| fast}", words, random.Random(seed)) for seed in range(200)}
    assert made == {f"{who} {did}{how}" for who in ("mum", "dad") for did in ("fell", "ran") for how in ("", " fast")}


def test_texts_keep_the_kind_of_their_line(recipe: Recipe) -> None:
    texts = texts_of(recipe.examples[0], recipe, random.Random(0))
    poisonings = [text.text for text in texts if KINDS[text.kind] == "poisoning"]
    assert poisonings
    assert all("swallow" in text or "bleach" in text or "petrol" in text for text in poisonings)
    assert [text.text for text in texts].count("which tea is nice") >= recipe.copies


def test_what_was_learned_tells_the_kinds_apart_and_is_the_same_each_time(recipe: Recipe, tmp_path: Path) -> None:
    for name in ("once.npz", "twice.npz"):
        write(train(recipe, lambda _: None), tmp_path / name)
    assert (tmp_path / "once.npz").read_bytes() == (tmp_path / "twice.npz").read_bytes()
    classifier = Classifier(load(tmp_path / "once.npz"), Reader())
    ill, fine = classifier.look("my aunt has heavy chest pain and is pale"), classifier.look("what helps for warts")
    assert ill.kind == "emergency"
    assert ill.sure > 0.5 > fine.sure
    assert classifier.look("my dad swallowed petrol by mistake").kind == "poisoning"
    assert classifier.shares("my dad swallowed petrol").sum() == pytest.approx(1, abs=1e-5)


def test_a_wrong_recipe_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('seed = 0\nexamples = ["a.toml"]\nspeed = 3\n', "utf-8")
    with pytest.raises(SettingsError, match=r"recipe\.toml"):
        read_recipe(path)


def test_the_shipped_recipe_and_its_examples_can_be_read(repository: Path) -> None:
    recipe = read_recipe(repository / "finetune" / "recipes" / "red_flags.toml")
    for path in recipe.examples:
        kinds = {text.kind for text in texts_of(path, recipe, random.Random(0))}
        assert kinds == set(range(len(KINDS)))


def test_members_together_say_the_mean_of_what_each_says(recipe: Recipe) -> None:
    alone = [train(replace(recipe, seed=seed, members=1), lambda _: None) for seed in (0, 1)]
    both = train(recipe, lambda _: None)
    features = [Reader().features("my dad has crushing chest pain")]
    scores = [np.log(shares(weights, features)[0]) for weights in (*alone, both)]
    told = (scores[0] + scores[1]) / 2
    assert scores[2] == pytest.approx(told - np.log(np.exp(told).sum()), abs=1e-4)
    assert both.hidden.shape[1] == 2 * recipe.hidden
