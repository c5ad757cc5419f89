"""Reports that the seed does not have, the guard against fan-out, and the catalogue (spec 07 §16.4, §20.4)."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from db.connection import driver_connection
from db.payouts import report_accruals, report_cashflows, report_deferrals, report_pnl, report_settlement
from db.payouts.report_query import ReportQuery
from db.settings import StorageSettings
from db.store import Store
from engine.desk.swaps.desk import SwapDesk
from engine.desk.swaps.reports import REPORTS, ReportSpec, report, report_arguments, report_spec
from engine.errors import InputError, ReferenceDataError
from engine.payouts.deferral import DeferredCashflow, aging, deferral_totals
from engine.payouts.enums import DeferralReason
from engine.payouts.netting import PayableCashflow, counterparty_totals, netting_sets
from engine.payouts.report_table import Cell
from tests.db.payouts.conftest import PayoutRows
from tests.db.payouts.report_book import AS_OF, JANUARY, ReportBook, by_column, picked

ARGUMENTS = {
    "contract": "SWAP-1",
    "as_of": AS_OF,
    "first": JANUARY[0],
    "last": JANUARY[1],
}


@pytest.fixture
def book(rows: PayoutRows) -> ReportBook:
    """The swap without cashflows."""
    return ReportBook(rows)


def _answers(book: ReportBook) -> dict[str, list[dict[str, Cell]]]:
    """Every report on the book, by code."""
    found = {}
    for spec in REPORTS.values():
        given = {name: ARGUMENTS[name] for name in ARGUMENTS if name in {item.name for item in spec.parameters}}
        found[spec.code] = by_column(spec.method(book.reports, **given))
    return found


def test_cashflow_totals_do_not_depend_on_other_tables(book: ReportBook) -> None:
    """Accrual and P&L rows leave the totals of cashflows alone in every report that has them (fan-out guard)."""
    flow = book.flow("EQ-1", 100, *JANUARY)
    paid = book.flow("EQ-0", -40, date(2023, 12, 1), date(2023, 12, 29))
    book.realise(paid, -40)
    before = _answers(book)
    book.accrue(flow, date(2024, 1, 28), [25, 25, 25, 25])
    for n in range(5):
        book.rows.pnl(date(2024, 1, 2) + timedelta(days=n), 0)
        book.rows.pnl(date(2024, 1, 2) + timedelta(days=n), 0, leg_id=book.rows.funding_leg)
    after = _answers(book)

    totals = ("cashflow_count", "total_accrued", "total_realized_unsettled", "total_settled")
    assert [after["R-10"][0][name] for name in totals] == [2, 100, -40, 0]
    assert [before["R-10"][0][name] for name in totals] == [2, 100, -40, 0]
    assert [row for row in after["R-9"] if row["block"] == "FLOW"] == before["R-9"]
    for code in ("R-1", "R-2", "R-11", "R-12", "R-13", "R-14"):
        assert after[code] == before[code]


@pytest.mark.parametrize("spec", REPORTS.values(), ids=REPORTS)
def test_columns_are_those_of_the_statement(book: ReportBook, spec: ReportSpec) -> None:
    """Every report names the columns that its statement selects, in their order."""
    modules = (report_accruals, report_cashflows, report_deferrals, report_pnl, report_settlement)
    queries = {item.code: item for module in modules for item in vars(module).values() if isinstance(item, ReportQuery)}
    query = queries[spec.code]
    given = dict.fromkeys(("place", "day", "reference", "leg_number"))
    flags = {"includes_future": True, "includes_resolved": True, "label": "EOD", "limit": 1, "business_days": 5}
    values = {**given, **flags, **ARGUMENTS, "contract": book.rows.contract, "oldest": JANUARY[0]}
    described = driver_connection(book.rows.connection).execute(query.sql, values).description or []

    shown = [column.name for column in described[: len(described) - query.n_key]]
    named = [column.name for column in query.columns]
    if spec.code == "R-7":
        assert shown == ["contract_reference", "leg_number", "base", "day", "unrealized", "realized"]
    else:
        assert named[: len(shown)] == shown
        assert named[len(shown) :] == (["difference", "reconciliation_status"] if query.code == "R-3" else [])


def test_ages_are_those_of_the_engine(book: ReportBook) -> None:
    """R-2 and R-11 say of every deferral what `engine.payouts.deferral` says, in the same order."""
    cashflows = []
    for n, ahead in enumerate((-91, -90, -61, -60, -31, -30, -1, 0, 1, 7, 8, None)):
        expected = None if ahead is None else AS_OF + timedelta(days=ahead)
        reference, since = f"D{n:02}", date(2023, 10, 1)
        book.defer(book.flow(reference, n - 5, date(2023, 9, 1), since), n - 5, since, expected)
        reason = DeferralReason.REGULATORY if expected is None else DeferralReason.TECHNICAL_ISSUE
        cashflows.append(
            DeferredCashflow(
                cashflow_reference=reference,
                deferral_date=since,
                deferral_reason=reason,
                currency="USD",
                amount=Decimal(n - 5),
                expected_realization_date=expected,
            )
        )
    ages = aging(cashflows, AS_OF)
    totals = {one.deferral_reason: one for one in deferral_totals(ages)}
    shown = ("cashflow_reference", "days_since_deferral", "days_until_expected", "days_overdue", "deferral_urgency")
    rows = picked(book.reports.deferrals(AS_OF, includes_future=True), *shown, "aging_bucket")

    assert rows == [
        (
            one.cashflow.cashflow_reference,
            one.days_since_deferral,
            one.days_until_expected,
            one.days_overdue,
            one.urgency,
            one.bucket,
        )
        for one in ages
    ]
    for row in by_column(book.reports.deferral_volumes(AS_OF)):
        total = totals[DeferralReason(str(row["deferral_reason"]))]
        assert (row["deferred_count"], row["total_deferred_amount"]) == (total.count, total.amount)
        assert (row["overdue_count"], row["overdue_amount"]) == (total.overdue_count, total.overdue_amount)


def test_accruals_come_day_by_day(book: ReportBook) -> None:
    """R-4 lists the days of the window over all cashflows, weekends too."""
    book.swap_in_january()
    table = book.reports.accruals("SWAP-1", date(2024, 1, 15), date(2024, 1, 16))

    assert picked(table, "accrual_date", "cashflow_reference", "daily_accrual_amount", "cumulative_accrual_amount") == [
        (date(2024, 1, 15), "INT-0", -1, -30),
        (date(2024, 1, 15), "INT-1", -1, -15),
        (date(2024, 1, 16), "INT-1", -1, -16),
    ]


def test_total_pnl_goes_on_over_a_reset(book: ReportBook) -> None:
    """R-6: the first day of a window is compared with the day before it, what was realised counts on its day."""
    for n, (level, realized) in enumerate([(10, 0), (25, 0), (5, 30), (4, 0)]):
        book.rows.pnl(date(2024, 1, 8) + timedelta(days=n), level, realized_since_previous=realized)
        book.rows.pnl(date(2024, 1, 8) + timedelta(days=n), -level, leg_id=book.rows.funding_leg)
    table = book.reports.pnl("SWAP-1", date(2024, 1, 9), date(2024, 1, 31))

    assert picked(table, "leg_number", "unrealized_pnl_amount", "price_pnl_amount", "total_pnl") == [
        (1, 25, 25, 15),
        (2, -25, -25, -15),
        (1, 5, 5, 10),
        (2, -5, -5, 20),
        (1, 4, 4, -1),
        (2, -4, -4, 1),
    ]
    assert picked(book.reports.pnl("SWAP-1", *JANUARY), "total_pnl")[0] == (None,)


V9 = (-9, -7, -6, -5, -4, -3, -2, -1, 0, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8)
"""Thousands, sum 3000 in all; shuffled by their position below (spec 07 §25, V-9)."""


def test_risk_agrees_with_the_database_function(book: ReportBook) -> None:
    """R-7 has V-9's quantiles for leg, contract and book, and the numbers of `pnl_risk` for the contract."""
    level = 100_000
    book.rows.pnl(date(2023, 12, 31), level)
    book.rows.pnl(date(2023, 12, 31), -500, leg_id=book.rows.funding_leg)
    for n in range(20):
        level += 1000 * V9[n * 7 % 20]
        book.rows.pnl(date(2024, 1, 1) + timedelta(days=n), level)
        book.rows.pnl(date(2024, 1, 1) + timedelta(days=n), -500, leg_id=book.rows.funding_leg)
    ours = {(row["level"], row["leg_number"]): row for row in by_column(book.reports.risk(*JANUARY))}
    function = book.rows.execute(
        "SELECT * FROM pnl_risk(:contract, :first, :last)",
        contract=book.rows.contract,
        first=JANUARY[0],
        last=JANUARY[1],
    )
    theirs = function.mappings().one()

    contract = ours["CONTRACT", None]
    assert (contract["var_95_percentile"], contract["var_99_percentile"]) == pytest.approx((-7100, -8620))
    assert contract["low_sample"] is True
    for name in ("mean", "standard_deviation", "minimum", "maximum", "value_at_risk_95", "expected_shortfall_95"):
        assert contract[name] == pytest.approx(float(theirs[name]))
        assert ours["BOOK", None][name] == ours["LEG", 1][name] == contract[name]
    assert (ours["LEG", 2]["observation_count"], ours["LEG", 2]["standard_deviation"]) == (20, 0)


