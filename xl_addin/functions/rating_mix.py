"""Expected ratings of a deal's assets in cells: what replaces the means of a rating migration run (spec 06 §12)."""

from typing import Annotated

from engine.desk.reading.rating_mix import rating_mix
from engine.modes import Mode
from engine.rating_migration.transition import Step
from xl_addin.functions.migration import Frequency
from xl_addin.registry.arguments import AsOf, DealName, RunMode
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.results import Table

# Not that of the market's matrices, which everybody may read: this reads a deal.
CATEGORY = "CLO Data"


@udf(
    "CLO_RATING_MIX",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_RATING_MIX("Demo 1","quarterly",5)'],
)
def clo_rating_mix(
    deal: DealName,
    frequency: Frequency = "annual",
    years: Annotated[int, "How many years ahead, 10 by default."] = 10,
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Expected par by S&P rating of the assets a deal holds, each to its maturity, with the par expected to default.

    It follows from the transition matrix alone; correlation changes the spread around it, not the expectation. Assets
    without a rating are left out. cumulative_default_rate is of the rated par held today.
    """
    found = rating_mix(ctx.views, deal, Step[frequency.upper()], years, as_of, mode)
    held, defaulted = float(found.mix.par[0].sum()), found.mix.default.cumsum()
    rates = defaulted / held if held else [None] * len(defaulted)
    rows = [
        [day, par, default, rate, *by_rating]
        for day, par, default, rate, by_rating in zip(
            found.dates,
            (found.mix.par.sum(axis=1) - found.mix.par[:, -1]).tolist(),
            found.mix.default.tolist(),
            list(rates),
            found.mix.par.tolist(),
            strict=True,
        )
    ]
    columns = ("period_end", "performing_par", "expected_default", "cumulative_default_rate")
    return Table((*columns, *(f"par_{rating}" for rating in found.ratings)), rows)
