"""Known noise of the training libraries, quieted where it arises: nobody who trains can do anything about it."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_MESSAGES = (
    "`is_gradient_checkpointing` is deprecated",  # peft 0.21 asks what transformers 5 calls by another name
    "MatMul8bitLt: inputs will be cast",  # bitsandbytes says so for every layer of every step
    "Using `save_pretrained` with quantized",
    "'pin_memory' argument is set as true",  # without a GPU it is of no use, and does no harm
    "None of the inputs have requires_grad=True",  # of a forward pass that is only measured
)
_LOGGERS = (
    "bitsandbytes",  # looks for kernels on a hub, which it does not need
    "transformers.trainer",
    "torch.distributed",
)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep back what transformers, peft and bitsandbytes are known to say of themselves."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for message in _MESSAGES:
                warnings.filterwarnings("ignore", message)
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
