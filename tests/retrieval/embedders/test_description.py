"""How a model is to be used, read from the files of made-up folders."""

from pathlib import Path
from typing import Any

import pytest

from tests.retrieval.embedders.tiny_models import as_sentence_transformer, write_json
from vouch.retrieval.embedders.description import ModelChoices, ModelDescription, describe
from vouch.retrieval.embedders.families import known_models
from vouch.retrieval.embedders.pooling import Pooling
from vouch.retrieval.errors import ModelError

BERT = {"model_type": "bert", "hidden_size": 32, "max_position_embeddings": 512, "architectures": ["BertModel"]}
LLAMA = {"model_type": "llama", "hidden_size": 64, "max_position_embeddings": 4096}


def folder_with(path: Path, config: dict[str, Any], **tokenizer: Any) -> Path:
    """A folder with everything a model has, its weights being eight bytes."""
    write_json(path / "config.json", config)
    write_json(path / "tokenizer.json", {})
    write_json(path / "tokenizer_config.json", tokenizer)
    (path / "model.safetensors").write_bytes(b"8 bytes!")
    return path


def read(path: Path, **choices: Any) -> ModelDescription:
    return describe(str(path), ModelChoices(**choices))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, (Pooling.CLS,)),
        ({"pooling_mode_mean_tokens": True}, (Pooling.MEAN,)),
        ({"pooling_mode_max_tokens": True}, (Pooling.MAX,)),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, (Pooling.MEAN_SQRT,)),
        ({"pooling_mode_weightedmean_tokens": True}, (Pooling.WEIGHTED_MEAN,)),
        ({"pooling_mode_lasttoken": True}, (Pooling.LAST_TOKEN,)),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, (Pooling.CLS, Pooling.MEAN)),
        ({"pooling_mode": "lasttoken", "embedding_dimension": 32}, (Pooling.LAST_TOKEN,)),
        ({"pooling_mode": ["max", "weightedmean"]}, (Pooling.MAX, Pooling.WEIGHTED_MEAN)),
    ],
)
def test_pooling_is_read_from_the_models_own_file(
    tmp_path: Path, written: dict[str, Any], expected: tuple[Pooling, ...]
) -> None:
    described = read(as_sentence_transformer(folder_with(tmp_path, BERT), written))
    assert described.poolings == expected
    assert described.dimension == 32 * len(expected)
    assert described.origins["pooling"] == "the model's 1_Pooling"


def test_the_setting_wins_over_the_models_file(tmp_path: Path) -> None:
    folder = as_sentence_transformer(folder_with(tmp_path, BERT), {"pooling_mode_cls_token": True})
    described = read(folder, pooling="mean-last-layers")
    assert (described.poolings, described.origins["pooling"]) == ((Pooling.MEAN_LAST_LAYERS,), "settings")


def test_a_bare_folder_with_a_known_name_is_used_as_its_card_says(tmp_path: Path) -> None:
    described = read(folder_with(tmp_path / "bge-large-zh-v1.5", BERT))
    assert described.poolings == (Pooling.CLS,)
    assert described.query_instruction == "为这个句子生成表示以用于检索相关文章："
    assert described.passage_instruction == ""
    assert described.max_length == 512
    assert "BAAI/bge-large-zh-v1.5" in described.origins["pooling"]


def test_the_folder_of_the_hubs_cache_tells_the_name(tmp_path: Path) -> None:
    snapshot = tmp_path / "models--intfloat--multilingual-e5-base" / "snapshots" / "0a1b2c"
    described = read(folder_with(snapshot, {**BERT, "model_type": "xlm-roberta", "max_position_embeddings": 514}))
    assert (described.query_instruction, described.passage_instruction) == ("query: ", "passage: ")
    assert described.max_length == 512


@pytest.mark.parametrize(
    ("name", "pooling", "query", "passage"),
    [
        ("BAAI/bge-m3", "cls", "", ""),
        ("BAAI/bge-small-en-v1.5", "cls", "Represent this sentence for searching relevant passages: ", ""),
        ("moka-ai/m3e-base", "mean", "", ""),
        ("shibing624/text2vec-base-chinese", "mean", "", ""),
        ("thenlper/gte-large-zh", "cls", "", ""),
        ("thenlper/gte-large", "mean", "", ""),
        ("intfloat/e5-base-v2", "mean", "query: ", "passage: "),
        ("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", "mean", "", ""),
        ("sentence-transformers/all-MiniLM-L6-v2", "mean", "", ""),
    ],
)
def test_known_families(name: str, pooling: str, query: str, passage: str) -> None:
    family = known_models().family(name)
    assert family is not None
    assert (family.pooling, family.query, family.passage) == (pooling, query, passage)


def test_an_instructed_e5_is_not_taken_for_a_plain_one() -> None:
    family = known_models().family("intfloat/multilingual-e5-large-instruct")
    assert family is not None
    assert family.query.startswith("Instruct: ")
    assert family.passage == ""


def test_unknown_models_are_pooled_by_their_architecture(tmp_path: Path) -> None:
    encoder, decoder = read(folder_with(tmp_path / "a", BERT)), read(folder_with(tmp_path / "b", LLAMA))
    assert (encoder.poolings, encoder.is_decoder) == ((Pooling.MEAN,), False)
    assert (decoder.poolings, decoder.is_decoder) == ((Pooling.LAST_TOKEN,), True)
    assert decoder.origins["pooling"] == "a guess: it is a decoder"