def test_the_netting_benefit_counts_what_is_paid(book: ReportBook) -> None:
    """R-12 has the totals of `engine.payouts.netting`: 40 on one day and 30 on another remain of 190."""
    cashflows = []
    for name, amount, end in (("A1", 100, 10), ("A2", -60, 10), ("A3", -30, 20)):
        flow = book.flow(name, amount, date(2024, 1, 1), date(2024, 1, end))
        book.realise(flow, amount, date(2024, 1, end))
        payer, receiver = ("B", "A") if amount > 0 else ("A", "B")
        cashflows.append(
            PayableCashflow(
                cashflow_reference=name,
                contract_reference="SWAP-1",
                payer=payer,
                receiver=receiver,
                amount=Decimal(abs(amount)),
                currency="USD",
                payment_date=date(2024, 1, end + 2),
            )
        )
    book.defer(book.flow("D", 7, *JANUARY), 7, AS_OF, AS_OF + timedelta(days=9))
    for day, amount in ((date(2024, 1, 30), 500), (AS_OF, 50), (date(2024, 2, 1), 900)):
        book.rows.pnl(day, amount)
    # More than a year old.
    book.rows.pnl(date(2023, 1, 30), 9999, leg_id=book.rows.funding_leg)
    (oracle,) = counterparty_totals(netting_sets(cashflows), "A")
    (row,) = by_column(book.reports.exposure(AS_OF))

    assert (row["counterparty"], row["currency"], row["cashflow_count"]) == ("B", "USD", 3)
    assert (row["gross_owed"], row["gross_due"], row["net_amount"]) == (90, 100, 10)
    assert (row["gross_owed"], row["gross_due"], row["net_amount"]) == (
        oracle.gross_owed,
        oracle.gross_due,
        -oracle.net,
    )
    assert row["net_payments"] == 70
    assert row["netting_benefit"] == round(Decimal(120) / 190, 12)
    assert float(str(row["netting_benefit"])) == pytest.approx(oracle.netting_benefit)
    assert (row["deferred_amount"], row["unrealized_pnl"], row["exposure"]) == (7, 50, 67)


