"""The defects of the seed's design (spec 07 §4): what it could not store is stored."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.db.payouts.attempts import (
    correlation_terms,
    funding_cashflow,
    fx_feature,
    handed_on,
    netted_payment,
    party_with_lei,
    payment_instruction,
    schedule_with_dates,
    second_swap,
    share_in_two_baskets,
    share_lot,
    variance_terms,
)
from tests.db.payouts.conftest import PayoutRows

ACCEPTED: dict[str, Callable[[PayoutRows], object]] = {
    "D-02 a second swap on the same share": second_swap,
    "D-03 a share in two baskets": share_in_two_baskets,
    "D-06 a second payout with the same CDM key": lambda rows: (
        rows.execute("UPDATE performance_payout SET cdm_global_key = '3ea28a'"),
        second_swap(rows),
        rows.execute("UPDATE performance_payout SET cdm_global_key = '3ea28a'"),
    ),
    "D-11 correlation terms": lambda rows: correlation_terms(rows, correlation_strike="0.60123"),
    "D-12 strikes with a scale": lambda rows: variance_terms(rows, strike_scale="POINTS", variance_strike_price=324),
    "D-13 no payout ratio": lambda rows: rows.execute("UPDATE dividend_return_terms SET dividend_payout_ratio = NULL"),
    "D-13 a payout ratio of 2.5 that was allowed": lambda rows: rows.execute(
        "UPDATE dividend_return_terms SET dividend_payout_ratio = 2.5, ratio_above_one_allowed = true"
    ),
    "D-14 a payout ratio of a constituent": lambda rows: rows.insert(
        "dividend_payout_ratios",
        dividend_return_terms_id=rows.execute("SELECT id FROM dividend_return_terms").scalar_one(),
        constituent_instrument_id=rows.instrument,
        total_ratio="0.85",
    ),
    "D-14 explicit dividend periods": lambda rows: rows.insert(
        "dividend_periods",
        dividend_return_terms_id=rows.execute("SELECT id FROM dividend_return_terms").scalar_one(),
        period_number=1,
        start_date=date(2024, 1, 1),
        end_date=date(2024, 6, 28),
    ),
    "D-15 an explicit schedule with its dates, and three roles": schedule_with_dates,
    "D-16 a quanto rate with its pair and basis": lambda rows: fx_feature(
        rows,
        quanto_fx_rate="1.10",
        quote_currency1="EUR",
        quote_currency2="USD",
        quote_basis="CURRENCY2_PER_CURRENCY1",
    ),
    "D-17 a lot": share_lot,
    "D-20 a cashflow of the funding leg": funding_cashflow,
    "D-24 a valid LEI": lambda rows: party_with_lei(rows, "549300QXR2YVZV231H43"),
    "D-25 two snapshots of a day": lambda rows: (
        rows.pnl(date(2024, 3, 28), 1),
        rows.pnl(date(2024, 3, 28), 2, snapshot_label="NOON", is_end_of_day=False),
    ),
    "D-26 a payment of two cashflows": netted_payment,
    "§3.1 an identifier that is handed on": handed_on,
    "§3.3 a spread from the start and one from a date": lambda rows: [
        rows.insert(
            "rate_spread_steps", interest_rate_payout_id=rows.interest, series=0, spread="0.002", step_date=step
        )
        for step in (None, date(2024, 7, 1))
    ],
    "§3.5 a payment schedule of the funding leg": lambda rows: rows.insert(
        "payment_schedules", interest_rate_payout_id=rows.interest, role="INTERIM", schedule_type="RELATIVE"
    ),
    "§3.7 a zero amount": lambda rows: rows.cashflow(amount=0),
    "§3.8 a valid IBAN and BIC": payment_instruction,
}


@pytest.mark.parametrize("attempt", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_the_seed_refused_is_accepted(rows: PayoutRows, attempt: Callable[[PayoutRows], object]) -> None:
    """A legal fact has a place."""
    attempt(rows)

    rows.check_now()
