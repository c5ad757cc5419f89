"""The calculation server under load: many workbooks recalculating at once, and memory over a million calls.

The server runs as its users start it, on loopback; the clients are threads of this process, their connections stay
open.
"""

import http.client
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import orjson
import psutil

from benchmarks.figures import Figure, Unit
from db.embedded import stop_valkey
from db.settings import settings_of_environment
from engine.desk.desk import open_desk
from engine.desk.warmup import compile_kernels
from tests.xl_addin.running_server import RunningServer, running_server
from workbooks.demo import DEAL_NAME, demo_waterfall, write_demo_workbook

N_CLIENTS = 50
N_CELLS = 2000
A_BATCH = 1000
N_SINGLE = 200
MILLION = 1_000_000
_FIELDS = (
    "par",
    "coupon",
    "spread",
    "mdy_rating",
    "market_value",
    "issue_name",
    "maturity",
    "sp_rating",
    "country",
    "wal",
)


def _cells(ids: Sequence[str]) -> list[dict[str, object]]:
    """The cells of one workbook: fields of assets, no two alike, and as many dates as fill it up."""
    data = [{"f": "CLO_ASSET", "a": [DEAL_NAME, name, field]} for field in _FIELDS for name in ids]
    light = [{"f": "CLO_YEAR_FRACTION", "a": [40_000 + i, 42_542]} for i in range(max(0, N_CELLS - len(data)))]
    return (data + light)[:N_CELLS]


def _bodies(calls: Sequence[dict[str, object]]) -> list[bytes]:
    parts = [calls[i : i + A_BATCH] for i in range(0, len(calls), A_BATCH)]
    return [orjson.dumps({"v": 1, "client": "benchmark", "calls": part}) for part in parts]


def _singles(body: bytes) -> list[bytes]:
    """The calls of a batch as batches of one."""
    return [orjson.dumps({"v": 1, "client": "benchmark", "calls": [call]}) for call in orjson.loads(body)["calls"]]


class Client:
    """A connection that stays open, and what it measured."""

    def __init__(self, server: RunningServer) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self._headers = {**server.headers, "Content-Type": "application/json"}
        self.seconds = float("nan")
        self.n_errors = 0

    def recalculate(self, bodies: Sequence[bytes], gate: threading.Barrier | None = None) -> None:
        """Ask for all batches of a workbook, one after the other; what goes wrong is counted."""
        if gate is not None:
            gate.wait()
        started = time.perf_counter()
        for body in bodies:
            try:
                self.n_errors += self._ask(body)
            except (OSError, http.client.HTTPException):
                self.n_errors += 1
        self.seconds = time.perf_counter() - started

    def _ask(self, body: bytes) -> int:
        """How many cells of a batch show an error; a refused batch counts as one."""
        self._connection.request("POST", "/api/v1/udf/batch", body, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        return answer.count(b'{"e"') if response.status == 200 else 1

    def close(self) -> None:
        self._connection.close()


def _at_once(server: RunningServer, bodies: Sequence[bytes], n: int) -> list[float]:
    """Seconds that each of several clients took, all starting together. Raises if any cell showed an error."""
    gate = threading.Barrier(n)
    clients = [Client(server) for _ in range(n)]
    threads = [threading.Thread(target=client.recalculate, args=(bodies, gate)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    n_errors = sum(client.n_errors for client in clients)
    if n_errors:
        raise AssertionError(f"{n_errors} errors")
    return [client.seconds for client in clients]


def _light_calls(seed: int) -> list[dict[str, object]]:
    """A batch of calls that nobody made before."""
    return [{"f": "CLO_PERIOD_RATE", "a": [(seed * A_BATCH + i) / 1e6, 41_000, 41_400]} for i in range(A_BATCH)]


def _first_batch(data_dir: Path, body: bytes) -> float:
    """Seconds for the first batch that a fresh server with an empty cache answers from the database."""
    stop_valkey(data_dir)
    with running_server(data_dir) as server:
        return _at_once(server, [body], 1)[0]


def _resident(server: RunningServer) -> int:
    """Bytes in memory of the server and its workers."""
    process = psutil.Process(server.process.pid)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))


def _many_calls(server: RunningServer, n: int) -> Iterator[int]:
    """Ask for n calls, no two alike; the memory of the server after each tenth of them."""
    client = Client(server)
    for tenth in range(10):
        for batch in range(n // 10 // A_BATCH):
            first = (tenth * (n // 10) + batch * A_BATCH) / n
            calls = [{"f": "CLO_PERIOD_RATE", "a": [first + i / n, 42_000, 42_400]} for i in range(A_BATCH)]
            client.recalculate(_bodies(calls))
        yield _resident(server)
    client.close()


def run(*, is_quick: bool) -> list[Figure]:
    """A batch over HTTP, fifty workbooks at once, and the memory of the server over a million calls."""
    n_calls = MILLION // 10 if is_quick else MILLION
    with TemporaryDirectory(prefix="clodesk-bench-server-") as folder:
        Path(folder).chmod(0o755)
        compile_kernels(lambda _text, _done: None)
        with open_desk() as desk:
            workbook = Path(folder) / "demo.xlsx"
            write_demo_workbook(workbook)
            desk.import_workbook(workbook)
            desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), date(2016, 1, 1))
            view = desk.views(desk.data_versions()).deal(DEAL_NAME)
            bodies = _bodies(_cells([row.blkrock_id for row in view.deal.positions]))
        data_dir = settings_of_environment().data_dir
        cold = statistics.median(_first_batch(data_dir, bodies[0]) for _ in range(3))
        with running_server(data_dir) as server:
            _at_once(server, bodies, 1)
            warm = statistics.median(_at_once(server, bodies[:1], 1)[0] for _ in range(21))
            light = statistics.median(_at_once(server, _bodies(_light_calls(i)), 1)[0] for i in range(21)) / A_BATCH
            single = _at_once(server, _singles(bodies[0])[:N_SINGLE], 1)[0] / N_SINGLE
            together = float(np.percentile(_at_once(server, bodies, N_CLIENTS), 99))
            memory = list(_many_calls(server, n_calls))
    return [
        Figure(
            name="one of 1,000 light calls in a batch over HTTP, computed",
            amount=light,
            unit=Unit.MICROSECOND,
            alternative="a request of its own",
            alternative_amount=single,
            target=25e-6,
        ),
        Figure(
            name="1,000 distinct data cells over HTTP, first batch of a server",
            amount=cold,
            unit=Unit.MILLISECOND,
            alternative="a request for each of them, warm",
            alternative_amount=single * A_BATCH,
            target=0.150,
        ),
        Figure(
            name="1,000 distinct data cells over HTTP, warm",
            amount=warm,
            unit=Unit.MILLISECOND,
            alternative="the first batch",
            alternative_amount=cold,
            target=0.020,
        ),
        Figure(
            name=f"{N_CLIENTS} workbooks of {N_CELLS:,} cells recalculating at once, 99th percentile",
            amount=together,
            unit=Unit.SECOND,
            alternative=f"a request for each of the cells ({N_SINGLE} measured)",
            alternative_amount=single * N_CELLS * N_CLIENTS,
            target=2.0,
        ),
        Figure(
            name=f"memory of the server after {n_calls:,} calls, no two alike",
            amount=memory[-1],
            unit=Unit.MEBIBYTE,
            alternative="after half of them",
            alternative_amount=memory[4],
            target=1.05 * memory[4],
        ),
    ]
