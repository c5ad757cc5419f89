"""The sheet `<deal> Inputs` of the legacy layout (spec 06 §5.2)."""

from datetime import date

from xlsxwriter.utility import xl_cell_to_rowcol, xl_col_to_name

from engine.snapshot import DealSnapshot, LabelledValue, TrancheRow
from workbooks.legacy_export.grid import SECTION_MARK, Grid, Look

FIRST_ROW = 4
FIRST_TRANCHE_COLUMN = 36  # AK
FEE_COLUMNS = 8
SUB_NOTE_ROWS = 52
N_DATE_INPUTS = 12

SECTION_TITLES = (
    ("B", "Current Period Dates"),
    ("D", "Deal Collateral"),
    ("F", "CLO Accounts"),
    ("J", "LIBOR"),
    ("L", "Concentration Limits and Collateral Quality Test Thresholds"),
    ("R", "Quality Test Inputs"),
    ("T", "Optimization Objective Weights"),
    ("X", "Cashflow Inputs"),
    ("Z", "Payments to Subordinated Notes"),
    ("AB", "CLO Inputs"),
    ("AD", "Deal Dates"),
    ("AF", "Payment Dates"),
    ("AJ", "CLO Liabilities"),
)
HEADERS = {
    "D": ("BLKRockID", "Par Amount"),
    "F": ("Account Num", "Account Name", "Interest", "Principal"),
    "L": ("Test Number", "Test Name", "Min/Max", "Threshold", "Overwrite", "Previous Values"),
    "T": ("Test Name", "Current Test Result", "Test Number", "Weight"),
    "X": ("Input", "Value"),
    "Z": ("Date", "Payment"),
    "AB": ("Input", "Value"),
    "AF": ("Payment Date", "Interest Determination Date", "Beg Collection Date", "End Collection Date"),
}
TRANCHE_LABELS = (
    "Tranche Number",
    "Class",
    "Original Balance",
    "Price",
    "Current Balance",
    "Defaulted/Deferred Balance",
    "Spread",
    "Discount Margin",
    "PIKable",
    "OC Test",
    "IC Test",
    "Day Count",
    "Equity Tranche",
    "Coupon Type",
    "Original Coupon",
)
FEE_HEADERS = (
    "Fee Name",
    "Fee Type",
    "Unpaid Fee",
    "Fixed Amount",
    "Day Count",
    "Fee Percentage",
    "Interest on Fee",
    "Interest spread",
)
DATE_LABELS = (
    "Pricing Date",
    "Closing Date",
    "Effective Date",
    "First Payment Date",
    "No Call Date",
    "Reinvestment End Date",
    "Stated Maturity",
    "Payment Day",
    "Months Between Payments",
    "Interest Determination Days",
    "Determination Date Days",
    "Business Day Convention",
)
NEXT_DATE_FORMULA = "=WORKDAY(DATE(YEAR(EDATE({0},$AE$11)),MONTH(EDATE({0},$AE$11)),$AE$10)-1,1,Holidays)"
CURRENT_INDEX_FORMULA = (
    '=IF(C4=AE6,K3,VLOOKUP(VLOOKUP(C4,$AF$4:$AI${0},2,FALSE)&"3 MONTH LIBOR",LIBOR_Rates,4,FALSE)/100)'
)


def write_deal_sheet(grid: Grid, deal: DealSnapshot) -> None:
    """Write all blocks of one deal and its sheet-scoped names."""
    _write_headings(grid, deal)
    _write_period_dates(grid, deal)
    _write_positions_and_accounts(grid, deal)
    _write_tests(grid, deal)
    _write_labelled_blocks(grid, deal)
    _write_sub_note_payments(grid, deal)
    _write_dates(grid, deal)
    _write_tranches(grid, deal)
    _write_fees(grid, deal)
    grid.sheet.freeze_panes(3, 1)
    grid.sheet.set_column("A:AI", 16)
    grid.sheet.set_column("AJ:BH", 17)


