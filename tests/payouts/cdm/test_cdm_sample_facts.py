"""Every fact that the reference folder gives about its sample trades, derived from what was imported (spec 07 §26.1).

The facts are compared with contract and draft, never with a second reading of the document.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.payouts.cdm.codes import camel
from engine.payouts.cdm.draft import Draft, LegFacts
from engine.payouts.cdm.instruments import InstrumentFacts
from engine.payouts.cdm.reader import read_trade
from engine.payouts.enums import NotionalMode, ScheduleRole, ScheduleType
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.performance import PerformancePayout

FOLDER = Path(os.environ.get("CLODESK_REFERENCE", Path(__file__).resolve().parents[4] / "shared")) / "data" / "cdm"
SAMPLES = sorted(path.name for path in (FOLDER / "trades").glob("*.json"))
FORMS = {
    ScheduleType.EXPLICIT: "adjustableDates",
    ScheduleType.PARAMETRIC: "periodicDates",
    ScheduleType.RELATIVE: "relativeDates",
}
UNITS = {"SHARE": "Share", "INDEX_UNIT": "IndexUnit"}
FX_NAMES = {"QUANTO": "quanto", "COMPOSITE": "composite", "CROSS_CURRENCY": "crossCurrency", "UNSPECIFIED": None}


@cache
def draft_of(name: str) -> Draft:
    return read_trade((FOLDER / "trades" / name).read_bytes(), name)


@pytest.fixture(params=SAMPLES or [pytest.param("", marks=pytest.mark.skip(reason="no sample trades"))])
def sample(request: pytest.FixtureRequest, reference: Path) -> str:
    return str(request.param)


@pytest.fixture
def expected(sample: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((FOLDER / "expected_facts.json").read_text())[sample]
    return facts


@pytest.fixture
def contract(sample: str) -> Contract:
    found = draft_of(sample).contract
    assert found is not None
    return found


def _stated_date(contract: Contract, name: str) -> str | None:
    expression = contract.metadata.get(f"{name}_expression")
    if expression is not None:
        return expression
    if contract.metadata.get(f"{name}_origin") == "DEDUCED":
        return None
    value = getattr(contract, name)
    return str(value.isoformat())


def test_identification_and_dates_are_those_of_the_document(
    sample: str, contract: Contract, expected: dict[str, Any]
) -> None:
    """Qualifier, dates as stated, adjustment, identifiers, counterparties and number of lots agree."""
    draft = draft_of(sample)
    parties = {"Party1": contract.party1, "Party2": contract.party2}
    n_identifiers = len(expected["trade_ids"])

    assert ([contract.product_qualifier] if contract.product_qualifier else []) == expected["qualifier"]
    assert contract.trade_date.isoformat() == expected["trade_date"]
    assert _stated_date(contract, "effective_date") == expected["effective_date"]
    assert _stated_date(contract, "termination_date") == expected["termination_date"]
    assert (camel(contract.adjustment_type) if contract.adjustment_type else None) == expected["adjustment"]
    assert [contract.metadata[f"trade_identifier_{i + 1}"] for i in range(n_identifiers)] == expected["trade_ids"]
    assert f"trade_identifier_{n_identifiers + 1}" not in contract.metadata
    for role, facts in expected["counterparties"].items():
        assert parties[role].party_identifier == facts["identifier"]
        assert parties[role].party_name == (facts["name"] or facts["identifier"])
    assert draft.n_lots == expected["lots"]
    assert max(len(leg.lots) for leg in contract.legs) == expected["lots"]


def test_references_are_counted(sample: str, expected: dict[str, Any]) -> None:
    """References, those without target, and keys that stand more than once are as many as the facts say."""
    counts = draft_of(sample).references

    for name, number in expected["references"].items():
        assert getattr(counts, name) == number, name


def test_transfers_are_kept(sample: str, expected: dict[str, Any]) -> None:
    """Each transfer of the history is there with type, amount, currency, settlement and parties."""
    found = [
        {
            "type": one.transfer_type,
            "amount": one.amount,
            "currency": one.currency,
            "settlement": one.settlement,
            "payer": one.payer_key,
            "receiver": one.receiver_key,
        }
        for one in draft_of(sample).transfers
    ]

    assert found == expected["transfers"]


def test_fees_are_the_transfers_with_an_amount(contract: Contract, expected: dict[str, Any]) -> None:
    """A transfer becomes a fee exactly when it has an amount."""
    amounts = [one["amount"] for one in expected["transfers"] if one["amount"] is not None]

    assert [fee.amount for fee in contract.fees] == amounts


def test_legs_are_those_of_the_document(sample: str, contract: Contract, expected: dict[str, Any]) -> None:
    """Kind, payer, receiver, notional with its currency and source, and every term of each leg agree."""
    draft = draft_of(sample)

    assert len(contract.legs) == len(expected["legs"])
    for leg, facts, wanted in zip(contract.legs, draft.leg_facts, expected["legs"], strict=True):
        found = _leg_facts(leg, facts, wanted)
        assert found == {key: wanted[key] for key in found}
        assert set(found) == set(wanted)


def _leg_facts(leg: Leg, facts: LegFacts, wanted: dict[str, Any]) -> dict[str, Any]:
    """A leg in the words of the facts."""
    found: dict[str, Any] = {
        "payout_index": leg.cdm_payout_index,
        "kind": facts.kind,
        "payer": camel(leg.payer),
        "receiver": camel(leg.receiver),
        "notional": leg.notional_amount,
        "notional_currency": leg.notional_currency,
        "notional_source": facts.notional_source,
    }
    if leg.performance is not None:
        found.update(_performance_facts(leg, leg.performance, facts, wanted))
    if leg.interest is not None:
        found.update(_interest_facts(leg, facts, wanted))
    return found


def _performance_facts(leg: Leg, payout: PerformancePayout, facts: LegFacts, wanted: dict[str, Any]) -> dict[str, Any]:
    interim = [one for one in payout.valuation_schedules if one.role is ScheduleRole.INTERIM]
    final = [day for one in payout.valuation_schedules if one.role is ScheduleRole.FINAL for day in one.explicit_dates]
    is_explicit = bool(interim) and interim[0].schedule_type is ScheduleType.EXPLICIT
    returns = payout.returns
    found: dict[str, Any] = {
        "notional_reset": facts.notional_reset,
        "return_terms": sorted(
            f"{name}ReturnTerms"
            for name in ("price", "dividend", "variance", "volatility", "correlation")
            if getattr(returns, name) is not None
        ),
        "interim_valuation": {
            "form": [FORMS[one.schedule_type] for one in interim],
            "n_explicit": len(interim[0].explicit_dates) if is_explicit else None,
        },
        "final_valuation": final[0].isoformat() if final else None,
        "fx_features": _fx_facts(payout),
        "underlier": _underlier_facts(facts.underlier),
        "initial_price": [
            {"value": one.value, "currency": one.currency, "per": one.per, "expression": one.expression}
            for one in facts.prices
        ],
        "settlement_currency": payout.settlement_currency,
    }
    if facts.notional_reset is not None:
        assert (payout.notional_mode is NotionalMode.RESET) == facts.notional_reset
    if leg.lots[0].opened_quantity is not None:
        found["units"] = leg.lots[0].opened_quantity
        found["unit_type"] = UNITS[str(leg.lots[0].quantity_unit)]
    if returns.price is not None:
        found["price_return_type"] = camel(returns.price.return_type)
        prices = [one for one in facts.prices if one.value is not None and one.per is not None]
        assert returns.price.initial_price == leg.lots[0].initial_price == (prices[0].value if prices else None)
    if returns.dividend is not None:
        found["dividend"] = _dividend_facts(payout, facts)
    for name in ("variance", "volatility", "correlation"):
        if getattr(returns, name) is not None:
            found[f"{name}ReturnTerms"] = _parameter_facts(getattr(returns, name), facts, name)
    return found


def _fx_facts(payout: PerformancePayout) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in payout.fx_features:
        kind = FX_NAMES[one.fx_feature_type]
        if not (found and found[-1]["type"] == kind == "quanto"):
            found.append({"reference_currency": one.reference_currency, "type": kind, "rates": []})
        if one.quanto_fx_rate is not None:
            basis = camel(str(one.quote_basis).replace("_PER_", "PER")).replace("percurrency", "PerCurrency")
            pair = f"{one.quote_currency1}/{one.quote_currency2}"
            found[-1]["rates"].append({"pair": pair, "basis": basis, "rate": one.quanto_fx_rate})
    return found


def _underlier_facts(facts: InstrumentFacts | None) -> dict[str, Any]:
    assert facts is not None
    return {
        "type": facts.document_type,
        "identifiers": [{"type": kind, "value": value} for kind, value in facts.identifiers],
        "constituents": [
            {key: value for key, value in _underlier_facts(one).items() if key != "constituents"}
            for one in facts.constituents
        ],
    }


def _dividend_facts(payout: PerformancePayout, facts: LegFacts) -> dict[str, Any]:
    terms = payout.returns.dividend
    assert terms is not None
    given = facts.given_terms
    excess = terms.excess_dividend_amount_type
    if facts.total_ratios:
        assert (terms.dividend_payout_ratio, terms.cash_ratio) == (facts.total_ratios[0], facts.cash_ratios[0])
    return {
        "payout_ratio_total": list(facts.total_ratios),
        "cash_ratio": list(facts.cash_ratios),
        "reinvestment": terms.dividend_reinvestment if "dividendReinvestment" in given else None,
        "entitlement": camel(terms.dividend_entitlement) if "dividendEntitlement" in given else None,
        "period_convention": camel(terms.first_period) if terms.first_period else None,
        "excess_amount_type": camel(excess) if excess else None,
        "payment_date_reference": list(facts.dividend_payment_references),
        "n_periods": len(facts.dividend_payment_references),
    }


def _parameter_facts(terms: Any, facts: LegFacts, name: str) -> dict[str, Any]:
    """Variance, volatility or correlation terms in the words of the facts."""
    if name == "correlation":
        strike, level, vega = terms.correlation_strike, None, None
        bounds: dict[str, Any] | None = {
            "lowerBound": {"number": terms.correlation_floor},
            "upperBound": {"number": terms.correlation_cap},
        }
    else:
        strike = terms.variance_strike_price or terms.volatility_strike_price
        level = terms.initial_level
        vega = terms.vega_notional_amount if name == "variance" else None
        bounds = None
        if terms.upper_barrier is not None:
            bounds = {
                "boundedVariance": {
                    "realisedVarianceMethod": camel(terms.realised_variance_method),
                    "daysInRangeAdjustment": terms.days_in_range_adjustment,
                    "upperBarrier": terms.upper_barrier,
                    "lowerBarrier": terms.lower_barrier,
                }
            }
        if terms.volatility_cap_price is not None:
            cap, factor = terms.volatility_cap_price, terms.volatility_cap_factor
            bounds = {"applicable": True, "totalVolatilityCap": cap, "volatilityCapFactor": factor}
    return {
        "strike": [strike],
        "strike_kind": sorted(key for key in facts.given_terms if key.endswith("StrikePrice")),
        "expected_n": terms.expected_trading_days,
        "annualization_factor": terms.annualization_factor if "annualizationFactor" in facts.given_terms else None,
        "initial_level": level,
        "vega_notional": vega,
        "cap_floor": bounds,
    }


def _interest_facts(leg: Leg, facts: LegFacts, wanted: dict[str, Any]) -> dict[str, Any]:
    terms = leg.interest
    assert terms is not None
    found: dict[str, Any] = {"day_count": terms.day_count.value}
    if terms.fixed_rate is not None:
        return {**found, "rate_kind": "FixedRateSpecification", "fixed_rate": [terms.fixed_rate]}
    series = sorted({step.series for step in terms.spread_steps} - {0})
    bases = {step.series: step.spread for step in terms.spread_steps if step.step_date is None}
    spreads = [bases[one] for one in series] if series else [terms.spread] * facts.n_spreads
    steps = [
        [
            [step.step_date.isoformat(), step.spread]
            for step in terms.spread_steps
            if step.series == one and step.step_date is not None
        ]
        for one in (series or [0] * facts.n_spreads)
    ]
    tenor = f"{terms.index_tenor_multiplier}{terms.index_tenor_unit}" if terms.index_tenor_unit else None
    found.update(
        rate_kind="FloatingRateSpecification",
        index=terms.floating_rate_index,
        tenor=tenor,
        spreads=spreads,
        spread_steps=steps,
    )
    if terms.initial_stub_rate is not None or terms.final_stub_index is not None:
        found["stub"] = {"initial_rate": terms.initial_stub_rate, "final_index": [terms.final_stub_index]}
    return found
