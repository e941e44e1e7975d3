"""What answers questions, from settings: the fact desk, the generator and what vouches for it."""

from typing import TYPE_CHECKING

from vouch.app.settings import Settings

if TYPE_CHECKING:
    # A question waits for every import: those of the branches not taken are never made.
    from vouch.generation.drafts import Generator
    from vouch.generation.pipeline import Asker
    from vouch.generation.plan.desk import FactDesk
    from vouch.generation.plan.holdings import Stated
    from vouch.generation.vouching.voucher import Voucher
    from vouch.retrieval.library import Library


def asker(settings: Settings, library: "Library") -> "Asker":
    """Return what answers questions from a library."""
    from vouch.generation.pipeline import Asker

    return Asker(library, make_generator(settings), fact_desk(library), make_voucher(settings))


def fact_desk(library: "Library", facts: "Stated | None" = None) -> "FactDesk":
    """Return what answers from stored facts: the library's, or these of them."""
    from vouch.generation.plan.desk import FactDesk
    from vouch.generation.plan.reading import Vocabulary

    return FactDesk(facts or library.store, library.page, Vocabulary.load())


def make_voucher(settings: Settings) -> "Voucher":
    """Return what checks answers before they are given."""
    from vouch.generation.vouching.voucher import Voucher

    return Voucher(settings.generation.unsupported)


def make_generator(settings: Settings) -> "Generator":
    """Return what writes answers."""
    from vouch.generation.extractive import ExtractiveGenerator

    return ExtractiveGenerator()
