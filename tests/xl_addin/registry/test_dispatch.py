"""The dispatcher: one batch, identical calls once, answers kept for as long as their data."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import orjson
import pytest

from db.cache import Cache, LocalCache
from engine.desk.desk import Desk
from engine.desk.versions import DataVersions
from engine.errors import BackendError, InputError, ModelError, ReferenceDataError
from xl_addin.registry import catalogue
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import FUNCTIONS, udf
from xl_addin.registry.dispatch import Call, Dispatcher
from xl_addin.registry.errors import no_denominator
from xl_addin.registry.memory import ResultMemory
from xl_addin.registry.results import Table

Number = Annotated[float, "A number."]
Text = Annotated[str, "A text."]
Deal = Annotated[str, "A deal."]


def _no_desk() -> Desk:
    pytest.fail("a function of its arguments alone must not open the database")


class CountingDesk:
    """A desk of whose data only the versions matter."""

    def __init__(self) -> None:
        self.by_tag = {"*": 1, "DEMO1": 1, "DEMO2": 1}
        self.n_reads = 0

    def data_versions(self) -> DataVersions:
        self.n_reads += 1
        return DataVersions(dict(self.by_tag))


@pytest.fixture
def calls_made() -> list[str]:
    return []


@pytest.fixture
def functions(calls_made: list[str]) -> Iterator[None]:
    """A few functions of the test's own in the catalogue."""
    catalogue.catalogue()
    before = dict(FUNCTIONS)

    def forget() -> None:
        for cached in (catalogue.catalogue, catalogue.by_name, catalogue.fingerprint):
            cached.cache_clear()

    @udf("TEST_TWICE", category="Test", examples=["=TEST_TWICE(1)"])
    def twice(number: Number) -> float:
        """Twice a number."""
        calls_made.append(f"twice {number:g}")
        return 2.0 * number

    @udf("TEST_PAR", category="Test", cost="data", depends=("deal",), examples=['=TEST_PAR("Demo 1")'])
    def par(deal: Deal) -> float:
        """Par of a deal."""
        calls_made.append(f"par {deal}")
        return 1.0

    def many(arguments: Sequence[tuple[Any, ...]], ctx: CallContext) -> list[Any]:
        calls_made.append(f"many {len(arguments)}")
        missing = ReferenceDataError("CLO-9001", "There is no x")
        return [missing if word == "x" else word.upper() for (word,) in arguments]

    @udf("TEST_NAMES", category="Test", cost="data", examples=['=TEST_NAMES("a")'], batch=many)
    def names(word: Text) -> str:
        """A name in capitals."""
        raise AssertionError("the form for many answers")

    @udf("TEST_FAIL", category="Test", cost="data", examples=['=TEST_FAIL("input")'])
    def fail(how: Text) -> float:
        """A failure of a kind."""
        calls_made.append(f"fail {how}")
        if how == "ratio":
            raise no_denominator("CLO-9002", "No debt")
        if how == "bug":
            return {}["nothing"]  # type: ignore[no-any-return]
        raise {"input": InputError, "model": ModelError, "backend": BackendError, "data": ReferenceDataError}[how](
            "CLO-9003", "It fails", remedy="Try again."
        )

    @udf("TEST_TABLE", category="Test", examples=["=TEST_TABLE(1)"])
    def table(rows: Annotated[int, "How many rows."]) -> Table:
        """A table."""
        return Table(["row", "name"], [[i, None] for i in range(rows)])

    @udf("TEST_SUM", category="Test", examples=["=TEST_SUM(1,2)"])
    def total(*numbers: Number) -> float:
        """A sum."""
        return sum(numbers)

    forget()
    yield
    FUNCTIONS.clear()
    FUNCTIONS.update(before)
    forget()


def _answers(dispatcher: Dispatcher, calls: Sequence[Call], ctx: CallContext | None = None) -> list[Any]:
    return [orjson.loads(answer) for answer in dispatcher.answer(calls, ctx or CallContext(_no_desk))]


def test_a_failure_is_the_answer_of_its_own_call_only() -> None:
    """Results keep the order of the calls; a wrong argument is an error cell with number, place and advice."""
    dispatcher, ctx = Dispatcher(ResultMemory()), CallContext(_no_desk)

    answers = _answers(
        dispatcher,
        [
            Call("CLO_YEAR_FRACTION", ["2016-03-23", 42542]),
            Call("CLO_YEAR_FRACTION", ["23.3.2016", 42542], "Tests!B7"),
            Call("CLO_YEAR_FRACTION", [42452, 42542]),
        ],
        ctx,
    )

    assert answers[0] == answers[2] == {"v": 0.25}
    assert answers[1]["e"] == "#VALUE!"
    assert answers[1]["m"].startswith(
        "CLO-2109: '23.3.2016' is not a date, at CLO_YEAR_FRACTION, argument start_date. Give a date cell,"
    )
    assert ctx.errors.of_cell("", "Tests!$B$7") == answers[1]["m"]


@pytest.mark.usefixtures("functions")
def test_identical_calls_are_computed_once(calls_made: list[str]) -> None:
    """Within a batch and after it; 1, TRUE and "1" are different calls."""
    dispatcher = Dispatcher(ResultMemory())

    first = _answers(dispatcher, [Call("TEST_TWICE", [1]), Call("TEST_TWICE", [True]), Call("TEST_TWICE", [1])])
    again = _answers(dispatcher, [Call("TEST_TWICE", [1])])

    assert first == [{"v": 2.0}] * 3
    assert again == [{"v": 2.0}]
    assert calls_made == ["twice 1", "twice 1"]


