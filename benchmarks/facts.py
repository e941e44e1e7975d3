"""How fast facts are found in a store of a million: makes one of invented numbers, asks it, prints p50 and p95.

python benchmarks/facts.py [--facts 1000000] [--folder FOLDER]   (a folder is kept and used again)
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from vouch.retrieval.fact_query import ColumnQuery, FactQuery
from vouch.retrieval.facts import Fact
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.types import DocumentRecord, Page, Source, Vectors

FIELDS = tuple(f"第{n}项金额合计" for n in range(50))
ADDRESS = "注册地址"
CITIES = ("南京", "上海", "深圳", "成都", "武汉", "杭州", "西安", "长沙", "青岛", "合肥")
YEARS = (2019, 2020, 2021)
PER_DOCUMENT = 2 * len(FIELDS) + 1
ROUNDS = 200


class NoEmbedder:
    """A store wants to know whose vectors it holds; these documents have none."""

    name = "none"
    dimension = 1

    def embed_passages(self, texts: object) -> Vectors:  # noqa: ARG002 - a seam
        return np.zeros((0, 1), np.float32)

    def embed_query(self, text: str) -> Vectors:  # noqa: ARG002 - a seam
        return np.zeros((1, 1), np.float32)


def company_name(number: int) -> str:
    """Return an invented company's name."""
    return f"{CITIES[number % len(CITIES)]}第{number:05d}号精密制造股份有限公司"


def records(facts: int) -> Iterator[DocumentRecord]:
    """Yield reports of three years of as many companies as make up the facts, each with a comparative column."""
    dice = random.Random(7)
    for number in range(facts // PER_DOCUMENT // len(YEARS)):
        for year in YEARS:
            name, code = company_name(number), f"{600000 + number}"
            source = Source(f"{number}-{year}", f"{code}_{year}.pdf", f"/{code}_{year}.pdf", "report", company=name)
            stated = [_number(field, year - back, back, dice) for back in (0, 1) for field in FIELDS]
            city = CITIES[number % len(CITIES)]
            stated.append(Fact(ADDRESS, None, "", year, "FY", "", text=f"{city}市开发区科技大道{number}号", page=7))
            yield DocumentRecord(source, "", "", (Page(1, ""),), (), np.zeros((0, 1), np.float32), facts=tuple(stated))


def _number(field: str, year: int, back: int, dice: random.Random) -> Fact:
    value = round(dice.lognormvariate(18, 2), 2)
    row = f"{field} 七、{dice.randrange(80)} {value:,.2f} {value * 0.9:,.2f}"
    column = "prior" if back else "current"
    return Fact(
        field, value, "元", year, "FY", raw=f"{value:,.2f}", page=60, row=row, statement="balance", column=column
    )


def filled(folder: Path, facts: int) -> SqliteStore:
    """Return the store, made where the folder holds none."""
    if not (folder / "library.db").exists():
        store = SqliteStore(folder, write=True, embedder=NoEmbedder())
        started = time.perf_counter()
        for record in records(facts):
            store.put(record)
        print(f"written in {time.perf_counter() - started:.0f} s")
        store.close()
    return SqliteStore(folder)


def questions(store: SqliteStore) -> dict[str, Callable[[random.Random], int]]:
    """Return what is asked, by name; each returns how many rows it got."""
    companies = len(store.fact_companies())

    def one(dice: random.Random) -> int:
        query = FactQuery((company_name(dice.randrange(companies)),), (dice.choice(YEARS),), (dice.choice(FIELDS),))
        return len(list(store.facts(query)))

    def of_company(dice: random.Random) -> int:
        return len(list(store.facts(FactQuery((company_name(dice.randrange(companies)),), (dice.choice(YEARS),)))))

    def trend(dice: random.Random) -> int:
        names = [company_name(dice.randrange(companies)) for _ in range(5)]
        return len(list(store.facts(FactQuery(names, YEARS, (dice.choice(FIELDS),), ("FY",), ("consolidated",)))))

    def column(dice: random.Random) -> int:
        return len(store.fact_column(ColumnQuery(dice.choice(FIELDS), dice.choice(YEARS), "FY", "consolidated")))

    def in_city(dice: random.Random) -> int:
        return len(store.companies_stating((ADDRESS,), dice.choice(YEARS), dice.choice(CITIES)))

    def names(_: random.Random) -> int:
        return len(store.fact_companies())

    return {
        "one value": one,
        "a company's year": of_company,
        "a field of 5 companies, 3 years": trend,
        "a field and year of all companies": column,
        "companies registered in a city": in_city,
        "all companies": names,
    }


def main() -> None:
    """Make the store, ask it and print how long answers take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        store = filled(folder, chosen.facts)
        held = store.stats()
        print(f"{held.facts:,} facts in {held.documents:,} documents, {held.bytes / 1e6:,.0f} MB")
        for name, ask in questions(store).items():
            dice = random.Random(3)
            ask(dice)
            seconds = []
            for _ in range(ROUNDS if name != "all companies" else 10):
                started = time.perf_counter()
                rows = ask(dice)
                seconds.append(time.perf_counter() - started)
            p50, p95 = statistics.median(seconds) * 1e3, statistics.quantiles(seconds, n=20)[-1] * 1e3
            print(f"{name:<32} p50 {p50:7.2f} ms  p95 {p95:7.2f} ms  ({rows} rows)")
        store.close()


if __name__ == "__main__":
    sys.exit(main())
