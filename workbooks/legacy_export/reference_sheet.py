"""The sheet `Reference Table` of the legacy layout (spec 06 §5.5)."""

import math
from statistics import NormalDist

from xlsxwriter.utility import xl_col_to_name

from engine.snapshot import Fixing, TransitionMatrix, WorkbookSnapshot
from workbooks.legacy_export.grid import SECTION_MARK, Grid, Look
from workbooks.xlsx import serial

FIRST_ROW = 4
FIRST_VECTOR_COLUMN = 9  # J
FIRST_RATING_COLUMN = 21  # V
CUMULATIVE_ROW, THRESHOLD_ROW = 24, 43
LAST_KEY_ROW = 9088
TITLES = (
    ("B", "Holidays", ("Date", "Day")),
    ("D", "Actual LIBOR Rates", ("CUSIP", "Date", "Sec Desc1", "Yield", "Source")),
    ("I", "Cashflow Vectors", ("Period",)),
    ("R", "Sink Schedule", ("CUSIP", "Date", "Amount")),
    ("U", "S&P 1 year Transition Matrix", ("From/to",)),
    ("AN", "Yield Curve", ("Month", "Rate")),
    ("AP", "Collateral Cashflows", ("Asset", "Prepayment", "Default", "Severity", "Lag")),
    ("AU", "Deals", ()),
    ("AV", "S&P Rating Migration Correlation", ("Relationship", "Correlation", "Reduction per Rating Notch")),
)


def write_reference_table(grid: Grid, snapshot: WorkbookSnapshot) -> None:
    """Write all blocks of the sheet and their workbook names."""
    grid.put("A2", SECTION_MARK, Look.TITLE)
    for row, (column, title, headers) in enumerate(TITLES, start=3):
        grid.put(f"A{row}", title)
        grid.put(f"{column}1", SECTION_MARK)
        grid.put(f"{column}2", title, Look.TITLE)
        for offset, header in enumerate(headers):
            grid.put(f"{_right_of(column, offset)}3", header, Look.HEADER)
    _write_holidays(grid, snapshot)
    _write_fixings(grid, snapshot.fixings)
    _write_vectors(grid, snapshot)
    _write_sink_schedule(grid, snapshot)
    if snapshot.transition_matrix is not None:
        _write_transition_matrix(grid, snapshot.transition_matrix)
    _write_curve_and_assumptions(grid, snapshot)
    grid.sheet.freeze_panes(3, 1)
    grid.sheet.set_column("A:AX", 13)


def percent_of(rate: float) -> float:
    """The percent figure p nearest to 100 x `rate` for which p / 100 is exactly `rate`; the shortest such figure."""
    for digits in range(3, 17):
        candidate = round(rate * 100, digits)
        if candidate / 100 == rate:
            return candidate
    near = rate * 100
    for candidate in (near, math.nextafter(near, math.inf), math.nextafter(near, -math.inf)):
        if candidate / 100 == rate:
            return candidate
    return near


def _right_of(column: str, offset: int) -> str:
    index = 0
    for letter in column:
        index = index * 26 + ord(letter) - ord("A") + 1
    return str(xl_col_to_name(index - 1 + offset))


def _end(rows: int) -> int:
    return FIRST_ROW + max(rows, 1) - 1


def _write_holidays(grid: Grid, snapshot: WorkbookSnapshot) -> None:
    for row, day in enumerate(snapshot.holidays, start=FIRST_ROW):
        grid.put(f"B{row}", day, Look.DATE)
        grid.put(f"C{row}", day.strftime("%A"))
    grid.name("Holidays", f"$B$4:$B${_end(len(snapshot.holidays))}")


def _write_fixings(grid: Grid, fixings: tuple[Fixing, ...]) -> None:
    """Fixings in percent; the key formulas run on below the data, as they do in the legacy sheet."""
    for row, fixing in enumerate(fixings, start=FIRST_ROW):
        grid.formula(f"D{row}", f"=CONCATENATE(E{row},F{row})", f"{serial(fixing.on)}{fixing.index_name}")
        grid.put(f"E{row}", fixing.on, Look.DATE)
        grid.put(f"F{row}", fixing.index_name)
        grid.put(f"G{row}", percent_of(fixing.rate))
        grid.put(f"H{row}", fixing.source or None)
    last = _end(len(fixings))
    if grid.with_formulas:
        for row in range(last + 1, LAST_KEY_ROW + 1):
            grid.formula(f"D{row}", f"=CONCATENATE(E{row},F{row})", "")
        last = max(last, LAST_KEY_ROW)
    grid.name("LIBOR_Rates", f"$D$4:$H${last}")


