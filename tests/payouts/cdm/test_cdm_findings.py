"""What is noticed in the sample trades, and in documents changed in one place (spec 07 §5.7)."""

import json
import os
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.payouts.cdm.dates import INTERIM_PAYMENT
from engine.payouts.cdm.draft import Draft
from engine.payouts.cdm.json_text import canonical_json, content_key, date_from_hash
from engine.payouts.cdm.reader import read_trade
from engine.payouts.cdm.writer import write_trade
from engine.payouts.enums import ContractType, NotionalSource, ScheduleRole, Side, StrikeScale, UnderlierType
from engine.payouts.findings import FindingCode
from tests.payouts.cdm.made_contracts import correlation, quanto_basket, single_share, variance

FOLDER = Path(os.environ.get("CLODESK_REFERENCE", Path(__file__).resolve().parents[4] / "shared")) / "data" / "cdm"

NOTICED = {
    "eqs-ex01": ["DANGLING_REFERENCE", "CENTERS_DEFAULTED"],
    "eqs-ex02": ["WEIGHTS_MISSING", "FX_SOURCE_MISSING"],
    "eqs-ex05": ["NOTIONAL_MISSING", "TRANSFER_WITHOUT_AMOUNT", "NOTIONAL_MODE_ASSUMED"],
    "eqs-ex06": ["NOTIONAL_CURRENCY_MISMATCH", "PRICE_EXPRESSION_ODD"],
    "eqs-ex07": ["MIXED_BASKET", "IDENTIFIER_INVALID", "RETURN_TERMS_ODD", "PRICE_MISSING"],
    "eqs-ex08": ["DUPLICATE_KEY"],
    "eqs-ex09": ["PRICE_CURRENCY_ASSUMED"],
    "eqs-ex10": ["DUPLICATE_KEY", "DATES_INCONSISTENT", "DAY_TYPE_ASSUMED"],
    "eqs-ex17": ["FX_FEATURE_UNSPECIFIED", "SPREAD_SCALE", "PRICE_EXPRESSION_ODD"],
    "eqs-ex20": ["OVERNIGHT_TERMS_DEFAULTED"],
    "eqvs-ex02": ["STRIKE_SCALE", "MISSING"],
    "trs-ex02": ["DEGENERATE_PERIOD", "IDENTIFIER_INVALID"],
    "trs-ex04": ["RETURN_TERMS_ODD", "DATES_INCONSISTENT"],
    "trs-ex05": ["OVERNIGHT_TERMS_DEFAULTED"],
    "div-ex01": ["PRICE_MISSING"],
}


@cache
def sample(prefix: str) -> Draft:
    [path] = (FOLDER / "trades").glob(f"{prefix}-*.json")
    return read_trade(path.read_bytes(), path.name)


def codes(draft: Draft) -> set[str]:
    return {one.code.value for one in draft.findings}


@pytest.mark.parametrize("prefix", NOTICED)
def test_what_is_odd_in_a_sample_is_found(prefix: str, reference: Path) -> None:
    """Each sample shows the findings that the specification tells of it, and none of them refuses it."""
    draft = sample(prefix)

    assert set(NOTICED[prefix]) <= codes(draft)
    assert draft.contract is not None


def test_pointers_lead_to_something_in_the_document(reference: Path) -> None:
    """Every pointer of a finding leads to a value of the document, or to a child that its parent lacks."""
    for path in (FOLDER / "trades").glob("*.json"):
        tree = json.loads(path.read_bytes())
        for one in read_trade(path.read_bytes()).findings:
            node: Any = tree
            for segment in one.pointer.split("/")[1:-1]:
                key = segment.replace("~1", "/").replace("~0", "~")
                node = node[int(key)] if isinstance(node, list) else node.get(key, {})
            assert isinstance(node, dict | list), (path.name, one.pointer)


