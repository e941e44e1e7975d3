"""The whole proof on smaller models: first training, QLoRA, comparison, resume after a kill, merge, export."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # some minutes on one core
REPOSITORY = Path(__file__).parents[3]
SHARED = Path(os.environ.get("VOUCH_SHARED", REPOSITORY.parent / "shared"))


@pytest.fixture(scope="module", params=["llama", "chatglm3"])
def proof(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Proof":
    data = SHARED / "data"
    if not (data / "medical/qa_train.jsonl").is_file():
        pytest.skip(f"{data} is not there: set VOUCH_SHARED")
    found = Proof(tmp_path_factory.mktemp("proof"), request.param)
    found("texts", "--data", data)
    found("base")
    found("examples")
    return found


class Proof:
    """Stages of benchmarks/finetune_proof.py, small, in one folder."""

    def __init__(self, work: Path, shape: str) -> None:
        self.work, self.shape = work, shape

    def __call__(self, stage: str, *more: str | Path) -> str:
        script = REPOSITORY / "benchmarks" / "finetune_proof.py"
        command = [sys.executable, script, stage, "--work", self.work, "--small", "--shape", self.shape, *more]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def told(self, stage: str, *more: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self(stage, *more).splitlines()[-1])
        return found


def test_unseen_questions_are_answered_better_than_by_the_base(proof: Proof) -> None:
    proof("proof", "--seeds", "0")
    found = json.loads((proof.work / f"proof-run-{proof.shape}-medical-0.json").read_text("utf-8"))
    held_out = found["report"]["held_out"]
    assert held_out["after"]["perplexity"] < 0.9 * held_out["before"]["perplexity"]
    metrics = found["medical"]["metrics"]
    for name in ("f1", "reference_logprob"):
        assert metrics[name]["difference"] > 0
        assert metrics[name]["p"] < 0.05
    assert "reference_logprob" in found["general"]["metrics"], "what was forgotten is told too"


def test_a_killed_run_comes_to_the_same_losses(proof: Proof) -> None:
    found = proof.told("resume")
    assert found["same lines"]
    assert found["killed after step"] < found["steps"]
    assert found["largest difference"] == 0.0


def test_merged_and_exported_models_say_what_the_adapter_says(proof: Proof) -> None:
    found = proof.told("merge", "--seeds", "0")
    assert found["largest change of a logit by the adapter"] > 0.1
    assert found["largest difference of a merged logit"] < 1e-2
    assert found["prompt tokens read alike"] == found["prompts"]
    ties = found["where not, the two likeliest tokens were apart by"]
    assert found["exported says the same"] + len(ties) == found["prompts"]
    assert max(ties, default=0.0) < 1e-2, "another token only where two are as likely"
