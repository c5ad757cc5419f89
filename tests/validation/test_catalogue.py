"""The catalogue of rules, and the ways to run it."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.collateral.asset import ASSET_FIELDS, Asset, FieldKind
from engine.errors import InputError
from engine.snapshot import AssetRow, Place, Severity
from engine.validation import RULES, Records, Scope, has_errors, validate, validate_asset, validate_deal
from tests.validation.made_records import good_asset, good_records, with_asset, with_row
from workbooks.demo import demo_snapshot
from workbooks.legacy import read_workbook
from workbooks.legacy.findings import Code

VALUES = {
    FieldKind.TEXT: st.sampled_from(["", " ", "FLOAT", "FIXED", "B1", "BB-", "NR", "USD", "ACTUAL/360", "\u00e9"]),
    FieldKind.DAY: st.none() | st.dates(),
    FieldKind.COUNT: st.none() | st.integers(-(10**7), 10**7),
    FieldKind.FLAG: st.booleans(),
}
NUMBERS = st.none() | st.floats() | st.integers(-(10**18), 10**18)
ASSETS = st.builds(Asset, **{item.name: VALUES.get(item.kind, NUMBERS) for item in ASSET_FIELDS})


def test_a_code_belongs_to_one_rule() -> None:
    """Codes are unique, and so are the checks behind them."""
    assert [code for code, count in Counter(rule.code for rule in RULES).items() if count > 1] == []
    assert [check for check, count in Counter(rule.check for rule in RULES).items() if count > 1] == []


@pytest.mark.parametrize("rule", RULES, ids=[rule.code for rule in RULES])
def test_a_rule_says_what_it_demands_and_what_to_do(rule) -> None:
    """A severity, two sentences, a source."""
    assert rule.code == rule.code.upper()
    assert rule.severity in Severity
    assert rule.scope in Scope
    assert rule.demands.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.source.split()[0] in {"spec", "seed", "field", "schema:"}


def test_a_code_of_the_importer_means_the_same_here() -> None:
    """Codes that both use are those of rules that stand in spec 06 §4.4, where the importer's codes are defined."""
    shared = [rule for rule in RULES if rule.code in set(Code)]

    assert {rule.code for rule in shared} == {
        "W-UNIT",
        "W-ASSET",
        "W-DUPASSET",
        "W-DUPPOS",
        "W-MATRIX",
        "W-CONTROL",
        "W-WEIGHTS",
        "E-DUPTEST",
    }
    assert all("spec 06" in rule.source for rule in shared)


def test_errors_come_first() -> None:
    """The order is severity, then code."""
    records = with_row(with_asset(good_records(), market_value=None, currency="?"), "positions", 1, par=-5.0)
    found = validate(records)

    assert [violation.code for violation in found] == [
        "E-PAR",
        "W-CONTROL",
        "W-CURRENCY",
        "W-MARKET",
        "I-COLLATERAL",
    ]
    assert has_errors(found)


def test_malformed_records_are_judged_by_their_kinds_alone() -> None:
    """A text where a number belongs is told instead of stopping another rule."""
    found = validate(with_asset(good_records(), mdy_recovery_rate="45 %", market_value=-1.0))

    assert [violation.code for violation in found] == ["E-KIND"]
    assert found[0].value_found == "45 %"


def test_the_gate_lets_a_good_asset_through_with_its_remarks() -> None:
    """What only deserves a warning is returned."""
    assert validate_asset(good_asset("A1")) == ()
    assert [found.code for found in validate_asset(good_asset("A1", currency="Dollar"))] == ["W-CURRENCY"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"maturity": date(2010, 1, 1)}, "E-MATURITY A1: Maturity is not after the Dated Date 2015-12-31"),
        ({"mdy_rating": "Bb1"}, "E-RATING A1: Moody's Rating-21 is no rating of its agency, found Bb1"),
        ({"coupon": "five"}, "E-KIND A1: Coupon is not a number, found five"),
    ],
)
def test_the_gate_stops_an_invalid_asset(changes: dict[str, object], problem: str) -> None:
    """An error says the rule, the asset, the value and the remedy."""
    with pytest.raises(InputError) as caught:
        validate_asset(good_asset("A1", **changes))

    assert caught.value.number == "CLO-1601"
    assert caught.value.problem.startswith(problem)
    assert caught.value.where == "asset A1"
    assert caught.value.remedy


def test_the_gate_tells_the_cell_where_it_is_known() -> None:
    """An edit of a sheet names the cell, and how many errors there are besides."""
    with pytest.raises(InputError, match=r"\(and 1 more errors\)") as caught:
        validate_asset(good_asset("A1", market_value=-1.0, mdy_recovery_rate=45.0), Place("All Assets", "A2"))

    assert caught.value.where == "'All Assets'!A2"


def test_the_gate_of_deals() -> None:
    """A deal is judged on the assets it draws from."""
    records = good_records()
    deal = records.deals[0]
    negative = with_row(records, "positions", 0, par=-1.0).deals[0]

    assert [found.code for found in validate_deal(deal, records.assets[:1])] == ["W-ASSET"]
    with pytest.raises(InputError, match="E-PAR par of A1 is negative"):
        validate_deal(negative, records.assets)


@given(ASSETS)
@settings(max_examples=300, deadline=None)
def test_any_asset_can_be_judged(asset: Asset) -> None:
    """No content stops a rule, held or not."""
    records = good_records()
    row = AssetRow(asset=replace(asset, blkrock_id="A1"), place=Place("All Assets", "A2"))
    found = validate(replace(records, assets=(row, records.assets[1])))

    assert all(violation.where and violation.remedy for violation in found)


@pytest.mark.parametrize("n_assets", [20, 30, 75, 200])
def test_the_demo_has_no_faults(n_assets: int) -> None:
    """Whatever its size, no rule keeps the demo out."""
    assert not has_errors(validate(demo_snapshot(n_assets=n_assets)))


def test_the_demo_as_it_ships_breaks_no_rule() -> None:
    """Not even a warning."""
    assert validate(demo_snapshot()) == ()


def test_the_reference_workbook_has_few_faults(reference) -> None:
    """Nothing keeps it out; what the rules remark on is there."""
    book = read_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx").snapshot
    found = validate(book)
    warned = Counter(violation.code for violation in found if violation.severity is Severity.WARNING)

    assert not has_errors(found)
    assert warned == {"W-ASSET": 10, "W-CASH": 3, "W-CONTROL": 2, "W-PRICE": 2, "W-MARKET": 1, "W-SINK": 1}


def test_no_records_break_no_rule() -> None:
    """Rules about several records are silent where there are none."""
    assert validate(Records()) == ()
