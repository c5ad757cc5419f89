"""A small workbook and a small result, both with numbers that cents cannot hold."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from db.asset_flows import AMOUNT_COLUMNS, AssetCashFlows
from db.runs import RunHeader
from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssumptionRow, Reinvestment
from engine.deal import results
from engine.deal.contract import Deal, DealDates
from engine.liabilities.terms import Fee, FeeBasis, IncentiveFee, SubNotePayment, Tranche
from engine.snapshot import (
    AccountRow,
    AssetRow,
    CalendarRow,
    Correlation,
    CorrelationRule,
    DateInputs,
    DealSnapshot,
    FeeRow,
    FilterRow,
    Fixing,
    LabelledValue,
    LegacyResult,
    ListValue,
    Place,
    PositionRow,
    RunSetting,
    SinkRow,
    SourceFile,
    TestConfigRow,
    TradeRow,
    TrancheRow,
    TransitionMatrix,
    WeightRow,
    WorkbookSnapshot,
)

AS_OF = date(2016, 3, 23)
AWKWARD = 431157604.91528994
"""A balance of the recorded portfolio whose last digits a NUMERIC(18,2) drops."""


def _place(cell: str) -> Place:
    return Place("Mag 17 Inputs", cell)


def _deal(name: str) -> DealSnapshot:
    return DealSnapshot(
        name=name,
        analysis_date=AS_OF,
        next_payment_date=date(2016, 4, 15),
        current_libor=0.0061980000000000006,
        date_inputs=DateInputs(
            pricing=None,
            closing=date(2015, 3, 12),
            effective=date(2015, 7, 1),
            first_payment=date(2015, 7, 15),
            no_call=date(2017, 4, 15),
            reinvestment_end=date(2019, 4, 15),
            maturity=date(2027, 4, 15),
            payment_day=15,
            months_between_payments=3,
            interest_determination_days=2,
            determination_days=8,
            business_day_convention="FOLLOWING",
            place=_place("AE3"),
        ),
        positions=(
            PositionRow(blkrock_id="BRS1", par=AWKWARD, place=_place("A3")),
            PositionRow(blkrock_id="BRS2", par=1 / 3, place=_place("A4")),
            PositionRow(blkrock_id="BRS2", par=2_000_000.0, place=_place("A5")),
        ),
        accounts=(AccountRow(number=2, name="Collection", interest=0.1, principal=-3319125.56, place=_place("F3")),),
        tests=(
            TestConfigRow(
                number=1,
                name="Senior secured",
                direction="min",
                threshold=0.9,
                overwrite=None,
                previous_value=0.1 + 0.2,
                place=_place("J3"),
            ),
            TestConfigRow(
                number=2,
                name="WARF",
                direction="max",
                threshold="matrix",
                overwrite=3000.0,
                previous_value=None,
                place=_place("J4"),
            ),
        ),
        quality_inputs=(LabelledValue(label="WAS", value=date(2016, 1, 1), place=_place("N3")),),
        weights=(WeightRow(number=1, name="Par", weight=0.5, displayed_result="95.0%", place=_place("R3")),),
        cf_inputs=(
            LabelledValue(label="CPR", value="VEC1", place=_place("X3")),
            LabelledValue(label="Call", value=True, place=_place("X4")),
            LabelledValue(label="Lag", value=6, place=_place("X5")),
            LabelledValue(label="Blank", value=None, place=_place("X6")),
        ),
        clo_inputs=(LabelledValue(label="Event of default", value=1.0250000000000001, place=_place("Z3")),),
        sub_note_payments=(SubNotePayment(date(2015, 3, 12), -35_000_000.0),),
        calendar=(
            CalendarRow(
                payment=date(2016, 4, 15),
                interest_determination=date(2016, 4, 13),
                collection_begin=None,
                collection_end=date(2016, 4, 5),
            ),
        ),
        tranches=(
            _tranche(1, "A", 240_000_000.0, 0.018),
            _tranche(2, "B", 40_000_000.125, 0.026),
            _tranche(3, "SUB", 35_000_000.0, None),
        ),
        fees=(
            FeeRow(
                name="Trustee Fee",
                basis="BEGINNING",
                unpaid_balance=0.0,
                fixed_amount=100_000.0,
                day_count="30/360",
                percentage=0.0002,
                has_interest_on_unpaid=False,
                interest_spread=None,
                place=_place("AT4"),
            ),
        ),
        ranges={"Liability": "AK4:AR16"},
    )


def _tranche(order: int, name: str, balance: float, spread: float | None) -> TrancheRow:
    return TrancheRow(
        order=order,
        name=name,
        original_balance=balance,
        price=0.99292,
        current_balance=balance,
        deferred_balance=None,
        spread=spread,
        discount_margin=0.02,
        is_deferrable=name == "B",
        oc_trigger=1.2 if name == "B" else None,
        ic_trigger=None,
        day_count="ACTUAL/360",
        is_equity=name == "SUB",
        coupon_type="Floating",
        place=_place("AK4"),
    )


def _asset(blkrock_id: str, row: int) -> AssetRow:
    return AssetRow(
        asset=Asset(
            blkrock_id=blkrock_id,
            issue_name="Loan \u2019" + blkrock_id,
            issuer_name="Issuer",
            par_amount=1_500_000.005,
            maturity=date(2022, 2, 7),
            coupon=0.041835000000000004,
            payment_freq=4,
            market_value=99.4567891,
            default_asset=blkrock_id == "BRS2",
            sp_rating="B+",
        ),
        place=Place("All Assets", f"A{row}"),
        legacy_dropped=blkrock_id == "BRS3",
    )


@pytest.fixture
def book() -> WorkbookSnapshot:
    """Two deals, three assets, and a row of everything else."""
    return WorkbookSnapshot(
        source_file=SourceFile(
            name="book.xlsm", sha256="a" * 64, size=123, sheets=("All Assets", "Deals"), layout="v32"
        ),
        analysis_date=AS_OF,
        deals=(_deal("Mag 17"), _deal("Mag 6")),
        assets=tuple(_asset(name, row) for row, name in enumerate(("BRS1", "BRS2", "BRS3"), start=2)),
        holidays=(date(2016, 12, 26),),
        fixings=(Fixing(on=AS_OF, index_name="3M", rate=0.0062, source="sheet", place=Place("LIBOR", "A2")),),
        vectors={"VEC1": (0.1, 0.2, 1 / 3), "EMPTY": ()},
        sink_schedule=(SinkRow(blkrock_id="BRS1", on=date(2017, 1, 1), amount=12.5, place=Place("Sink", "A2")),),
        curve=((1, 0.004), (120, 0.0251)),
        cf_assumptions=(AssumptionRow(blkrock_id="ALL", cpr="VEC1", cdr=0.02, severity=0.4, recovery_lag_months=6.0),),
        deal_list=("Deals", "Mag 17", "Mag 6"),
        transition_matrix=TransitionMatrix(ratings=("Aaa", "D"), matrix=np.array([[0.9, 0.1], [0.0, 1.0]])),
        correlation=Correlation(ids=("BRS1", "BRS2"), matrix=np.array([[1.0, 0.1 + 0.2], [0.1 + 0.2, 1.0]])),
        correlation_rules=(
            CorrelationRule(relationship="same", correlation=0.2, reduction_per_notch=0.01, place=Place("C", "A1")),
        ),
        run_settings=(RunSetting(scope="current", name="AnalysisDate", value=AS_OF, place=Place("Run", "B2")),),
        filters=(
            FilterRow(
                name="buy",
                position=1,
                logical_operator="",
                open_parenthesis="(",
                field="WAL",
                operator=">",
                value=2.5,
                close_parenthesis=")",
                place=Place("Filter", "A2"),
            ),
        ),
        trades=(
            TradeRow(
                scope="current",
                deal="Mag 17",
                blkrock_id="BRS1",
                transaction="BUY",
                par=1.0,
                price=None,
                place=Place("Run", "A9"),
            ),
        ),
        lists=(ListValue(list_name="ratings", position=1, text="Aaa"),),
        legacy_results=(
            LegacyResult(
                sheet="Out",
                block="Deal",
                row_key="1",
                column="Par",
                text="1,0",
                number=None,
                number_format="0.0",
                place=Place("Out", "B2"),
            ),
        ),
    )


@pytest.fixture
def changed_book(book: WorkbookSnapshot) -> WorkbookSnapshot:
    """The same workbook after someone raised the spread of one class of Mag 17."""
    mag17, mag6 = book.deals
    classes = (mag17.tranches[0], replace(mag17.tranches[1], spread=0.03), mag17.tranches[2])
    file = replace(book.source_file, sha256="b" * 64)
    return replace(book, source_file=file, deals=(replace(mag17, tranches=classes), mag6))


@pytest.fixture
def header() -> RunHeader:
    return RunHeader(
        deal_name="Mag 17",
        scenario="base",
        as_of=AS_OF,
        mode="standard",
        input_hash="f" * 64,
        engine_version="0.1.0",
        requested_by="analyst",
    )


@pytest.fixture
def deal() -> Deal:
    """The deal that the result belongs to."""
    return Deal(
        deal_id="MAG17",
        name="Mag 17",
        program="MAG 17",
        dates=DealDates(
            pricing=None,
            closing=date(2015, 3, 12),
            effective=None,
            first_payment=date(2015, 7, 15),
            no_call=date(2017, 4, 15),
            reinvestment_end=date(2019, 4, 15),
            maturity=date(2027, 4, 15),
            payment_day=15,
            months_between_payments=3,
            interest_determination_days=2,
            determination_days=8,
            business_day_convention="FOLLOWING",
        ),
        holdings=(),
        accounts=(),
        tranches=tuple(
            Tranche(name=name, original_balance=balance, current_balance=balance, price=0.99)
            for name, balance in (("Class A", 240e6), ("Class B", 40e6))
        ),
        fees=(Fee(name="Trustee Fee", basis=FeeBasis.BEGINNING, percentage=0.0002),),
        incentive_fee=IncentiveFee(hurdle=0.12, share=0.2),
        reinvestment=Reinvestment(
            spread=0.04,
            floor=0.01,
            maturity_months=60,
            price=1.0,
            cpr=0.2,
            cdr=0.02,
            severity=0.3,
            recovery_lag_months=6,
            pre_type="ALL PRINCIPAL",
            pre_fraction=1.0,
            post_type="",
            post_fraction=0.0,
        ),
        interest_diversion_trigger=1.05,
        event_of_default_trigger=1.02,
        current_index=0.006,
        purchased_accrued_interest=0.0,
        opening_fee_basis=0.0,
        is_event_of_default=False,
        call_threshold=0.0,
        liquidation_price=1.0,
        ccc_limit=0.075,
        ccc_liquidation_price=0.7,
    )


@pytest.fixture
def result() -> results.DealResult:
    """Three periods of random money with a missing and an infinite ratio, and a trace of two steps."""
    rng = np.random.default_rng(7)
    n, days = 3, np.array(["2016-04-15", "2016-07-15", "2016-10-17"], "datetime64[D]")

    def block(*shape: int) -> np.ndarray:
        return rng.uniform(0, 5e6, shape)

    tranches, oc = block(n, 2, len(results.TRANCHE_COLUMNS)), block(n, 1, len(results.OC_COLUMNS))
    tranches[:, :, 0] = 0.0186
    tranches[0, 0, 1] = AWKWARD
    ratio = results.OC_COLUMNS.index("ratio")
    oc[:, 0, ratio] = (1.2345678901, np.nan, np.inf)
    risk = rng.uniform(0, 9, (2, len(results.RISK_COLUMNS)))
    risk[1, 0] = np.nan
    deal = block(n, len(results.DEAL_COLUMNS))
    deal[:, results.DEAL_COLUMNS.index("index_rate")] = 0.0062
    trace = np.array([(1, 0, 0, 10.0, 4.0, 6.0), (1, 0, 1, 6.0, 6.0, 0.0)], dtype=results.TRACE_DTYPE)
    return results.DealResult(
        deal_id="MAG17",
        program="MAG 17",
        dates=results.PeriodDates(
            payment=days, interest_determination=days - 2, collection_begin=days - 90, collection_end=days - 8
        ),
        last_period=3,
        tranche_names=("Class A", "Class B"),
        fee_names=("Trustee Fee",),
        oc_names=("B",),
        oc_triggers=(1.2,),
        ic_names=(),
        ic_triggers=(),
        deal=deal,
        original_pool=block(n, len(results.POOL_COLUMNS)),
        reinvested_pool=np.zeros((n, len(results.POOL_COLUMNS))),
        tranches=tranches,
        fees=block(n, 1, len(results.FEE_COLUMNS)),
        oc=oc,
        ic=np.empty((n, 0, len(results.IC_COLUMNS))),
        incentive=np.array([[1e6, 0.0, np.nan]] * n),
        risk=risk,
        last_calculated=np.array([3, 2]),
        trace=trace,
        step_texts={(0, 0): "FEE T", (0, 1): "INT A"},
    )


def make_flows(ids: tuple[str, ...], n_periods: int, seed: int = 3) -> AssetCashFlows:
    """Amortising, defaulting and recovering assets whose rows meet both identities before rounding."""
    rng = np.random.default_rng(seed)
    n_rows = len(ids) * n_periods
    at = {name: place for place, name in enumerate(AMOUNT_COLUMNS)}
    amounts = np.zeros((len(AMOUNT_COLUMNS), n_rows))
    amounts[at["beginning_balance"]] = rng.uniform(0, 5e6, n_rows)
    for name in ("scheduled_principal", "unscheduled_principal", "default_amount", "purchases", "sales"):
        amounts[at[name]] = amounts[0] * rng.uniform(0, 0.1, n_rows)
    for name in ("interest_payment", "recoveries", "net_loss", "default_balance", "mv_default_balance"):
        amounts[at[name]] = amounts[0] * rng.uniform(0, 0.02, n_rows)
    amounts[1] = amounts[0] + amounts[10] - amounts[11] - amounts[5] - amounts[6] - amounts[7]
    amounts[12] = amounts[4] + amounts[5] + amounts[6] + amounts[8]
    period = np.tile(np.arange(1, n_periods + 1, dtype=np.int32), len(ids))
    paid = np.datetime64("2016-04-15") + 91 * period.astype("timedelta64[D]")
    return AssetCashFlows(
        ids=ids,
        asset_index=np.repeat(np.arange(len(ids), dtype=np.int32), n_periods),
        period_number=period,
        payment_date=paid,
        accrual_begin=paid - 91,
        accrual_end=paid,
        amounts=amounts,
    )


@pytest.fixture
def flows_of() -> Callable[[tuple[str, ...], int], AssetCashFlows]:
    """A function that makes cash flows of assets over periods."""
    return make_flows
