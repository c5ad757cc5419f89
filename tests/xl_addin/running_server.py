"""A calculation server as its users start it: `clodesk serve` in a process of its own, on a free port of loopback."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from db.embedded import stop_valkey

PROJECT = Path(__file__).resolve().parents[2]
_START = "from xl_addin.start import main; main()"


@dataclass(frozen=True)
class RunningServer:
    """A server that answers: its address, the token of its machine, its process, and where it logs."""

    url: str
    token: str
    process: subprocess.Popen[str]
    log: Path

    @property
    def headers(self) -> dict[str, str]:
        """What signs a request in."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self, timeout: float = 60.0) -> httpx.Client:
        """A client that is signed in."""
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=timeout, verify=False)  # noqa: S501


@contextmanager
def running_server(
    data_dir: Path,
    database_url: str | None = None,
    *,
    redis_url: str | None = None,
    port: int = 0,
    options: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    seconds: float = 120.0,
) -> Iterator[RunningServer]:
    """Start a server, wait until it is ready, stop it at the end.

    data_dir: a folder of the test's own, for the token and, without database_url, the embedded servers. port: 0 takes
    a free one. options: further options of `clodesk serve`; environment: further variables.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    variables = {**os.environ, "CLODESK_DATA_DIR": str(data_dir), "PYTHONPATH": str(PROJECT), **(environment or {})}
    if database_url is not None:
        variables["CLODESK_DATABASE_URL"] = database_url
    if redis_url is not None:
        variables["CLODESK_REDIS_URL"] = redis_url
    log = data_dir / f"server-{time.monotonic_ns()}.log"
    command = [sys.executable, "-c", _START, "serve", "--port", str(port), *options]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=variables, stdout=subprocess.PIPE, stderr=output, text=True
        )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, f"the server did not start:\n{log.read_text()}"
        token_file = data_dir / "server.token"
        token = token_file.read_text().strip() if token_file.exists() else ""
        _wait_until_ready(url, process, log, time.monotonic() + seconds)
        yield RunningServer(url, token, process, log)
    finally:
        stop(process)
        if redis_url is None:
            stop_valkey(data_dir)


def _wait_until_ready(url: str, process: subprocess.Popen[str], log: Path, deadline: float) -> None:
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz", timeout=10.0, verify=False).status_code == 200:  # noqa: S501
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the server did not get ready:\n{log.read_text()[-4000:]}")


def stop(process: subprocess.Popen[str]) -> None:
    """End a server as an administrator does, and if that does not help, at once."""
    process.terminate()
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