def test_six_spreads_under_one_key_are_a_series_per_constituent(reference: Path) -> None:
    """The duplicate key of eqs-ex08 keeps all its targets, with the dated steps of four of them."""
    contract = sample("eqs-ex08").contract
    assert contract is not None
    terms = contract.legs[1].interest
    assert terms is not None

    assert contract.legs[0].performance is not None
    [composition] = contract.legs[0].performance.underlier.compositions

    assert [step.series for step in terms.spread_steps if step.step_date is None] == [1, 2, 3, 4, 5, 6]
    assert [one.spread_series for one in composition.constituents] == [1, 2, 3, 4, 5, 6]
    assert [step.constituent_reference for step in terms.spread_steps if step.series == 6] == ["OTHER:VOD.L"] * 2
    assert {(step.series, step.spread) for step in terms.spread_steps if step.step_date} == {
        (2, 0.0055),
        (4, 0.0042),
        (5, 0.0065),
        (6, 0.0022),
    }


def test_a_scale_is_proposed_where_the_notionals_tell_it(reference: Path) -> None:
    """50,000 vega and 1,388.889 variance units fit 18.135 as a volatility level in points (spec 07 §13.2)."""
    draft = sample("eqvs-ex03")
    assert draft.contract is not None
    assert draft.contract.legs[0].performance is not None
    terms = draft.contract.legs[0].performance.returns.variance
    assert terms is not None

    assert terms.strike_scale is StrikeScale.POINTS
    assert (terms.volatility_strike_price, terms.variance_strike_price) == (18.135, None)
    assert [one.severity for one in draft.findings if one.code is FindingCode.STRIKE_SCALE] == ["INFO"]


@pytest.mark.parametrize(
    ("strike", "vega", "units", "scale", "is_volatility"),
    [
        (18.0, 50_000.0, 1_388.889, StrikeScale.POINTS, True),
        (324.0, 50_000.0, 1_388.889, StrikeScale.POINTS, False),
        (0.151, 100_000.0, 33_112_582.78, StrikeScale.DECIMAL, True),
        (0.022801, 100_000.0, 33_112_582.78, StrikeScale.DECIMAL, False),
        (18.3, 50_000.0, 1_388.889, None, False),
    ],
)
def test_links_of_notionals_and_strike(
    strike: float, vega: float, units: float, scale: StrikeScale | None, is_volatility: bool
) -> None:
    """The four readings of a strike, each within 1 %, and one that none fits (1.7 % off)."""
    document = json.loads(write_trade(variance()))
    document.pop("@clodesk")
    terms = document["trade"]["product"]["economicTerms"]["payout"][0]["returnTerms"]["varianceReturnTerms"]
    terms.pop("volatilityStrikePrice")
    terms["varianceStrikePrice"] = {"value": strike}
    terms["vegaNotionalAmount"]["value"] = vega
    document["trade"]["tradeLot"][0]["priceQuantity"][0]["quantity"]["value"] = units

    contract = read_trade(json.dumps(document)).contract
    assert contract is not None
    assert contract.legs[0].performance is not None
    read = contract.legs[0].performance.returns.variance
    assert read is not None

    assert read.strike_scale is scale
    assert (read.volatility_strike_price == strike) == is_volatility


def test_types_are_derived_and_the_qualifier_wins_but_for_a_cfd(reference: Path) -> None:
    """eqs-ex17 qualifies as a total return swap and is a contract for difference."""
    kinds = {
        prefix: sample(prefix).contract for prefix in ("eqs-ex17", "eqs-ex04", "eqvs-ex04", "div-ex01", "eqs-ex07")
    }

    assert {prefix: one.contract_type for prefix, one in kinds.items() if one is not None} == {
        "eqs-ex17": ContractType.CONTRACT_FOR_DIFFERENCE,
        "eqs-ex04": ContractType.TOTAL_RETURN_SWAP,
        "eqvs-ex04": ContractType.DISPERSION_SWAP,
        "div-ex01": ContractType.DIVIDEND_SWAP,
        "eqs-ex07": ContractType.EQUITY_SWAP,
    }


