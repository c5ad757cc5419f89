"""Facts about the swap of `PayoutRows`, legal ones and others, as tests of the constraints write them."""

from datetime import date

from sqlalchemy import text

from tests.db.payouts.conftest import PayoutRows, swap


def second_swap(rows: PayoutRows) -> PayoutRows:
    return swap(rows.connection, "SWAP-2", rows.instrument, (rows.party1, rows.party2))


def new_instrument(rows: PayoutRows, reference: str) -> object:
    return rows.insert("instruments", reference=reference, instrument_type="SINGLE_STOCK", name=reference)


def new_basket(rows: PayoutRows, **changes: object) -> object:
    """The swap's underlier as a basket with one composition from 2024 on; the composition."""
    rows.execute("UPDATE underliers SET underlier_type = 'BASKET', instrument_id = NULL, underlier_reference = 'BSK'")
    underlier = rows.execute("SELECT id FROM underliers").scalar_one()
    values: dict[str, object] = {"basket_underlier_id": underlier, "effective_from": date(2024, 1, 1)}
    return rows.insert("basket_compositions", **values | changes)


def share_in_two_baskets(rows: PayoutRows) -> None:
    composition = new_basket(rows, status="INCOMPLETE", effective_to=date(2024, 7, 1))
    underlier = rows.execute("SELECT id FROM underliers").scalar_one()
    second = rows.insert(
        "basket_compositions", basket_underlier_id=underlier, effective_from=date(2024, 7, 1), status="INCOMPLETE"
    )
    for one in (composition, second):
        rows.insert("basket_constituents", composition_id=one, constituent_instrument_id=rows.instrument)


def new_payout(rows: PayoutRows, **changes: object) -> object:
    return rows.insert("performance_payout", **{"contract_id": rows.contract, "leg_id": rows.funding_leg} | changes)


def terms_of(rows: PayoutRows, kind: str = "PRICE") -> object:
    query = text("SELECT id FROM return_terms WHERE return_type = :kind")
    return rows.connection.execute(query, {"kind": kind}).scalar_one()


def only_return(rows: PayoutRows, kind: str) -> object:
    rows.execute("DELETE FROM price_return_terms")
    rows.execute("DELETE FROM dividend_return_terms")
    rows.execute("DELETE FROM return_terms")
    return rows.insert("return_terms", performance_payout_id=rows.payout, return_type=kind)


def variance_terms(rows: PayoutRows, **values: object) -> object:
    return rows.insert("variance_volatility_terms", return_terms_id=only_return(rows, "VARIANCE"), **values)


def correlation_terms(rows: PayoutRows, **values: object) -> object:
    return rows.insert("correlation_return_terms", return_terms_id=only_return(rows, "CORRELATION"), **values)


def new_schedule(rows: PayoutRows, **values: object) -> object:
    known = {"performance_payout_id": rows.payout, "role": "INTERIM", "schedule_type": "EXPLICIT"}
    return rows.insert("valuation_schedules", **known | values)


def schedule_with_dates(rows: PayoutRows) -> None:
    schedule = new_schedule(rows, explicit_dates=[date(2024, 3, 28), date(2024, 6, 28)])
    for role in ("INITIAL", "FINAL"):
        new_schedule(rows, role=role)
    rows.insert(
        "valuation_dates",
        valuation_schedule_id=schedule,
        sequence=1,
        unadjusted_date=date(2024, 3, 31),
        adjusted_date=date(2024, 3, 28),
    )


def fx_feature(rows: PayoutRows, **values: object) -> object:
    known = {"performance_payout_id": rows.payout, "reference_currency": "USD", "fx_feature_type": "QUANTO"}
    return rows.insert("fx_features", **known | values)


def party_with_lei(rows: PayoutRows, identifier: str) -> object:
    return rows.insert("parties", party_identifier="C", party_name="C", legal_entity_identifier=identifier)


def funding_cashflow(rows: PayoutRows, **changes: object) -> object:
    known: dict[str, object] = {
        "leg_id": rows.funding_leg,
        "performance_payout_id": None,
        "interest_rate_payout_id": rows.interest,
        "cashflow_type": "INTEREST",
        "cashflow_subtype": "FLOATING_INTEREST",
        "payer_party_id": rows.party1,
        "receiver_party_id": rows.party2,
    }
    return rows.cashflow(**known | changes)


def netted_payment(rows: PayoutRows) -> None:
    payment = rows.insert(
        "payments",
        payment_reference="PAY-1",
        payment_type="NETTED",
        payment_amount=2000,
        payment_currency="USD",
        payer_party_id=rows.party2,
        receiver_party_id=rows.party1,
    )
    for reference in ("CF-1", "CF-2"):
        cashflow = rows.cashflow(reference)
        rows.insert("payment_cashflows", payment_id=payment, cashflow_id=cashflow, attributed_amount=1000)


def change_contract(rows: PayoutRows, **changes: object) -> None:
    setting = ", ".join(f"{name} = :{name}" for name in changes)
    rows.execute(f"UPDATE contracts SET {setting} WHERE id = :id", **changes, id=rows.contract)  # noqa: S608


def named(rows: PayoutRows, instrument: object, valid_from: date, valid_to: date | None) -> object:
    return rows.insert(
        "instrument_identifiers",
        instrument_id=instrument,
        scheme="ISIN",
        identifier="US0378331005",
        valid_from=valid_from,
        valid_to=valid_to,
    )


def handed_on(rows: PayoutRows) -> None:
    named(rows, rows.instrument, date(2000, 1, 1), date(2024, 1, 1))
    named(rows, new_instrument(rows, "ISIN:X"), date(2024, 1, 1), None)


def owned_twice(rows: PayoutRows) -> None:
    named(rows, rows.instrument, date(2000, 1, 1), None)
    named(rows, new_instrument(rows, "ISIN:X"), date(2024, 1, 1), None)


def share_lot(rows: PayoutRows) -> object:
    return rows.insert(
        "trade_lots",
        contract_id=rows.contract,
        leg_id=rows.equity_leg,
        lot_identifier="LOT-1",
        cost_date=date(2024, 1, 2),
        settlement_date=date(2024, 1, 4),
        opened_quantity=760_400,
        initial_price="37.44",
        notional_amount="28469376",
    )


def payment_instruction(rows: PayoutRows) -> object:
    return rows.insert(
        "payment_instructions",
        instruction_reference="I",
        payment_id=rows.insert(
            "payments",
            payment_reference="PAY-1",
            payment_amount=1,
            payment_currency="USD",
            payer_party_id=rows.party1,
            receiver_party_id=rows.party2,
        ),
        beneficiary_iban="GB82WEST12345698765432",
        beneficiary_bic="DEUTDEFF500",
    )
