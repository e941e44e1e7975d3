"""Settings in, a running service out: its parts, its keys, its server."""

import hashlib
import ipaddress
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from vouch.app.extras import need
from vouch.app.library_places import ServerPlace, place_of
from vouch.app.settings import Settings
from vouch.retrieval.errors import NotFound, NotSetUp, UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from vouch.app.service.jobs import Job
    from vouch.app.service.keys import KeyFile
    from vouch.app.service.local import LocalService
    from vouch.app.service.parts import Answering, Manner
    from vouch.app.service.types import IngestRequest
    from vouch.app.setting_sections import ModelSettings
    from vouch.generation.chat import ChatModel
    from vouch.generation.plan.holdings import Stated
    from vouch.retrieval.library import Library
    from vouch.retrieval.types import Hit, Scope, SearchMode

DocumentChoice = Literal["auto", "report", "guideline", "qa", "text", "facts"]
INGEST_NICENESS = 10
"""Reading documents gives way to questions; it has a process of its own, for Python runs one thread at a time.

Not so with ingest.jobs 1, which allows none."""


def library_home(settings: Settings) -> Path:
    """Return the folder for what stands beside a library: its own, or for a database one of the user's."""
    import platformdirs

    place = place_of(settings.library)
    if isinstance(place, ServerPlace):
        name = hashlib.sha256(place.shown.encode()).hexdigest()[:16]
        return platformdirs.user_data_path("vouch", appauthor=False) / "servers" / name
    return place.folder


def key_file(settings: Settings) -> "KeyFile":
    """Return the keys of a library."""
    from vouch.app.service.keys import KeyFile

    said = settings.serve.keys_file
    return KeyFile(Path(said).expanduser().absolute() if said else library_home(settings) / "keys.json")


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def local_service(settings: Settings) -> "LocalService":
    """Return the service over the library of the settings, which is made where there is none."""
    from vouch.app.service.jobs import Jobs
    from vouch.app.service.live import LiveLibrary
    from vouch.app.service.local import LocalService
    from vouch.app.service.parts import Defaults, Parts
    from vouch.app.service.uploads import Uploads
    from vouch.app.wiring import page_picture
    from vouch.app.wiring_store import open_conversations, open_library, open_store_to_fill

    with open_store_to_fill(settings):
        pass  # made now: a server starts on an empty library too
    retrieval = settings.retrieval
    rerank = None if retrieval.reranker == "auto" else retrieval.reranker != "none"
    return LocalService(
        Parts(
            live=LiveLibrary(partial(open_library, settings, follow=False)),
            answering=_Answerers(settings),
            facts=_facts,
            search=_search,
            open_to_write=partial(open_store_to_fill, settings),
            ingest=partial(_ingest, settings),
            picture=page_picture,
            uploads=Uploads(library_home(settings) / "uploads"),
            jobs=Jobs(),
            people=open_conversations(settings),
            defaults=Defaults(settings.generation.k, retrieval.k, retrieval.mode, rerank, generators(settings)),
        )
    )


class _Answerers:
    """Makes what answers; kept as long as the library it was made for. Models are loaded once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._model: ChatModel | None = None
        self._kept: dict[tuple[Manner, frozenset[str] | None], Answering] = {}
        self._library: Library | None = None

    def __call__(self, library: "Library", manner: "Manner", collections: frozenset[str] | None) -> "Answering":
        with self._lock:
            if self._library is not library:
                self._library, self._kept = library, {}
            key = (manner, collections)
            if key not in self._kept:
                self._kept[key] = self._made(library, manner, collections)
            return self._kept[key]

    def _made(self, library: "Library", manner: "Manner", collections: frozenset[str] | None) -> "Answering":
        from vouch.app.service.parts import Answering
        from vouch.app.wiring_ask import fact_desk, make_generator, make_retrieval, make_voucher, model_of
        from vouch.generation.pipeline import Asker

        settings = _in_manner(self._settings, manner)
        generator = make_generator(settings, self._model)
        model = model_of(generator)
        self._model = self._model or model
        desk = fact_desk(library, _facts(library, collections), model)
        find = make_retrieval(settings, generator)
        return Answering(Asker(library, generator, desk, make_voucher(settings), find), model)


def _facts(library: "Library", collections: frozenset[str] | None) -> "Stated":
    """Return the facts that these collections hold; None: all."""
    from vouch.app.service.visible_facts import VisibleFacts

    if collections is None:
        return library.store
    return VisibleFacts(library.store, collections)


def _in_manner(settings: Settings, manner: "Manner") -> Settings:
    chosen = settings.generation
    generator = chosen.generator if manner.generator is None else manner.generator
    if generator != "extractive" and chosen.generator == "extractive":
        # A request may do without the model, never name one that the server's owner has not set up.
        raise NotSetUp("this server has no language model: it answers by quoting (generator extractive)")
    picked = "extractive" if generator == "extractive" else chosen.generator
    cot, tools = chosen.cot or manner.cot, chosen.tools and manner.tools
    model = settings.model if manner.adapter is None else _with_adapter(settings, manner.adapter)
    return replace(settings, generation=replace(chosen, generator=picked, cot=cot, tools=tools), model=model)


def _with_adapter(settings: Settings, name: str) -> "ModelSettings":
    """Return the model's settings with this adapter in force; NotFound where none of the name is loaded."""
    known = adapter_names(settings)
    if name and name not in known:
        raise NotFound(f"this server has no adapter {name!r}: there are {', '.join(known) or 'none'}")
    return replace(settings.model, adapter=name)


