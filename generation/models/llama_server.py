"""A llama.cpp server within this process, on a loopback port of its own that asks for a key nobody else knows.

Why xllamacpp and not llama-cpp-python: a wheel of 34 MB against eleven minutes of compiling; JSON schemas with bounds
are held (llama-cpp-python's grammar let -3061077061616111 pass for 0..9); requests are served side by side.
Why over HTTP and not through the bindings' own calls: only there texts can be tokenised, prompts be ids, and a closed
connection stops the model while it still reads the prompt.
"""

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import xllamacpp

from vouch.generation.models.openai_lines import Address
from vouch.retrieval.errors import ModelError


@dataclass(frozen=True, slots=True)
class LlamaOptions:
    """How a GGUF file is run."""

    context_window: int
    threads: int = 0
    """0: one for each core."""
    gpu: bool = True
    """Use a GPU where the installed wheel can."""
    adapters: Sequence[Path] = ()
    """LoRA adapters in GGUF; none works until a request names it."""


class LlamaServer:
    """A running llama.cpp; ends with this object."""

    def __init__(self, path: Path, options: LlamaOptions) -> None:
        """Load the model; ModelError where llama.cpp cannot."""
        self._key = secrets.token_urlsafe(32)
        try:
            self._server = xllamacpp.Server(_parameters(path, options, self._key))
        except RuntimeError as error:
            raise ModelError(f"llama.cpp cannot load {path}: is it a whole GGUF file of a language model?") from error
        self.address = str(self._server.listening_address)
        # Only this machine is asked: no proxy, no certificates.
        headers = {"Authorization": f"Bearer {self._key}"}
        self._client = httpx.Client(base_url=self.address, headers=headers, timeout=60, trust_env=False)

    def endpoint(self, path: str, timeout: float) -> Address:
        """Return an address for streams; `timeout`: seconds without a word."""
        return Address(self.address + path, self._key, timeout)

    def ask(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the answer to a question that needs no model; ModelError where there is none."""
        try:
            response = self._client.post(path, json=body)
            answer: Mapping[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ModelError(f"llama.cpp does not answer {path}: {error}") from error
        if response.status_code != httpx.codes.OK:
            raise ModelError(f"llama.cpp answers {path} with {response.status_code}: {str(answer)[:300]}")
        return answer

    def close(self) -> None:
        """End the server and free its memory."""
        self._client.close()
        del self._server


def _parameters(path: Path, options: LlamaOptions, key: str) -> "xllamacpp.CommonParams":
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = options.context_window
    parameters.n_parallel = 1  # each slot would take its own share of the window
    threads = options.threads or os.cpu_count() or 1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    if not options.gpu:
        parameters.n_gpu_layers = 0
    parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(file), 0.0) for file in options.adapters]
    parameters.api_keys = [key]
    parameters.ui = False
    parameters.warmup = False
    parameters.verbosity = 0
    return parameters
