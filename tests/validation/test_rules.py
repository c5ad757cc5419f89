"""Every rule: silent on records without fault, told by its code on records bent in one place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest

from engine.validation import RULES, Records, validate
from tests.validation.made_records import (
    good_asset,
    good_records,
    with_asset,
    with_dates,
    with_deal,
    with_matrix,
    with_row,
)

Bend = Callable[[Records], Records]


def asset(**changes: object) -> Bend:
    return lambda records: with_asset(records, **changes)


def row(block: str, index: int, **changes: object) -> Bend:
    return lambda records: with_row(records, block, index, **changes)


def dates(**changes: object) -> Bend:
    return lambda records: with_dates(records, **changes)


def matrix(*rows: list[float]) -> Bend:
    return lambda records: with_matrix(records, list(rows))


def assumption(**changes: object) -> Bend:
    return lambda records: replace(
        records,
        cf_assumptions=(replace(records.cf_assumptions[0], **changes),),  # type: ignore[arg-type]
    )


def twice(block: str) -> Bend:
    """A row of the deal that stands there once more."""

    def bend(records: Records) -> Records:
        rows = getattr(records.deals[0], block)
        return with_deal(records, **{block: (*rows, rows[0])})

    return bend


def second_asset(**changes: object) -> Bend:
    return lambda records: replace(
        records,
        assets=(records.assets[0], replace(records.assets[1], asset=replace(records.assets[1].asset, **changes))),  # type: ignore[arg-type]
    )


def sink(**changes: object) -> Bend:
    return lambda records: replace(
        records,
        sink_schedule=(replace(records.sink_schedule[0], **changes),),  # type: ignore[arg-type]
    )


def setting(name: str, value: object) -> Bend:
    return lambda records: replace(
        records,
        run_settings=tuple(
            replace(item, value=value) if item.name == name else item  # type: ignore[arg-type]
            for item in records.run_settings
        ),
    )


def add_setting(name: str, value: object) -> Bend:
    return lambda records: replace(
        records,
        run_settings=(*records.run_settings, replace(records.run_settings[0], name=name, value=value)),  # type: ignore[arg-type]
    )


def repeated_asset(records: Records) -> Records:
    return replace(records, assets=(*records.assets, records.assets[0]))


def same_issue(records: Records) -> Records:
    twin = replace(records.assets[0].asset, blkrock_id="A2")
    return replace(records, assets=(records.assets[0], replace(records.assets[1], asset=twin)))


BROKEN: list[tuple[str, Bend]] = [
    ("E-KIND", asset(maturity="2022-06-30")),
    ("E-KIND", asset(maturity=datetime(2022, 6, 30))),  # noqa: DTZ001 (a datetime is the mistake)
    ("E-KIND", asset(market_value=float("nan"))),
    ("E-KIND", asset(payment_freq=2.5)),
    ("E-KIND", asset(par_amount=True)),
    ("E-KIND", asset(dip="Yes")),
    ("E-KIND", asset(country=None)),
    ("E-KEY", asset(blkrock_id=" ")),
    ("E-LENGTH", asset(bond_loan="L" * 11)),
    ("E-SIZE", asset(facility_size=1e15)),
    ("E-SIZE", asset(payment_freq=1_000_000)),
    ("W-AMOUNT", asset(facility_size=-1.0)),
    ("W-AMOUNT", asset(wal=150.0)),
    ("E-PRICE", asset(market_value=-0.5)),
    ("E-PRICE", row("tranches", 0, price=-0.01)),
    ("W-PRICE", asset(market_value=200.1)),
    ("W-PRICE", asset(market_value=0.995)),
    ("W-PRICE", row("tranches", 0, price=99.3)),
    ("E-RATING", asset(mdy_rating="B+")),
    ("E-RATING", asset(sp_facility_rating="Ba1")),
    ("E-RATING", asset(sp_recovery_rating="7")),
    ("E-RATING", asset(sp_rating="B1")),
    ("E-FREQUENCY", asset(payment_freq=0)),
    ("E-FREQUENCY", asset(payment_freq=-4)),
    ("E-FREQUENCY", asset(payment_freq=24)),
    ("W-FREQUENCY", asset(payment_freq=6)),
    ("W-CURRENCY", asset(currency="US Dollar")),
    ("W-CHOICE", asset(coupon_type="FLOATING")),
    ("W-CHOICE", asset(bond_loan="NOTE")),
    ("W-CHOICE", asset(amortization_type="Sched")),
    ("W-DAYCOUNT", asset(day_count="30E/365")),
    ("W-DAYCOUNT", row("tranches", 1, day_count="30/365")),
    ("W-DAYCOUNT", row("fees", 0, day_count="daily")),
    ("W-BUSINESSDAY", asset(business_day_conv="Whenever")),
    ("W-BUSINESSDAY", dates(business_day_convention="Next Monday")),
    ("W-UNIT", asset(coupon=4.75)),
    ("W-UNIT", asset(cpn_spread=-375.0)),
    ("W-UNIT", row("tranches", 0, spread=1.5)),
    ("W-UNIT", row("fees", 0, percentage=2.0)),
    ("W-UNIT", row("tests", 0, threshold=90.0)),
    ("W-UNIT", lambda records: replace(records, curve=((1, 1.24),))),
    ("W-UNIT", lambda records: with_deal(records, current_libor=6.2)),
    ("W-UNIT", sink(amount=-5.0)),
    ("E-MATURITY", asset(maturity=date(2015, 12, 31))),
    ("E-MATURITY", asset(dated_date=None, issue_date=date(2022, 6, 30))),
    ("W-FIRSTPAY", asset(first_payment_date=date(2015, 12, 31))),
    ("W-FIRSTPAY", asset(first_payment_date=date(2022, 7, 1))),
    ("W-COUPON", asset(index_name="")),
    ("W-COUPON", asset(cpn_spread=None)),
    ("W-COUPON", asset(coupon_type="FIXED", coupon=None)),
    ("W-CAP", asset(index_cap=0.005)),
    ("E-RECOVERY", asset(mdy_recovery_rate=1.01)),
    ("E-RECOVERY", asset(mdy_recovery_rate=-0.1)),
    ("W-DEFAULT", asset(default_asset=True)),
    ("W-DEFAULT", asset(date_of_default=date(2016, 1, 4))),
    ("W-DIP", asset(dip=True, sp_facility_rating="NR")),
    ("W-UNFUNDED", asset(revolver=True, unfunded_amount=None)),
    ("W-UNFUNDED", asset(delay_drawdown=True, unfunded_amount=None)),
    ("W-UNFUNDED", asset(unfunded_amount=1e6)),
    ("W-UNFUNDED", asset(revolver=True, unfunded_amount=600e6)),
    ("W-PIK", asset(piking=True)),
    ("W-PIK", asset(pik_amount=100.0)),
    ("W-ESTIMATE", asset(mdy_credit_est_rating="B2")),
    ("W-ASSET", row("positions", 0, blkrock_id="A9")),
    ("W-ASSET", lambda records: replace(records, trades=(replace(records.trades[0], blkrock_id="a2"),))),
    ("W-DUPASSET", repeated_asset),
    ("W-DUPPOS", twice("positions")),
    ("W-MISSING", asset(first_payment_date=None)),
    ("W-MISSING", asset(dated_date=None, issue_date=None)),
    ("W-MARKET", asset(market_value=None)),
    ("W-MARKET", asset(market_value=0.0)),
    ("W-MATURED", asset(maturity=date(2016, 3, 23), dated_date=None, issue_date=None, first_payment_date=None)),
    ("W-WAL", asset(wal=6.5)),
    ("W-FX", asset(currency="EUR")),
    ("W-INDUSTRY", second_asset(issuer_id="IDA1", mdy_industry="Telecommunications")),
    ("W-INDUSTRY", second_asset(issuer_id="IDA1", sp_industry="Health care")),
    ("I-ISSUER", second_asset(issuer_id="IDA1")),
    ("W-OBLIGOR", second_asset(issuer_name="Issuer A1, Inc.")),
    ("W-DUPISSUE", same_issue),
    ("W-SINK", sink(blkrock_id="A9")),
    ("W-SINKSUM", sink(amount=501e6)),
    ("W-ASSUMPTION", assumption(cdr=2.0)),
    ("W-ASSUMPTION", assumption(recovery_lag_months=-1.0)),
    ("W-ASSUMPTION", lambda records: replace(records, vectors={"CPR_1": (0.2, 20.0)})),
    ("W-MATRIX", matrix([1.0, 1.2], [1.2, 1.0])),
    ("W-MATRIX", matrix([1.0, 0.3], [0.4, 1.0])),
    ("W-MATRIX", matrix([1.0, 0.3], [0.3, 0.9])),
    ("W-MATRIX", matrix([1.0, float("nan")], [0.3, 1.0])),
    ("W-SEMIDEFINITE", matrix([1.0, 0.9, 0.6], [0.9, 1.0, 0.0], [0.6, 0.0, 1.0])),
    ("I-CONSTANT", matrix([1.0, 0.3, 0.3], [0.3, 1.0, 0.3], [0.3, 0.3, 1.0])),
    ("I-COVERAGE", matrix([1.0, 0.1, 0.2], [0.1, 1.0, 0.3], [0.2, 0.3, 1.0])),
    ("I-COVERAGE", matrix([1.0])),
    ("E-NUMBER", row("positions", 0, par=float("inf"))),
    ("E-NUMBER", row("tranches", 0, current_balance=float("nan"))),
    ("E-PAR", row("positions", 0, par=-1.0)),
    ("W-CASH", row("accounts", 0, principal=-1.0)),
    ("W-CASH", row("accounts", 0, interest=-1.0)),
    ("E-ACCOUNT", row("accounts", 0, number=10)),
    ("E-ACCOUNT", twice("accounts")),
    ("E-DATES", dates(closing=date(2015, 7, 15), effective=None, pricing=None)),
    ("E-DATES", dates(maturity=date(2015, 7, 14))),
    ("W-DATES", dates(effective=date(2015, 7, 16))),
    ("W-DATES", dates(reinvestment_end=date(2027, 4, 16))),
    ("W-DATES", dates(pricing=date(2015, 3, 13))),
    ("W-FEE", row("fees", 0, basis="Monthly")),
    ("W-FEE", row("fees", 0, fixed_amount=-1.0)),
    ("I-COLLATERAL", row("positions", 0, par=1e6)),
    ("E-BALANCE", row("tranches", 0, current_balance=-1.0)),
    ("E-BALANCE", row("tranches", 0, deferred_balance=-1.0)),
    ("W-BALANCE", row("tranches", 0, current_balance=7e6)),
    ("W-BALANCE", row("tranches", 0, deferred_balance=5.0)),
    ("E-DUPCLASS", row("tranches", 1, name="Class A")),
    ("W-EQUITY", row("tranches", 2, is_equity=False)),
    ("W-EQUITY", row("tranches", 0, is_equity=True)),
    ("W-LEVEL", row("tranches", 0, oc_trigger=125.0)),
    ("W-LEVEL", row("tranches", 1, ic_trigger=0.0)),
    ("W-SENIORITY", row("tranches", 1, oc_trigger=1.3)),
    ("W-SENIORITY", row("tranches", 1, ic_trigger=1.3)),
    ("W-DIRECTION", row("tests", 0, direction="")),
    ("W-THRESHOLD", row("tests", 0, threshold=-0.1)),
    ("W-THRESHOLD", row("tests", 1, threshold=2850.0)),
    ("W-THRESHOLD", row("tests", 1, overwrite=31.0)),
    ("E-DUPTEST", twice("tests")),
    ("E-DUPTEST", twice("weights")),
    ("W-WEIGHT", row("weights", 0, number=33)),
    ("W-WEIGHT", row("weights", 0, weight=-0.5)),
    ("W-CONTROL", row("quality_inputs", 0, value=9_000_000.01)),
    ("W-CONTROL", setting("collateral_par", 9e6)),
    ("W-WEIGHTS", setting("objective_weight_32", 0.5)),
    ("W-WEIGHTS", add_setting("objective_weight_33", 0.4)),
]

ALLOWED: list[tuple[str, Bend]] = [
    ("E-KIND", asset(par_amount=5)),
    ("E-RATING", asset(mdy_rating="CAA1", mdy_sub_rating="nr", sp_facility_rating="D", sp_rating="BB-")),
    ("W-PRICE", asset(market_value=1.2, default_asset=True, date_of_default=date(2016, 1, 4))),
    ("W-CHOICE", asset(coupon_type="", bond_loan="loan ", amortization_type="BULLET")),
    ("W-FIRSTPAY", asset(first_payment_date=date(2022, 6, 30))),
    ("W-COUPON", asset(coupon_type="FIXED", coupon=0.0, index_name="", cpn_spread=None)),
    ("W-UNFUNDED", asset(revolver=True, unfunded_amount=0.0)),
    ("W-DIP", asset(dip=True, mdy_facility_rating="B1", sp_facility_rating="")),
    ("W-ASSET", lambda records: replace(records, trades=(replace(records.trades[0], scope="old", blkrock_id="A9"),))),
    ("I-ISSUER", second_asset(issuer_id="IDA1", issuer_name="Issuer A1,  Inc.")),
    (
        "W-MARKET",
        lambda records: with_deal(with_asset(records, market_value=None), positions=records.deals[0].positions[1:]),
    ),
    ("W-BALANCE", row("tranches", 1, deferred_balance=5.0, is_deferrable=True)),
    ("W-THRESHOLD", row("tests", 1, number=36, threshold=2850.0)),
    ("W-UNIT", row("tests", 1, number=38, threshold=1.029)),
    ("W-WEIGHT", row("weights", 0, number=33, weight=0.0)),
    ("W-DATES", dates(pricing=None, effective=None, no_call=None, reinvestment_end=None)),
    ("W-ASSUMPTION", assumption(cpr=0.0, cdr="RATING", severity=1.0, recovery_lag_months=0.0)),
]


def codes(records: Records) -> set[str]:
    return {violation.code for violation in validate(records)}


def test_records_without_fault_break_no_rule() -> None:
    """The records that the other tests bend are clean themselves."""
    assert validate(good_records()) == ()


@pytest.mark.parametrize(("code", "bend"), BROKEN, ids=[f"{code}-{i}" for i, (code, _) in enumerate(BROKEN)])
def test_a_rule_tells_what_breaks_it(code: str, bend: Bend) -> None:
    """The bent records break the rule, and say where and what to do."""
    found = [violation for violation in validate(bend(good_records())) if violation.code == code]

    assert found
    assert all(violation.where and violation.text and violation.remedy for violation in found)


@pytest.mark.parametrize(("code", "bend"), ALLOWED, ids=[f"{code}-{i}" for i, (code, _) in enumerate(ALLOWED)])
def test_a_rule_is_silent_on_what_it_allows(code: str, bend: Bend) -> None:
    """Unusual records that are right all the same."""
    assert code not in codes(bend(good_records()))


def test_every_rule_has_a_case() -> None:
    """No rule of the catalogue is missing from the table, and none is invented."""
    assert {code for code, _ in BROKEN} == {rule.code for rule in RULES}


def test_a_fault_is_told_at_its_cell() -> None:
    """Sheet and cell of the record where they are known."""
    found = validate(with_row(good_records(), "positions", 1, par=-5.0))
    negative = next(violation for violation in found if violation.code == "E-PAR")

    assert negative.where == "'Mag 1 Inputs'!D5"
    assert negative.value_found == "-5.0"


def test_a_fault_without_place_is_told_by_table_and_key() -> None:
    """An assumption does not know where it was read."""
    found = validate(assumption(cdr=2.0)(good_records()))

    assert [violation.where for violation in found] == ["assumption ALL CDR"]


def test_an_asset_of_another_deal_is_not_of_concern() -> None:
    """A deal is judged with what it holds and would trade, in any spelling."""
    stray = replace(good_records().assets[0], asset=good_asset("B1", market_value=-5.0))
    records = good_records()
    records = replace(records, assets=(*records.assets, stray))

    assert "E-PRICE" in codes(records)
    assert validate(records.about(records.deals[0])) == ()