def test_relative_dates_are_resolved_on_weekdays(reference: Path) -> None:
    """Three exchange days after Monday 2001-09-24; three currency days after the valuation of 2002-09-24."""
    contract = sample("eqs-ex01").contract
    assert contract is not None

    assert contract.effective_date == date(2001, 9, 27)
    assert contract.termination_date == date(2002, 9, 27)
    assert contract.legs[0].lots[0].cost_date == date(2001, 9, 24)
    assert contract.legs[0].lots[0].settlement_date == date(2001, 9, 27)


class _Closed:
    """Weekdays without 2001-09-25, and a record of what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def joint(self, centers: Any) -> "_Closed":
        self.asked.append(tuple(centers))
        return self

    def add_business_days(self, on: date, n: int) -> date:
        step = 1 if n > 0 else -1
        while n:
            on = date.fromordinal(on.toordinal() + step)
            n -= step * (on.weekday() < 5 and on != date(2001, 9, 25))
        return on


def test_calendars_are_used_where_they_are_given(reference: Path) -> None:
    """A holiday moves the effective date by a day; the centers are those of the settlement currency."""
    [path] = (FOLDER / "trades").glob("eqs-ex01-*.json")
    calendars = _Closed()

    contract = read_trade(path.read_bytes(), calendars=calendars).contract

    assert contract is not None
    assert contract.effective_date == date(2001, 9, 28)
    assert ("USNY",) in calendars.asked


def test_dangling_schedule_references_are_deduced(reference: Path) -> None:
    """EquityPaymentDate has no target in eqs-ex01; the funding leg pays on the equity payment dates."""
    contract = sample("eqs-ex01").contract
    assert contract is not None
    assert contract.legs[1].interest is not None
    [schedule] = contract.legs[1].interest.payment_schedules

    assert (schedule.role, schedule.relative_to) == (ScheduleRole.INTERIM, INTERIM_PAYMENT)
    assert contract.legs[1].interest.notional_source is NotionalSource.EQUITY_RESET


def test_dates_are_decoded_from_hashes() -> None:
    """The two keys of the specification, and what is no date."""
    assert date_from_hash("3ea28a") == date(2004, 10, 10)
    assert date_from_hash("3edb13") == date(2011, 12, 19)
    assert date_from_hash("252ee503") is None
    assert date_from_hash("x") is None
    assert date_from_hash("3ea280") is None


def test_a_date_that_is_a_hash_only_is_found() -> None:
    """A relative date whose external reference has no target takes the date of the hash beside it."""
    document = json.loads(write_trade(single_share()))
    reference = {"@ref:external": "nowhere", "@ref": "3ea28a"}
    relative = {"periodMultiplier": 0, "period": "D", "businessDayConvention": "NONE", "dateRelativeTo": reference}
    payout = document["trade"]["product"]["economicTerms"]["payout"][1]
    payout["calculationPeriodDates"]["effectiveDate"] = {"relativeDate": relative}
    document.pop("@clodesk")

    draft = read_trade(json.dumps(document))

    assert draft.contract is not None
    assert draft.contract.legs[1].interest is not None
    assert draft.contract.legs[1].interest.effective_date == date(2004, 10, 10)
    assert "DATE_FROM_HASH" in codes(draft)


def test_content_keys_ignore_order_keys_and_spelling_of_numbers() -> None:
    """Canonical JSON sorts keys, drops `@key*` and writes 100.0 as 100."""
    one = {"b": [1.0, 2.5], "a": {"@key": "x", "@key:scoped": "y", "v": 100.0}}

    assert canonical_json(one) == '{"a":{"v":100},"b":[1,2.5]}'
    assert content_key(one) == content_key({"a": {"v": 100}, "b": [1, 2.5]})
    assert len(content_key(one)) == 32
    assert content_key(one) != content_key({"a": {"v": 100}, "b": [2.5, 1]})


def test_the_reporting_party_decides_reference_and_signs(reference: Path) -> None:
    """Party2 knows the trade by its own identifier and sees the legs from the other side."""
    [path] = (FOLDER / "trades").glob("eqs-ex01-*.json")
    first, second = sample("eqs-ex01").contract, read_trade(path.read_bytes(), reporting_party=Side.PARTY2).contract
    assert first is not None
    assert second is not None

    assert (first.contract_reference, second.contract_reference) == ("6234", "6569")
    assert first.sign(first.legs[0]) == -second.sign(second.legs[0]) == -1


Change = Callable[[dict[str, Any]], Any]


def _payout(document: dict[str, Any], index: int = 0) -> dict[str, Any]:
    payout: dict[str, Any] = document["trade"]["product"]["economicTerms"]["payout"][index]
    return payout


def _quantity(document: dict[str, Any]) -> dict[str, Any]:
    part: dict[str, Any] = document["trade"]["tradeLot"][0]["priceQuantity"][0]
    return part


def _basket(document: dict[str, Any]) -> list[dict[str, Any]]:
    members: list[dict[str, Any]] = _quantity(document)["observable"]["@data"]["basketConstituent"]
    return members


REFUSED: dict[str, tuple[Change, FindingCode]] = {
    "unknown currency": (
        lambda d: _quantity(d)["price"][0]["unit"].update(currency="USX"),
        FindingCode.UNKNOWN_CURRENCY,
    ),
    "negative price": (lambda d: _quantity(d)["price"][0].update(value=-30), FindingCode.NEGATIVE_PRICE),
    "negative units": (lambda d: _quantity(d)["quantity"].update(value=-5), FindingCode.NOT_A_NUMBER),
    "option payout": (lambda d: _payout(d).update({"@type": "cdm.OptionPayout"}), FindingCode.UNSUPPORTED_PAYOUT),
    "physical settlement": (
        lambda d: _payout(d)["settlementTerms"].update(settlementType="Physical"),
        FindingCode.UNSUPPORTED_SETTLEMENT,
    ),
    "dates out of order": (
        lambda d: d["trade"]["product"]["economicTerms"]["terminationDate"]["adjustableDate"].update(
            unadjustedDate="2024-01-01"
        ),
        FindingCode.DATES_INCONSISTENT,
    ),
    "wrong day count": (lambda d: _payout(d, 1).update(dayCountFraction="ACT/361"), FindingCode.UNKNOWN_VALUE),
    "wrong date": (lambda d: d["trade"]["tradeDate"].update({"@data": "2024-02-30"}), FindingCode.NOT_A_DATE),
    "one party": (lambda d: d["trade"]["counterparty"].pop(), FindingCode.PARTY_MISSING),
    "payer is receiver": (lambda d: _payout(d)["payerReceiver"].update(payer="Party1"), FindingCode.PARTY_MISSING),
    "no identifier": (lambda d: d["trade"].pop("tradeIdentifier"), FindingCode.MISSING),
    "no return terms": (lambda d: _payout(d).update(returnTerms={}), FindingCode.MISSING),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_traded_is_refused(name: str) -> None:
    """A single wrong place refuses the document with the code of its kind."""
    change, code = REFUSED[name]
    document = json.loads(write_trade(single_share()))
    document.pop("@clodesk")
    assert read_trade(json.dumps(document)).contract is not None
    change(document)

    draft = read_trade(json.dumps(document))

    assert draft.contract is None
    assert code in {one.code for one in draft.findings if one.severity == "ERROR"}


@pytest.mark.parametrize(
    ("weights", "code", "is_refused"),
    [
        ((40.0, 60.0), FindingCode.WEIGHTS_SUM, False),
        ((0.4, 0.5), FindingCode.WEIGHTS_SUM, True),
        ((-0.4, 1.4), FindingCode.WEIGHTS_SUM, True),
        ((0.4, None), FindingCode.WEIGHTS_MISSING, False),
    ],
)
def test_weights_sum_to_one_or_a_hundred(
    weights: tuple[float, float | None], code: FindingCode, is_refused: bool
) -> None:
    """Percent are divided with a warning, other sums are refused, missing ones leave the basket incomplete."""
    document = json.loads(write_trade(quanto_basket()))
    document.pop("@clodesk")
    for member, weight in zip(_basket(document), weights, strict=True):
        if weight is None:
            member.pop("quantity")
        else:
            member["quantity"][0]["value"] = weight

    draft = read_trade(json.dumps(document))

    assert code in {one.code for one in draft.findings}
    assert (draft.contract is None) == is_refused
    if weights == (40.0, 60.0) and draft.contract is not None and draft.contract.legs[0].performance is not None:
        [composition] = draft.contract.legs[0].performance.underlier.compositions
        assert [one.weight_value for one in composition.constituents] == [0.4, 0.6]


def test_a_payout_ratio_above_one_is_kept() -> None:
    """Ratios outside 0 to 1 are stored with RATIO_RANGE."""
    document = json.loads(write_trade(single_share()))
    _payout(document)["returnTerms"]["dividendReturnTerms"]["dividendPayoutRatio"][0]["totalRatio"] = 2.5
    document.pop("@clodesk")

    draft = read_trade(json.dumps(document))

    assert draft.contract is not None
    assert draft.contract.legs[0].performance is not None
    terms = draft.contract.legs[0].performance.returns.dividend
    assert terms is not None
    assert (terms.dividend_payout_ratio, terms.ratio_above_one_allowed) == (2.5, True)
    assert "RATIO_RANGE" in codes(draft)


def test_prices_in_pence_become_pounds() -> None:
    """A price in GBX is divided by 100, and the factor is kept with the instrument."""
    document = json.loads(write_trade(single_share()))
    document.pop("@clodesk")
    for lot in document["trade"]["tradeLot"]:
        lot["priceQuantity"][0]["price"][0].update(value=3000, unit={"currency": {"@data": "GBX"}})
        lot["priceQuantity"][0]["price"][0].pop("derivedQuantity")

    contract = read_trade(json.dumps(document)).contract
    assert contract is not None
    assert contract.legs[0].performance is not None
    instrument = contract.legs[0].performance.underlier.instrument

    assert (contract.legs[0].lots[0].initial_price, contract.legs[0].lots[0].price_currency) == (30.0, "GBP")
    assert contract.legs[0].notional_amount == 45_000.0
    assert instrument is not None
    assert (instrument.currency, instrument.price_quote_factor) == ("GBP", 100.0)


def test_a_qualifier_that_disagrees_is_found_and_wins() -> None:
    """A total return with dividends that is labelled a price return is an equity swap, with QUALIFIER_MISMATCH."""
    document = json.loads(write_trade(single_share()))
    document.pop("@clodesk")
    value = {"name": {"@data": "EquitySwap_PriceReturnBasicPerformance_SingleName"}}
    document["trade"]["product"]["taxonomy"] = [{"source": "ISDA", "value": value, "calculated": True}]

    draft = read_trade(json.dumps(document))

    assert draft.contract is not None
    assert draft.contract.contract_type is ContractType.EQUITY_SWAP
    assert "QUALIFIER_MISMATCH" in codes(draft)


def test_a_portfolio_of_returns_is_a_leg_for_each_entry() -> None:
    """`portfolioReturnTerms` with two entries gives two legs of one payout index."""
    document = json.loads(write_trade(correlation()))
    document.pop("@clodesk")
    payout = _payout(document)
    entry = {"returnTerms": payout.pop("returnTerms"), "underlier": payout.pop("underlier")}
    payout["portfolioReturnTerms"] = [entry, entry]

    contract = read_trade(json.dumps(document)).contract
    assert contract is not None

    assert [(leg.leg_number, leg.cdm_payout_index) for leg in contract.legs] == [(1, 0), (2, 0)]


def test_debt_in_a_basket_is_of_type_other(reference: Path) -> None:
    """Six of the seven constituents of eqs-ex07 are debt; all are valued by price."""
    contract = sample("eqs-ex07").contract
    assert contract is not None
    assert contract.legs[0].performance is not None
    [composition] = contract.legs[0].performance.underlier.compositions
    kinds = [one.instrument.instrument_type for one in composition.constituents]

    assert kinds == [UnderlierType.OTHER] * 6 + [UnderlierType.INDEX]
    assert composition.constituents[0].instrument.reference == "OTHER:67812345"
    assert composition.constituents[6].instrument.reference == "BBGID:MSCIWGBI"
