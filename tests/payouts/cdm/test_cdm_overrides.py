"""What an analyst supplies completes a contract, or is refused by the name of its field."""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError
from engine.payouts.cdm.draft import Draft
from engine.payouts.cdm.overrides import Overrides, apply_overrides
from engine.payouts.cdm.reader import read_trade
from engine.payouts.cdm.writer import write_trade
from engine.payouts.enums import CompositionStatus, ObservationShift, RebalancingFrequency, StrikeScale, WeightType
from engine.payouts.findings import FindingCode
from tests.payouts.cdm.made_contracts import MADE

FOLDER = Path(os.environ.get("CLODESK_REFERENCE", Path(__file__).resolve().parents[4] / "shared")) / "data" / "cdm"


def sample(prefix: str) -> Draft:
    [path] = (FOLDER / "trades").glob(f"{prefix}-*.json")
    return read_trade(path.read_bytes(), path.name)


def made(name: str) -> Draft:
    return read_trade(write_trade(MADE[name]()))


def test_weights_complete_a_basket(reference: Path) -> None:
    """Six weights make the basket of eqs-ex02 complete; the finding is answered."""
    draft = sample("eqs-ex02")
    assert draft.contract is not None
    assert draft.contract.legs[0].performance is not None
    [composition] = draft.contract.legs[0].performance.underlier.compositions
    weights = {one.instrument.reference: 1 / 6 for one in composition.constituents}

    done = apply_overrides(draft, Overrides(weights=weights))

    assert done.contract is not None
    assert done.contract.legs[0].performance is not None
    [composition] = done.contract.legs[0].performance.underlier.compositions
    assert composition.status is CompositionStatus.COMPLETE
    assert {one.weight_type for one in composition.constituents} == {WeightType.PERCENTAGE}
    assert FindingCode.WEIGHTS_MISSING in {one.code for one in draft.findings}
    assert FindingCode.WEIGHTS_MISSING not in {one.code for one in done.findings}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"rebalancing_frequency": RebalancingFrequency.MONTHLY}, (RebalancingFrequency.MONTHLY, (), None)),
        ({"rebalancing_dates": (date(2024, 5, 2),)}, (RebalancingFrequency.EXPLICIT, (date(2024, 5, 2),), None)),
        (
            {"rebalancing_frequency": RebalancingFrequency.WEEKLY, "next_rebalancing_date": date(2024, 5, 2)},
            (RebalancingFrequency.WEEKLY, (), date(2024, 5, 2)),
        ),
    ],
)
def test_how_often_a_basket_is_rebalanced_is_set(fields: dict[str, Any], expected: tuple[object, ...]) -> None:
    """Documents have no place for it; listed days mean EXPLICIT."""
    done = apply_overrides(made("quanto_basket"), Overrides(**fields))

    assert done.contract is not None
    assert done.contract.legs[0].performance is not None
    [found] = done.contract.legs[0].performance.underlier.compositions
    assert (found.rebalancing_frequency, found.rebalancing_dates, found.next_rebalancing_date) == expected


def test_currencies_and_the_payout_ratio_of_a_basket_are_set(reference: Path) -> None:
    """Two of the six shares of eqs-ex08 get theirs; the whole dividend is passed on."""
    given = {"OTHER:TIT.ME": "EUR", "OTHER:VOD.L": "GBP"}
    done = apply_overrides(sample("eqs-ex08"), Overrides(price_currencies=given, dividend_payout_ratio=1.0))

    assert done.contract is not None
    payout = done.contract.legs[0].performance
    assert payout is not None
    assert payout.returns.dividend is not None
    [composition] = payout.underlier.compositions
    found = {one.instrument.reference: one.price_currency for one in composition.constituents}
    assert {name: code for name, code in found.items() if code} == given
    assert payout.returns.dividend.dividend_payout_ratio == 1.0


def test_a_price_gives_notional_to_both_legs(reference: Path) -> None:
    """eqs-ex05 has 18,388,000 units and no price; at 0.5 USD both legs have 9,194,000 USD."""
    done = apply_overrides(sample("eqs-ex05"), Overrides(initial_price=0.5, price_currency="USD"))

    assert done.contract is not None
    assert [leg.notional_amount for leg in done.contract.legs] == [9_194_000.0, 9_194_000.0]
    assert [leg.notional_currency for leg in done.contract.legs] == ["USD", "USD"]
    assert done.contract.legs[0].lots[0].notional_amount == 9_194_000.0


def test_a_scale_turns_basis_points_into_decimals(reference: Path) -> None:
    """125.0 in eqs-ex17 becomes 0.0125."""
    done = apply_overrides(sample("eqs-ex17"), Overrides(spread_scale=1e-4))

    assert done.contract is not None
    assert done.contract.legs[1].interest is not None
    assert done.contract.legs[1].interest.spread == pytest.approx(0.0125, abs=1e-15)
    assert FindingCode.SPREAD_SCALE not in {one.code for one in done.findings}


