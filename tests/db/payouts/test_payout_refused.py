"""The defects of the seed's design (spec 07 §4): what it let through is refused, by the constraint that is meant."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from tests.db.payouts.attempts import (
    change_contract,
    correlation_terms,
    funding_cashflow,
    fx_feature,
    netted_payment,
    new_basket,
    new_instrument,
    new_payout,
    new_schedule,
    owned_twice,
    party_with_lei,
    payment_instruction,
    second_swap,
    share_lot,
    terms_of,
    variance_terms,
)
from tests.db.payouts.conftest import PayoutRows

Attempt = Callable[[PayoutRows], object]

REFUSED: dict[str, tuple[str, Attempt]] = {
    "D-04 a payout on the leg of another contract": (
        "fk_performance_payout_contract_id",
        lambda rows: new_payout(rows, contract_id=second_swap(rows).contract),
    ),
    "D-04 a cashflow of the payout of another leg": (
        "not that of its leg",
        lambda rows: funding_cashflow(rows, interest_rate_payout_id=second_swap(rows).interest),
    ),
    "D-05 two payouts of a leg": (
        "uq_performance_payout_leg_id",
        lambda rows: new_payout(rows, leg_id=rows.equity_leg),
    ),
    "D-08 two price terms of a return": (
        "uq_price_return_terms_return_terms_id",
        lambda rows: rows.insert("price_return_terms", return_terms_id=terms_of(rows)),
    ),
    "D-08 two variance terms of a return": (
        "uq_variance_volatility_terms_return_terms_id",
        lambda rows: rows.insert(
            "variance_volatility_terms",
            variance_strike_price=1,
            return_terms_id=(
                variance_terms(rows, variance_strike_price=1),
                terms_of(rows, "VARIANCE"),
            )[1],
        ),
    ),
    "D-09 price with variance": (
        "cannot return DIVIDEND\\+PRICE\\+VARIANCE",
        lambda rows: rows.insert("return_terms", performance_payout_id=rows.payout, return_type="VARIANCE"),
    ),
    "D-09 dividend with correlation": (
        "cannot return CORRELATION\\+DIVIDEND",
        lambda rows: rows.execute("UPDATE return_terms SET return_type = 'CORRELATION' WHERE return_type = 'PRICE'"),
    ),
    "D-09 a payout without a return": (
        "cannot return nothing",
        lambda rows: new_payout(rows, contract_id=rows.contract),
    ),
    "D-10 a cumulative return of a payout that resets": (
        "contradicts the notional mode RESET",
        lambda rows: rows.execute("UPDATE return_terms SET is_cumulative = true"),
    ),
    "D-10 a cumulative payout whose returns do not know": (
        "contradicts the notional mode CUMULATIVE",
        lambda rows: rows.execute("UPDATE performance_payout SET notional_mode = 'CUMULATIVE'"),
    ),
    "D-11 a correlation beyond one": (
        "ck_correlation_return_terms_correlation_strike",
        lambda rows: correlation_terms(rows, correlation_strike="1.2"),
    ),
    "D-11 a floor above the cap": (
        "ck_correlation_return_terms_bounds",
        lambda rows: correlation_terms(rows, correlation_strike=0, correlation_cap=0, correlation_floor="0.1"),
    ),
    "D-12 an unknown scale": (
        "ck_variance_volatility_terms_strike_scale",
        lambda rows: variance_terms(rows, strike_scale="PERCENT", variance_strike_price=324),
    ),
    "D-12 two strikes": (
        "ck_variance_volatility_terms_one_strike",
        lambda rows: variance_terms(rows, variance_strike_price=324, volatility_strike_price=18),
    ),
    "D-13 entitlement by payment date": (
        "ck_dividend_return_terms_dividend_entitlement",
        lambda rows: rows.execute("UPDATE dividend_return_terms SET dividend_entitlement = 'PAYMENT_DATE'"),
    ),
    "D-13 an amount type that the CDM has not": (
        "ck_dividend_return_terms_dividend_amount_type",
        lambda rows: rows.execute("UPDATE dividend_return_terms SET dividend_amount_type = 'PERIOD'"),
    ),
    "D-13 a payout ratio above one": (
        "ck_dividend_return_terms_dividend_payout_ratio",
        lambda rows: rows.execute("UPDATE dividend_return_terms SET dividend_payout_ratio = 2.5"),
    ),
    "D-15 a role twice": (
        "uq_valuation_schedules_performance_payout_id_role",
        lambda rows: (new_schedule(rows), new_schedule(rows)),
    ),
    "D-16 a quanto without rate and source": ("ck_fx_features_quanto", fx_feature),
    "D-16 a composite with a quanto rate": (
        "ck_fx_features_no_quanto",
        lambda rows: fx_feature(rows, fx_feature_type="COMPOSITE", quanto_fx_rate="1.1"),
    ),
    "D-16 the same feature twice": (
        "uq_fx_features_pair",
        lambda rows: (fx_feature(rows, quanto_fx_rate=1), fx_feature(rows, quanto_fx_rate=1)),
    ),
    "D-17 no second party": ("party2_id", lambda rows: change_contract(rows, party2_id=None)),
    "D-17 a contract with itself": (
        "ck_contracts_parties_differ",
        lambda rows: change_contract(rows, party2_id=rows.party1),
    ),
    "D-17 a termination before the start": (
        "ck_contracts_termination_date",
        lambda rows: change_contract(rows, termination_date=date(2023, 1, 1)),
    ),
    "D-17 more closed than opened": (
        "ck_trade_lots_closed_quantity",
        lambda rows: (
            share_lot(rows),
            rows.execute("UPDATE trade_lots SET closed_quantity = 760401"),
        ),
    ),
    "D-18 a direction from the view of a stranger": (
        "ck_contracts_reporting_party",
        lambda rows: change_contract(
            rows, reporting_party_id=rows.insert("parties", party_identifier="C", party_name="C")
        ),
    ),
    "D-20 a cashflow of two payouts": (
        "ck_cashflows_one_payout",
        lambda rows: funding_cashflow(rows, performance_payout_id=rows.payout),
    ),
    "D-20 a cashflow of no payout": (
        "not that of its leg",
        lambda rows: rows.cashflow(performance_payout_id=None),
    ),
    "D-21 a misspelt status": (
        "ck_cashflows_cashflow_status|begins ACCRUED",
        lambda rows: rows.cashflow(cashflow_status="REALISED-DEFERED"),
    ),
    "D-21 a misspelt status of a contract": (
        "ck_contracts_contract_status",
        lambda rows: change_contract(rows, contract_status="LIVE"),
    ),
    "D-21 a currency in small letters": ("ck_ccy_letters", lambda rows: rows.cashflow(currency="usd")),
    "D-21 a payer who receives": (
        "ck_cashflows_parties_differ",
        lambda rows: rows.cashflow(payer_party_id=rows.party1),
    ),
    "D-21 a period that ends before it starts": (
        "ck_cashflows_accrual_dates",
        lambda rows: rows.cashflow(accrual_start_date=date(2024, 4, 1)),
    ),
    "D-24 an LEI with wrong check digits": (
        "ck_parties_legal_entity_identifier",
        lambda rows: party_with_lei(rows, "549300QXR2YVZV231H34"),
    ),
    "D-24 an LEI of 19 characters": (
        "ck_parties_legal_entity_identifier",
        lambda rows: party_with_lei(rows, "549300QXR2YVZV231H4"),
    ),
    "D-25 one snapshot twice": (
        "unrealized_pnl_timeseries",
        lambda rows: (rows.pnl(date(2024, 3, 28), 1), rows.pnl(date(2024, 3, 28), 2)),
    ),
    "§3.1 an identifier of two instruments at a time": ("ex_instrument_identifiers_owner", owned_twice),
    "§3.1 a basket as an instrument": (
        "ck_instruments_instrument_type",
        lambda rows: rows.execute("UPDATE instruments SET instrument_type = 'BASKET'"),
    ),
    "§3.2 a link to a leg of another contract": (
        "fk_contract_legs_contract_id",
        lambda rows: rows.execute(
            "UPDATE contract_legs SET linked_leg_id = :leg WHERE id = :id",
            leg=second_swap(rows).equity_leg,
            id=rows.funding_leg,
        ),
    ),
    "§3.3 two spreads from the start": (
        "uq_rate_spread_steps",
        lambda rows: [
            rows.insert("rate_spread_steps", interest_rate_payout_id=rows.interest, series=0, spread=spread)
            for spread in ("0.002", "0.004")
        ],
    ),
    "§3.4 two compositions at a time": (
        "ex_basket_compositions_overlap",
        lambda rows: (
            new_basket(rows),
            rows.insert(
                "basket_compositions",
                basket_underlier_id=rows.execute("SELECT id FROM underliers").scalar_one(),
                effective_from=date(2024, 7, 1),
            ),
        ),
    ),
    "§3.4 a complete composition without a weight": (
        "ck_basket_constituents_weights|constituents without one",
        lambda rows: rows.insert(
            "basket_constituents", composition_id=new_basket(rows), constituent_instrument_id=rows.instrument
        ),
    ),
    "§3.4 two kinds of weight": (
        "2 kinds of weight",
        lambda rows: [
            rows.insert(
                "basket_constituents",
                composition_id=composition,
                constituent_instrument_id=instrument,
                weight_type=kind,
                weight_value=1,
            )
            for composition in [new_basket(rows)]
            for instrument, kind in ((rows.instrument, "UNITS"), (new_instrument(rows, "ISIN:X"), "PERCENTAGE"))
        ],
    ),
    "§3.5 a payment schedule of two payouts": (
        "ck_payment_schedules_one_payout",
        lambda rows: rows.insert(
            "payment_schedules",
            performance_payout_id=rows.payout,
            interest_rate_payout_id=rows.interest,
            role="INTERIM",
            schedule_type="RELATIVE",
        ),
    ),
    "§3.7 the same cashflow twice": (
        "uq_cashflows_natural_key",
        lambda rows: (
            rows.cashflow("CF-1", generation_sequence=1),
            rows.cashflow("CF-2", generation_sequence=1),
        ),
    ),
    "§3.7 components that do not make the total": (
        "ck_unrealized_pnl_timeseries_components",
        lambda rows: rows.pnl(date(2024, 3, 28), 1, fx_pnl_amount="0.0000000001"),
    ),
    "§3.8 an IBAN with wrong check digits": (
        "ck_payment_instructions_beneficiary_iban",
        lambda rows: (
            payment_instruction(rows),
            rows.execute("UPDATE payment_instructions SET beneficiary_iban = 'GB28WEST12345698765432'"),
        ),
    ),
    "§3.8 a payment of nothing": (
        "ck_payments_payment_amount",
        lambda rows: (netted_payment(rows), rows.execute("UPDATE payments SET payment_amount = 0")),
    ),
}


@pytest.mark.parametrize(("constraint", "attempt"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_seed_let_through_is_refused(rows: PayoutRows, constraint: str, attempt: Attempt) -> None:
    """An illegal fact is refused by the constraint that is meant."""
    with pytest.raises(IntegrityError, match=constraint):  # noqa: PT012 (some constraints speak at the end only)
        attempt(rows)
        rows.check_now()
