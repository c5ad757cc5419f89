"""Market data of the demo: holidays, index fixings, curve, assumption vectors, rating transitions, correlations.

Plausible shapes, made up: no figure is a market's.
"""

from datetime import date, timedelta

import numpy as np

from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssumptionRow
from engine.snapshot import Correlation, CorrelationRule, Fixing, Place, TransitionMatrix
from workbooks.demo.stream import Stream

SHEET = "Reference Table"
RATINGS = ("AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-",
           "BB+", "BB", "BB-", "B+", "B", "B-", "CCC", "D")  # fmt: skip
FIRST_HOLIDAY_YEAR, LAST_HOLIDAY_YEAR = 2002, 2062
VECTOR_LENGTH = 60
CURVE = (
    (1, 0.0044), (2, 0.0053), (3, 0.0063), (6, 0.0082), (9, 0.0095), (12, 0.0108), (24, 0.0132), (36, 0.0151),
    (48, 0.0167), (60, 0.0181), (84, 0.0203), (120, 0.0226), (180, 0.0249), (240, 0.0260), (360, 0.0268),
)  # fmt: skip
SAME_INDUSTRY_CORRELATION, OTHER_CORRELATION, SAME_ISSUER_CORRELATION = 0.30, 0.15, 0.80
SAME_DAY_TENORS = (("1 MONTH LIBOR", 0.19), ("3 MONTH LIBOR", 0.0))


def holidays() -> tuple[date, ...]:
    """Bank holidays of the United States by the rules of 2016; on a weekend they move to Friday or Monday."""
    days = set()
    for year in range(FIRST_HOLIDAY_YEAR, LAST_HOLIDAY_YEAR + 1):
        fixed = (date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25))
        days |= {_observed(day) for day in fixed}
        days |= {_nth_monday(year, month, nth) for month, nth in ((1, 3), (2, 3), (9, 1), (10, 2))}
        days |= {_nth_monday(year, 6, 1) - timedelta(days=7), _fourth_thursday_of_november(year)}
    return tuple(sorted(days))


def _observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _nth_monday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(7 - first.weekday()) % 7 + 7 * (nth - 1))


def _fourth_thursday_of_november(year: int) -> date:
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21)


def fixings(first: date, last: date, closed: tuple[date, ...], stream: Stream) -> tuple[Fixing, ...]:
    """One- and three-month fixings of every business day from `first` to `last`, from 0.24 % to about 0.63 %."""
    rows: list[Fixing] = []
    closed_days = set(closed)
    total, level, on = (last - first).days, 0.24, first
    while on <= last:
        if on.weekday() < 5 and on not in closed_days:
            target = 0.24 + 0.39 * ((on - first).days / total) ** 2
            level = level + 0.2 * (target - level) + stream.uniform(-0.003, 0.003)
            for name, below in SAME_DAY_TENORS:
                percent = round(level - below * level / 0.63, 5)
                place = Place(SHEET, f"D{4 + len(rows)}")
                rows.append(Fixing(on=on, index_name=name, rate=percent / 100, source="DEMO", place=place))
        on += timedelta(days=1)
    return tuple(rows)


def vectors() -> dict[str, tuple[float, ...]]:
    """Annual assumptions by interest period: a base, a stress that comes after a year and fades, others."""
    stress = tuple(_bump(period, begin=4, length=8, level=0.14, rest=0.03) for period in range(VECTOR_LENGTH))
    crisis = tuple(_bump(period, begin=2, length=12, level=0.24, rest=0.04) for period in range(VECTOR_LENGTH))
    ramp = tuple(min(0.02, 0.005 + 0.0025 * period) for period in range(VECTOR_LENGTH))
    slow = tuple(_bump(period, begin=4, length=8, level=0.05, rest=0.15) for period in range(VECTOR_LENGTH))
    return {
        "BASE_CPR": (0.20,) * VECTOR_LENGTH,
        "BASE_CDR": ramp,
        "BASE_SEV": (0.30,) * VECTOR_LENGTH,
        "STRESS_CPR": slow,
        "STRESS_CDR": stress,
        "STRESS_SEV": (0.45,) * VECTOR_LENGTH,
        "CRISIS_CDR": crisis,
        "CRISIS_SEV": (0.60,) * VECTOR_LENGTH,
    }


def _bump(period: int, *, begin: int, length: int, level: float, rest: float) -> float:
    return level if begin <= period < begin + length else rest


def assumptions() -> tuple[AssumptionRow, ...]:
    """The base vectors for every asset, recoveries after six months."""
    base = AssumptionRow(blkrock_id="ALL", cpr="BASE_CPR", cdr="BASE_CDR", severity="BASE_SEV", recovery_lag_months=6.0)
    return (base,)


def transition_matrix() -> TransitionMatrix:
    """A smooth one-year matrix: most mass stays, neighbours take a share that falls by distance, defaults grow fivefold
    from category to category. Rows sum to 1; D is absorbing.
    """
    size = len(RATINGS)
    matrix = np.zeros((size, size))
    for row in range(size - 1):
        default = round(0.0001 * 1.62**row, 6)
        for column in range(size - 1):
            if column != row:
                matrix[row, column] = round(0.035 * 0.45 ** (abs(row - column) - 1), 6)
        matrix[row, size - 1] = default
        matrix[row, row] = 1.0 - float(np.sum(matrix[row]))
    matrix[size - 1, size - 1] = 1.0
    return TransitionMatrix(ratings=RATINGS, matrix=matrix)


def correlation(assets: tuple[Asset, ...]) -> Correlation:
    """Asset correlations by common issuer, common S&P industry, or neither; positive definite, diagonal 1."""
    matrix = np.full((len(assets), len(assets)), OTHER_CORRELATION)
    industries = np.array([asset.sp_industry for asset in assets])
    issuers = np.array([asset.issuer_id for asset in assets])
    matrix[industries[:, None] == industries[None, :]] = SAME_INDUSTRY_CORRELATION
    matrix[issuers[:, None] == issuers[None, :]] = SAME_ISSUER_CORRELATION
    np.fill_diagonal(matrix, 1.0)
    return Correlation(ids=tuple(asset.blkrock_id for asset in assets), matrix=matrix)


def correlation_rules() -> tuple[CorrelationRule, ...]:
    """Base correlation and reduction per rating notch by relationship."""
    rows = (("Same Issuer", 0.80, 0.02), ("Same Industry", 0.30, 0.01), ("Different Industry", 0.15, 0.01))
    return tuple(
        CorrelationRule(relationship=name, correlation=base, reduction_per_notch=step, place=Place(SHEET, f"AV{row}"))
        for row, (name, base, step) in enumerate(rows, start=4)
    )
