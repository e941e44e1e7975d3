"""The library that the tests of plans ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.generation.plan.library_maker import NORTH, SOUTH, WEST, Asked, report


@pytest.fixture(scope="package")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Return three companies: North of 2022 and 2023 with a third quarter, South and West of 2023."""
    folder: Path = tmp_path_factory.mktemp("plans")
    asked = Asked(
        folder,
        [
            report(
                NORTH, 2022, {"营业收入": ("600.50", "400.25"), "净利润": ("60.00", "-40.00"), "法定代表人": "李光"}
            ),
            report(
                NORTH,
                2023,
                {
                    "营业收入": ("900.75", "600.50"),
                    "营业成本": ("450.30", "300.00"),
                    "净利润": ("90.00", "60.00"),
                    "货币资金": ("700,000,000.00", "500.00"),
                    "资产总计": ("1,500.00", "1,000.00"),
                    "流动负债合计": ("300.00", "200.00"),
                    "非流动负债合计": ("100.00", "50.00"),
                    "研发费用": ("45.00", "30.00"),
                    "职工总数": "1,406",
                    "法定代表人": "王明",
                    "注册地址": "浙江省杭州市镜湖路1号",
                },
            ),
            report(NORTH, 2023, {"营业收入": ("88.00", "77.00")}, scope="parent"),
            report(NORTH, 2024, {"净利润": ("31.50", "30.00"), "营业收入": ("500.00", "400.00")}, period="Q3"),
            report(
                SOUTH,
                2023,
                {
                    "营业收入": ("1,200.00", "1,500.00"),
                    "净利润": ("-20.00", "10.00"),
                    "货币资金": ("600,000,000.00", "1.00"),
                    "研发费用": ("12.00", "11.00"),
                    "法定代表人": "赵海",
                    "注册地址": "浙江省杭州市南屿路2号",
                },
            ),
            report(
                WEST,
                2023,
                {
                    "营业收入": ("300.00", "200.00"),
                    "净利润": ("15.00", "12.00"),
                    "货币资金": ("400,000,000.00", "1.00"),
                    "法定代表人": "孙岭",
                    "注册地址": "四川省成都市西岭路3号",
                },
            ),
        ],
    )
    yield asked
    asked.store.close()
