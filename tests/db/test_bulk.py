"""Binary COPY: every number, date and text arrives as it was sent, rounded half to even."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from db.asset_flows import AMOUNT_COLUMNS, cents
from db.bulk import (
    BytesColumn,
    DoubleColumn,
    FixedColumn,
    KeyColumn,
    NumericColumns,
    SameColumn,
    TextColumn,
    copy_in,
    key_bytes,
)
from db.bulk_read import copy_out, days, numeric_column, text_column, whole_column
from db.connection import parsed_url
from db.kernels_wire import MISSING
from engine.errors import InputError


@pytest.fixture(scope="module")
def connection(server_url: str) -> psycopg.Connection[tuple[object, ...]]:
    url = parsed_url(server_url).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as opened:
        yield opened


def _there_and_back(
    connection: psycopg.Connection[tuple[object, ...]], sql_types: str, columns: list[object], n_rows: int
) -> list[tuple[object, ...]]:
    with connection.transaction(force_rollback=True):
        connection.execute(f"CREATE TEMPORARY TABLE sent ({sql_types})")
        copy_in(connection, "sent", columns, n_rows)  # type: ignore[arg-type]
        return connection.execute("SELECT * FROM sent").fetchall()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scale=st.sampled_from([0, 2, 4, 5, 6]),
    values=st.lists(st.integers(-(10**15), 10**15) | st.integers(-99, 99), min_size=1, max_size=20),
)
def test_numeric_keeps_every_digit(
    connection: psycopg.Connection[tuple[object, ...]], scale: int, values: list[int]
) -> None:
    """A scaled whole number of any size and sign is the decimal it stands for."""
    column = NumericColumns(["x"], np.array([values], np.int64), scale)

    found = _there_and_back(connection, f"x NUMERIC(30, {scale})", [column], len(values))

    assert [row[0] for row in found] == [Decimal(value).scaleb(-scale) for value in values]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(-1e12, 1e12) | st.just(float("nan")), min_size=1, max_size=30))
def test_money_is_rounded_to_the_nearest_cent(
    connection: psycopg.Connection[tuple[object, ...]], values: list[float]
) -> None:
    """A stored amount is within half a cent of the computed one, and NaN is NULL."""
    found = _there_and_back(connection, "x NUMERIC(18, 2)", [NumericColumns(["x"], np.array([values]), 2)], len(values))

    for value, (stored,) in zip(values, found, strict=True):
        if np.isnan(value):
            assert stored is None
        else:
            assert abs(Decimal(value) - stored) <= Decimal("0.005") + abs(Decimal(value)) * Decimal("3e-16")


@pytest.mark.parametrize("value", [0.125, 0.375, 2.5, -0.125, 1048576.625])
def test_halves_go_to_the_even_cent(connection: psycopg.Connection[tuple[object, ...]], value: float) -> None:
    """Amounts that lie exactly between two cents go to the even one."""
    found = _there_and_back(connection, "x NUMERIC(18, 2)", [NumericColumns(["x"], np.array([[value]]), 2)], 1)

    assert found[0][0] == Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def test_text_dates_flags_and_times_arrive(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Every kind of column side by side, with texts of different length, missing dates and more rows than a piece."""
    n_rows = 2500
    codes = np.arange(n_rows) % 3
    days = np.datetime64("1999-12-30") + np.arange(n_rows)
    days[7] = np.datetime64("NaT")
    at = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
    numbers = np.where(codes == 1, np.nan, np.arange(n_rows) / 4)
    columns = [
        SameColumn("run", 5),
        SameColumn("at", at),
        SameColumn("deal", "MAG 17"),
        TextColumn("t", ["", "größer", "BRS2"], codes),
        FixedColumn("d", days),
        FixedColumn("i", np.arange(n_rows, dtype=np.int32)),
        FixedColumn("b", codes == 0),
        NumericColumns(["x", "y"], np.vstack([numbers, -numbers]), 2),
    ]

    found = _there_and_back(
        connection,
        "run BIGINT, at TIMESTAMPTZ, deal TEXT, t TEXT, d DATE, i INT, b BOOL, x NUMERIC(18, 2), y NUMERIC(18, 2)",
        columns,
        n_rows,
    )

    assert len(found) == n_rows
    assert found[7][4] is None
    assert found[4][:4] == (5, at, "MAG 17", "größer")
    for row in (0, 2, 1023, 1024, 2499):
        x = None if codes[row] == 1 else Decimal(row) / 4
        expected = (("", "größer", "BRS2")[codes[row]], days[row].item(), row, bool(codes[row] == 0), x)
        assert found[row][3:8] == expected