def test_a_cashflow_that_is_excluded_is_paid_gross(book: ReportBook) -> None:
    """R-12: without the 60 that are excluded, 100 is paid as it is, and nothing is saved."""
    for name, amount in (("A1", 100), ("A2", -60)):
        book.realise(book.flow(name, amount, *JANUARY), amount, AS_OF)
    first, second = sorted((book.rows.party1, book.rows.party2))
    instruction = book.rows.insert(
        "netting_instructions",
        netting_reference="N-1",
        party1_id=first,
        party2_id=second,
        netting_date=AS_OF,
        netting_currency="USD",
        net_amount=100,
    )
    assert picked(book.reports.exposure(AS_OF), "net_payments") == [(40,)]
    excluded = book.rows.execute("SELECT id FROM cashflows WHERE cashflow_reference = 'A2'").scalar_one()
    book.rows.insert(
        "netting_cashflow_mapping",
        netting_instruction_id=instruction,
        cashflow_id=excluded,
        inclusion_type="EXCLUDE",
        exclusion_reason="disputed",
    )

    assert picked(book.reports.exposure(AS_OF), "net_payments", "netting_benefit") == [(160, 0)]


def test_settlement_counts_what_is_late_and_what_is_open(book: ReportBook) -> None:
    """R-13: one of three is paid on its day, one two days late, one not at all."""
    for name, paid in (("ON TIME", date(2024, 1, 20)), ("LATE", date(2024, 1, 22))):
        book.settle(book.flow(name, 5, date(2024, 1, 1), date(2024, 1, 18)), 5, paid)
    book.realise(book.flow("OPEN", 5, date(2024, 1, 1), date(2024, 1, 19)), 5)
    (row,) = by_column(book.reports.settlement(*JANUARY))

    assert (row["due_count"], row["settled_count"], row["settled_on_payment_date"], row["unsettled_count"]) == (
        3,
        2,
        1,
        1,
    )
    assert row["share_on_payment_date"] == round(Decimal(1) / 3, 12)
    assert (row["mean_delay_days"], row["longest_delay_days"]) == (1, 2)