@pytest.mark.usefixtures("functions")
def test_a_form_for_many_gets_all_calls_at_once(calls_made: list[str]) -> None:
    """Those that cannot be read, and those that fail, fail alone."""
    calls = [Call("TEST_NAMES", [name]) for name in ("a", "x", "b")] + [Call("TEST_NAMES", [{"e": "#DIV/0!"}])]

    answers = _answers(Dispatcher(ResultMemory()), calls)

    assert [answer.get("v", answer.get("e")) for answer in answers] == ["A", "#N/A", "B", "#DIV/0!"]
    assert calls_made == ["many 3"]


@pytest.mark.usefixtures("functions")
def test_an_answer_lasts_as_long_as_the_data_of_its_deal(calls_made: list[str]) -> None:
    """A change of another deal leaves it alone; a change of its own, or of what all share, does not."""
    desk, dispatcher = CountingDesk(), Dispatcher(ResultMemory())

    def ask() -> None:
        _answers(dispatcher, [Call("TEST_PAR", ["Demo 1"])] * 3, CallContext(lambda: desk))  # type: ignore[arg-type,return-value]

    for changed in (None, "DEMO2", "DEMO1", "*"):
        if changed:
            desk.by_tag[changed] += 1
        ask()

    assert len(calls_made) == 3
    assert desk.n_reads == 4


@pytest.mark.usefixtures("functions")
@pytest.mark.parametrize(
    ("how", "code", "number"),
    [
        ("input", "#VALUE!", "CLO-9003"),
        ("data", "#N/A", "CLO-9003"),
        ("model", "#NUM!", "CLO-9003"),
        ("backend", "#N/A", "CLO-9003"),
        ("ratio", "#DIV/0!", "CLO-9002"),
        ("bug", "#VALUE!", "CLO-2199"),
    ],
)
def test_a_failure_is_the_error_of_its_kind(how: str, code: str, number: str, caplog: pytest.LogCaptureFixture) -> None:
    """A defect shows a reference; its traceback is in the log and not in the cell."""
    (answer,) = _answers(Dispatcher(ResultMemory()), [Call("TEST_FAIL", [how])])

    assert answer["e"] == code
    assert answer["m"].startswith(f"{number}: ")
    assert "KeyError" not in answer["m"]
    assert ("KeyError" in caplog.text) == (how == "bug")


@pytest.mark.usefixtures("functions")
def test_what_may_be_gone_with_the_next_try_is_not_kept(calls_made: list[str]) -> None:
    """A server out of reach is asked again, a wrong input is not."""
    dispatcher = Dispatcher(ResultMemory())

    for how in ("backend", "backend", "input", "input"):
        _answers(dispatcher, [Call("TEST_FAIL", [how])])

    assert calls_made == ["fail backend", "fail backend", "fail input"]


@pytest.mark.usefixtures("functions")
def test_headers_are_switched_off_and_an_empty_table_keeps_them() -> None:
    """Without headers and rows there is nothing to show; a missing value is an empty text."""
    answers = _answers(
        Dispatcher(ResultMemory()),
        [
            Call("TEST_TABLE", [1]),
            Call("TEST_TABLE", [1, False]),
            Call("TEST_TABLE", [0]),
            Call("TEST_TABLE", [0, False]),
        ],
    )

    assert answers[:3] == [{"v": [["row", "name"], [0, ""]]}, {"v": [[0, ""]]}, {"v": [["row", "name"]]}]
    assert answers[3]["e"] == "#N/A"
    assert answers[3]["m"].startswith("CLO-2116")


@pytest.mark.usefixtures("functions")
def test_arguments_are_counted() -> None:
    """Too many and too few are errors; a list of further ones takes any number."""
    answers = _answers(
        Dispatcher(ResultMemory()),
        [
            Call("TEST_TWICE", [1, 2]),
            Call("TEST_TWICE", []),
            Call("TEST_SUM", [1, 2, 3]),
            Call("TEST_NOWHERE", []),
            Call("test_twice", [1]),
        ],
    )

    assert [answer.get("m", "")[:8] for answer in answers] == ["CLO-2120", "CLO-2101", "", "CLO-2119", "CLO-2119"]
    assert answers[2] == {"v": 6.0}


@pytest.mark.usefixtures("functions")
def test_processes_share_answers_that_needed_the_database(calls_made: list[str]) -> None:
    """A second dispatcher on the same cache answers without computing, one of other code does not."""
    cache, desk = Cache(LocalCache()), CountingDesk()

    for stamp in ("code 1", "code 1", "code 2"):
        dispatcher = Dispatcher(ResultMemory(shared=lambda: cache, stamp=stamp))
        _answers(dispatcher, [Call("TEST_PAR", ["Demo 1"]), Call("TEST_TWICE", [1])], CallContext(lambda: desk))  # type: ignore[arg-type,return-value]

    assert sorted(calls_made) == ["par Demo 1"] * 2 + ["twice 1"] * 3


def test_the_memory_forgets_the_least_used_when_it_is_full() -> None:
    """Its size is bounded in bytes."""
    memory = ResultMemory(most_bytes=1700)
    for i in range(10):
        memory.put_many({b"key%d" % i: b"x" * 100}, is_shared=False)
        memory.get_many([b"key0"])

    assert set(memory.get_many(b"key%d" % i for i in range(10))) == {b"key0", b"key7", b"key8", b"key9"}


def test_the_fingerprint_follows_the_catalogue(functions: None) -> None:
    """A function more is another catalogue; the same one has the same fingerprint."""
    with_functions = catalogue.fingerprint()
    FUNCTIONS.pop("TEST_SUM")
    for cached in (catalogue.catalogue, catalogue.by_name, catalogue.fingerprint):
        cached.cache_clear()

    assert catalogue.fingerprint() != with_functions
    assert len(with_functions) == 64