def test_keys_and_doubles_arrive_as_they_were(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """A UUID by its code, text and every bit of a double arrive; no code and NaN are NULL."""
    keys = [uuid4(), uuid4()]
    columns = [
        BytesColumn("t", np.array([b"", "größer".encode(), b"x"])),
        KeyColumn("k", key_bytes(keys), np.array([1, -1, 0])),
        DoubleColumn("x", np.array([0.1 + 0.2, float("nan"), -1e300])),
    ]

    found = _there_and_back(connection, "t TEXT, k UUID, x DOUBLE PRECISION", columns, 3)

    assert found == [("", keys[1], 0.1 + 0.2), ("größer", None, None), ("x", keys[0], -1e300)]


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e30])
def test_a_number_without_a_place_is_an_input_error(value: float) -> None:
    """Infinite and huge numbers are told by their column instead of becoming another number."""
    with pytest.raises(InputError, match="CLO-3010: A number in column y is infinite or too large"):
        NumericColumns(["x", "y"], np.array([[1.0], [value]]), 2)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0.0, 1e7), min_size=12, max_size=12))
def test_rounded_parts_still_meet_their_identities(parts: list[float]) -> None:
    """A row that adds up before rounding adds up to the cent after it, and no amount moves further than a cent."""
    amounts = np.zeros((len(AMOUNT_COLUMNS), 1))
    amounts[:12, 0] = parts
    amounts[1] = amounts[0] + amounts[10] - amounts[11] - amounts[5] - amounts[6] - amounts[7]
    amounts[12] = amounts[4] + amounts[5] + amounts[6] + amounts[8]

    whole = cents(amounts)[:, 0]

    assert abs(whole[1] - (whole[0] + whole[10] - whole[11] - whole[5] - whole[6] - whole[7])) <= 1
    assert abs(whole[12] - (whole[4] + whole[5] + whole[6] + whole[8])) <= 1
    assert np.abs(whole - amounts[:, 0] * 100).max() <= 1.5


def test_balances_are_never_moved_to_meet_an_identity() -> None:
    """The next period repeats the balance, so both must stay the nearest cent."""
    rng = np.random.default_rng(5)
    amounts = rng.uniform(0, 1e6, (len(AMOUNT_COLUMNS), 20_000))
    amounts[1] = amounts[0] + amounts[10] - amounts[11] - amounts[5] - amounts[6] - amounts[7]
    amounts[12] = amounts[4] + amounts[5] + amounts[6] + amounts[8]

    whole = cents(amounts)

    assert (whole[:2] == np.rint(amounts[:2] * 100)).all()


_NUMBERS = st.none() | st.integers(-(10**18) + 1, 10**18 - 1) | st.integers(-10_001, 10_001)
_ROW = st.tuples(
    st.sampled_from(["", "BRS1", "BRS2", "größer"]),
    st.none() | st.integers(-(2**31), 2**31 - 1),
    st.none() | st.dates(),
    *[_NUMBERS] * 2,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(_ROW, max_size=30))
def test_what_stands_in_a_table_is_read(
    connection: psycopg.Connection[tuple[object, ...]], rows: list[tuple[object, ...]]
) -> None:
    """Texts that come again, whole numbers, days, decimals of any size and sign, NULLs: all as the server has them."""
    decimals = [[None if x is None else Decimal(x).scaleb(-2) for x in row[3:]] for row in rows]
    with connection.transaction(force_rollback=True):
        connection.execute(
            "CREATE TEMPORARY TABLE sent (place SERIAL, t TEXT, i INT, d DATE, x NUMERIC(18, 2), y NUMERIC(18, 2))"
        )
        connection.cursor().executemany(
            "INSERT INTO sent (t, i, d, x, y) VALUES (%s, %s, %s, %s, %s)",
            [(*row[:3], *numbers) for row, numbers in zip(rows, decimals, strict=True)],
        )
        columns = [
            text_column("t"),
            whole_column("i"),
            whole_column("d"),
            numeric_column("x", 2),
            numeric_column("y", 2),
        ]
        found = copy_out(connection, columns, sql.SQL("FROM sent WHERE place > %s ORDER BY place"), [0])

    texts, whole, date, *numbers = found.values
    assert found.texts["t"] == tuple(sorted({row[0] for row in rows}))
    assert [found.texts["t"][code] for code in texts] == [row[0] for row in rows]
    assert [None if value == MISSING else value for value in whole] == [row[1] for row in rows]
    assert [day.item() for day in days(date)] == [row[2] for row in rows]
    for column, name in enumerate(numbers):
        assert [None if value == MISSING else int(value) for value in name] == [row[3 + column] for row in rows]


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        ("0", 2, 0),
        ("-0.01", 2, -1),
        ("9999999999999999.99", 2, 999_999_999_999_999_999),
        ("10000", 0, 10_000),
        ("100000000", 4, 10**12),
        ("0.00010001", 8, 10_001),
        ("NaN", 2, MISSING),
    ],
)
def test_a_decimal_is_read_in_units_of_its_last_place(
    connection: psycopg.Connection[tuple[object, ...]], value: str, scale: int, expected: int
) -> None:
    """Groups of digits that PostgreSQL leaves out, before and behind the point, count as zeros."""
    with connection.transaction(force_rollback=True):
        connection.execute("CREATE TEMPORARY TABLE sent (x NUMERIC)")
        connection.execute("INSERT INTO sent VALUES (%s::numeric)", [value])
        found = copy_out(connection, [numeric_column("x", scale)], sql.SQL("FROM sent"), [])

    assert found.values.tolist() == [[expected]]