def test_a_strike_scale_is_set(reference: Path) -> None:
    """eqvls-ex01 gets its scale."""
    done = apply_overrides(sample("eqvls-ex01"), Overrides(strike_scale=StrikeScale.POINTS))

    assert done.contract is not None
    assert done.contract.legs[0].performance is not None
    terms = done.contract.legs[0].performance.returns.volatility
    assert terms is not None
    assert terms.strike_scale is StrikeScale.POINTS


def test_overnight_terms_and_centers_are_set(reference: Path) -> None:
    """The look-back of two days and the centers that trs-ex05 lost."""
    overrides = Overrides(
        observation_shift=ObservationShift.LOOKBACK,
        observation_shift_days=2,
        observation_centers=("USGS",),
        business_centers=("USNY", "GBLO"),
        termination_date=date(2022, 9, 30),
    )

    done = apply_overrides(sample("trs-ex05"), overrides)

    assert done.contract is not None
    terms = done.contract.legs[1].interest
    assert terms is not None
    assert (terms.observation_shift, terms.observation_shift_days) == (ObservationShift.LOOKBACK, 2)
    assert terms.observation_centers == ("USGS",)
    assert {one.business_centers for one in terms.payment_schedules} == {("USNY", "GBLO")}
    assert done.contract.termination_date == date(2022, 9, 30)


def test_nothing_supplied_changes_nothing(reference: Path) -> None:
    """Empty overrides give the draft back."""
    draft = sample("eqs-ex01")

    assert apply_overrides(draft, Overrides()) == draft


@pytest.mark.parametrize(
    ("name", "fields", "number", "where"),
    [
        ("single_share", {"leg_number": 9}, "CLO-1921", "leg_number"),
        ("single_share", {"weights": {"ISIN:X": 1.0}}, "CLO-1924", "weights"),
        ("quanto_basket", {"weights": {"ISIN:US9129091082": 1.0}}, "CLO-1922", "weights"),
        ("quanto_basket", {"weights": {"ISIN:US9129091081": 1.0}}, "CLO-1922", "weights"),
        ("quanto_basket", {"weights": {"ISIN:US9129091081": 0.3, "ISIN:NL0000009538": 0.6}}, "CLO-1922", "weights"),
        ("quanto_basket", {"weights": {"ISIN:US9129091081": -1.0, "ISIN:NL0000009538": 2.0}}, "CLO-1922", "weights"),
        ("single_share", {"price_currencies": {"ISIN:X": "USD"}}, "CLO-1924", "price_currencies"),
        ("quanto_basket", {"price_currencies": {"ISIN:X": "USD"}}, "CLO-1922", "price_currencies"),
        ("quanto_basket", {"price_currencies": {"ISIN:US9129091081": "USX"}}, "CLO-1923", "price_currencies"),
        ("single_share", {"dividend_payout_ratio": 0.0}, "CLO-1923", "dividend_payout_ratio"),
        ("volatility", {"dividend_payout_ratio": 1.0}, "CLO-1924", "dividend_payout_ratio"),
        ("single_share", {"rebalancing_frequency": RebalancingFrequency.DAILY}, "CLO-1924", "rebalancing_frequency"),
        ("quanto_basket", {"rebalancing_frequency": RebalancingFrequency.EXPLICIT}, "CLO-1923", "rebalancing_dates"),
        ("single_share", {"units": 0.0}, "CLO-1923", "units"),
        ("single_share", {"spread_scale": float("nan")}, "CLO-1923", "spread_scale"),
        ("single_share", {"notional_currency": "USX"}, "CLO-1923", "notional_currency"),
        ("single_share", {"observation_shift_days": -1}, "CLO-1923", "observation_shift_days"),
        ("single_share", {"termination_date": date(2024, 1, 1)}, "CLO-1923", "termination_date"),
        ("single_share", {"strike_scale": StrikeScale.POINTS}, "CLO-1924", "strike_scale"),
        ("single_share", {"units": 5.0}, "CLO-1924", "units"),
        ("volatility", {"spread_scale": 0.01}, "CLO-1924", "spread_scale"),
    ],
)
def test_a_bad_override_is_refused_by_its_field(name: str, fields: dict[str, Any], number: str, where: str) -> None:
    """The error has its number and names the field."""
    with pytest.raises(InputError) as caught:
        apply_overrides(made(name), Overrides(**fields))

    assert (caught.value.number, caught.value.where) == (number, where)


def test_a_draft_without_contract_cannot_be_completed() -> None:
    """Errors come first."""
    draft = replace(read_trade("{}", "file.json"))

    with pytest.raises(InputError, match="CLO-1921"):
        apply_overrides(draft, Overrides(units=1.0))
