"""Columns that the database itself keeps: digits, authors, copies, words; and indexes (spec 07 §4)."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from tests.db.payouts.attempts import new_schedule
from tests.db.payouts.conftest import PayoutRows


def test_a_factor_keeps_its_digits(rows: PayoutRows) -> None:
    """D-22: 1/360 is stored to fifteen decimals; interest on V-16's notional over 30 days is right to a cent."""
    rows.accrual(rows.cashflow(), date(2024, 3, 1), accrual_factor=Decimal(1) / 360)

    stored = rows.execute("SELECT accrual_factor FROM daily_accruals").scalar_one()
    assert stored == Decimal("0.002777777777778")
    assert round(stored * 30 * 28_469_376 * Decimal("0.05"), 2) == Decimal("118622.40")


def test_an_update_leaves_its_time_and_author(rows: PayoutRows) -> None:
    """D-23: updated_at and updated_by follow a change, and only a change."""
    rows.execute("SELECT set_config('clodesk.user', 'analyst', true)")
    seen = []
    for name in ("A", "A", "Alpha"):
        rows.execute("UPDATE parties SET party_name = :name WHERE id = :id", name=name, id=rows.party1)
        query = "SELECT updated_at, updated_by, created_by FROM parties WHERE id = :id"
        seen.append(rows.execute(query, id=rows.party1).one())

    assert seen[0] == seen[1]
    assert seen[2].updated_at > seen[1].updated_at
    assert (seen[1].updated_by, seen[2].updated_by) == (seen[0].created_by, "analyst")


def test_no_column_has_two_equal_indexes(rows: PayoutRows) -> None:
    """D-07: no index repeats the columns of another one of its table."""
    doubles = rows.execute(
        "SELECT indrelid::regclass::text, array_agg(indexrelid::regclass::text) FROM pg_index"
        " WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relname IN (SELECT table_name FROM information_schema.columns WHERE column_name = 'updated_by'))"
        " GROUP BY indrelid, indkey::text, indclass::text, coalesce(pg_get_expr(indpred, indrelid), ''),"
        " coalesce(pg_get_expr(indexprs, indrelid), '') HAVING count(*) > 1"
    ).all()

    assert doubles == []


def test_types_of_the_cdm_are_those_of_today(rows: PayoutRows) -> None:
    """D-27: the defaults name types that the CDM still has."""
    rows.cashflow()
    found = [
        rows.execute(f"SELECT DISTINCT cdm_entity_type FROM {table}").scalar_one()  # noqa: S608
        for table in ("contracts", "performance_payout", "underliers", "cashflows")
    ]

    assert found == ["Trade", "PerformancePayout", "Observable", "TransferState"]


def test_a_cashflow_is_netted_once(rows: PayoutRows) -> None:
    """A cashflow may stand in a second instruction only after the first was cancelled, and then not return."""
    low, high = sorted((rows.party1, rows.party2))
    cashflow = rows.cashflow()
    instructions = [
        rows.insert(
            "netting_instructions",
            netting_reference=reference,
            party1_id=low,
            party2_id=high,
            netting_date=date(2024, 4, 2),
            netting_currency="USD",
            net_amount=-1000,
        )
        for reference in ("N-1", "N-2")
    ]
    rows.insert("netting_cashflow_mapping", netting_instruction_id=instructions[0], cashflow_id=cashflow)
    with (
        pytest.raises(IntegrityError, match="uq_netting_cashflow_mapping_live"),
        rows.connection.begin_nested(),
    ):
        rows.insert("netting_cashflow_mapping", netting_instruction_id=instructions[1], cashflow_id=cashflow)
    cancel = "UPDATE netting_instructions SET netting_status = :status WHERE id = :id"
    rows.execute(cancel, status="CANCELLED", id=instructions[0])
    rows.insert("netting_cashflow_mapping", netting_instruction_id=instructions[1], cashflow_id=cashflow)

    with pytest.raises(IntegrityError, match="uq_netting_cashflow_mapping_live"):
        rows.execute(cancel, status="PENDING", id=instructions[0])


@pytest.mark.parametrize(
    ("multiplier", "unit", "word"),
    [
        (1, "D", "DAILY"),
        (3, "M", "QUARTERLY"),
        (12, "M", "ANNUAL"),
        (1, "Y", "ANNUAL"),
        (5, "D", None),
        (1, "T", "TERM"),
    ],
)
def test_the_frequency_follows_from_the_period(rows: PayoutRows, multiplier: int, unit: str, word: str | None) -> None:
    """The seed's frequency is a word for multiplier and unit, and cannot contradict them."""
    new_schedule(rows, schedule_type="PARAMETRIC", period_multiplier=multiplier, period_unit=unit)

    assert rows.execute("SELECT valuation_frequency FROM valuation_schedules").scalar_one() == word


@pytest.mark.parametrize(
    ("code", "remainder"), [("549300QXR2YVZV231H43", 1), ("WEST12345698765432GB82", 1), ("A1", 4), ("a1", None)]
)
def test_check_digits_are_a_remainder(rows: PayoutRows, code: str, remainder: int | None) -> None:
    """ISO 7064 mod 97-10, letters counting from 10 (A1 is 101 = 97 + 4); other characters have no remainder."""
    assert rows.execute("SELECT mod_97(:code)", code=code).scalar_one() == remainder
