"""Rating migration: how the ratings of a deal's assets are expected to move (spec 06 §12)."""

from typing import Any

from xl_addin.commands.answers import shown
from xl_addin.commands.declare import Ask, Inputs, Progress, command
from xl_addin.commands.inputs import BASIS, basis, cell
from xl_addin.commands.patch import Style, WorkbookPatch
from xl_addin.commands.sheets import OutputSheet, output_name
from xl_addin.commands.tables import table_of
from xl_addin.registry import kinds
from xl_addin.registry.context import CallContext

FREQUENCY = "clo_frequency"
_WORDS = {"annually": "annual", "semiannually": "semi_annual", "quarterly": "quarterly"}
_KIND = kinds.choice("Annually", "Semi-Annually", "Quarterly")
_FAMILIES = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "D")
_N_TOTALS = 4
_STYLES = {
    "performing_par": Style.AMOUNT,
    "expected_default": Style.AMOUNT,
    "cumulative_default_rate": Style.PERCENT,
    **dict.fromkeys(_FAMILIES, Style.AMOUNT),
}
_MILLIONS = '#,##0,,"m"'


@command(
    "clo_run_migration",
    label="Rating migration",
    group="Run",
    supertip="Expected par by rating and expected defaults of the deal's assets, period by period.",
    icon="ChartAreaChart",
    reads=(*BASIS, FREQUENCY),
    asks=(Ask(name="years", kind=kinds.WHOLE, label="Years ahead", default=10),),
)
def run_migration(inputs: Inputs, ctx: CallContext, progress: Progress) -> WorkbookPatch:
    """The expected rating mix of a deal with its defaults, in letters on the chart and in notches in the table."""
    chosen = basis(inputs, ctx)
    word = str(cell(inputs, FREQUENCY, _KIND, "Quarterly"))
    progress(f"Moving the ratings of {chosen.deal}", 0.2)
    grid = table_of(
        ctx,
        "CLO_RATING_MIX",
        deal=chosen.deal,
        frequency=_WORDS[word.lower().replace("-", "")],
        years=inputs.answers.get("years"),
        as_of=chosen.wire_date,
        mode=chosen.mode_word,
    )
    sheet = OutputSheet(output_name(inputs, f"RM-{chosen.deal}"))
    sheet.title(
        f"{chosen.deal}: rating migration",
        f"As of {chosen.as_of}, {word.lower()}, {chosen.mode.value} mode; expectation from the transition matrix,"
        " assets held to their maturity",
    )
    letters = sheet.table("Expected par by letter", _by_letter(grid), styles=_STYLES)
    sheet.freeze(letters, 1)
    dates = letters.cells("period_end")
    mix = [(name, letters.cells(name)) for name in _FAMILIES]
    sheet.chart("stacked_area", "Expected par by rating", dates, mix, axis_format=_MILLIONS)
    rates = [("Cumulative default rate", letters.cells("cumulative_default_rate"))]
    sheet.chart("line", "Expected cumulative default rate", dates, rates, axis_format="0.0%")
    notches = OutputSheet(output_name(inputs, f"RM-{chosen.deal} Notches"), after=sheet.name)
    notches.title(f"{chosen.deal}: rating migration by notch", f"As of {chosen.as_of}, {word.lower()}")
    par = {name: Style.AMOUNT for name in grid[0] if str(name).startswith("par_")}
    notches.freeze(notches.table("Expected par by rating", grid, styles={**_STYLES, **par}), 1)
    rate, n_years = grid[-1][3], inputs.answers.get("years") or 10
    share = f"{rate:.2%}" if isinstance(rate, float) else "Nothing"
    return shown(
        (sheet, notches), f"{chosen.deal}: {share} of the rated par is expected to default within {n_years} years."
    )


def _by_letter(grid: list[list[Any]]) -> list[list[Any]]:
    """The same with par by rating family, default last."""
    families = [str(name).removeprefix("par_").rstrip("+-") for name in grid[0]]
    places = {family: [i for i, one in enumerate(families) if one == family] for family in _FAMILIES}
    rows = [[*row[:_N_TOTALS], *(sum(row[i] for i in places[family]) for family in _FAMILIES)] for row in grid[1:]]
    return [[*grid[0][:_N_TOTALS], *_FAMILIES], *rows]
