"""Break-even default rates of a simulated deal's classes, and what is to be said about those that have none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.deal.breakeven import break_even
from engine.deal.grid_results import BreakEven, Ending, Measure
from engine.deal.points import DealRun
from engine.desk.simulations.inputs import DealToRun
from engine.errors import InputError, ModelError
from engine.modes import Mode

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BreakEvenRates:
    """Break-even CDR of each class, (C,) decimals a year, NaN where a class has none; remarks: why, as sentences."""

    cdr: Floats
    remarks: tuple[str, ...] = ()


def break_even_rates(to_run: DealToRun, as_of: date, mode: Mode) -> BreakEvenRates:
    """The highest constant CDR of the whole pool at which each class loses nothing, everything else as assumed.

    The sub notes, classes without a balance and the classes of a legacy run have none. A deal that cannot be run with
    constant defaults has a remark instead of rates: its simulation stands without them.
    """
    tranches = to_run.deal.tranches
    rates = np.full(len(tranches), np.nan)
    places = [t for t, tranche in enumerate(tranches) if not tranche.is_equity and tranche.current_balance > 0.0]
    if mode is Mode.LEGACY or not places:
        return BreakEvenRates(cdr=rates)
    run = DealRun(
        deal=to_run.deal,
        market=to_run.market,
        as_of=as_of,
        quirks=mode.quirks,
        program=to_run.program,
        configuration=to_run.configuration,
    )
    try:
        found = break_even(run, Measure.CDR, {}, places)
    except (InputError, ModelError) as error:
        return BreakEvenRates(cdr=rates, remarks=(f"Break-even default rates were not found: {error.problem}",))
    rates[places] = [item.value for item in found]
    return BreakEvenRates(cdr=rates, remarks=tuple(_remarks(found)))


def _remarks(found: Iterable[BreakEven]) -> Iterable[str]:
    classes: dict[tuple[Ending, str], list[str]] = {}
    for item in found:
        classes.setdefault((item.ending, item.reason), []).append(item.tranche_name)
    for (ending, reason), names in classes.items():
        listed = ", ".join(names)
        if ending is Ending.NO_LOSS:
            yield f"No constant default rate up to 100 % a year costs {listed} anything"
        elif ending is Ending.LOSS_AT_ZERO:
            yield f"Losses without any default: {listed}"
        elif ending is Ending.STOPPED:
            yield f"The search of the break-even default rate of {listed} stopped ({reason})"
