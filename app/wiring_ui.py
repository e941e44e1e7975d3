"""Settings in, the service that the chat in the browser asks, and the browser's server."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from vouch.app.extras import need
from vouch.app.settings import Settings, variable_name

if TYPE_CHECKING:
    from vouch.app.service.types import Service


def ui_service(settings: Settings) -> "Service":
    """Return the service to ask: a server that the settings name, else the library in this process."""
    if settings.ui.server:
        need("httpx", "vouch ui --server", "ui")
        from vouch.app.service.remote import RemoteService

        return RemoteService(settings.ui.server, settings.ui.api_key)
    from vouch.app.wiring_serve import local_service

    service = local_service(settings)
    service.warm_up()
    return service


def run_ui(settings: Settings) -> int:
    """Serve the chat until somebody ends it; return the exit code of Streamlit."""
    need("streamlit", "vouch ui", "ui")
    from importlib import resources

    script = str(resources.files("vouch.app.ui").joinpath("main.py"))
    flags = {
        "server.address": settings.ui.host,
        "server.port": settings.ui.port,
        "server.headless": "true",
        "server.maxUploadSize": settings.serve.upload_mb,
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "server.fileWatcherType": "none",
        "runner.magicEnabled": "false",
        "theme.base": "light",
        "theme.primaryColor": "#8a1c1c",
    }
    command = [sys.executable, "-m", "streamlit", "run", script]
    command += [part for name, value in flags.items() for part in (f"--{name}", str(value))]
    # The script runs in a process of its own: what this command line said reaches it as any setting does.
    said = {
        "library": settings.library,
        "ui.server": settings.ui.server,
        "ui.api_key": settings.ui.api_key,
        "ui.language": settings.ui.language,
        "generation.generator": settings.generation.generator,
    }
    environment = {**os.environ, **{variable_name(key): value for key, value in said.items() if value}}
    return _until_it_ends(command, environment)


def _until_it_ends(command: list[str], environment: Mapping[str, str]) -> int:
    """Run a program; return its exit code. What ends this process (docker stop, kill) ends that one as well."""
    with subprocess.Popen(command, env=environment) as process:  # noqa: S603 - our own script and settings
        before = signal.signal(signal.SIGTERM, lambda _number, _frame: process.terminate())
        try:
            return process.wait()
        except KeyboardInterrupt:  # Ctrl-C: it heard that too
            return process.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
