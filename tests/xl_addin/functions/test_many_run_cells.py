"""Many cells on runs and tests cost few reads of the database, and a failure is told from memory (spec 08 §3.3)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice, product
from typing import Any

import psycopg
import pytest

from engine.desk.desk import Desk
from workbooks.demo import DEAL_NAME
from xl_addin.functions.tranches import METRICS
from xl_addin.registry.context import CallContext
from xl_addin.registry.dispatch import Call, Dispatcher
from xl_addin.registry.memory import ResultMemory

CLASSES = ("Class A-1", "Class A-2", "Class B", "Class C", "Class D", "Class E", "Class F")
FIELDS = ("result", "numerator", "denominator", "threshold", "pass", "cure_interest")
N_CELLS = 1000
_PING = ";"
"""What the connection pool asks a connection before it is used again."""


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Collects the statements that a block sends to the database."""

    @contextmanager
    def collected() -> Iterator[list[str]]:
        sent: list[str] = []
        execute = psycopg.Cursor.execute

        def noting(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
            if query != _PING:
                sent.append(str(query))
            return execute(self, query, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(psycopg.Cursor, "execute", noting)
            yield sent

    return collected


def _cells(scenario: str) -> list[Call]:
    prices = [0.9 + 0.001 * step for step in range(100)]
    metrics = (
        Call("CLO_TRANCHE_METRIC", [DEAL_NAME, name, metric, value, None, scenario])
        for value, name, metric in product([None, *prices], CLASSES, METRICS)
    )
    triggers = (
        Call("CLO_TRIGGER", [DEAL_NAME, name, "oc", period, field, None, scenario])
        for name, period, field in product(("B", "C", "D", "E"), range(1, 16), FIELDS)
    )
    tests = (
        Call("CLO_TEST_RESULT", [DEAL_NAME, number, field])
        for number, field in product(range(1, 55), ("result", "threshold", "cushion"))
    )
    ratios = (
        Call(name, [DEAL_NAME, test, None, scenario])
        for name, test in product(("CLO_OC_RATIO", "CLO_IC_RATIO"), ("Class B", "Class C", "Class D", "NONE"))
    )
    return [*ratios, *islice(tests, 150), *islice(triggers, 350), *islice(metrics, N_CELLS)]


def _answered(desk: Desk, calls: list[Call]) -> list[bytes]:
    return Dispatcher(ResultMemory()).answer(calls, CallContext(lambda: desk))


def test_a_thousand_cells_read_the_deal_once(ran_desk: Desk, statements: Callable[[], Any]) -> None:
    """In a process that knows nothing yet a thousand cells send the statements that one of each function sends."""
    calls = _cells("STRESS")
    one_each = list({call.name: call for call in calls}.values())
    n_statements = []

    for some in (one_each, calls):
        fresh = Desk(ran_desk._store, ran_desk.cache)
        with statements() as sent:
            answers = _answered(fresh, some)
        n_statements.append(len(sent))

    assert len(calls) > N_CELLS
    assert n_statements[1] == n_statements[0]
    assert sum(answer.startswith(b'{"v"') for answer in answers) > 0.7 * len(calls)


def test_cells_without_a_run_look_for_it_once(ran_desk: Desk, statements: Callable[[], Any]) -> None:
    """Where nothing was run, a thousand cells of four functions say so after four looks."""
    calls = [call for call in _cells("HOT") if call.name != "CLO_TEST_RESULT"]

    with statements() as sent:
        answers = _answered(ran_desk, calls)

    assert sum("FROM runs" in query for query in sent) == len({call.name for call in calls}) == 4
    assert all(b"CLO-4014" in answer for answer in answers)


def test_warm_cells_ask_for_the_versions_alone(ran_desk: Desk, statements: Callable[[], Any]) -> None:
    """The same sheet again, with the same data: one statement, that of the data versions."""
    dispatcher, calls = Dispatcher(ResultMemory()), _cells("STRESS")
    first = dispatcher.answer(calls, CallContext(lambda: ran_desk))

    with statements() as sent:
        again = dispatcher.answer(calls, CallContext(lambda: ran_desk))

    assert again == first
    assert sent == ["SELECT tag, version FROM data_versions"]
