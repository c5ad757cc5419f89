"""A measured figure beside its alternative and its target, and the one way in which durations are measured."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


class Unit(Enum):
    """How a figure is shown: sign, how much of the base unit (second or byte) it is, decimals."""

    SECOND = ("s", 1.0, 2)
    MILLISECOND = ("ms", 1e-3, 3)
    MICROSECOND = ("us", 1e-6, 2)
    MEBIBYTE = ("MiB", float(1 << 20), 0)

    def shown(self, amount: float) -> str:
        """An amount of seconds or bytes in this unit."""
        sign, size, decimals = self.value
        return f"{amount / size:,.{decimals}f} {sign}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table; amounts in seconds, or in bytes for memory.

    alternative: what an obvious program would do instead, measured in the same run, or scaled up where it says so.
    target: not to be exceeded, None where nothing is promised.
    """

    name: str
    amount: float
    unit: Unit
    alternative: str
    alternative_amount: float
    target: float | None = None

    @property
    def ratio(self) -> float:
        """How many times as much the alternative takes."""
        return self.alternative_amount / self.amount

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.target is None else self.amount < self.target


def median_seconds(call: Callable[[], object], repeats: int, *, prepare: Callable[[], object] | None = None) -> float:
    """Median duration of a call over several runs, after one that compiles and fills caches.

    prepare: run before each call and not measured.
    """
    seconds = []
    for _ in range(repeats + 1):
        if prepare is not None:
            prepare()
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def in_fresh_process(expression: str, **environment: str) -> list[float]:
    """Numbers that an expression on the modules of this package gives in a process of its own.

    expression: such as `benchmarks.deal.plain_python()`, its module imported first.
    """
    module = expression[: expression.rindex(".", 0, expression.index("("))]
    code = f"import json, {module}; print(json.dumps({expression}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return [float(number) for number in found]


def process_seconds(arguments: Sequence[str], cache: Path) -> float:
    """Duration of a Python process with this compile cache, from its start to its end."""
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment["CLODESK_CACHE_DIR"] = str(cache)
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started
