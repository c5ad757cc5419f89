"""The demo deal: dates, positions, nine classes, fees, tests, inputs, as the importer would read them."""

from datetime import date, timedelta

import numpy as np

from engine.collateral.asset import Asset
from engine.liabilities.terms import SubNotePayment
from engine.snapshot import (
    AccountRow,
    CalendarRow,
    CellValue,
    DateInputs,
    DealSnapshot,
    FeeRow,
    LabelledValue,
    Place,
    PositionRow,
    TestConfigRow,
    TrancheRow,
    WeightRow,
)
from workbooks.demo.loans import add_months
from workbooks.demo.stream import Stream

DEAL_NAME = "Demo 1"
SHEET = f"{DEAL_NAME} Inputs"
ANALYSIS_DATE = date(2016, 3, 31)
CLOSING, FIRST_PAYMENT, MATURITY = date(2014, 12, 18), date(2015, 7, 20), date(2027, 1, 20)
N_CALENDAR_ROWS = 182
TARGET_PAR = 500_000_000.0
COLLATERAL_PAR, PRINCIPAL_CASH, INTEREST_CASH = 490_123_456.78, 9_876_543.22, 5_431_157.9152890025
PAST_DISTRIBUTIONS = (2_512_345.67, 1_604_871.05, 1_587_214.40)

TRANCHES = (
    # name, original, current, price, spread, discount margin, deferrable, OC trigger, IC trigger
    ("Class X", 3_000_000.0, 1_250_000.0, 1.0, 0.0100, 0.0100, False, None, None),
    ("Class A-1", 280_000_000.0, 280_000_000.0, 1.0, 0.0150, 0.0150, False, None, None),
    ("Class A-2", 30_000_000.0, 30_000_000.0, 0.9975, 0.0200, 0.0205, False, None, None),
    ("Class B", 55_000_000.0, 55_000_000.0, 0.9925, 0.0230, 0.0245, False, 1.30, 1.20),
    ("Class C", 30_000_000.0, 30_000_000.0, 0.9850, 0.0330, 0.0360, True, 1.205, 1.15),
    ("Class D", 27_500_000.0, 27_500_000.0, 0.9500, 0.0450, 0.0540, True, 1.13, 1.10),
    ("Class E", 22_500_000.0, 22_500_000.0, 0.9025, 0.0630, 0.0815, True, 1.07, None),
    ("Class F", 10_000_000.0, 10_000_000.0, 0.8450, 0.0750, 0.1050, True, None, None),
    ("Sub Notes", 45_000_000.0, 45_000_000.0, 0.7500, 0.0, 0.1350, False, None, None),
)
FEES = (
    # name, basis, fixed amount, day count, percentage, interest on unpaid, spread of that interest
    ("Trustee Fee", "Beginning", 0.0, "Actual/360", 0.0002, False, 0.0),
    ("Admin Fee", "Beginning", 200_000.0, "30/360", 0.0, False, 0.0),
    ("Base Manager Fee", "Beginning", 0.0, "Actual/360", 0.0015, False, 0.0),
    ("Junior Manager Fee", "Beginning", 0.0, "Actual/360", 0.0035, True, 0.03),
)
ACCOUNTS = ("Payment ", "Collection", "Ramp Up", "Revolver Funding", "Expense Reserve", "Custodial",
            "Supplemental Reserve", "Interest Reserve", "Funding Note")  # fmt: skip
TESTS = (
    (1, "Limitation on Senior Secured Loans", "Min", 0.9),
    (2, "Limitation on non Senior Secured Loans", "Max", 0.1),
    (3, "Limitaton on the 6th largest obligor", "Max", 0.02),
    (4, "Limitaton on the 1st largest obligor", "Max", 0.025),
    (7, "Limitation on Caa Loans", "Max", 0.075),
    (8, "Limitation on Collateral Obligations that pay interest less frequently than quarterly", "Max", 0.05),
    (9, "Limitation on Fixed Rate Obligations", "Max", 0.05),
    (13, "Limitation on Participation Interest", "Max", 0.15),
    (14, "Limitation on countries other then the United States", "Max", 0.2),
    (17, "Limitation on Group Countries", "Max", 0.15),
    (25, "Limitaton on the 4th largest S&P Industry Classification", "Max", 0.1),
    (26, "Limitaton on the 2nd largest Industry Classification", "Max", 0.12),
    (27, "Limitaton on the 1st largest S&P Industry Classification", "Max", 0.15),
    (29, "Limitation on Cov-Lite Loans", "Max", 0.7),
    (40, "Limitation on CCC Loans", "Max", 0.075),
    (32, "Minimum Floating Spread Test", "Min", 0.036),
    (33, "Minimum Weighted Average Moody\u2019s Recovery Rate Test", "Min", 0.43),
    (34, "Minimum Weighted Average Coupon Test", "Min", 0.07),
    (35, "Weighted Average Life Test", "Max", 7.0),
    (36, "Maximum Moody\u2019s Rating Factor Test", "Max", 2900.0),
    (37, "Moody\u2019s Diversity Test", "Min", 50.0),
    (38, "Junior OC Test", "Min", 1.055),
)
WEIGHTS = ((32, 0.6), (36, 0.3), (38, 0.1))
LIQUIDATION_PRICES = (
    ("AAA", 0.99),
    ("AA", 0.985),
    ("A", 0.98),
    ("BBB", 0.97),
    ("BB", 0.95),
    ("B", 0.92),
    ("CCC", 0.75),
)


