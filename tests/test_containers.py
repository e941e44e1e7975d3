"""The compose file and the image: valid, closed by default, without a secret. Neither is built or run here."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="module")
def services(repository: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((repository / "docker-compose.yml").read_text("utf-8"))
    return dict(content["services"])


def test_nothing_is_published_beyond_this_machine_by_default(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert all(":-127.0.0.1:" in port for port in published)
    assert "ports" not in services["postgres"]


def test_the_model_server_runs_only_when_asked_for(services: dict[str, Any]) -> None:
    assert services["vllm"]["profiles"] == ["gpu"]
    assert all("profiles" not in services[name] for name in ("postgres", "api", "ui"))


def test_no_secret_has_a_value_in_the_repository(repository: Path) -> None:
    for line in (repository / ".env.example").read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and any(word in name for word in ("PASSWORD", "KEY", "SECRET", "TOKEN")):
            assert value == "", name
    assert ":?" in (repository / "docker-compose.yml").read_text("utf-8").partition("POSTGRES_PASSWORD")[2][:20]


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_fares(repository: Path) -> None:
    lines = (repository / "Dockerfile").read_text("utf-8").splitlines()
    assert "USER vouch" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    assert lines.index("USER vouch") < next(n for n, line in enumerate(lines) if line.startswith("CMD"))


def test_every_package_is_in_the_image(repository: Path) -> None:
    copied = {
        line.split()[1]
        for line in (repository / "Dockerfile").read_text("utf-8").splitlines()
        if line.startswith("COPY ")
    }
    assert {"app", "eval", "finetune", "generation", "ingest", "retrieval"} <= copied


def test_compose_finds_the_file_valid(repository: Path, tmp_path: Path) -> None:
    environment = tmp_path / "env"
    environment.write_text("POSTGRES_PASSWORD=example\n")
    flags = ["--env-file", str(environment), "-f", str(repository / "docker-compose.yml"), "config", "--quiet"]
    for compose in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(compose[0])
            and subprocess.run([*compose, "version"], capture_output=True, check=False).returncode == 0
        ):
            done = subprocess.run([*compose, *flags], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return
    pytest.skip("no docker compose here")