def _last(rows: int) -> int:
    return FIRST_ROW + max(rows, 1) - 1


def _fee_column(deal: DealSnapshot) -> int:
    return FIRST_TRANCHE_COLUMN + len(deal.tranches)


def _write_headings(grid: Grid, deal: DealSnapshot) -> None:
    titles = (*SECTION_TITLES, (xl_col_to_name(_fee_column(deal)), "CLO Fees"))
    grid.put("A2", SECTION_MARK, Look.TITLE)
    for row, title in enumerate(sorted(title for _, title in titles), start=3):
        grid.put(f"A{row}", title)
    for column, title in titles:
        grid.put(f"{column}1", SECTION_MARK)
        grid.put(f"{column}2", title, Look.TITLE)
    for column, headers in HEADERS.items():
        _, first = xl_cell_to_rowcol(f"{column}1")
        for offset, header in enumerate(headers):
            grid.put_at(2, first + offset, header, Look.HEADER)


def _write_period_dates(grid: Grid, deal: DealSnapshot) -> None:
    """B3:C7 and the index rates J3:K4; the period is the one that the analysis date falls into."""
    labels = ("Analysis date", "Next Payment Date", "Beg Collection Period", "End Collection Period")
    for row, label in enumerate((*labels, "Last Payment Date"), start=3):
        grid.put(f"B{row}", label)
    grid.formula("C3", "=DealAnalysisDate", deal.analysis_date, Look.DATE)
    grid.array_formula("C4", "=MIN(IF(PMT_Dates>=C3,PMT_Dates))", deal.next_payment_date, Look.DATE)
    grid.array_formula("C5", "=MAX(IF(CollBegDate<C3,CollBegDate))", deal.collection_begin, Look.DATE)
    grid.array_formula("C6", "=MIN(IF(CollEndDate>C3,CollEndDate))", deal.collection_end, Look.DATE)
    grid.array_formula("C7", "=MAX(IF(PMT_Dates<C3,PMT_Dates,AE4))", deal.last_payment_date, Look.DATE)
    grid.put("J3", "Original Libor Rate")
    grid.put("K3", deal.original_libor, Look.INDEX)
    grid.put("J4", "Current Libor Rate")
    grid.formula("K4", CURRENT_INDEX_FORMULA.format(_last(len(deal.calendar))), deal.current_libor, Look.INDEX)
    grid.local_name("AnalysisDate", "$C$3")


def _write_positions_and_accounts(grid: Grid, deal: DealSnapshot) -> None:
    for row, position in enumerate(deal.positions, start=FIRST_ROW):
        grid.put(f"D{row}", position.blkrock_id)
        grid.put(f"E{row}", position.par, Look.MONEY)
    grid.local_name("DealCollateral", f"$D$4:$E${_last(len(deal.positions))}")
    for row, account in enumerate(deal.accounts, start=FIRST_ROW):
        grid.put(f"F{row}", account.number)
        grid.put(f"G{row}", account.name)
        grid.put(f"H{row}", account.interest, Look.MONEY)
        grid.put(f"I{row}", account.principal, Look.MONEY)
    grid.local_name("Accounts", f"$F$4:$I${_last(len(deal.accounts))}")


def _write_tests(grid: Grid, deal: DealSnapshot) -> None:
    for row, rule in enumerate(deal.tests, start=FIRST_ROW):
        is_ratio = isinstance(rule.threshold, float) and abs(rule.threshold) <= 2
        look = Look.PERCENT if is_ratio else Look.PLAIN
        grid.put(f"L{row}", rule.number)
        grid.put(f"M{row}", rule.name)
        grid.put(f"N{row}", rule.direction)
        grid.put(f"O{row}", rule.threshold, look)
        grid.put(f"P{row}", rule.overwrite, look)
        grid.put(f"Q{row}", rule.previous_value, look)
    grid.local_name("TestThresholds", f"$L$4:$Q${_last(len(deal.tests))}")
    for row, weight in enumerate(deal.weights, start=FIRST_ROW):
        grid.put(f"T{row}", weight.name)
        grid.put(f"U{row}", weight.displayed_result or None)
        grid.put(f"V{row}", weight.number)
        grid.put(f"W{row}", weight.weight)
    grid.local_name("ObjWeights", f"$V$4:$W${_last(len(deal.weights))}")