def demo_deal(
    assets: tuple[Asset, ...], closed: tuple[date, ...], index_by_day: dict[date, float], stream: Stream
) -> DealSnapshot:
    """The deal of `assets`. closed: holidays; index_by_day: three-month fixings, decimals, by date."""
    periods = _calendar(closed)
    next_payment = next(row for row in periods if row.payment >= ANALYSIS_DATE)
    assert next_payment.interest_determination is not None  # noqa: S101 - every row of the demo's calendar has one
    current_index = index_by_day[next_payment.interest_determination]
    past = [row for row in periods if row.payment < ANALYSIS_DATE]
    return DealSnapshot(
        name=DEAL_NAME,
        analysis_date=ANALYSIS_DATE,
        next_payment_date=next_payment.payment,
        current_libor=current_index,
        date_inputs=_date_inputs(),
        positions=_positions(assets, stream),
        accounts=_accounts(),
        tests=_tests(),
        quality_inputs=_labelled("R", 3, _quality_inputs(current_index)),
        weights=_weights(),
        cf_inputs=_labelled("X", 4, _cash_flow_inputs()),
        clo_inputs=_labelled("AB", 4, _clo_inputs(current_index)),
        sub_note_payments=_sub_note_payments(periods),
        calendar=periods,
        tranches=_tranches(),
        fees=_fees(),
        original_libor=index_by_day[CLOSING],
        collection_begin=next_payment.collection_begin,
        collection_end=next_payment.collection_end,
        last_payment_date=past[-1].payment,
    )


def _place(cell: str) -> Place:
    return Place(SHEET, cell)


def _calendar(closed: tuple[date, ...]) -> tuple[CalendarRow, ...]:
    """Payment dates on the first business day from the 20th; lags counted in business days, as WORKDAY does."""
    holidays = np.array(closed, dtype="datetime64[D]")
    epoch = date(1970, 1, 1)

    def workday(day: date, count: int) -> date:
        start = np.busday_offset(day, 0, roll="forward" if count < 0 else "backward", holidays=holidays)
        return epoch + timedelta(days=int(np.busday_offset(start, count, holidays=holidays).astype(np.int64)))

    rows: list[CalendarRow] = []
    for number in range(N_CALENDAR_ROWS):
        if number == 0:
            payment, determination, begin = FIRST_PAYMENT, CLOSING, CLOSING
        else:
            before = rows[-1]
            unadjusted = add_months(before.payment, 3).replace(day=20)
            payment = workday(unadjusted.replace(day=19), 1)
            determination = workday(before.payment, -2)
            begin = before.collection_end or CLOSING
        end = workday(payment, -8)
        rows.append(
            CalendarRow(
                payment=payment, interest_determination=determination, collection_begin=begin, collection_end=end
            )
        )
    return tuple(rows)


def _date_inputs() -> DateInputs:
    return DateInputs(
        pricing=date(2014, 11, 14),
        closing=CLOSING,
        effective=date(2015, 5, 29),
        first_payment=FIRST_PAYMENT,
        no_call=date(2017, 1, 20),
        reinvestment_end=date(2019, 1, 20),
        maturity=MATURITY,
        payment_day=20,
        months_between_payments=3,
        interest_determination_days=2,
        determination_days=8,
        business_day_convention="Following",
        place=_place("AE3"),
    )


def _positions(assets: tuple[Asset, ...], stream: Stream) -> tuple[PositionRow, ...]:
    """Positions of a third to five thirds of the average, in cents but for one in ten; the last takes what is left."""
    sizes = [stream.uniform(1.0, 5.0) for _ in assets]
    scale = COLLATERAL_PAR / sum(sizes)
    rows, total = [], 0.0
    for row, (asset, size) in enumerate(zip(assets, sizes, strict=True), start=4):
        par = size * scale if stream.chance(0.1) else round(size * scale, 2)
        if asset is assets[-1]:
            par = COLLATERAL_PAR - total
        total += par
        rows.append(PositionRow(blkrock_id=asset.blkrock_id, par=par, place=_place(f"D{row}")))
    return tuple(rows)


def _accounts() -> tuple[AccountRow, ...]:
    return tuple(
        AccountRow(
            number=number,
            name=name,
            interest=INTEREST_CASH if number == 2 else 0.0,
            principal=PRINCIPAL_CASH if number == 2 else 0.0,
            place=_place(f"F{3 + number}"),
        )
        for number, name in enumerate(ACCOUNTS, start=1)
    )


