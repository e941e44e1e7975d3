"""A small library, filled through the command line itself."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vouch.app.cli import run

REPORT = """江河重工股份有限公司 2022 年年度报告

公司代码：600001    公司简称：江河重工

第一节 公司简介

一、公司信息

公司的中文名称：江河重工股份有限公司
公司的法定代表人：林望舒

第二节 会计数据

一、主要会计数据

报告期内，公司实现营业收入 12.34 亿元，同比增长 8.5%。
公司聘请的会计师事务所为青石会计师事务所。
"""
GUIDELINE = """# Managing hay fever

## Treatment

Antihistamine tablets are the first choice for mild hay fever.

## When to see a doctor

See a doctor if symptoms last longer than four weeks.
"""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


Vouch = Callable[..., Done]


def run_quietly(*arguments: str | Path) -> Done:
    """Run one command line in this process, for fixtures that outlive a test's own capture."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture
def vouch(capsys: pytest.CaptureFixture[str]) -> Vouch:
    """Run one command line in this process."""

    def command(*arguments: str | Path) -> Done:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Done(code, *capsys.readouterr())

    return command


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a made-up report and a guideline."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "江河重工2022.txt").write_text(REPORT, encoding="utf-8")
    (folder / "hay_fever.md").write_text(GUIDELINE, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def library(documents: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that holds them; tests read it only."""
    folder = tmp_path_factory.mktemp("library")
    assert run(["ingest", str(documents), "--library", str(folder), "--jobs", "1", "--quiet"]) == 0
    return folder