def test_payments_to_come_stand_on_a_ladder(book: ReportBook) -> None:
    """R-14: buckets end at 7, 30 and 90 days; deferred amounts come when they are expected."""
    for ahead in (-1, 0, 7, 8, 30, 31, 90, 91):
        book.flow(f"F{ahead}", 1, date(2024, 1, 1), AS_OF, payment_date=AS_OF + timedelta(days=ahead))
    book.flow("OUT", -4, date(2024, 1, 1), AS_OF, payment_date=AS_OF + timedelta(days=8))
    book.defer(book.flow("D1", 2, *JANUARY), 2, AS_OF, AS_OF + timedelta(days=3))
    book.defer(book.flow("D2", 3, *JANUARY), 3, AS_OF, None)
    book.settle(book.flow("PAID", 100, *JANUARY), 100, AS_OF)
    table = book.reports.ladder(AS_OF)

    assert picked(table, "bucket", "cashflow_status", "cashflow_count", "gross_in", "gross_out", "net_amount") == [
        ("OVERDUE", "ACCRUED", 1, 1, 0, 1),
        ("UNSCHEDULED", "REALIZED_DEFERRED", 1, 3, 0, 3),
        ("DUE_TODAY", "ACCRUED", 1, 1, 0, 1),
        ("1_7_DAYS", "ACCRUED", 1, 1, 0, 1),
        ("1_7_DAYS", "REALIZED_DEFERRED", 1, 2, 0, 2),
        ("8_30_DAYS", "ACCRUED", 3, 2, 4, -2),
        ("31_90_DAYS", "ACCRUED", 2, 2, 0, 2),
        ("OVER_90_DAYS", "ACCRUED", 1, 1, 0, 1),
    ]