def _tests() -> tuple[TestConfigRow, ...]:
    return tuple(
        TestConfigRow(
            number=number,
            name=name,
            direction=direction,
            threshold=threshold,
            overwrite=None,
            previous_value=None,
            place=_place(f"L{row}"),
        )
        for row, (number, name, direction, threshold) in enumerate(TESTS, start=4)
    )


def _weights() -> tuple[WeightRow, ...]:
    names = {number: name for number, name, _, _ in TESTS}
    return tuple(
        WeightRow(number=number, name=names[number], weight=weight, displayed_result="", place=_place(f"T{row}"))
        for row, (number, weight) in enumerate(WEIGHTS, start=4)
    )


def _labelled(column: str, first_row: int, rows: tuple[tuple[str, CellValue], ...]) -> tuple[LabelledValue, ...]:
    return tuple(
        LabelledValue(label=label, value=value, place=_place(f"{column}{row}"))
        for row, (label, value) in enumerate(rows, start=first_row)
    )


def _quality_inputs(current_index: float) -> tuple[tuple[str, CellValue], ...]:
    debt = sum(tranche[2] for tranche in TRANCHES[:-1])
    return (
        ("Current LIBOR", current_index),
        ("Reinvestment Target Balance", TARGET_PAR),
        ("Weighted Average Spread", 0.04),
        ("WARF Factor", 65.0),
        ("WARF Threshold", 2900.0),
        ("JR OC Denominator", debt),
        ("WAS Factor", 0.00065),
        ("WARR Threshold", 0.43),
    )


def _cash_flow_inputs() -> tuple[tuple[str, CellValue], ...]:
    prices: tuple[tuple[str, CellValue], ...] = tuple(
        (f"{rating} Liquidation Price", price) for rating, price in LIQUIDATION_PRICES
    )
    others: tuple[tuple[str, CellValue], ...] = (
        ("Call when Quarterly Sub Dist <", 0.0),
        ("Liquidation Price", 0.95),
        ("Post Reinvestment", "None"),
        ("Post Reinvestment%", 0.0),
        ("Pre Reinvestment %", 1.0),
        ("Pre Reinvestment Type", "All Principal"),
        ("Reinverstment Severity", 0.30),
        ("Reinvestment Amortization Type", "Bullet"),
        ("Reinvestment CDR", 0.02),
        ("Reinvestment CPR", 0.20),
        ("Reinvestment Floor", 0.01),
        ("Reinvestment Lag", 6.0),
        ("Reinvestment Maturity", 72.0),
        ("Reinvestment Price", 0.99),
        ("Reinvestment Spread", 0.0415),
    )
    return tuple(sorted(prices + others, key=lambda row: row[0]))


def _clo_inputs(current_index: float) -> tuple[tuple[str, CellValue], ...]:
    return (
        ("Interest Diversion Test", 1.055),
        ("Event of Default Trigger", 1.025),
        ("Purchase Finance Accrued Interest", 0.0),
        ("Current LIBOR", current_index),
        ("Beg Fee Basis", COLLATERAL_PAR + PRINCIPAL_CASH),
        ("Target Par Amount", TARGET_PAR),
        ("Analysis Date", ANALYSIS_DATE),
        ("Event of Default", False),
        ("Incentive Management Fee", 0.2),
        ("Incentive Management Fee Hurdle", 0.12),
        ("CCC Asset Haircut Percent", 0.075),
        ("Deal Name", DEAL_NAME),
    )


def _sub_note_payments(periods: tuple[CalendarRow, ...]) -> tuple[SubNotePayment, ...]:
    bought = SubNotePayment(CLOSING, -TRANCHES[-1][1])
    paid = zip(periods, PAST_DISTRIBUTIONS, strict=False)
    return (bought, *(SubNotePayment(row.payment, amount) for row, amount in paid))


def _tranches() -> tuple[TrancheRow, ...]:
    columns = ("AK", "AL", "AM", "AN", "AO", "AP", "AQ", "AR", "AS")
    return tuple(
        TrancheRow(
            order=order,
            name=name,
            original_balance=original,
            price=price,
            current_balance=current,
            deferred_balance=0.0,
            spread=spread,
            discount_margin=margin,
            is_deferrable=is_deferrable,
            oc_trigger=oc_trigger,
            ic_trigger=ic_trigger,
            day_count="Actual/360",
            is_equity=order == len(TRANCHES),
            coupon_type="Equity" if order == len(TRANCHES) else "Floating",
            place=_place(f"{columns[order - 1]}4"),
        )
        for order, (name, original, current, price, spread, margin, is_deferrable, oc_trigger, ic_trigger) in enumerate(
            TRANCHES, start=1
        )
    )


def _fees() -> tuple[FeeRow, ...]:
    return tuple(
        FeeRow(
            name=name,
            basis=basis,
            unpaid_balance=0.0,
            fixed_amount=fixed,
            day_count=day_count,
            percentage=percentage,
            has_interest_on_unpaid=has_interest,
            interest_spread=spread,
            place=_place(f"AT{row}"),
        )
        for row, (name, basis, fixed, day_count, percentage, has_interest, spread) in enumerate(FEES, start=4)
    )