def _write_labelled_blocks(grid: Grid, deal: DealSnapshot) -> None:
    last_debt = xl_col_to_name(_fee_column(deal) - 2)
    formulas = {
        "Current LIBOR": "=K4",
        "JR OC Denominator": f"=SUM(AK7:{last_debt}7)",
        "Analysis Date": "=AnalysisDate",
    }
    blocks: tuple[tuple[str, str, int, str, tuple[LabelledValue, ...]], ...] = (
        ("R", "S", 3, "QualityTestInputs", deal.quality_inputs),
        ("X", "Y", FIRST_ROW, "CFInputs", deal.cf_inputs),
        ("AB", "AC", FIRST_ROW, "CLOInputs", deal.clo_inputs),
    )
    for labels, values, first, name, rows in blocks:
        for row, item in enumerate(rows, start=first):
            look = _look_of(item)
            grid.put(f"{labels}{row}", item.label)
            if item.label in formulas and name != "CFInputs":
                grid.formula(f"{values}{row}", formulas[item.label], item.value, look)
            else:
                grid.put(f"{values}{row}", item.value, look)
        grid.local_name(name, f"${labels}${first}:${values}${first + max(len(rows), 1) - 1}")


def _look_of(item: LabelledValue) -> Look:
    if isinstance(item.value, date):
        return Look.DATE
    if isinstance(item.value, bool) or not isinstance(item.value, int | float):
        return Look.PLAIN
    return Look.MONEY if abs(item.value) >= 100_000 else Look.PLAIN


def _write_sub_note_payments(grid: Grid, deal: DealSnapshot) -> None:
    """Closing and payment dates with their amounts, or the payments as listed where a date is no such day."""
    amounts = {payment.on: payment.amount for payment in deal.sub_note_payments}
    closing = deal.date_inputs.closing
    days = [day for day in (closing, *(row.payment for row in deal.calendar)) if day is not None][:SUB_NOTE_ROWS]
    if closing is not None and set(amounts) <= set(days) and len(amounts) == len(deal.sub_note_payments):
        for row, day in enumerate(days, start=FIRST_ROW):
            text = "=Close_Date" if row == FIRST_ROW else f"=AF{row - 1}"
            grid.formula(f"Z{row}", text, day, Look.DATE)
            grid.put(f"AA{row}", amounts.get(day), Look.MONEY)
    else:
        for row, payment in enumerate(deal.sub_note_payments, start=FIRST_ROW):
            grid.put(f"Z{row}", payment.on, Look.DATE)
            grid.put(f"AA{row}", payment.amount, Look.MONEY)
    grid.local_name("PaySubNotes", "$Z$4:$AA$55")


