"""A position of a deal with everything that its projection needs."""

from dataclasses import dataclass
from datetime import date

from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssetAssumptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A position with everything its projection needs.

    par in currency; sink_schedule: (date, amount) rows as the workbook gives them, empty for a bullet; fractions of
    the balance then outstanding may be given instead (amortization), as the reference data do. sp_rating_history and
    moodys_rating_history: (date, rating) in date order, for rating-driven defaults. has_final_dates: maturity and
    schedule are payment dates already and are not moved to business days, as in the reference data.
    """

    asset: Asset
    par: float
    assumptions: AssetAssumptions = AssetAssumptions()
    sink_schedule: tuple[tuple[date, float], ...] = ()
    amortization: tuple[tuple[date, float], ...] = ()
    sp_rating_history: tuple[tuple[date, str], ...] = ()
    moodys_rating_history: tuple[tuple[date, str], ...] = ()
    has_final_dates: bool = False
