"""Materialized views, deferral ageing and risk numbers in the database (spec 07 §16.4, §18.2, §20.1, §20.3)."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from db.payouts.views import VIEWS, refresh_views
from engine.errors import BackendError, InputError
from tests.db.payouts.conftest import PayoutRows, insert, swap

V9 = (-9, -7, -5, -4, -3, -2, -1, -1, 0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8)
"""Daily P&L of spec 07 V-9, in thousands."""

FIRST_DAY = date(2024, 1, 2)


def _fresh(rows: PayoutRows, view: str) -> list[dict[str, object]]:
    rows.execute(f"REFRESH MATERIALIZED VIEW {view}")
    return [dict(row) for row in rows.execute(f"SELECT * FROM {view}").mappings()]  # noqa: S608


def test_a_total_return_payout_counts_once(rows: PayoutRows) -> None:
    """D-30: two returns on one underlier are one payout in each of two rows, not two."""
    found = _fresh(rows, "performance_payout_summary")

    assert sorted((row["return_type"], row["payout_count"]) for row in found) == [("DIVIDEND", 1), ("PRICE", 1)]
    assert {row["underlier_reference"] for row in found} == {"US0378331005"}


def test_statuses_are_columns_of_one_row(rows: PayoutRows) -> None:
    """D-32, D-33: one row a kind of cashflow with signed totals by status; what was adjusted is left out."""
    amounts = {"REALIZED_DEFERRED": 1000, "REALIZED_UNSETTLED": 1000, "CANCELLED": 30, "ADJUSTED": 500}
    rows.cashflow("CF-1", amount=-250, payer_party_id=rows.party1, receiver_party_id=rows.party2)
    for status, amount in amounts.items():
        rows.move(rows.cashflow(f"CF-{status}", amount=amount), status)
    rows.accrual(rows.execute("SELECT id FROM cashflows WHERE cashflow_reference = 'CF-1'").scalar_one(), FIRST_DAY)
    rows.pnl(FIRST_DAY, 7)

    (found,) = _fresh(rows, "cashflow_status_summary")
    totals = {name: value for name, value in found.items() if name.startswith("total_")}
    assert totals == {
        "total_accrued_amount": -250,
        "total_deferred_amount": 1000,
        "total_realized_unsettled_amount": 1000,
        "total_realized_settled_amount": 0,
        "total_cancelled_amount": 30,
    }
    assert (found["cashflow_count"], found["average_cashflow_amount"]) == (4, 445)
    assert found["cashflow_subtype"] == "PRICE_RETURN"


def test_confidence_is_counted(rows: PayoutRows) -> None:
    """D-31: confidence levels are counted, and the worst of a day is named."""
    rows.pnl(FIRST_DAY, 5, confidence_level="HIGH")
    rows.pnl(FIRST_DAY, 7, confidence_level="LOW", snapshot_label="NOON", fx_pnl_amount=2, price_pnl_amount=5)

    found = {row["snapshot_label"]: row for row in _fresh(rows, "unrealized_pnl_summary")}
    counts = ("high_confidence_count", "medium_confidence_count", "low_confidence_count", "worst_confidence_level")
    assert [found["EOD"][name] for name in counts] == [1, 0, 0, "HIGH"]
    assert [found["NOON"][name] for name in counts] == [0, 0, 1, "LOW"]
    assert (found["NOON"]["total_unrealized_pnl"], found["NOON"]["total_fx_pnl"]) == (7, 2)


def test_accruals_are_summed_by_day(rows: PayoutRows) -> None:
    """D-35: notionals and cumulative amounts are summed over the cashflows of a leg on one day, never over days."""
    for reference in ("CF-1", "CF-2"):
        cashflow = rows.cashflow(reference)
        for n in (1, 2):
            day = FIRST_DAY + timedelta(days=n)
            rows.accrual(cashflow, day, cumulative_accrual_amount=10 * n)

    found = sorted(_fresh(rows, "daily_accrual_summary"), key=lambda row: str(row["accrual_date"]))
    assert [row["total_cumulative_accrual"] for row in found] == [20, 40]
    assert [row["total_notional"] for row in found] == [2_000_000, 2_000_000]
    assert [row["accrual_count"] for row in found] == [2, 2]


def test_deferred_cashflows_are_analysed_without_a_date(rows: PayoutRows) -> None:
    """D-34: what is stored depends on the cashflows alone; those without an expected date are counted."""
    for reference, expected in (("CF-1", date(2024, 3, 1)), ("CF-2", None)):
        rows.move(rows.cashflow(reference), "REALIZED_DEFERRED", expected_realization_date=expected)

    (found,) = _fresh(rows, "deferred_cashflow_analysis")
    assert (found["deferred_count"], found["unscheduled_count"], found["total_deferred_amount"]) == (2, 1, 2000)
    assert found["average_deferral_period"] == (date(2024, 3, 1) - date(2023, 11, 1)).days
    assert found["latest_expected_realization"] == date(2024, 3, 1)


AGED = (
    (date(2024, 3, 1), "OVERDUE", -14, "1_30_DAYS"),
    (date(2024, 1, 31), "OVERDUE", -44, "31_60_DAYS"),
    (date(2024, 1, 1), "OVERDUE", -74, "61_90_DAYS"),
    (date(2023, 12, 1), "OVERDUE", -105, "OVER_90_DAYS"),
    (date(2024, 3, 15), "DUE_TODAY", 0, "CURRENT"),
    (date(2024, 3, 20), "DUE_SOON", 5, "CURRENT"),
    (date(2024, 4, 30), "FUTURE", 46, "CURRENT"),
    (None, "UNSCHEDULED", None, "CURRENT"),
)
"""Spec 07 V-12, as of 2024-03-15: expected date, urgency, days until then, bucket."""


def _defer_all(rows: PayoutRows) -> None:
    for n, (expected, *_) in enumerate(AGED):
        rows.move(rows.cashflow(f"CF-{n}"), "REALIZED_DEFERRED", expected_realization_date=expected)


def test_deferrals_age_as_of_a_day(rows: PayoutRows) -> None:
    """V-12, in the order of the reports: overdue, unscheduled, due today, due soon, future, each by expected date."""
    _defer_all(rows)

    found = rows.execute("SELECT * FROM deferral_aging('2024-03-15')").mappings().all()
    seen = [
        (row["expected_realization_date"], row["deferral_urgency"], row["days_until_expected"], row["aging_bucket"])
        for row in found
    ]
    assert seen == [AGED[3], AGED[2], AGED[1], AGED[0], AGED[7], AGED[4], AGED[5], AGED[6]]
    assert {row["days_since_deferral"] for row in found} == {(date(2024, 3, 15) - date(2023, 11, 1)).days}


def test_a_deferral_is_not_known_before_it_began(rows: PayoutRows) -> None:
    """As of a day before the deferral there is nothing to age."""
    _defer_all(rows)

    assert rows.execute("SELECT * FROM deferral_aging('2023-10-31')").all() == []


@pytest.mark.parametrize(
    ("days", "urgency", "bucket"),
    [
        (-91, "OVERDUE", "OVER_90_DAYS"),
        (-90, "OVERDUE", "61_90_DAYS"),
        (-61, "OVERDUE", "61_90_DAYS"),
        (-60, "OVERDUE", "31_60_DAYS"),
        (-31, "OVERDUE", "31_60_DAYS"),
        (-30, "OVERDUE", "1_30_DAYS"),
        (-1, "OVERDUE", "1_30_DAYS"),
        (7, "DUE_SOON", "CURRENT"),
        (8, "FUTURE", "CURRENT"),
    ],
)
def test_the_edges_of_the_buckets(rows: PayoutRows, days: int, urgency: str, bucket: str) -> None:
    """Each bucket ends where the specification says."""
    as_of = date(2024, 3, 15)
    rows.move(rows.cashflow(), "REALIZED_DEFERRED", expected_realization_date=as_of + timedelta(days=days))

    found = rows.execute("SELECT deferral_urgency, aging_bucket FROM deferral_aging(:day)", day=as_of).one()
    assert tuple(found) == (urgency, bucket)


def test_overdue_amounts_are_told_by_reason_and_currency(rows: PayoutRows) -> None:
    """Count, total, average period of those with a date, and how many of them are overdue with how much."""
    _defer_all(rows)

    (found,) = rows.execute("SELECT * FROM deferral_overdue('2024-03-15')").mappings().all()
    expected = [(day - date(2023, 11, 1)).days for day, *_ in AGED if day]
    assert (found["deferral_reason"], found["currency"]) == ("REGULATORY", "USD")
    assert (found["deferred_count"], found["total_deferred_amount"]) == (8, 8000)
    assert (found["overdue_count"], found["overdue_amount"]) == (4, 4000)
    assert found["average_deferral_period"] == pytest.approx(Decimal(sum(expected)) / len(expected))


def _v9_levels(n: int = 20) -> list[tuple[date, int]]:
    """Unrealized P&L whose daily changes are V-9, after a day 0 of 100,000."""
    levels, level = [(FIRST_DAY, 100_000)], 100_000
    for i in range(n):
        level += 1000 * V9[i]
        levels.append((FIRST_DAY + timedelta(days=i + 1), level))
    return levels


def _risk(rows: PayoutRows, begin: date = FIRST_DAY, end: date = date(2030, 1, 1)) -> dict[str, object]:
    query = "SELECT * FROM pnl_risk(:contract, :begin, :end)"
    return dict(rows.execute(query, contract=rows.contract, begin=begin, end=end).mappings().one())


def test_quantiles_are_those_of_the_specification(rows: PayoutRows) -> None:
    """V-9 through the daily changes of a contract with a constant second leg and a snapshot at noon (D-42)."""
    for day, level in _v9_levels():
        rows.pnl(day, level)
        rows.pnl(day, -1000, leg_id=rows.funding_leg)
        rows.pnl(day, 3 * level, snapshot_label="NOON", is_end_of_day=False)

    found = _risk(rows)
    assert (found["n_days"], found["mean"], found["minimum"], found["maximum"]) == (20, 150, -9000, 8000)
    assert found["var_95_percentile"] == pytest.approx(Decimal(-7100))
    assert found["var_99_percentile"] == pytest.approx(Decimal(-8620))
    assert found["value_at_risk_95"] == pytest.approx(Decimal(7100))
    assert found["value_at_risk_99"] == pytest.approx(Decimal(8620))
    assert found["standard_deviation"] == pytest.approx(Decimal("4319.783133"), abs=Decimal("5e-7"))
    assert found["expected_shortfall_95"] == 9000
    assert (found["base_currency"], found["is_low_sample"], found["reason"]) == ("USD", True, None)


def test_a_reset_is_no_loss(rows: PayoutRows) -> None:
    """What was realised on a day counts on it: unrealized P&L falls to nothing and total P&L goes on (D-42)."""
    for n, (day, level) in enumerate(_v9_levels()):
        before = 100_000 + 1000 * sum(V9[:10])
        rows.pnl(day, level - before if n >= 10 else level, realized_since_previous=before if n == 10 else 0)

    found = _risk(rows)
    assert (found["minimum"], found["maximum"], found["mean"]) == (-9000, 8000, 150)


def test_amounts_are_compared_in_base_currency(rows: PayoutRows) -> None:
    """Legs in other currencies are summed at their rates to base, realised amounts too."""
    for day, level in _v9_levels():
        rows.pnl(
            day,
            level * 2,
            unrealized_pnl_currency="EUR",
            base_currency="USD",
            base_currency_amount=level,
            base_fx_rate="0.5",
        )

    assert _risk(rows)["mean"] == 150


def test_the_window_has_its_first_change(rows: PayoutRows) -> None:
    """The first day of a window is compared with the day before the window."""
    for day, level in _v9_levels():
        rows.pnl(day, level)

    found = _risk(rows, FIRST_DAY + timedelta(days=1))
    assert found["n_days"] == 20


def test_too_few_days_have_a_reason_instead_of_numbers(rows: PayoutRows) -> None:
    """Nineteen days give no quantile."""
    for day, level in _v9_levels(19):
        rows.pnl(day, level)

    found = _risk(rows)
    assert found["reason"] == "19 of 20 days"
    said = {"base_currency", "n_days", "is_low_sample", "reason"}
    assert {value for name, value in found.items() if name not in said} == {None}


def test_views_are_refreshed_without_waiting_for_readers(committed: Engine) -> None:
    """A reader in the midst of its transaction neither waits nor makes the refresh wait, and keeps what it sees."""
    query = text("SELECT sum(payout_count) FROM performance_payout_summary")

    def refresh() -> None:
        with committed.connect() as worker:
            refresh_views(worker, as_of=FIRST_DAY)

    with committed.connect() as reader:
        before = reader.execute(query).scalar_one()
        thread = threading.Thread(target=refresh)
        thread.start()
        thread.join(timeout=20)
        assert not thread.is_alive()
        after = reader.execute(query).scalar_one()
        reader.rollback()
        jobs = reader.execute(text("SELECT subject, status, as_of, counts FROM job_runs ORDER BY started_at")).all()

    assert before is None
    assert after == 2
    assert [(job.subject, job.status, job.as_of) for job in jobs] == [(view, "FINISHED", FIRST_DAY) for view in VIEWS]
    assert {job.counts["method"] for job in jobs} == {"CONCURRENTLY"}
    assert all(job.counts["seconds"] > 0 for job in jobs)


def test_a_view_without_content_is_filled_plainly_first(committed: Engine) -> None:
    """A view that was never populated refuses CONCURRENTLY; the first refresh goes without, the next with it."""
    with committed.begin() as owner:
        owner.execute(text("REFRESH MATERIALIZED VIEW daily_accrual_summary WITH NO DATA"))
    with committed.connect() as worker:
        methods = [refresh_views(worker, ["daily_accrual_summary"])[0].method for _ in range(2)]

    assert methods == ["PLAIN", "CONCURRENTLY"]


def test_a_failed_refresh_keeps_the_old_content(committed: Engine) -> None:
    """The failure is recorded and returned, the old rows stay, and the other views are refreshed."""
    with committed.connect() as worker:
        refresh_views(worker)
        with committed.begin() as owner:
            rows = owner.execute(text("SELECT id, party1_id, party2_id FROM contracts")).one()
            instrument = owner.execute(text("SELECT id FROM instruments")).scalar_one()
            swap(owner, "SWAP-2", instrument, (rows[1], rows[2]))
            owner.execute(text("DROP INDEX uq_performance_payout_summary"))
        outcome = {one.view: one for one in refresh_views(worker)}
        kept = worker.execute(text("SELECT count(*) FROM performance_payout_summary")).scalar_one()
        failed = worker.execute(text("SELECT subject, error FROM job_runs WHERE status = 'FAILED'")).all()

    assert kept == 2
    assert outcome["performance_payout_summary"].error is not None
    assert [(row.subject, row.error) for row in failed] == [
        ("performance_payout_summary", outcome["performance_payout_summary"].error)
    ]
    assert [one.error for one in outcome.values() if one.view != "performance_payout_summary"] == [None] * 4


def test_a_refresh_wants_a_connection_of_its_own(committed: Engine) -> None:
    """Inside a transaction the views would stay locked to its end; unknown names are refused with the like ones."""
    with committed.begin() as busy:
        insert(busy, "parties", party_identifier="C", party_name="C")
        with pytest.raises(BackendError, match="CLO-3033"):
            refresh_views(busy)
    with committed.connect() as worker, pytest.raises(InputError, match=r"CLO-3032.*daily_accrual_summary"):
        refresh_views(worker, ["daily_accruals_summary"])


def test_the_connection_is_given_back_as_it_came(committed: Engine) -> None:
    """After a refresh a connection works in transactions again."""
    with committed.connect() as worker:
        refresh_views(worker, ["daily_accrual_summary"])
        insert(worker, "parties", party_identifier="C", party_name="C")
        worker.rollback()

        assert worker.execute(text("SELECT count(*) FROM parties")).scalar_one() == 2
