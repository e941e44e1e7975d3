"""The loss counts what is learned and nothing else; one that is no number, or nothing, ends the training by name."""

import math

import pytest
import torch
from transformers import GlmConfig, GlmForCausalLM, LlamaForCausalLM

from tests.generation.models.tiny_models import llama_config
from vouch.finetune.training.callbacks import check_loss
from vouch.finetune.training.collate import Collator
from vouch.finetune.training.loss import answer_losses, computes_partly
from vouch.finetune.training.types import Sequence
from vouch.retrieval.errors import TrainingFailed

ROWS = [
    (Sequence((5, 6, 7, 8), (9, 10, 11)),),
    (Sequence((12,), (13, 14)),),
    (Sequence((15, 16, 17, 18, 19, 20), (21,)),),
]


@pytest.fixture(params=["llama", "glm"])
def model(request: pytest.FixtureRequest) -> torch.nn.Module:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if request.param == "llama":
        return LlamaForCausalLM(llama_config(64)).eval()
    shape = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = GlmConfig(vocab_size=64, num_key_value_heads=2, head_dim=16, pad_token_id=None, **shape)
    return GlmForCausalLM(config).eval()


def by_hand(model: torch.nn.Module, sequence: Sequence) -> float:
    """Return the summed cross-entropy of a reply, token by token, without padding."""
    total, ids = 0.0, [*sequence.prompt]
    for token in sequence.reply:
        with torch.no_grad():
            chances = model(torch.tensor([ids])).logits[0, -1].double().softmax(-1)
        total -= math.log(float(chances[token]))
        ids.append(token)
    return total


@pytest.mark.parametrize("partly", [True, False])
def test_the_loss_is_that_of_the_reply_token_by_token(model: torch.nn.Module, partly: bool) -> None:
    assert computes_partly(model)
    losses, counts = answer_losses(model, Collator(0)(ROWS), partly)
    assert losses.tolist() == pytest.approx([by_hand(model, row[0]) for row in ROWS], rel=1e-5)
    assert counts.tolist() == [3, 2, 1]


def test_gradients_are_the_same_however_the_output_layer_is_computed(model: torch.nn.Module) -> None:
    found = []
    for partly in (True, False):
        model.zero_grad()
        answer_losses(model, Collator(0)(ROWS), partly)[0].sum().backward()
        found.append([parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None])
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(*found, strict=True))


def logs(loss: float, norm: float = 1.0) -> dict[str, float]:
    return {"loss": loss, "grad_norm": norm, "learning_rate": 2e-4}


def test_a_loss_and_a_gradient_that_are_numbers_pass() -> None:
    check_loss(3, logs(1e-9), ["a"])


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (logs(math.nan), "the loss is nan at step 7"),
        (logs(math.inf), "the loss is inf at step 7"),
        (logs(2.0, math.nan), "the norm of the gradient is nan at step 7"),
        (logs(0.0), "the loss is exactly 0 at step 7"),
    ],
)
def test_what_is_no_number_or_nothing_is_told_with_step_rate_and_examples(told: dict[str, float], said: str) -> None:
    with pytest.raises(TrainingFailed, match=said) as failed:
        check_loss(7, told, ["doc-3", "doc-8", "doc-3"])
    assert "learning rate 0.0002, examples doc-3, doc-8" in str(failed.value)
