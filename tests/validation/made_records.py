"""Records without any fault, small and of every kind, that a test bends in one place."""

from dataclasses import replace
from datetime import date

import numpy as np

from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssumptionRow
from engine.snapshot import (
    AccountRow,
    AssetRow,
    Correlation,
    DateInputs,
    DealSnapshot,
    FeeRow,
    LabelledValue,
    Place,
    PositionRow,
    RunSetting,
    SinkRow,
    TestConfigRow,
    TradeRow,
    TrancheRow,
    WeightRow,
)
from engine.validation import Records

SHEET = "Mag 1 Inputs"
AS_OF = date(2016, 3, 23)


def good_asset(blkrock_id: str, **changes: object) -> Asset:
    """A floater that is complete and agrees with itself."""
    asset = Asset(
        blkrock_id=blkrock_id,
        issue_name=f"ISSUER {blkrock_id} INC",
        issuer_name=f"ISSUER {blkrock_id} INC",
        issuer_id=f"ID{blkrock_id}",
        tranche="TL-B",
        bond_loan="LOAN",
        maturity=date(2022, 6, 30),
        coupon_type="FLOAT",
        payment_freq=4,
        cpn_spread=0.0375,
        libor_floor=0.01,
        index_name="3M Libor",
        coupon=0.0475,
        unfunded_amount=0.0,
        facility_size=500e6,
        mdy_industry="Retail",
        sp_industry="Retailers",
        currency="USD",
        wal=4.5,
        market_value=99.5,
        mdy_rating="B1",
        mdy_recovery_rate=0.45,
        sp_facility_rating="B+",
        sp_recovery_rating="3H",
        dated_date=date(2015, 12, 31),
        issue_date=date(2015, 12, 31),
        first_payment_date=date(2016, 3, 31),
        amortization_type="Scheduled",
        day_count="ACTUAL/360",
        business_day_conv="Mod Following",
        amt_issued=500e6,
    )
    return replace(asset, **changes)  # type: ignore[arg-type]  # each test changes a field to what it wants


def good_deal() -> DealSnapshot:
    """A deal of two positions, two classes and equity."""
    return DealSnapshot(
        name="Mag 1",
        analysis_date=AS_OF,
        next_payment_date=date(2016, 4, 15),
        current_libor=0.0062,
        original_libor=0.006,
        date_inputs=DateInputs(
            pricing=date(2015, 2, 1),
            closing=date(2015, 3, 12),
            effective=date(2015, 6, 1),
            first_payment=date(2015, 7, 15),
            no_call=date(2017, 3, 12),
            reinvestment_end=date(2019, 3, 12),
            maturity=date(2027, 4, 15),
            payment_day=15,
            months_between_payments=3,
            interest_determination_days=2,
            determination_days=8,
            business_day_convention="Following",
            place=Place(SHEET, "AE3"),
        ),
        positions=(_position("A1", 4), _position("A2", 5)),
        accounts=(AccountRow(number=2, name="Collection", interest=1e4, principal=2e6, place=Place(SHEET, "F5")),),
        tests=(_test(1, "Min", 0.9), _test(35, "Max", 6.5), _test(32, "Min", "NA")),
        quality_inputs=(LabelledValue(label="JR OC Denominator", value=9e6, place=Place(SHEET, "R5")),),
        weights=(WeightRow(number=32, name="Spread", weight=0.6, displayed_result="", place=Place(SHEET, "T4")),),
        cf_inputs=(),
        clo_inputs=(),
        sub_note_payments=(),
        calendar=(),
        tranches=(
            _tranche(1, "Class A", 6e6, 1.25),
            _tranche(2, "Class B", 3e6, 1.1),
            replace(_tranche(3, "Sub Notes", 2e6, None), is_equity=True, coupon_type="Equity", price=0.5),
        ),
        fees=(
            FeeRow(
                name="Trustee Fee",
                basis="Beginning",
                unpaid_balance=0.0,
                fixed_amount=0.0,
                day_count="Actual/360",
                percentage=0.0002,
                has_interest_on_unpaid=False,
                interest_spread=0.0,
                place=Place(SHEET, "AN4"),
            ),
        ),
    )


