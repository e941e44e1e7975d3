"""How rerankers read pairs of question and passage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vouch.retrieval.torch_models.loading import Device, Precision


@dataclass(frozen=True, slots=True)
class PairReading:
    """What the settings say."""

    max_length: int = 512
    """Tokens of question and passage together; the longer of the two is cut."""
    batch: int = 16
    device: Device = "auto"
    precision: Precision = "auto"


AS_USUAL = PairReading()


def by_length(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield the places of pairs in groups of like length, the longest first."""
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    for start in range(0, len(order), size):
        yield order[start : start + size]
