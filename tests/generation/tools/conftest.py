"""A library with facts and passages for tests of tools and of what calls them."""

from collections.abc import Iterator

import pytest

from tests.generation.plan.library_maker import NORTH, SOUTH, Asked, report
from tests.generation.tools.bench import Bench


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Return two companies with facts of 2023, one of them with passages too."""
    asked = Asked(
        tmp_path_factory.mktemp("tools"),
        [
            report(NORTH, 2023, {"营业收入": ("900.75", "600.50"), "营业成本": "450.30", "法定代表人": "王明"}),
            report(SOUTH, 2023, {"营业收入": ("1,200.00", "1,500.00")}),
        ],
    )
    yield Bench(asked)
    asked.store.close()