def _write_dates(grid: Grid, deal: DealSnapshot) -> None:
    given = deal.date_inputs
    values = (
        given.pricing,
        given.closing,
        given.effective,
        given.first_payment,
        given.no_call,
        given.reinvestment_end,
        given.maturity,
        given.payment_day,
        given.months_between_payments,
        given.interest_determination_days,
        given.determination_days,
        given.business_day_convention,
    )
    for row, (label, value) in enumerate(zip(DATE_LABELS, values, strict=True), start=3):
        grid.put(f"AD{row}", label)
        grid.put(f"AE{row}", value, Look.DATE if isinstance(value, date) else Look.PLAIN)
    grid.local_name("DateInputs", f"$AE$3:$AE${2 + N_DATE_INPUTS}")
    grid.local_name("Close_Date", "$AE$4")
    for row, period in enumerate(deal.calendar, start=FIRST_ROW):
        is_first, above = row == FIRST_ROW, row - 1
        grid.formula(
            f"AF{row}", "=AE6" if is_first else NEXT_DATE_FORMULA.format(f"AF{above}"), period.payment, Look.DATE
        )
        lag = f'=IF(LEN(AF{row})=0,"",WORKDAY(AF{above},-$AE$12,Holidays))'
        begin = f'=IF(LEN(AF{row})=0,"",AI{above})'
        end = f'=IF(LEN(AF{row})=0,"",WORKDAY(AF{row},-$AE$13,Holidays))'
        grid.formula(f"AG{row}", "=Close_Date" if is_first else lag, period.interest_determination, Look.DATE)
        grid.formula(f"AH{row}", "=Close_Date" if is_first else begin, period.collection_begin, Look.DATE)
        grid.formula(f"AI{row}", end, period.collection_end, Look.DATE)
    last = _last(len(deal.calendar))
    for name, column in (("PMT_Dates", "AF"), ("CollBegDate", "AH"), ("CollEndDate", "AI")):
        grid.local_name(name, f"${column}$4:${column}${last}")


def _write_tranches(grid: Grid, deal: DealSnapshot) -> None:
    for row, label in enumerate(TRANCHE_LABELS, start=3):
        grid.put(f"AJ{row}", label)
    for offset, tranche in enumerate(deal.tranches):
        column = FIRST_TRANCHE_COLUMN + offset
        for row, (value, look) in enumerate(_tranche_cells(tranche, offset + 1), start=2):
            grid.put_at(row, column, value, look)
    last = xl_col_to_name(_fee_column(deal) - 1)
    grid.local_name("Liability", f"$AK$4:${last}$16")


def _tranche_cells(tranche: TrancheRow, number: int) -> tuple[tuple[str | float | int | bool | None, Look], ...]:
    return (
        (number, Look.HEADER),
        (tranche.name, Look.PLAIN),
        (tranche.original_balance, Look.MONEY),
        (tranche.price, Look.PLAIN),
        (tranche.current_balance, Look.MONEY),
        (tranche.deferred_balance, Look.MONEY),
        (tranche.spread, Look.PERCENT),
        (tranche.discount_margin, Look.PERCENT),
        (int(tranche.is_deferrable), Look.PLAIN),
        ("NA" if tranche.oc_trigger is None else tranche.oc_trigger, Look.PERCENT),
        ("NA" if tranche.ic_trigger is None else tranche.ic_trigger, Look.PERCENT),
        (tranche.day_count, Look.PLAIN),
        (tranche.is_equity, Look.PLAIN),
        (tranche.coupon_type, Look.PLAIN),
    )


def _write_fees(grid: Grid, deal: DealSnapshot) -> None:
    first = _fee_column(deal)
    for offset, header in enumerate(FEE_HEADERS):
        grid.put_at(2, first + offset, header, Look.HEADER)
    for row, fee in enumerate(deal.fees, start=FIRST_ROW - 1):
        cells: tuple[tuple[str | float | bool | None, Look], ...] = (
            (fee.name, Look.PLAIN),
            (fee.basis, Look.PLAIN),
            (fee.unpaid_balance, Look.MONEY),
            (fee.fixed_amount, Look.MONEY),
            (fee.day_count, Look.PLAIN),
            (fee.percentage, Look.PERCENT),
            (fee.has_interest_on_unpaid, Look.PLAIN),
            (fee.interest_spread, Look.PERCENT),
        )
        for offset, (value, look) in enumerate(cells):
            grid.put_at(row, first + offset, value, look)
    last = xl_col_to_name(first + FEE_COLUMNS - 1)
    grid.local_name("Fees", f"${xl_col_to_name(first)}$4:${last}${_last(len(deal.fees))}")