def test_prompts_of_the_model_win_over_its_card_unless_they_are_empty(tmp_path: Path) -> None:
    pooling = {"pooling_mode_mean_tokens": True}
    own = folder_with(tmp_path / "own" / "e5-base-v2", BERT)
    as_sentence_transformer(own, pooling, prompts={"query": "Q: ", "document": "D: "})
    assert (read(own).query_instruction, read(own).passage_instruction) == ("Q: ", "D: ")
    empty = folder_with(tmp_path / "empty" / "e5-base-v2", BERT)
    as_sentence_transformer(empty, pooling, prompts={"query": "", "document": ""})
    assert read(empty).query_instruction == "query: "
    assert read(empty, query_instruction="", passage_instruction="").query_instruction == ""


def test_the_length_comes_from_the_first_that_says_one(tmp_path: Path) -> None:
    folder = as_sentence_transformer(folder_with(tmp_path, BERT, model_max_length=300), {"pooling_mode": "mean"})
    assert read(folder).max_length == 300
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 128, "do_lower_case": True})
    assert read(folder).max_length == 128
    assert read(folder).lower_case
    assert read(folder, max_length=64).max_length == 64


def test_a_tokenizer_that_sets_no_length_leaves_it_to_the_positions(tmp_path: Path) -> None:
    roberta = {**BERT, "model_type": "xlm-roberta", "max_position_embeddings": 514}
    assert read(folder_with(tmp_path, roberta, model_max_length=10**30)).max_length == 512


def test_more_tokens_than_positions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"embedding\.max_length is 1000, but the model has 512"):
        read(folder_with(tmp_path, BERT), max_length=1000)


def test_more_dimensions_than_there_are_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the model makes 32"):
        read(folder_with(tmp_path, BERT), dimension=64)


def test_a_copy_elsewhere_has_the_same_name(tmp_path: Path) -> None:
    assert read(folder_with(tmp_path / "a", BERT)).name == read(folder_with(tmp_path / "b" / "c", BERT)).name


@pytest.mark.parametrize(
    "choices", [{"pooling": "cls"}, {"dimension": 16}, {"query_instruction": "Q: "}, {"max_length": 100}]
)
def test_whatever_changes_vectors_changes_the_name(tmp_path: Path, choices: dict[str, Any]) -> None:
    folder = folder_with(tmp_path, BERT)
    assert read(folder).name != read(folder, **choices).name


def test_other_weights_or_another_tokenizer_change_the_name(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, BERT)
    names = {read(folder).name}
    (folder / "model.safetensors").write_bytes(b"9 bytes!")
    names.add(read(folder).name)
    write_json(folder / "tokenizer.json", {"model": "other"})
    names.add(read(folder).name)
    assert len(names) == 3


def test_a_change_in_the_middle_of_large_weights_changes_the_name(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, BERT)
    weights = bytearray(8_000_000)
    (folder / "model.safetensors").write_bytes(weights)
    before = read(folder).name
    weights[3_900_000:4_200_000] = b"\1" * 300_000
    (folder / "model.safetensors").write_bytes(weights)
    assert read(folder).name != before


def test_the_dense_layers_decide_the_dimension(tmp_path: Path) -> None:
    folder = as_sentence_transformer(folder_with(tmp_path, BERT), {"pooling_mode": "mean"})
    modules = [{"type": f"sentence_transformers.models.{kind}", "path": path} for kind, path in
               (("Transformer", ""), ("Pooling", "1_Pooling"), ("Dense", "2_Dense"))]  # fmt: skip
    write_json(folder / "modules.json", modules)
    dense = {"in_features": 32, "out_features": 8, "bias": True}
    write_json(folder / "2_Dense" / "config.json", {**dense, "activation_function": "torch.nn.modules.activation.Tanh"})
    assert read(folder).dimension == 8
    write_json(folder / "2_Dense" / "config.json", {**dense, "activation_function": "torch.nn.modules.activation.GELU"})
    with pytest.raises(ModelError, match=r"GELU.*runtime = sentence-transformers"):
        read(folder)


def test_modules_that_are_not_run_are_refused_by_name(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, BERT)
    write_json(folder / "modules.json", [{"type": "sentence_transformers.models.LSTM", "path": "1_LSTM"}])
    with pytest.raises(ModelError, match="module LSTM"):
        read(folder)


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("config.json", "holds no model: its config.json is missing"),
        ("tokenizer.json", "holds no tokenizer"),
        ("model.safetensors", "holds no weights"),
    ],
)
def test_an_incomplete_folder_is_told_by_what_it_lacks(tmp_path: Path, missing: str, said: str) -> None:
    folder = folder_with(tmp_path, BERT)
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=said):
        read(folder)


def test_a_model_that_is_not_here_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=r"no folder BAAI/bge-m3.*hf download BAAI/bge-m3 --local-dir"):
        describe("BAAI/bge-m3")


def test_a_name_with_too_many_slashes_is_a_missing_folder() -> None:
    with pytest.raises(ModelError, match="there is no folder no/such/folder"):
        describe("no/such/folder")


def test_no_name_at_all_names_the_setting() -> None:
    with pytest.raises(ModelError, match=r"set embedding\.model"):
        describe("")


def test_a_broken_configuration_names_its_file(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, BERT)
    (folder / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match=r"config.json cannot be read as JSON"):
        read(folder)


def test_an_adapter_alone_is_told_from_a_model(tmp_path: Path) -> None:
    write_json(tmp_path / "adapter_config.json", {"peft_type": "LORA"})
    with pytest.raises(ModelError, match="adapter only"):
        read(tmp_path)
