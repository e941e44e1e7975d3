"""Adapters described from their folders; model cards from reports. No model is made, no weights are read."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vouch.finetune.adapters.card_facts import base_licence, card_facts, result_folder
from vouch.finetune.adapters.listing import described, find_adapters, recorded_base
from vouch.finetune.adapters.model_card import CardData, CardFacts, model_card
from vouch.finetune.examples.files import write_examples
from vouch.finetune.examples.types import Example
from vouch.generation.chat import Message
from vouch.retrieval.errors import ModelError, UsageError

REPORT: dict[str, Any] = {
    "finished": "2026-03-04T05:06:07+00:00",
    "method": "qlora",
    "base": {"name": "tiny-chatglm3", "fingerprint": "0123456789abcdef"},
    "settings": {
        "adapter": {"rank": 8, "alpha": 32, "targets": []},
        "data": {"train": ["qa.jsonl"], "held_out": [], "max_length": 512},
        "optimiser": {"learning_rate": 0.0002},
        "run": {"seed": 7, "patience": 0},
    },
    "weights": {"base": 6243584000, "learned": 1949696, "bytes_per_weight": 0.52},
    "computing": "bfloat16",
    "optimiser": "AdamW",
    "device": "cpu",
    "devices": 1,
    "steps": 1200,
    "epochs": 2.0,
    "held_out": {
        "before": {"loss": 3.0, "perplexity": 20.09, "f1": 0.1, "seconds": 4.0},
        "after": {"loss": 1.5, "perplexity": 4.48, "f1": 0.45, "seconds": 4.1},
        "best_step": 900,
        "best": {"loss": 1.4, "perplexity": 4.06, "f1": 0.5, "seconds": 4.1},
    },
    "smoke": {"asked": 4, "stopped": 3},
    "warnings": ["1 of 4 replies after training did not end"],
    "libraries": {"torch": "2.13.0", "peft": "0.21.2"},
}
SETTINGS = {
    "peft_type": "LORA",
    "base_model_name_or_path": "tiny-chatglm3",
    "r": 8,
    "lora_alpha": 32,
    "target_modules": ["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj", "down_proj"],
}


def write_run(run: Path, settings: dict[str, Any] = SETTINGS, report: dict[str, Any] | None = REPORT) -> Path:
    (run / "adapter").mkdir(parents=True)
    (run / "adapter" / "adapter_config.json").write_text(json.dumps(settings), "utf-8")
    (run / "adapter" / "adapter_model.safetensors").write_bytes(b"weights")
    if report is not None:
        (run / "report.json").write_text(json.dumps(report), "utf-8")
    return run


def test_an_adapter_is_known_by_its_run_with_base_layers_data_and_scores(tmp_path: Path) -> None:
    write_run(tmp_path / "finance")
    found = find_adapters([tmp_path])
    assert [(entry.name, entry.base, entry.method, entry.rank, entry.alpha) for entry in found] == [
        ("finance", "tiny-chatglm3", "qlora", 8, 32.0)
    ]
    assert found[0].targets == ("down_proj", "q_proj")
    assert (found[0].trained, found[0].data) == ("2026-03-04T05:06:07+00:00", "qa.jsonl")
    assert found[0].scores == {"loss": 1.5, "perplexity": 4.48, "f1": 0.45}


def test_scores_are_those_of_the_weights_that_were_kept(tmp_path: Path) -> None:
    report = json.loads(json.dumps(REPORT))
    report["settings"]["run"]["patience"] = 3
    assert described(write_run(tmp_path / "run", report=report) / "adapter").scores["f1"] == 0.5


def test_an_adapter_of_others_needs_no_report(tmp_path: Path) -> None:
    settings = SETTINGS | {"use_dora": True, "use_rslora": True, "target_modules": "all-linear"}
    folder = write_run(tmp_path / "run", settings, None) / "adapter"
    found = described(folder.rename(tmp_path / "theirs"))
    assert (found.name, found.method, found.targets, found.trained) == ("theirs", "DoRA rsLoRA", ("all-linear",), "")
    assert recorded_base(found.folder) == ""


def test_checkpoints_of_a_run_are_no_adapters_of_their_own(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    write_run(run / "checkpoints" / "checkpoint-50")
    assert [entry.folder for entry in find_adapters([tmp_path, run])] == [run / "adapter"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "adapter_config.json is no JSON"),
        ("[]", "holds no settings"),
        ('{"peft_type": "PREFIX_TUNING"}', "type PREFIX_TUNING, only LoRA"),
        ('{"peft_type": "LORA"}', "lacks 'r'"),
        ('{"peft_type": "LORA", "r": "many", "lora_alpha": 1}', "invalid literal"),
    ],
)
def test_a_broken_adapter_is_listed_with_the_reason(tmp_path: Path, content: str, reason: str) -> None:
    folder = write_run(tmp_path / "run") / "adapter"
    (folder / "adapter_config.json").write_text(content, "utf-8")
    assert reason in described(folder).problem


def test_an_adapter_without_weights_is_broken(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run") / "adapter"
    (folder / "adapter_model.safetensors").write_bytes(b"")
    assert "neither adapter_model.safetensors nor adapter_model.bin" in described(folder).problem


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder"):
        find_adapters([tmp_path / "absent"])


def test_a_card_tells_data_recipe_metrics_and_limits() -> None:
    data = CardData(3, {"qa": 3}, {"a|b.jsonl": 3}, {"CC-BY-4.0": 2, "not stated": 1})
    card = model_card(CardFacts("finance", REPORT, data, "The ChatGLM3 License", "vouch finetune train r.toml", "0.2"))
    head, _, body = card.removeprefix("---\n").partition("---\n")
    assert 'base_model: "tiny-chatglm3"\nlibrary_name: peft\n' in head
    assert 'license: other\nlicense_name: "The ChatGLM3 License"\n' in head
    assert body.startswith("# finance\n")
    assert "| CC-BY-4.0 | 2 |\n| not stated | 1 |\n" in body
    assert "| a\\|b.jsonl | 3 |\n" in body
    assert "| perplexity | 20.09 | 4.48 | lower |\n| f1 | 0.1 | 0.45 | higher |\n" in body
    assert "seconds" not in body
    assert "- weights: 6,243,584,000\n" in body
    assert "| `optimiser.learning_rate` | 0.0002 |\n" in body
    assert "- 1 of 4 replies after training did not end\n" in body
    assert "trained on a base in fewer bits" in body
    assert "vouch finetune train r.toml" in body
    assert "seed 7, with vouch 0.2, torch 2.13.0, peft 0.21.2." in body


def test_a_card_says_what_is_not_known() -> None:
    card = model_card(CardFacts("x", REPORT | {"held_out": {}, "method": "lora"}))
    assert "Nothing was held out" in card
    assert "The examples were not counted" in card
    assert "licence: not stated in its folder" in card
    assert "license" not in card.split("---")[1]
    assert "fewer bits" not in card


def test_a_run_without_an_earlier_measurement_has_no_number_before() -> None:
    held_out = REPORT["held_out"] | {"before": None}
    assert "| f1 | — | 0.45 | higher |" in model_card(CardFacts("x", REPORT | {"held_out": held_out}))


def test_a_card_of_a_run_that_ended_early_shows_the_weights_that_were_kept() -> None:
    settings = REPORT["settings"] | {"run": {"seed": 0, "patience": 2}}
    card = model_card(CardFacts("x", REPORT | {"settings": settings}))
    assert "| f1 | 0.1 | 0.5 | higher |" in card
    assert "those of step 900" in card


def test_a_card_counts_the_examples_of_the_files_in_the_recipe(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    turns = (Message("user", "营业收入？"), Message("assistant", "12亿元。"))
    one = Example("1", turns, "qa", "g", source="archive.jsonl", licence="CC0")
    write_examples(tmp_path / "qa.jsonl", [one, replace(one, id="2", kind="fact", licence="")])
    facts = card_facts(run, tmp_path, None)
    assert facts.data == CardData(2, {"qa": 1, "fact": 1}, {"archive.jsonl": 2}, {"CC0": 1, "not stated": 1})
    assert result_folder(run) == run / "adapter"


def test_a_card_needs_a_finished_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no finished run"):
        card_facts(tmp_path, None, None)
    with pytest.raises(UsageError, match="is no finished run"):
        card_facts(write_run(tmp_path / "run", report=REPORT | {"finished": ""}), None, None)


@pytest.mark.parametrize(
    ("files", "licence"),
    [
        ({"README.md": "---\nlicense: apache-2.0\n---\n# x\nlicense: no"}, "apache-2.0"),
        ({"README.md": "---\nlicense: other\nlicense_name: glm3\n---\n"}, "glm3"),
        ({"README.md": "no head", "MODEL_LICENSE": "..."}, "see MODEL_LICENSE of the base"),
        ({}, ""),
    ],
)
def test_the_licence_of_a_base_is_what_its_folder_says(tmp_path: Path, files: dict[str, str], licence: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content, "utf-8")
    assert base_licence(tmp_path) == licence
