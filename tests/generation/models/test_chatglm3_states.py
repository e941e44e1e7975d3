"""ChatGLM3 as an embedder: the states of its last layer, over the published beginning of a text."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_chatglm3, write_llama
from vouch.app.settings import load_settings
from vouch.app.wiring_embedder import make_embedder
from vouch.generation.models.chatglm3.states import chatglm3_states
from vouch.generation.models.loading import LoadOptions, load_weights
from vouch.retrieval.errors import ModelError

OPTIONS = LoadOptions(device="cpu", precision="float32", threads=1)
TEXT = "公司2023年营业收入"


def test_states_lead_to_the_models_own_logits(tmp_path: Path) -> None:
    folder = write_chatglm3(tmp_path / "model")
    layers, tokenizer = chatglm3_states(folder, OPTIONS)
    ids = tokenizer([TEXT], truncation=True, max_length=100)["input_ids"][0]
    assert [tokenizer._vocabulary.control_name(id_) for id_ in ids[:3]] == ["[gMASK]", "sop", None]
    assert tokenizer([TEXT], truncation=True, max_length=5)["input_ids"] == [ids[:5]]
    whole = load_weights(folder, OPTIONS)
    with torch.no_grad():
        states = layers(torch.tensor([ids])).last_hidden_state
        logits = whole(torch.tensor([ids])).logits
        assert torch.allclose(whole.get_output_embeddings()(states), logits, atol=1e-5)


def test_an_original_checkpoint_embeds_texts(tmp_path: Path) -> None:
    folder = write_chatglm3(tmp_path / "model")
    settings = load_settings(
        environment={
            "VOUCH_RETRIEVAL__EMBEDDER": "decoder",
            "VOUCH_EMBEDDING__MODEL": str(folder),
            "VOUCH_EMBEDDING__POOLING": "last-token",
            "VOUCH_EMBEDDING__PRECISION": "float32",
        }
    )
    vectors = make_embedder(settings).embed_passages([TEXT, "血压", TEXT])
    layers, tokenizer = chatglm3_states(folder, OPTIONS)
    ids = tokenizer([TEXT], truncation=True, max_length=100)["input_ids"]
    with torch.no_grad():
        last = layers(torch.tensor(ids)).last_hidden_state[0, -1].numpy()
    assert np.allclose(vectors[0], last / np.linalg.norm(last), atol=1e-5)
    assert np.allclose(vectors[0], vectors[2], atol=1e-6)


def test_a_model_with_another_vocabulary_is_refused(tmp_path: Path) -> None:
    folder = write_llama(tmp_path / "model", CHATML_TOKENS, CHATML)
    with pytest.raises(ModelError, match=r"no tokenizer\.model of ChatGLM3"):
        chatglm3_states(folder, OPTIONS)
