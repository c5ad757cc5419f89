"""Figures of a running server, in the form that Prometheus reads."""

import re
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_NUMBER = re.compile(rb'"m":"(CLO-\d{4})')


class Metrics:
    """Counters and distributions of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.requests = Counter("clodesk_requests", "Requests by status.", ["status"], registry=self._registry)
        self._calls = Counter("clodesk_calls", "Calls of functions.", registry=self._registry)
        self._known = Counter("clodesk_calls_known", "Calls answered from memory.", registry=self._registry)
        self._errors = Counter("clodesk_errors", "Cells that show an error.", ["number"], registry=self._registry)
        self._jobs = Counter("clodesk_jobs", "Commands by how they ended.", ["state"], registry=self._registry)
        self._size = Histogram(
            "clodesk_batch_calls",
            "Calls of a batch.",
            buckets=(1, 10, 50, 100, 250, 500, 1000),
            registry=self._registry,
        )
        self._seconds = Histogram("clodesk_batch_seconds", "Time to answer a batch.", registry=self._registry)
        self._queue = Histogram("clodesk_queue_seconds", "Time a batch waits to begin.", registry=self._registry)
        self.jobs_running = Gauge("clodesk_jobs_running", "Commands under way.", registry=self._registry)
        self.workers_warm = Gauge("clodesk_workers_warm", "Processes with kernels loaded.", registry=self._registry)
        self.worker_deaths = Gauge("clodesk_worker_deaths", "Processes that died at work.", registry=self._registry)

    def batch(self, answers: Sequence[bytes], n_known: int, seconds: float, waited: float) -> int:
        """Count a batch; how many of its answers are errors."""
        self._calls.inc(len(answers))
        self._known.inc(n_known)
        self._size.observe(len(answers))
        self._seconds.observe(seconds)
        self._queue.observe(waited)
        errors = [answer for answer in answers if answer.startswith(b'{"e"')]
        for answer in errors:
            number = _NUMBER.search(answer)
            self._errors.labels(number=number[1].decode() if number else "passed on").inc()
        return len(errors)

    def job(self, state: str) -> None:
        """Count a command that ended."""
        self._jobs.labels(state=state).inc()

    def text(self) -> bytes:
        """All figures."""
        return generate_latest(self._registry)
