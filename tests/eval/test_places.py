"""Pages and documents as evaluation compares them."""

import pytest

from tests.eval.makers import REPORT, item
from vouch.eval.places import found_share, is_right, same_document


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("reports/LD_2022_10K.pdf", "LD_2022_10K", True),
        ("LD_dated-2023-08.30", "LD_dated-2023-08.30.pdf", True),
        ("LD_2022_10K.pdf", "LD_2021_10K.pdf", False),
        ("", "LD_2022_10K.pdf", True),
    ],
)
def test_a_document_is_known_by_path_file_or_bare_name(a: str, b: str, same: bool) -> None:
    assert same_document(a, b) is same


def test_the_share_of_needed_pages() -> None:
    needed = item("value", "?", report=REPORT, pages=(63, 64), other_places=(("other.pdf", 5),))
    assert found_share(needed, [(REPORT, 64), (REPORT, 5)]) == pytest.approx(1 / 3)
    assert found_share(needed, [("other.pdf", 5), (REPORT, 63), (REPORT, 64)]) == 1


def test_a_page_on_which_a_section_goes_on_does_as_well() -> None:
    section = item("open", "?", report=REPORT, pages=(9,), also_pages=(10,))
    assert found_share(section, [(REPORT, 10)]) == 1
    assert is_right(section, (REPORT, 10))
    assert not is_right(section, (REPORT, 11))
