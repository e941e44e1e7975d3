"""Statements in layouts that nobody printed: every choice of a report's typesetter is drawn at random."""

import random
from dataclasses import dataclass, field

from tests.ingest.pdf_maker import Text

_BALANCE = """
货币资金 交易性金融资产 应收票据 应收账款 预付款项 其他应收款 存货 合同资产 其他流动资产
流动资产合计 长期股权投资 固定资产 在建工程 使用权资产 无形资产 商誉 长期待摊费用 递延所得税资产
非流动资产合计 资产总计 短期借款 应付账款 合同负债 应付职工薪酬 应交税费 流动负债合计 长期借款
租赁负债 递延收益 非流动负债合计 负债合计 股本 资本公积 盈余公积 未分配利润 少数股东权益
所有者权益合计 负债和所有者权益总计
"""
BALANCE = _BALANCE.split()
_INCOME = """
营业总收入 营业收入 营业总成本 营业成本 税金及附加 销售费用 管理费用 研发费用 财务费用 其他收益
投资收益 信用减值损失 资产减值损失 营业利润 营业外收入 营业外支出 利润总额 所得税费用 净利润
少数股东损益 综合收益总额
"""
INCOME = _INCOME.split()
_CASH_FLOW = """
销售商品、提供劳务收到的现金 收到的税费返还 购买商品、接受劳务支付的现金 支付的各项税费
经营活动产生的现金流量净额 收回投资收到的现金 投资活动产生的现金流量净额 吸收投资收到的现金
偿还债务支付的现金 筹资活动产生的现金流量净额 现金及现金等价物净增加额 期末现金及现金等价物余额
"""
CASH_FLOW = _CASH_FLOW.split()
NAMES = {"balance": ("资产负债表", BALANCE), "income": ("利润表", INCOME), "cash_flow": ("现金流量表", CASH_FLOW)}
UNITS = {"元": 1, "千元": 1000, "万元": 10_000, "百万元": 1_000_000}
CHANGES_RIGHT = 545.0
LINE, TOP, BOTTOM = 15.0, 70.0, 770.0


@dataclass
class Layout:
    """One typesetter's choices."""

    unit: str
    decimals: int
    brackets: bool
    notes: bool
    wrap_at: int
    columns_right: tuple[float, float]
    heads: str
    caption_prefix: str
    shuffled: bool
    lines_per_page: int
    changes: bool
    """A third column says by how many per cent the value changed."""


@dataclass
class Statement:
    """The pages of a report's statements and what they state: (statement, field, year) -> 元."""

    pages: list[list[Text]]
    truth: dict[tuple[str, str, int], float] = field(default_factory=dict)


def random_layout(rng: random.Random) -> Layout:
    unit = rng.choice(list(UNITS))
    changes = rng.random() < 0.3
    right = rng.uniform(450, 480) if changes else rng.uniform(500, 545)
    return Layout(
        unit=unit,
        decimals=rng.choice([2, 2, 0] if unit != "元" else [2]),
        brackets=rng.random() < 0.4,
        notes=rng.random() < 0.6 and not changes,
        wrap_at=rng.choice([9, 12, 40]),
        columns_right=(right - rng.uniform(105, 130), right),
        heads=rng.choice(["dates", "words", "years"]),
        caption_prefix=rng.choice(["", "1、", "（一）"]),
        shuffled=rng.random() < 0.5,
        lines_per_page=rng.randint(18, 44),
        changes=changes,
    )


def make_statements(rng: random.Random, year: int, layout: Layout) -> Statement:
    """Return the three consolidated statements, each followed by the parent's with other numbers."""
    made = Statement([[]])
    pen = _Pen(made, layout)
    for key, (name, rows) in NAMES.items():
        for scope in ("合并", "母公司"):
            pen.caption(f"{layout.caption_prefix}{scope}{name}")
            pen.head(key, year)
            for label in rng.sample(rows, len(rows)) if layout.shuffled else rows:
                values = [_value(rng, layout), _value(rng, layout)]
                if rng.random() < 0.15:
                    values[rng.randrange(2)] = None
                if rng.random() < 0.08:
                    values = [None, None]
                pen.row(label, values, str(rng.randint(1, 60)))
                if scope == "合并":
                    for value, when in zip(values, (year, year - 1), strict=True):
                        if value is not None:
                            made.truth[key, label, when] = value
    return made


def _value(rng: random.Random, layout: Layout) -> float | None:
    printed = round(rng.uniform(20, 10 ** rng.randint(2, 9)) * rng.choice([1, 1, 1, -1]), layout.decimals)
    return round(printed * UNITS[layout.unit], 2)


class _Pen:
    """Writes line by line and turns the page when it is full."""

    def __init__(self, made: Statement, layout: Layout) -> None:
        self.made, self.layout, self.y, self.count = made, layout, TOP, 0

    def _line(self) -> float:
        if self.y > BOTTOM or self.count >= self.layout.lines_per_page:
            self.made.pages.append([])
            self.y, self.count = TOP, 0
        self.y += LINE
        self.count += 1
        return self.y

    def _put(self, x: float, y: float, text: str) -> None:
        self.made.pages[-1].append(Text(x, y, text, 9))

    def caption(self, text: str) -> None:
        self._put(240, self._line(), text)
        self._put(430, self._line(), f"单位：{self.layout.unit}  币种：人民币")

    def head(self, key: str, year: int) -> None:
        words = {
            "dates": (f"{year} 年 12 月 31 日", f"{year - 1} 年 12 月 31 日"),
            "years": (f"{year} 年度", f"{year - 1} 年度"),
            "words": ("期末余额", "期初余额") if key == "balance" else ("本期发生额", "上期发生额"),
        }[self.layout.heads]
        y = self._line()
        self._put(120, y, "项目")
        if self.layout.notes:
            self._put(265, y, "附注")
        for text, right in zip(words, self.layout.columns_right, strict=True):
            self._put(right - _width(text), y, text)
        if self.layout.changes:
            self._put(CHANGES_RIGHT - _width("增减（%）"), y, "增减（%）")

    def row(self, label: str, values: list[float | None], note: str) -> None:
        first, rest = label[: self.layout.wrap_at], label[self.layout.wrap_at :]
        y = self._line()
        self._put(70, y, first)
        if self.layout.notes:
            self._put(265, y, f"七、{note}")
        for value, right in zip(values, self.layout.columns_right, strict=True):
            if value is not None:
                text = self._printed(value / UNITS[self.layout.unit])
                self._put(right - _width(text), y, text)
        if self.layout.changes and values[0] is not None and values[1]:
            change = f"{100 * (values[0] / values[1] - 1):.2f}"
            self._put(CHANGES_RIGHT - _width(change), y, change if len(change) < 9 else "不适用")
        if rest:
            self.y += LINE - 4
            self._put(70, self.y, rest)

    def _printed(self, value: float) -> str:
        digits = f"{abs(value):,.{self.layout.decimals}f}"
        if value >= 0:
            return digits
        return f"({digits})" if self.layout.brackets else f"-{digits}"


def _width(text: str) -> float:
    return sum(4.5 if char.isascii() else 9 for char in text)