def good_records() -> Records:
    """Two assets, a deal that holds them, and a row of everything else."""
    return Records(
        as_of=AS_OF,
        assets=tuple(
            AssetRow(asset=good_asset(name), place=Place("All Assets", f"A{row}"))
            for row, name in enumerate(("A1", "A2"), start=2)
        ),
        deals=(good_deal(),),
        sink_schedule=(
            SinkRow(blkrock_id="A1", on=date(2017, 6, 30), amount=5e6, place=Place("Reference Table", "R4")),
        ),
        curve=((1, 0.0043), (12, 0.0124)),
        vectors={"CPR_1": (0.2, 0.21)},
        cf_assumptions=(AssumptionRow(blkrock_id="ALL", cpr="CPR_1", cdr=0.02, severity=0.3, recovery_lag_months=6.0),),
        trades=(
            TradeRow(
                scope="current",
                deal="Mag 1",
                blkrock_id="A2",
                transaction="Buy",
                par=1e6,
                price=97.5,
                place=Place("Run Model", "J11"),
            ),
        ),
        run_settings=(
            _setting("deal", "Mag 1"),
            _setting("collateral_par", 10e6),
            _setting("principal_cash", 2e6),
            _setting("objective_weight_32", 0.6),
        ),
        correlation=Correlation(ids=("A1", "A2"), matrix=np.array([[1.0, 0.3], [0.3, 1.0]])),
    )


def _position(blkrock_id: str, row: int) -> PositionRow:
    return PositionRow(blkrock_id=blkrock_id, par=5e6, place=Place(SHEET, f"D{row}"))


def _test(number: int, direction: str, threshold: float | str) -> TestConfigRow:
    return TestConfigRow(
        number=number,
        name="Test",
        direction=direction,
        threshold=threshold,
        overwrite=None,
        previous_value=None,
        place=Place(SHEET, f"L{number}"),
    )


def _tranche(order: int, name: str, balance: float, trigger: float | None) -> TrancheRow:
    return TrancheRow(
        order=order,
        name=name,
        original_balance=balance,
        price=1.0,
        current_balance=balance,
        deferred_balance=0.0,
        spread=0.015 * order,
        discount_margin=0.015,
        is_deferrable=False,
        oc_trigger=trigger,
        ic_trigger=trigger,
        day_count="Actual/360",
        is_equity=False,
        coupon_type="Floating",
        place=Place(SHEET, "AK4"),
    )


def _setting(name: str, value: float | str) -> RunSetting:
    return RunSetting(scope="current", name=name, value=value, place=Place("Run Model", "C9"))


# Bending


def with_asset(records: Records, **changes: object) -> Records:
    """The first asset with other values."""
    first, *others = records.assets
    return replace(records, assets=(replace(first, asset=replace(first.asset, **changes)), *others))  # type: ignore[arg-type]


def with_deal(records: Records, **changes: object) -> Records:
    """The deal with other values."""
    return replace(records, deals=(replace(records.deals[0], **changes),))  # type: ignore[arg-type]


def with_row(records: Records, block: str, index: int, **changes: object) -> Records:
    """One row of a block of the deal (`tranches`, `tests`, ...) with other values."""
    rows = list(getattr(records.deals[0], block))
    rows[index] = replace(rows[index], **changes)
    return with_deal(records, **{block: tuple(rows)})


def with_dates(records: Records, **changes: object) -> Records:
    """The deal with other dates."""
    return with_deal(records, date_inputs=replace(records.deals[0].date_inputs, **changes))  # type: ignore[arg-type]


def with_matrix(records: Records, matrix: list[list[float]]) -> Records:
    """Other correlations, of as many assets as there are rows."""
    ids = tuple(f"A{number}" for number in range(1, len(matrix) + 1))
    return replace(records, correlation=Correlation(ids=ids, matrix=np.array(matrix)))
