"""`vouch finetune` and the reranker from the command line."""

from pathlib import Path

import pytest

from tests.app.conftest import Vouch

RECIPE = "[[pairs]]\npath = 'absent.jsonl'\nquery = 'q'\npositive = 'p'\ngroup = 'g'\n"


@pytest.mark.parametrize("command", ["embed", "rerank"])
def test_missing_training_data_is_one_line_and_exit_code_2(vouch: Vouch, tmp_path: Path, command: str) -> None:
    pytest.importorskip("torch")
    (tmp_path / "recipe.toml").write_text(RECIPE, "utf-8")
    done = vouch("finetune", command, tmp_path / "recipe.toml", "--data", tmp_path, "--out", tmp_path / "out")
    assert done.code == 2
    assert "absent.jsonl is not there" in done.err
    assert not (tmp_path / "out").exists()


def test_search_reads_the_best_again_when_asked(vouch: Vouch, library: Path) -> None:
    plain = vouch("search", "营业收入", "--library", library, "--json").json
    reread = vouch("search", "营业收入", "--library", library, "--rerank", "--json").json
    assert (plain["mode"], reread["mode"]) == ("hybrid", "hybrid+rerank")
    assert [hit["ranks"]["rerank"] for hit in reread["hits"]] == list(range(1, len(reread["hits"]) + 1))
    assert all("rerank" not in hit["ranks"] for hit in plain["hits"])