def _write_vectors(grid: Grid, snapshot: WorkbookSnapshot) -> None:
    length = max((len(values) for values in snapshot.vectors.values()), default=1)
    for period in range(length):
        grid.put(f"I{FIRST_ROW + period}", period + 1)
    for offset, (name, values) in enumerate(snapshot.vectors.items()):
        grid.put_at(2, FIRST_VECTOR_COLUMN + offset, name, Look.HEADER)
        for row, value in enumerate(values, start=FIRST_ROW - 1):
            grid.put_at(row, FIRST_VECTOR_COLUMN + offset, value)
    last = xl_col_to_name(FIRST_VECTOR_COLUMN + max(len(snapshot.vectors), 1) - 1)
    grid.name("CF_Vectors", f"$I$3:${last}${_end(length)}")


def _write_sink_schedule(grid: Grid, snapshot: WorkbookSnapshot) -> None:
    for row, sink in enumerate(snapshot.sink_schedule, start=FIRST_ROW):
        grid.put(f"R{row}", sink.blkrock_id)
        grid.put(f"S{row}", sink.on, Look.DATE)
        grid.put(f"T{row}", sink.amount, Look.MONEY)
    grid.name("Sink_Schedule", f"$R$4:$T${_end(len(snapshot.sink_schedule))}")


def _write_transition_matrix(grid: Grid, transition: TransitionMatrix) -> None:
    """The one-year matrix; with formulas also its running row sums and their normal quantiles below it."""
    size = len(transition.ratings)
    for position, rating in enumerate(transition.ratings):
        grid.put_at(2, FIRST_RATING_COLUMN + position, rating, Look.HEADER)
        grid.put_at(FIRST_ROW - 1 + position, FIRST_RATING_COLUMN - 1, rating)
    for row, values in enumerate(transition.matrix.tolist()):
        for column, value in enumerate(values):
            grid.put_at(FIRST_ROW - 1 + row, FIRST_RATING_COLUMN + column, value, Look.PERCENT)
    last = xl_col_to_name(FIRST_RATING_COLUMN + size - 1)
    grid.name("SpTransMat", f"$V$4:${last}${FIRST_ROW + size - 1}")
    if grid.with_formulas:
        _write_running_sums(grid, transition)


def _write_running_sums(grid: Grid, transition: TransitionMatrix) -> None:
    normal = NormalDist()
    grid.put("U22", "Cumulative", Look.TITLE)
    grid.put("U42", "Z thresholds", Look.TITLE)
    for row, values in enumerate(transition.matrix.tolist()):
        grid.put(f"U{CUMULATIVE_ROW + row}", transition.ratings[row])
        grid.put(f"U{THRESHOLD_ROW + row}", transition.ratings[row])
        total = 0.0
        for column, value in enumerate(values):
            here = xl_col_to_name(FIRST_RATING_COLUMN + column)
            before = xl_col_to_name(FIRST_RATING_COLUMN + column - 1)
            source = f"{here}{FIRST_ROW + row}"
            text = f"={source}" if column == 0 else f"={before}{CUMULATIVE_ROW + row}+{source}"
            total = value if column == 0 else total + value
            grid.formula(f"{here}{CUMULATIVE_ROW + row}", text, total)
            quantile = normal.inv_cdf(total) if 0.0 < total < 1.0 else "#NUM!"
            grid.formula(f"{here}{THRESHOLD_ROW + row}", f"=_xlfn.NORM.S.INV({here}{CUMULATIVE_ROW + row})", quantile)


def _write_curve_and_assumptions(grid: Grid, snapshot: WorkbookSnapshot) -> None:
    for row, (month, rate) in enumerate(snapshot.curve, start=FIRST_ROW):
        grid.put(f"AN{row}", month)
        grid.put(f"AO{row}", rate, Look.PERCENT)
    grid.name("LIBORCurve", f"$AN$4:$AO${_end(len(snapshot.curve))}")
    for row, item in enumerate(snapshot.cf_assumptions, start=FIRST_ROW):
        cells = (item.blkrock_id, item.cpr, item.cdr, item.severity, item.recovery_lag_months)
        for offset, value in enumerate(cells):
            grid.put(f"{_right_of('AP', offset)}{row}", value)
    grid.name("CFAssumptions", f"$AP$4:$AT${_end(len(snapshot.cf_assumptions))}")
    for row, deal in enumerate(snapshot.deal_list, start=FIRST_ROW - 1):
        grid.put(f"AU{row}", deal)
    grid.name("Deals", f"$AU$3:$AU${2 + max(len(snapshot.deal_list), 1)}")
    for row, rule in enumerate(snapshot.correlation_rules, start=FIRST_ROW):
        grid.put(f"AV{row}", rule.relationship)
        grid.put(f"AW{row}", rule.correlation)
        grid.put(f"AX{row}", rule.reduction_per_notch)
    grid.name("CorrData", f"$AV$3:$AX${3 + max(len(snapshot.correlation_rules), 1)}")
