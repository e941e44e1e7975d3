"""What documents are called."""

import pytest

from vouch.ingest.identity import Identity
from vouch.ingest.titles import title_of

REPORT = Identity("report", "远山能源股份有限公司", "远山能源", "600998", 2023, "FY")


@pytest.mark.parametrize(
    ("found", "title", "language", "expected"),
    [
        (REPORT, "股份有限公司", "zh", "远山能源股份有限公司2023年年度报告"),
        (Identity("report", "Northwind, Inc.", "", "", 2022, "Q2"), "x", "en", "Northwind, Inc. 2022 Q2"),
        (Identity(), "成人哮喘诊治进展", "zh", "成人哮喘诊治进展"),
        (Identity(), "0000764478-23-000006", "en", "the file"),
        (Identity(), "Microsoft Word - 新建文档.doc", "zh", "the file"),
        (Identity(), "Plantar_fasciitis", "en", "Plantar fasciitis"),
        (Identity(), "", "en", "the file"),
    ],
)
def test_a_title_says_what_the_document_is(found: Identity, title: str, language: str, expected: str) -> None:
    assert title_of(found, title, "/folder/the_file.pdf", language) == expected
