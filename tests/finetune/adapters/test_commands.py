"""`vouch finetune adapters|merge|export|card` and `vouch model` from the command line."""

from pathlib import Path

import pytest

pytest.importorskip("transformers")
pytest.importorskip("gguf")

from tests.app.conftest import run_quietly
from tests.finetune.adapters.test_listing import SETTINGS, write_run
from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_chatglm3, write_llama
from vouch.generation.models.gguf_header import read_header


@pytest.fixture(scope="module")
def chatglm3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chatglm3(tmp_path_factory.mktemp("models") / "tiny-chatglm3")


def test_adapters_are_listed_and_a_broken_one_is_exit_code_3(tmp_path: Path) -> None:
    write_run(tmp_path / "finance")
    whole = run_quietly("finetune", "adapters", tmp_path)
    assert (whole.code, len(whole.out.splitlines())) == (0, 2)
    assert "finance  tiny-chatglm3  qlora   8 (alpha 32)  down_proj, q_proj" in whole.out
    write_run(tmp_path / "torn", SETTINGS | {"peft_type": "IA3"})
    torn = run_quietly("finetune", "adapters", tmp_path, "--json")
    assert (torn.code, len(torn.json["adapters"])) == (3, 2)
    assert torn.json["adapters"][1]["problem"] == "an adapter of type IA3, only LoRA is used"
    assert "BROKEN: an adapter of type IA3" in run_quietly("finetune", "adapters", tmp_path).out


def test_no_adapters_is_said(tmp_path: Path) -> None:
    done = run_quietly("finetune", "adapters", tmp_path)
    assert (done.code, done.out) == (0, "")
    assert "no adapters there" in done.err


def test_a_card_is_written_beside_the_adapter(tmp_path: Path) -> None:
    run = write_run(tmp_path / "finance")
    assert run_quietly("finetune", "card", run).code == 0
    assert (run / "adapter" / "README.md").read_text("utf-8").startswith('---\nbase_model: "tiny-chatglm3"\n')
    assert run_quietly("finetune", "card", tmp_path / "absent").code == 2


def test_a_chatglm3_is_converted_shown_and_exported(chatglm3: Path, tmp_path: Path) -> None:
    native = tmp_path / "native"
    done = run_quietly("model", "convert", chatglm3, "--out", native, "--dtype", "bfloat16", "--json")
    assert (done.code, done.json["tensors"]) == (0, 25)
    shown = run_quietly("model", "show", native, "--json").json["description"]
    assert shown.startswith("glm, 0.0 GiB as bfloat16")
    assert shown.endswith("spoken to as ChatGLM3")
    out = tmp_path / "model.gguf"
    exported = run_quietly("finetune", "export", native, "--to", "gguf", "--out", out, "--type", "Q8_0", "--json")
    assert (exported.code, exported.json["architecture"], exported.json["type"]) == (0, "chatglm", "q8_0")
    assert exported.json["bytes"] == out.stat().st_size
    assert read_header(out).architecture == "chatglm"


def test_what_cannot_be_converted_or_exported_is_one_line(chatglm3: Path, tmp_path: Path) -> None:
    again = run_quietly("model", "convert", chatglm3, "--out", chatglm3)
    assert again.code == 3
    assert "is there already: name another folder" in again.err
    out = tmp_path / "model.gguf"
    adapter = write_run(tmp_path / "run") / "adapter"
    refused = run_quietly("finetune", "export", adapter, "--to", "gguf", "--out", out)
    assert refused.code == 3
    assert "is an adapter, not a model: run `vouch finetune merge" in refused.err
    wrong = run_quietly("finetune", "export", chatglm3, "--to", "gguf", "--out", out, "--type", "q9")
    assert (wrong.code, "take one of f32, f16" in wrong.err) == (3, True)
    assert not out.exists()
    assert run_quietly("model", "show", tmp_path / "absent").code == 3


@pytest.mark.slow  # importing peft takes ten seconds
def test_an_adapter_is_merged_only_into_the_base_it_was_trained_on(chatglm3: Path, tmp_path: Path) -> None:
    from tests.generation.models.test_adapters import write_old  # brings peft

    old, out = write_old(tmp_path / "old", seed=1), tmp_path / "merged"
    (old / "base_model.json").write_text('{"name": "x", "fingerprint": "0123456789abcdef"}', "utf-8")
    refused = run_quietly("finetune", "merge", old, "--base", chatglm3, "--out", out)
    assert refused.code == 3
    assert "was trained on other weights" in refused.err
    merged = run_quietly("finetune", "merge", old, "--base", chatglm3, "--out", out, "--any-base", "--json")
    assert (merged.code, merged.json["changed"], merged.json["tensors"]) == (0, 2 * 6, 25)
    llama = write_llama(tmp_path / "llama", CHATML_TOKENS, CHATML)
    other = run_quietly("finetune", "merge", old, "--base", llama, "--out", tmp_path / "no", "--any-base")
    assert (other.code, "made for ChatGLM3" in other.err) == (3, True)
