"""What a server writes to its log: lines of ours, never the addresses that libraries call."""

import subprocess
import sys

PROBE = """
import logging
import uvicorn
from vouch.app.settings import Settings
from vouch.app.wiring_serve import run_server
uvicorn.run = lambda *said, **more: None
run_server(None, Settings(library="unused"))
logging.getLogger("httpx").info('HTTP Request: GET https://search.example/search?q=secret words "200 OK"')
logging.getLogger("vouch.requests").info("a line of ours")
"""


def test_the_log_holds_our_lines_and_no_address_that_httpx_calls() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert "a line of ours" in done.stderr
    assert "secret words" not in done.stderr
