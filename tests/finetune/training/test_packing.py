"""Rows and batches: packed sequences see nothing of each other, padding and prompts are not learned."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import GlmConfig, GlmForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from vouch.finetune.training.collate import Collator
from vouch.finetune.training.packing import batches, packed
from vouch.finetune.training.types import Sequence
from vouch.retrieval.errors import TrainingFailed

WORDS = 97
SHAPE = {
    "vocab_size": WORDS,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "pad_token_id": 0,
    "bos_token_id": None,
    "eos_token_id": None,
    "max_position_embeddings": 256,
}


@pytest.fixture(scope="module", params=["llama", "glm"])
def model(request: pytest.FixtureRequest) -> PreTrainedModel:
    torch.set_num_threads(1)
    torch.manual_seed(5)
    made: PreTrainedModel = (
        LlamaForCausalLM(LlamaConfig(**SHAPE))  # type: ignore[arg-type]
        if request.param == "llama"
        else GlmForCausalLM(GlmConfig(**SHAPE, attention_bias=True))  # type: ignore[arg-type]
    )
    for parameter in made.parameters():
        # As initialised, attention hardly tells tokens apart and a leak would hardly show.
        torch.nn.init.normal_(parameter, std=0.3)
    return made.eval()


def drawn(*lengths: tuple[int, int], seed: int = 0) -> list[Sequence]:
    """Return sequences of (prompt, reply) lengths with random tokens."""
    random = torch.Generator().manual_seed(seed)

    def tokens(count: int) -> tuple[int, ...]:
        return tuple(torch.randint(1, WORDS, (count,), generator=random).tolist())

    return [Sequence(tokens(prompt), tokens(reply)) for prompt, reply in lengths]


def alone(model: PreTrainedModel, sequence: Sequence) -> torch.Tensor:
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([[*sequence.prompt, *sequence.reply]]), use_cache=False).logits
    assert isinstance(logits, torch.Tensor)
    return logits[0]


@pytest.mark.parametrize("use_cache", [False, True])
def test_a_packed_sequence_has_the_logits_it_has_alone(model: PreTrainedModel, use_cache: bool) -> None:
    one, two, three, four = drawn((7, 4), (1, 1), (12, 9), (5, 3))
    batch = Collator(0)([[one, two, three], [four]])
    with torch.inference_mode():
        logits = model(**batch, use_cache=use_cache).logits
    at = 0
    for sequence in (one, two, three):
        torch.testing.assert_close(logits[0, at : at + sequence.length], alone(model, sequence), atol=1e-4, rtol=0)
        at += sequence.length
    torch.testing.assert_close(logits[1, : four.length], alone(model, four), atol=1e-4, rtol=0)


def test_a_row_packed_without_the_mask_would_leak(model: PreTrainedModel) -> None:
    one, two = drawn((7, 4), (5, 3))
    batch = Collator(0)([[one, two]])
    with torch.inference_mode():
        logits = model(input_ids=batch["input_ids"], use_cache=False).logits
    assert (logits[0, one.length : one.length + two.length] - alone(model, two)).abs().max() > 0.1


def test_a_packed_batch_has_the_loss_of_the_same_sequences_unpacked(model: PreTrainedModel) -> None:
    several = drawn((7, 4), (1, 1), (12, 9), (5, 3))
    collator = Collator(0)
    with torch.inference_mode():
        apart = model(**collator([[sequence] for sequence in several]), use_cache=False).loss
        together = model(**collator([several[:2], several[2:]]), use_cache=False).loss
    assert float(together) == pytest.approx(float(apart), abs=1e-5)


def test_a_padded_row_has_the_logits_it_has_alone(model: PreTrainedModel) -> None:
    short, long = drawn((3, 2), (20, 9))
    with torch.inference_mode():
        logits = model(**Collator(0)([[short], [long]]), use_cache=False).logits
    torch.testing.assert_close(logits[0, : short.length], alone(model, short), atol=1e-4, rtol=0)


def test_only_replies_have_labels() -> None:
    one, two = Sequence((11, 12, 13), (14, 15)), Sequence((21,), (22,))
    batch = Collator(0)([[one, two]])
    assert batch["input_ids"].tolist() == [[11, 12, 13, 14, 15, 21, 22, 0]]
    assert batch["labels"].tolist() == [[-100, -100, -100, 14, 15, -100, 22, -100]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 4, 0, 1, 0]]
    may_look = batch["attention_mask"][0, 0].int().tolist()
    assert may_look[4] == [1, 1, 1, 1, 1, 0, 0, 0]
    assert may_look[5] == [0, 0, 0, 0, 0, 1, 0, 0]
    assert may_look[6] == [0, 0, 0, 0, 0, 1, 1, 0]
    assert may_look[7] == [0, 0, 0, 0, 0, 0, 0, 1]


def test_rows_of_one_sequence_get_the_plain_mask() -> None:
    batch = Collator(9)([[Sequence((11, 12), (13,))], [Sequence((21, 22, 23, 24, 25, 26, 27, 28), (29,))]])
    assert batch["input_ids"][0].tolist() == [11, 12, 13] + [9] * 13
    assert batch["attention_mask"].sum(1).tolist() == [3, 9]
    assert batch["labels"][1].tolist() == [-100] * 8 + [29] + [-100] * 7
    assert "position_ids" not in batch


@given(st.lists(st.integers(1, 64), max_size=80))
def test_every_sequence_is_packed_once_in_rows_of_which_no_two_fit_into_one(lengths: list[int]) -> None:
    rows = packed(lengths, 64)
    assert sorted(place for row in rows for place in row) == list(range(len(lengths)))
    filled = sorted(sum(lengths[place] for place in row) for row in rows)
    assert all(tokens <= 64 for tokens in filled)
    assert sum(filled[:2]) > 64 or len(rows) < 2


def test_packing_fills_rows() -> None:
    assert sorted(map(sorted, packed([6, 4, 3, 7, 10], 10))) == [[0, 1], [2, 3], [4]]


def test_what_fits_into_no_row_is_refused() -> None:
    with pytest.raises(TrainingFailed, match="65 tokens fits into no row of 64"):
        packed([3, 65], 64)


@given(st.lists(st.integers(1, 500), max_size=300), st.integers(1, 8), st.integers(0, 5))
def test_batches_hold_every_place_once_and_the_longest_first(lengths: list[int], rows: int, seed: int) -> None:
    made = batches(lengths, rows, seed)
    assert sorted(place for batch in made for place in batch) == list(range(len(lengths)))
    assert all(len(batch) == rows for batch in made[:-1])
    if len(lengths) >= rows and lengths:
        full = [batch for batch in made if len(batch) == rows]
        assert max(lengths[place] for place in made[0]) == max(lengths[p] for batch in full for p in batch)


def test_batches_differ_by_seed_and_are_the_same_for_one() -> None:
    lengths = [length % 37 + 1 for length in range(400)]
    assert batches(lengths, 4, 1) == batches(lengths, 4, 1) != batches(lengths, 4, 2)


def test_batches_of_alike_length_need_hardly_any_padding() -> None:
    lengths = [length * 7919 % 500 + 1 for length in range(800)]
    padded = sum(len(batch) * max(lengths[place] for place in batch) for batch in batches(lengths, 4, 0))
    assert padded / sum(lengths) < 1.03