def test_findings_begin_with_errors(book: ReportBook) -> None:
    """R-15: errors, warnings, remarks; what is resolved is left out unless asked for."""
    for severity, code, is_resolved in (("INFO", "I", False), ("ERROR", "E", False), ("WARNING", "W", True)):
        book.rows.insert(
            "import_findings",
            import_id=uuid4(),
            contract_id=book.rows.contract,
            severity=severity,
            code=code,
            message="something",
            resolved=is_resolved,
        )

    assert picked(book.reports.findings(), "severity", "contract_reference") == [
        ("ERROR", "SWAP-1"),
        ("INFO", "SWAP-1"),
    ]
    everything = book.reports.findings(contract="SWAP-1", includes_resolved=True)
    assert picked(everything, "code", "is_resolved") == [("E", False), ("W", True), ("I", False)]


def test_mistaken_arguments_are_refused(book: ReportBook) -> None:
    """A contract that is not there, a window that ends before it begins, a page that never was."""
    with pytest.raises(ReferenceDataError, match="CLO-1983: There is no swap 'SWAP-9'"):
        book.reports.performance("SWAP-9")
    with pytest.raises(InputError, match="CLO-1992: 2024-01-31 is after the last day 2024-01-01"):
        book.reports.dashboard(*reversed(JANUARY))
    for page in ("X", "1 2024-13-01 EQ-1", "one 2024-01-01 EQ-1"):
        with pytest.raises(InputError, match=r"CLO-1992: .* names no page, at argument after"):
            book.reports.cashflows("SWAP-1", after=page)
    with pytest.raises(InputError, match="CLO-1992: 0 is less than 1, at argument limit"):
        book.reports.cashflows("SWAP-1", limit=0)


def test_the_catalogue_is_complete() -> None:
    """Fifteen reports in the order of their numbers, with names, titles and parameters of four types."""
    assert list(REPORTS) == [f"R-{n}" for n in range(1, 16)]
    assert len({spec.name for spec in REPORTS.values()}) == 15
    assert all(spec.title and spec.name == spec.method.__name__ for spec in REPORTS.values())
    parameters = {(item.name, item.kind, item.is_required) for spec in REPORTS.values() for item in spec.parameters}
    assert {kind for _, kind, _ in parameters} == {str, date, int, bool}
    assert all(is_required for name, kind, is_required in parameters if kind is date)


def test_arguments_may_be_written(database_url: str, storage_settings: StorageSettings) -> None:
    """A report runs on a store by name or code with texts for arguments, as a command line has them."""
    store = Store(storage_settings, database_url)
    try:
        empty = report(store, "deferrals", as_of="2024-01-31", includes_future="true")
        same = SwapDesk(store).report("r-2", as_of=AS_OF, includes_future=None)
    finally:
        store.close()

    assert (empty.code, empty.rows, empty.title) == ("R-2", (), REPORTS["R-2"].title)
    assert same.columns == empty.columns


def test_values_are_read_by_their_type() -> None:
    """Days, numbers, texts and truths in the forms in which cells and commands give them."""
    spec = REPORTS["R-8"]
    read = report_arguments(
        spec, {"as_of": datetime.fromisoformat("2024-01-31"), "business_days": 3.0, "limit": "7", "after": None}
    )
    assert read == {"as_of": AS_OF, "business_days": 3, "limit": 7}
    assert report_spec("end-of-day") is spec
    for given, message in (
        ({}, "R-8 end_of_day lacks its argument 'as_of'"),
        ({"as_off": AS_OF}, "R-8 end_of_day has no argument 'as_off'"),
        ({"as_of": "31.1.2024"}, "'31.1.2024' is no day, at argument as_of of R-8 end_of_day"),
        ({"as_of": AS_OF, "limit": 2.5}, "2.5 is no whole number, at argument limit"),
        ({"as_of": AS_OF, "limit": True}, "True is no whole number"),
        ({"as_of": AS_OF, "limit": float("inf")}, "inf is no whole number"),
    ):
        with pytest.raises(InputError, match=f"CLO-1992: {message}"):
            report_arguments(spec, given)
    with pytest.raises(InputError, match=r"CLO-1991: There is no report 'R-16'\. Use one of R-1 cashflows, .*R-15"):
        report_spec("R-16")