def generators(settings: Settings) -> tuple[str, ...]:
    """Return what a request may choose from: quoting always, the language model where one is set up."""
    return ("extractive",) if settings.generation.generator == "extractive" else ("extractive", "model")


def adapter_names(settings: Settings) -> tuple[str, ...]:
    """Return the adapters that a request may choose from: those loaded with the language model that answers."""
    from vouch.app.wiring_models import named_folders

    return () if settings.generation.generator == "extractive" else tuple(named_folders(settings.model.adapters))


def _search(
    library: "Library", query: str, k: int, mode: "SearchMode", scope: "Scope", rerank: bool | None
) -> "Sequence[Hit]":
    from vouch.generation.finding import Wanted, find

    reread: dict[bool | None, SearchMode | None] = {True: "hybrid+rerank", False: "hybrid", None: None}
    return find(library, query, Wanted(k, reread[rerank] if mode == "hybrid" else mode, scope)).hits


def _ingest(settings: Settings, request: "IngestRequest", job: "Job") -> None:
    from vouch.app.ingest_report import result_json
    from vouch.app.service.places import placeless
    from vouch.app.wiring_ingest import ingest_options
    from vouch.app.wiring_store import open_store_to_fill
    from vouch.ingest.bulk import FileResult, ingest_paths
    from vouch.ingest.loaders.discover import discover

    chosen = replace(settings, ingest=replace(settings.ingest, collection=request.collection, kind=_kind(request.kind)))
    files = discover(list(request.paths))
    job.files = len(files)
    options = ingest_options(chosen, request.company, request.year, request.force)
    polite = replace(
        options, make_preparer=partial(_politely, options.make_preparer), jobs=1, apart=settings.ingest.jobs != 1
    )

    def done(result: FileResult) -> None:
        job.step(placeless(result_json(result)), result.status == "failed")

    with open_store_to_fill(settings) as store:
        ingest_paths(files, polite, store, done)


def _kind(said: str) -> DocumentChoice:
    for kind in get_args(DocumentChoice):
        if said == kind:
            return cast(DocumentChoice, kind)
    raise UsageError(f"{said!r} is no kind of document: there are {', '.join(get_args(DocumentChoice))}")


def _politely(make: Callable[[], Any]) -> Any:
    if hasattr(os, "nice"):  # not on Windows
        os.nice(INGEST_NICENESS)
    return make()


def create_server(settings: Settings) -> "FastAPI":
    """Return the application that serves the library of the settings."""
    need("fastapi", "vouch serve", "serve")
    need("uvicorn", "vouch serve", "serve")
    need("multipart", "vouch serve", "serve")
    need("prometheus_client", "vouch serve", "serve")
    from vouch.app.server.access import Gate
    from vouch.app.server.application import create_application
    from vouch.app.server.held import Held, Limits
    from vouch.app.server.metrics import Metrics
    from vouch.app.server.rate import RateLimit
    from vouch.app.server.workers import Workers

    chosen = settings.serve
    keys = key_file(settings)
    guarded = chosen.require_keys or not is_loopback(chosen.host)
    if guarded and not any(not key.revoked for key in keys.listed()):
        raise UsageError(
            f"{chosen.host} can be reached from elsewhere, so API keys are asked for, and there is none: "
            "make one with vouch keys create NAME, or serve on 127.0.0.1"
        )
    service = local_service(settings)
    service.warm_up()
    limits = Limits(
        chosen.body_mb * 1_000_000,
        chosen.upload_mb * 1_000_000,
        chosen.upload_files,
        tuple(Path(folder).expanduser().absolute() for folder in listed(chosen.folders)),
    )
    threads = chosen.threads or (os.cpu_count() or 1) + 1
    held = Held(service, Workers(threads, chosen.queue), Metrics(), limits, adapter_names(settings))
    gate = Gate(keys, RateLimit(chosen.rate_per_minute), guarded)
    return create_application(held, gate, listed(chosen.origins), service.close)


def listed(text: str) -> list[str]:
    """Return the entries of a list parted by commas."""
    return [entry for entry in (part.strip() for part in text.split(",")) if entry]


def run_server(application: "FastAPI", settings: Settings) -> None:
    """Serve until somebody ends it."""
    import logging

    import uvicorn

    logging.basicConfig(format="%(message)s")
    # Ours alone: httpx notes whole addresses, a web search's words too.
    logging.getLogger("vouch").setLevel(logging.INFO)
    uvicorn.run(
        application,
        host=settings.serve.host,
        port=settings.serve.port,
        access_log=False,  # ours says less of the caller and more of the work
        log_level="warning",
        timeout_graceful_shutdown=10,
        server_header=False,
    )
