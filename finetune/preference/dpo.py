"""Direct preference optimisation (Rafailov et al. 2023) by trl's DPOTrainer, on token ids that are ready.

trl makes its own ids with a Hugging Face tokenizer and that one's chat template. ChatGLM3 has no such tokenizer, and
serving makes prompts otherwise: so the trainer's step that makes ids is left out, and the tokenizer that it insists on
is a stand-in for padding, which is never saved.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from datasets import Dataset
from peft import PeftModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast, TrainingArguments
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DataCollatorForPreference, DPOTrainer

from vouch.finetune.preference.types import Pair
from vouch.finetune.training.recipe import PreferenceRecipe
from vouch.finetune.training.watching import Reading

_PADDING = 0
"""Token id that fills rows up: no model sees it."""
_COPY = "ref"
"""Name that trl gives a copy of the adapter to start from."""


class PairTrainer(DPOTrainer):
    """A DPOTrainer of one adapter, whose reference is the base without it."""

    def __init__(self, model: PeftModel, arguments: DPOConfig, pairs: Sequence[Pair]) -> None:
        self.reading = Reading()
        super().__init__(
            model=model,
            args=arguments,
            data_collator=_collated,
            train_dataset=Dataset.from_list([_columns(pair) for pair in pairs]),
            processing_class=_stand_in(),
        )
        self.processing_class = None  # nothing of it belongs beside an adapter
        model.delete_adapter(_COPY)  # the base without an adapter says the same: a new one changes nothing yet
        _learn_in_float32(model)

    def _prepare_dataset(self, dataset: Dataset, *_arguments: Any, **_named: Any) -> Dataset:
        """Return the data as they are: token ids."""
        return dataset

    def training_step(self, model: Any, inputs: dict[str, Any], *more: Any, **named: Any) -> Any:
        """Return the loss of a batch, whose pairs are remembered until the step is over."""
        self.reading.examples += inputs.pop("names")
        self.reading.tokens += int(inputs["attention_mask"].sum())
        return super().training_step(model, inputs, *more, **named)  # type: ignore[no-untyped-call] # trl has no types


def _collated(rows: list[Any]) -> dict[str, Any]:
    batch: dict[str, Any] = DataCollatorForPreference(pad_token_id=_PADDING)(rows)
    return {**batch, "names": [row["name"] for row in rows]}


def dpo_arguments(plain: TrainingArguments, recipe: PreferenceRecipe) -> DPOConfig:
    """Return the settings of a training as trl wants them; nothing is saved or measured on the way."""
    said = {entry.name: getattr(plain, entry.name) for entry in dataclasses.fields(TrainingArguments) if entry.init}
    said |= {"save_strategy": "no", "eval_strategy": "no", "eval_on_start": False}
    return DPOConfig(
        **said, beta=recipe.beta, label_smoothing=recipe.label_smoothing, loss_type=["sigmoid"], max_length=None
    )


def _columns(pair: Pair) -> dict[str, Any]:
    return {
        "prompt_ids": list(pair.prompt),
        "chosen_ids": list(pair.chosen),
        "rejected_ids": list(pair.rejected),
        "name": pair.id,
    }


def _stand_in() -> PreTrainedTokenizerFast:
    padding, end = "<pad>", "<end>"
    words = Tokenizer(WordLevel({padding: _PADDING, end: 1}, unk_token=end))
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token=padding, eos_token=end)


def _learn_in_float32(model: PeftModel) -> None:
    """Undo trl's rounding of the adapter to bfloat16: steps of a small learning rate would be lost in it."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
