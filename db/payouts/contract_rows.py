"""A contract as rows, table by table in the order in which they can be inserted (spec 07 §3)."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from db.payouts import identity
from db.payouts.mapping import scalars
from engine.payouts.enums import PartyType, ReturnSubtype, ReturnType, Side
from engine.payouts.terms.borrow import BorrowFee
from engine.payouts.terms.contract import Contract, Leg, TradeLot
from engine.payouts.terms.funding import InterestRatePayout
from engine.payouts.terms.parties import Instrument, Party
from engine.payouts.terms.performance import BasketComposition, PerformancePayout, Underlier
from engine.payouts.terms.returns import DividendReturnTerms, ReturnTerms
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule

Rows = dict[str, list[dict[str, Any]]]

KEPT_TABLES = (
    "contracts",
    "contract_legs",
    "performance_payout",
    "interest_rate_payouts",
    "fixed_price_payouts",
    "trade_lots",
)
"""Rows that others point to: they are updated in place."""

REPLACED_TABLES = (
    "contract_parties",
    "contract_fees",
    "lot_closings",
    "underliers",
    "basket_compositions",
    "basket_constituents",
    "return_terms",
    "price_return_terms",
    "dividend_return_terms",
    "dividend_payout_ratios",
    "dividend_periods",
    "variance_volatility_terms",
    "correlation_return_terms",
    "valuation_schedules",
    "valuation_dates",
    "payment_schedules",
    "payment_dates",
    "fx_features",
    "borrow_fees",
    "borrow_rate_steps",
    "rate_spread_steps",
    "past_notionals",
    "calculation_periods",
)
"""Rows that belong to one payout, lot or contract alone: a new version of the contract replaces them."""


def shared_rows(contracts: list[Contract]) -> Rows:
    """Parties, instruments and their identifiers, each once; they are shared between contracts."""
    rows: Rows = {"parties": [], "instruments": [], "instrument_identifiers": []}
    parties: dict[str, Party] = {}
    instruments: dict[str, Instrument] = {}
    for contract in contracts:
        everyone = (contract.party1, contract.party2, *(other.party for other in contract.other_parties))
        for party in everyone:
            parties.setdefault(party.party_identifier, party)
        for fee in contract.fees:
            for identifier in (fee.payer_identifier, fee.receiver_identifier):
                stranger = Party(party_identifier=identifier, party_name=identifier, party_type=PartyType.OTHER)
                parties.setdefault(identifier, stranger)
        for instrument in contract.instruments:
            instruments.setdefault(instrument.reference, instrument)
    for party in parties.values():
        rows["parties"].append({"id": identity.party_id(party.party_identifier), **scalars(party, "parties")})
    for instrument in instruments.values():
        key = identity.instrument_id(instrument.reference)
        rows["instruments"].append({"id": key, **scalars(instrument, "instruments")})
        rows["instrument_identifiers"] += [
            {"instrument_id": key, **scalars(item, "instrument_identifiers")} for item in instrument.identifiers
        ]
    return rows


def contract_rows(contract: Contract, version: int) -> Rows:
    """All rows of one contract at a version, without those that are shared."""
    rows: Rows = defaultdict(list)
    key = identity.contract_id(contract.contract_reference)
    rows["contracts"].append(_contract_row(contract, key, version))
    for other in contract.other_parties:
        rows["contract_parties"].append(
            {
                "contract_id": key,
                "party_id": identity.party_id(other.party.party_identifier),
                "role": other.role.value,
            }
        )
    for fee in contract.fees:
        rows["contract_fees"].append(
            {
                **scalars(fee, "contract_fees"),
                "id": identity.child_id(key, f"fee {fee.fee_reference}"),
                "contract_id": key,
                "payer_party_id": identity.party_id(fee.payer_identifier),
                "receiver_party_id": identity.party_id(fee.receiver_identifier),
            }
        )
    for leg in contract.legs:
        _leg_rows(contract, leg, key, rows)
    return rows


def _contract_row(contract: Contract, key: UUID, version: int) -> dict[str, Any]:
    party_by_side = {
        Side.PARTY1: identity.party_id(contract.party1.party_identifier),
        Side.PARTY2: identity.party_id(contract.party2.party_identifier),
    }
    agents = {item.party_identifier for item in (contract.party1, contract.party2)}
    agents |= {item.party.party_identifier for item in contract.other_parties}
    agent = contract.calculation_agent
    return {
        **{name: value for name, value in scalars(contract, "contracts").items() if name != "metadata"},
        "id": key,
        "version": version,
        "party1_id": party_by_side[Side.PARTY1],
        "party2_id": party_by_side[Side.PARTY2],
        "reporting_party_id": party_by_side[contract.reporting_party],
        "calculation_agent_party_id": identity.party_id(agent) if agent in agents and agent is not None else None,
        "metadata": dict(contract.metadata),
    }


def _leg_rows(contract: Contract, leg: Leg, contract_key: UUID, rows: Rows) -> None:
    reference = contract.contract_reference
    key = identity.leg_id(reference, leg.leg_number)
    linked = leg.linked_leg_number
    rows["contract_legs"].append(
        {
            **scalars(leg, "contract_legs"),
            "id": key,
            "contract_id": contract_key,
            "leg_direction": contract.direction(leg).value,
            "payer_party_id": identity.party_id(contract.party(leg.payer).party_identifier),
            "receiver_party_id": identity.party_id(contract.party(leg.receiver).party_identifier),
            "linked_leg_id": None if linked is None else identity.leg_id(reference, linked),
        }
    )
    for lot in leg.lots:
        _lot_rows(contract, leg, lot, contract_key, rows)
    payout_key = identity.payout_id(reference, leg.leg_number)
    owner = {"id": payout_key, "contract_id": contract_key, "leg_id": key}
    if leg.performance is not None:
        _performance_rows(leg.performance, owner, rows)
        if leg.performance.borrow_fee is not None:
            _borrow_rows(contract, leg.performance.borrow_fee, payout_key, rows)
    if leg.interest is not None:
        _interest_rows(leg.interest, owner, rows)
    if leg.fixed_price is not None:
        rows["fixed_price_payouts"].append({**scalars(leg.fixed_price, "fixed_price_payouts"), **owner})


def _lot_rows(contract: Contract, leg: Leg, lot: TradeLot, contract_key: UUID, rows: Rows) -> None:
    key = identity.lot_id(contract.contract_reference, leg.leg_number, lot.lot_identifier)
    rows["trade_lots"].append(
        {
            **scalars(lot, "trade_lots"),
            "id": key,
            "contract_id": contract_key,
            "leg_id": identity.leg_id(contract.contract_reference, leg.leg_number),
            "closed_quantity": lot.closed_quantity,
            "status": lot.status.value,
        }
    )
    for number, closing in enumerate(lot.closings):
        rows["lot_closings"].append(
            {"id": identity.child_id(key, f"closing {number}"), "lot_id": key, **scalars(closing, "lot_closings")}
        )


def _performance_rows(payout: PerformancePayout, owner: dict[str, Any], rows: Rows) -> None:
    rows["performance_payout"].append({**scalars(payout, "performance_payout"), **owner})
    key = owner["id"]
    _underlier_rows(payout.underlier, key, rows)
    _return_rows(payout, key, rows)
    for feature in payout.fx_features:
        rows["fx_features"].append(
            {
                "id": identity.child_id(
                    key, f"fx {feature.fx_feature_type.value} {feature.quote_currency1}/{feature.quote_currency2}"
                ),
                "performance_payout_id": key,
                **scalars(feature, "fx_features"),
            }
        )
    for schedule in payout.valuation_schedules:
        _valuation_rows(schedule, key, rows)
    for payments in payout.payment_schedules:
        _payment_rows(payments, key, "performance_payout_id", rows)


def _borrow_rows(contract: Contract, fee: BorrowFee, payout_key: UUID, rows: Rows) -> None:
    key = identity.child_id(payout_key, "borrow fee")
    rows["borrow_fees"].append(
        {
            **scalars(fee, "borrow_fees"),
            "id": key,
            "performance_payout_id": payout_key,
            "payer_party_id": identity.party_id(contract.party(fee.payer).party_identifier),
        }
    )
    rows["borrow_rate_steps"] += [{**scalars(step, "borrow_rate_steps"), "borrow_fee_id": key} for step in fee.steps]


def _underlier_rows(underlier: Underlier, payout_key: UUID, rows: Rows) -> None:
    key = identity.child_id(payout_key, "underlier")
    instrument = underlier.instrument
    rows["underliers"].append(
        {
            **scalars(underlier, "underliers"),
            "id": key,
            "performance_payout_id": payout_key,
            "instrument_id": None if instrument is None else identity.instrument_id(instrument.reference),
            "sector": None if instrument is None else instrument.sector,
            "country": None if instrument is None else instrument.country,
        }
    )
    for composition in underlier.compositions:
        _composition_rows(composition, key, rows)


def _composition_rows(composition: BasketComposition, underlier_key: UUID, rows: Rows) -> None:
    key = identity.child_id(underlier_key, f"composition {composition.effective_from}")
    rows["basket_compositions"].append(
        {**scalars(composition, "basket_compositions"), "id": key, "basket_underlier_id": underlier_key}
    )
    for position, constituent in enumerate(composition.constituents, start=1):
        reference = constituent.instrument.reference
        rows["basket_constituents"].append(
            {
                **scalars(constituent, "basket_constituents"),
                "position": position,
                "id": identity.child_id(key, reference),
                "composition_id": key,
                "constituent_instrument_id": identity.instrument_id(reference),
            }
        )


def _return_rows(payout: PerformancePayout, payout_key: UUID, rows: Rows) -> None:
    returns = payout.returns
    terms_by_type = {
        ReturnType.PRICE: (returns.price, "price_return_terms"),
        ReturnType.DIVIDEND: (returns.dividend, "dividend_return_terms"),
        ReturnType.VARIANCE: (returns.variance, "variance_volatility_terms"),
        ReturnType.VOLATILITY: (returns.volatility, "variance_volatility_terms"),
        ReturnType.CORRELATION: (returns.correlation, "correlation_return_terms"),
    }
    for return_type, (terms, table_name) in terms_by_type.items():
        if terms is None:
            continue
        key = identity.child_id(payout_key, f"returns {return_type.value}")
        subtype = return_subtype(returns, return_type)
        rows["return_terms"].append(
            {
                "id": key,
                "performance_payout_id": payout_key,
                "return_type": return_type.value,
                "return_subtype": None if subtype is None else subtype.value,
                "is_cumulative": payout.notional_mode.value == "CUMULATIVE",
                "performance_calculation_method": returns.performance_calculation_method.value,
            }
        )
        terms_key = identity.child_id(key, "terms")
        rows[table_name].append({"id": terms_key, "return_terms_id": key, **scalars(terms, table_name)})
        if isinstance(terms, DividendReturnTerms):
            _dividend_rows(terms, terms_key, rows)


def return_subtype(returns: ReturnTerms, return_type: ReturnType) -> ReturnSubtype | None:
    """What the seed calls the subtype; it follows from the price return's type and from which terms there are."""
    if return_type is ReturnType.PRICE and returns.price is not None:
        is_total = returns.price.return_type.value == "TOTAL"
        return ReturnSubtype.TOTAL if is_total else ReturnSubtype.PRICE_ONLY
    if return_type is ReturnType.DIVIDEND:
        return ReturnSubtype.TOTAL if returns.price is not None else ReturnSubtype.DIVIDEND_ONLY
    return None


