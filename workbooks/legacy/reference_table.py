"""The sheet `Reference Table`: market data, assumptions and lists that all deals share (spec 06 §5.5)."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.collateral.assumptions import RATING_DRIVEN, AssumptionRow
from engine.snapshot import CorrelationRule, Fixing, SinkRow, TransitionMatrix
from workbooks.legacy.cells import column_number
from workbooks.legacy.findings import Code
from workbooks.legacy.ranges import Anchor, Located, list_rows, locate
from workbooks.legacy.values import CellReader, trimmed

ALL_DEALS = "All"
LAST_ROW = 100_000
SMALLEST_USUAL_YIELD = 0.02
"""Fixings are percent; a smaller one was probably typed as a decimal."""

ROW_SUM_TOLERANCE = 1e-6

DEFAULTED = "D"
"""The absorbing state of the transition matrix, its last."""

HOLIDAYS = Anchor("Holidays", 4, column_number("B"), 1, LAST_ROW)
FIXINGS = Anchor("LIBOR_Rates", 4, column_number("D"), 5, LAST_ROW, is_list=False)
VECTORS = Anchor("CF_Vectors", 3, column_number("I"), 9, 1000, is_list=False)
SINK_SCHEDULE = Anchor("Sink_Schedule", 4, column_number("R"), 3, LAST_ROW, is_list=False)
TRANSITION_MATRIX = Anchor("SpTransMat", 4, column_number("V"), 18, 21, is_list=False)
CURVE = Anchor("LIBORCurve", 4, column_number("AN"), 2, 1000)
ASSUMPTIONS = Anchor("CFAssumptions", 4, column_number("AP"), 5, LAST_ROW)
DEALS = Anchor("Deals", 3, column_number("AU"), 1, 200)
CORRELATION_RULES = Anchor("CorrData", 3, column_number("AV"), 3, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceTable:
    """What the sheet holds; n_key_formulas counts the formulas that join date and index of the fixings."""

    holidays: tuple[date, ...]
    fixings: tuple[Fixing, ...]
    vectors: dict[str, tuple[float, ...]]
    sink_schedule: tuple[SinkRow, ...]
    curve: tuple[tuple[int, float], ...]
    cf_assumptions: tuple[AssumptionRow, ...]
    deal_list: tuple[str, ...]
    transition_matrix: TransitionMatrix | None
    correlation_rules: tuple[CorrelationRule, ...]
    n_key_formulas: int


def read_reference_table(cells: CellReader) -> ReferenceTable:
    vectors = _vectors(cells)
    return ReferenceTable(
        holidays=_holidays(cells),
        fixings=_fixings(cells),
        vectors=vectors,
        sink_schedule=sink_rows(cells, locate(cells, SINK_SCHEDULE)),
        curve=curve_points(cells, locate(cells, CURVE)),
        cf_assumptions=_assumptions(cells, vectors),
        deal_list=_deal_list(cells),
        transition_matrix=_transition_matrix(cells),
        correlation_rules=_correlation_rules(cells),
        n_key_formulas=cells.grid.count_formulas("D"),
    )


def sink_rows(cells: CellReader, located: Located) -> tuple[SinkRow, ...]:
    """Scheduled repayments in sheet order, blank rows inside skipped; negative amounts are W-UNIT."""
    left = located.left
    rows: list[SinkRow] = []
    for row in _stored_rows(cells, located):
        if cells.is_blank(row, left):
            continue
        blkrock_id = cells.key(row, left, "asset of a scheduled repayment")
        on = cells.day(row, left + 1, f"date of a repayment of {blkrock_id}")
        amount = cells.number(row, left + 2, f"repayment of {blkrock_id}")
        if not blkrock_id or on is None or amount is None:
            cells.report(Code.SKIPPED, row, left, "a scheduled repayment without id, date or amount is left out")
            continue
        if amount < 0:
            remark = f"negative repayment of {blkrock_id}"
            cells.report(Code.UNIT, row, left + 2, remark, found=amount, used=amount)
        rows.append(SinkRow(blkrock_id=blkrock_id, on=on, amount=amount, place=cells.place(row, left)))
    return tuple(rows)


def curve_points(cells: CellReader, located: Located) -> tuple[tuple[int, float], ...]:
    """(month, decimal rate) ascending; a repeated month is E-DUPCURVE, another order than ascending W-ORDER."""
    left = located.left
    points: dict[int, float] = {}
    for row in list_rows(cells, located):
        month = cells.whole(row, left, "curve month")
        rate = cells.rate(row, left + 1, f"curve rate of month {month}")
        if month is None or rate is None:
            cells.report(Code.SKIPPED, row, left, "a curve point without month or rate is left out")
            continue
        if month in points:
            cells.report(Code.DUPLICATE_MONTH, row, left, f"month {month} of the curve is repeated", found=month)
            continue
        if points and month < max(points):
            remark = f"month {month} of the curve stands below month {max(points)}; the points are sorted"
            cells.report(Code.ORDER, row, left, remark, found=month)
        points[month] = rate
    return tuple(sorted(points.items()))


def _stored_rows(cells: CellReader, located: Located) -> range:
    return range(located.top, min(located.block.bottom, len(cells.grid.rows)) + 1)


def _holidays(cells: CellReader) -> tuple[date, ...]:
    located = locate(cells, HOLIDAYS)
    days = (cells.day(row, located.left, "holiday") for row in list_rows(cells, located))
    return tuple(day for day in days if day is not None)


def _fixings(cells: CellReader) -> tuple[Fixing, ...]:
    """Fixings as decimals; rows without a date hold nothing but the key formula."""
    located = locate(cells, FIXINGS)
    left = located.left
    fixings: list[Fixing] = []
    for row in _stored_rows(cells, located):
        if cells.is_blank(row, left + 1):
            continue
        on = cells.day(row, left + 1, "fixing date")
        percent = cells.number(row, left + 3, "index yield")
        if on is None or percent is None:
            cells.report(Code.SKIPPED, row, left + 1, "a fixing without date or yield is left out")
            continue
        if abs(percent) < SMALLEST_USUAL_YIELD and percent != 0:
            remark = "index yields are percent; this one looks like a decimal"
            cells.report(Code.UNIT, row, left + 3, remark, found=percent, used=percent)
        fixings.append(
            Fixing(
                on=on,
                index_name=cells.key(row, left + 2, "index name"),
                rate=percent / 100,
                source=cells.key(row, left + 4, "source"),
                place=cells.place(row, left),
            )
        )
    return tuple(fixings)


def _vectors(cells: CellReader) -> dict[str, tuple[float, ...]]:
    """Named vectors of annual decimals, one value a period; a blank or text counts as zero, as the engine reads it."""
    located = locate(cells, VECTORS)
    header, left = located.top, located.left
    rows = range(header + 1, min(located.block.bottom, len(cells.grid.rows)) + 1)
    periods = [row for row in rows if isinstance(cells.raw(row, left), float | int)]
    last_row = periods[-1] if periods else header
    vectors: dict[str, tuple[float, ...]] = {}
    column = left + 1
    while column <= located.block.right and not cells.is_blank(header, column):
        name = cells.key(header, column, "vector name")
        if name in vectors:
            cells.report(Code.DUPLICATE_LABEL, header, column, f"vector {name} is repeated", found=name)
        vectors[name] = tuple(
            cells.number(row, column, f"vector {name}", blank=0.0) or 0.0 for row in range(header + 1, last_row + 1)
        )
        column += 1
    return vectors


def _assumptions(cells: CellReader, vectors: dict[str, tuple[float, ...]]) -> tuple[AssumptionRow, ...]:
    """Rows of CFAssumptions in order; a name of no vector is W-VECTOR."""
    located = locate(cells, ASSUMPTIONS)
    left = located.left
    known = {name.casefold() for name in vectors}
    rows: list[AssumptionRow] = []
    for row in list_rows(cells, located):

        def entry(column: int, what: str, *words: str, row: int = row) -> float | str:
            raw = cells.needed(row, column, what=what)
            if not isinstance(raw, str) or not trimmed(raw):
                return cells.number(row, column, what, blank=0.0) or 0.0
            name = trimmed(raw)
            if name.casefold() not in known and name.upper() not in words:
                cells.report(
                    Code.VECTOR, row, column, f"{what} names a vector that CF_Vectors does not have", found=name
                )
            return name

        rows.append(
            AssumptionRow(
                blkrock_id=cells.key(row, left, "asset of an assumption"),
                cpr=entry(left + 1, "prepayment"),
                cdr=entry(left + 2, "default rate", RATING_DRIVEN),
                severity=entry(left + 3, "severity"),
                recovery_lag_months=cells.number(row, left + 4, "recovery lag", blank=0.0) or 0.0,
            )
        )
    return tuple(rows)


def _deal_list(cells: CellReader) -> tuple[str, ...]:
    """The entries of `Deals`; the first is the choice `All`, else every all-deals run loses a deal (W-DEALLIST)."""
    located = locate(cells, DEALS)
    if not located.is_named and cells.is_blank(located.top, located.left):
        anchor = Anchor(DEALS.name, DEALS.row + 1, DEALS.column, DEALS.width, DEALS.last_row)
        located = Located(anchor, located.block, is_named=False)
    entries = [(row, cells.key(row, located.left, "deal")) for row in list_rows(cells, located)]
    if entries and entries[0][1] != ALL_DEALS:
        remark = f"the first entry is not {ALL_DEALS!r}; the legacy model leaves it out of every all-deals run"
        cells.report(Code.DEAL_LIST, entries[0][0], located.left, remark, found=entries[0][1])
    known = {sheet.removesuffix(" Inputs") for sheet in cells.book.sheet_names if sheet.endswith(" Inputs")}
    for row, entry in entries:
        if entry != ALL_DEALS and entry not in known:
            cells.report(Code.DEAL_LIST, row, located.left, f"deal {entry!r} has no sheet", found=entry)
    return tuple(entry for _, entry in entries)


def _transition_matrix(cells: CellReader) -> TransitionMatrix | None:
    """One-year probabilities as stored; whatever a matrix of probabilities must not be is W-MATRIX.

    That is a row that does not sum to 1, an entry outside of 0 to 1, a rating that is blank or stands twice, and a
    default that is missing or left.
    """
    located = locate(cells, TRANSITION_MATRIX)
    n_ratings = TRANSITION_MATRIX.width
    top, left = located.top, located.left
    if cells.is_blank(top, left):
        cells.report(Code.MATRIX, top, left, "the transition matrix is missing")
        return None
    ratings = tuple(cells.key(top - 1, left + offset, "rating") for offset in range(n_ratings))
    down = tuple(cells.key(top + offset, left - 1, "rating") for offset in range(n_ratings))
    if ratings != down:
        cells.report(Code.MATRIX, top, left - 1, "ratings of row and column differ")
    _report_ratings(cells, ratings, top - 1, left)
    matrix = np.full((n_ratings, n_ratings), np.nan)
    for i in range(n_ratings):
        for j in range(n_ratings):
            value = cells.number(top + i, left + j, f"probability {ratings[i]} to {ratings[j]}", blank=0.0)
            matrix[i, j] = np.nan if value is None else value
            if value is not None and not 0 <= value <= 1:
                remark = f"probability {ratings[i]} to {ratings[j]} is not between 0 and 1"
                cells.report(Code.MATRIX, top + i, left + j, remark, found=value, used=value)
        row_sum = float(matrix[i].sum())
        if not abs(row_sum - 1) <= ROW_SUM_TOLERANCE:
            remark = f"probabilities of {ratings[i]} sum to {row_sum:.9g}"
            cells.report(Code.MATRIX, top + i, left, remark, found=row_sum, used="as stored")
    if matrix[-1, -1] != 1:
        remark = f"{ratings[-1]} is not absorbing"
        cells.report(Code.MATRIX, top + n_ratings - 1, left + n_ratings - 1, remark, found=matrix[-1, -1])
    return TransitionMatrix(ratings=ratings, matrix=matrix)


def _report_ratings(cells: CellReader, ratings: tuple[str, ...], row: int, left: int) -> None:
    for offset, rating in enumerate(ratings):
        if not rating:
            cells.report(Code.MATRIX, row, left + offset, "a rating of the transition matrix is blank")
        elif rating in ratings[:offset]:
            remark = f"rating {rating} of the transition matrix is repeated"
            cells.report(Code.MATRIX, row, left + offset, remark, found=rating)
    if DEFAULTED not in ratings:
        last = left + len(ratings) - 1
        remark = f"no state of default: {DEFAULTED} is not among the ratings of the transition matrix"
        cells.report(Code.MATRIX, row, last, remark, found=ratings[-1])


def _correlation_rules(cells: CellReader) -> tuple[CorrelationRule, ...]:
    """Base correlation and reduction per notch by relationship; the first row of the range is its header."""
    located = locate(cells, CORRELATION_RULES)
    left = located.left
    return tuple(
        CorrelationRule(
            relationship=cells.key(row, left, "relationship"),
            correlation=cells.number(row, left + 1, "base correlation", blank=0.0) or 0.0,
            reduction_per_notch=cells.number(row, left + 2, "reduction per notch", blank=0.0) or 0.0,
            place=cells.place(row, left),
        )
        for row in list_rows(cells, located)
        if row > located.top
    )
