"""Models of a few thousand random weights, saved as real ones are."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertTokenizerFast,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

VOCABULARY = """高 血 压 糖 尿 病 营 业 收 入 同 比 增 长 患 者 应 当 监 测
the blood pressure of patients revenue grew by
percent diabetes is treated with metformin what causes fever and a cough ##s ##ing ##ed . , ? : query passage"""
WORDS = VOCABULARY.split()
TEXTS = (
    "the blood pressure of patients",
    "营业收入同比增长",
    "what causes fever?",
    "diabetes is treated with metformin, and blood pressure is treated with metformin",
    "糖尿病患者应当监测血压",
    "a",
)


def seeded(seed: int = 7) -> None:
    """Make the next random weights the same in every run, and tests frugal."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)


def tiny_tokenizer(folder: Path) -> BertTokenizerFast:
    """Write a WordPiece vocabulary and return its tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    return BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64)


def saved(model: PreTrainedModel, tokenizer: BertTokenizerFast, folder: Path) -> Path:
    """Write a model with its tokenizer."""
    # Random weights as they are drawn make nearly equal vectors for all texts.
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def bert_config(labels: int = 2) -> BertConfig:
    return BertConfig(
        vocab_size=5 + len(WORDS),
        hidden_size=16,
        num_hidden_layers=5,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        num_labels=labels,
    )


def tiny_bert(folder: Path) -> Path:
    """An encoder of five layers, 16 wide, for 64 tokens."""
    seeded()
    return saved(BertModel(bert_config()), tiny_tokenizer(folder), folder)


def tiny_cross_encoder(folder: Path, labels: int = 1) -> Path:
    """A classifier of pairs."""
    seeded()
    return saved(BertForSequenceClassification(bert_config(labels)), tiny_tokenizer(folder), folder)


def tiny_llama(folder: Path) -> Path:
    """A decoder with the same vocabulary; [SEP] is its end token."""
    seeded()
    tokenizer = tiny_tokenizer(folder)
    tokenizer.eos_token = "[SEP]"
    config = LlamaConfig(
        vocab_size=5 + len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        intermediate_size=32,
        max_position_embeddings=64,
        eos_token_id=3,
        bos_token_id=2,
    )
    return saved(LlamaForCausalLM(config), tokenizer, folder)


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def as_sentence_transformer(folder: Path, pooling: Mapping[str, Any], **config: Any) -> Path:
    """Add the files of sentence-transformers to a folder: a pooling, and what its own configuration says."""
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(kinds.items())
    ]
    write_json(folder / "modules.json", modules)
    write_json(folder / "1_Pooling" / "config.json", pooling)
    if config:
        write_json(folder / "config_sentence_transformers.json", config)
    return folder