def _dividend_rows(terms: DividendReturnTerms, key: UUID, rows: Rows) -> None:
    for ratio in terms.payout_ratios:
        rows["dividend_payout_ratios"].append(
            {
                **scalars(ratio, "dividend_payout_ratios"),
                "dividend_return_terms_id": key,
                "constituent_instrument_id": identity.instrument_id(ratio.constituent_reference),
            }
        )
    for period in terms.periods:
        constituent = period.constituent_reference
        rows["dividend_periods"].append(
            {
                **scalars(period, "dividend_periods"),
                "id": identity.child_id(key, f"period {period.period_number} {constituent or ''}"),
                "dividend_return_terms_id": key,
                "constituent_instrument_id": None if constituent is None else identity.instrument_id(constituent),
            }
        )


def _valuation_rows(schedule: ValuationSchedule, payout_key: UUID, rows: Rows) -> None:
    key = identity.child_id(payout_key, f"valuation {schedule.role.value}")
    rows["valuation_schedules"].append(
        {**scalars(schedule, "valuation_schedules"), "id": key, "performance_payout_id": payout_key}
    )
    rows["valuation_dates"] += [
        {**scalars(item, "valuation_dates"), "valuation_schedule_id": key} for item in schedule.dates
    ]


def _payment_rows(schedule: PaymentSchedule, payout_key: UUID, owner: str, rows: Rows) -> None:
    key = identity.child_id(payout_key, f"payment {schedule.role.value}")
    owners = {"performance_payout_id": None, "interest_rate_payout_id": None, owner: payout_key}
    rows["payment_schedules"].append({**scalars(schedule, "payment_schedules"), "id": key, **owners})
    rows["payment_dates"] += [{**scalars(item, "payment_dates"), "payment_schedule_id": key} for item in schedule.dates]


def _interest_rows(payout: InterestRatePayout, owner: dict[str, Any], rows: Rows) -> None:
    rows["interest_rate_payouts"].append({**scalars(payout, "interest_rate_payouts"), **owner})
    key = owner["id"]
    for number, step in enumerate(payout.spread_steps):
        constituent = step.constituent_reference
        rows["rate_spread_steps"].append(
            {
                **scalars(step, "rate_spread_steps"),
                "id": identity.child_id(key, f"spread {number}"),
                "interest_rate_payout_id": key,
                "constituent_instrument_id": None if constituent is None else identity.instrument_id(constituent),
            }
        )
    rows["past_notionals"] += [
        {**scalars(past, "past_notionals"), "interest_rate_payout_id": key} for past in payout.past_notionals
    ]
    rows["calculation_periods"] += [
        {**scalars(period, "calculation_periods"), "interest_rate_payout_id": key}
        for period in payout.calculation_periods
    ]
    for payments in payout.payment_schedules:
        _payment_rows(payments, key, "interest_rate_payout_id", rows)
