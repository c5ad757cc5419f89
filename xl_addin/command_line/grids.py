"""The commands `clodesk grid` and `clodesk breakeven`: combinations of assumptions, and where classes first lose."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from engine.deal.grid_results import Axis, Measure
from engine.desk.grid_records import BreakEvenRequest, GridRequest, RunChoice
from engine.errors import InputError
from engine.modes import Mode
from xl_addin.command_line import grid_tables
from xl_addin.command_line.terminal import (
    AsOf,
    DealName,
    ExitCode,
    Json,
    console,
    day,
    opened_desk,
    print_json,
    progress,
    talk,
)

PERCENT, BASIS_POINTS, AS_IT_IS = Decimal(100), Decimal(10_000), Decimal(1)
MOST_VALUES = 100_000
_RANGE_PARTS = 3

Values = Annotated[str | None, typer.Option(help="Percent a year: 0,2,4,6 or 0:10:1 for a range, both ends included.")]
Assumptions = Annotated[str | None, typer.Option(help="Assumption set; `clodesk assumptions list`.")]
BaseScenario = Annotated[str, typer.Option(help="Shock of the assumptions that the calculation starts from.")]
Tranches = Annotated[list[str] | None, typer.Option("--tranche", help="A class by name; repeatable, all by default.")]
RunMode = Annotated[Mode, typer.Option(help="standard, or legacy to reproduce the old model.")]
Output = Annotated[Path | None, typer.Option("--out", "-o", help="Workbook to write.")]


def grid(
    deal: DealName,
    cdr: Values = None,
    cpr: Values = None,
    severity: Annotated[str | None, typer.Option(help="Percent of the defaulted amount: 30,40,50.")] = None,
    lag: Annotated[str | None, typer.Option(help="Months from default to recovery: 6,12.")] = None,
    shift: Annotated[str | None, typer.Option(help="Shift of the index curve in basis points: -100,0,100.")] = None,
    price: Annotated[str | None, typer.Option(help="Purchase price of the classes, percent of par: 95:101:1.")] = None,
    cpr_multiplier: Annotated[str | None, typer.Option(help="Multipliers of the assumed CPR: 0.5,1,2.")] = None,
    cdr_multiplier: Annotated[str | None, typer.Option(help="Multipliers of the assumed CDR.")] = None,
    severity_shift: Annotated[str | None, typer.Option(help="Points added to the assumed severity: 0,10,20.")] = None,
    scenarios: Annotated[str | None, typer.Option(help="Named scenarios instead of axes: BASE,STRESS.")] = None,
    tranche: Tranches = None,
    assumptions: Assumptions = None,
    scenario: BaseScenario = "BASE",
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    out: Output = None,
    as_json: Json = False,
) -> None:
    """Run every combination of assumptions and store the results; CPR, CDR, severity and lag hold for the whole pool.

    Example: clodesk grid "MAG 17" --cdr 0:10:2 --severity 30,40,50 --assumptions workbook --out grid.xlsx
    """
    texts = {
        Axis.CDR: (cdr, "--cdr", PERCENT),
        Axis.CPR: (cpr, "--cpr", PERCENT),
        Axis.SEVERITY: (severity, "--severity", PERCENT),
        Axis.LAG: (lag, "--lag", AS_IT_IS),
        Axis.CURVE_SHIFT: (shift, "--shift", BASIS_POINTS),
        Axis.PRICE: (price, "--price", PERCENT),
        Axis.CPR_MULTIPLIER: (cpr_multiplier, "--cpr-multiplier", AS_IT_IS),
        Axis.CDR_MULTIPLIER: (cdr_multiplier, "--cdr-multiplier", AS_IT_IS),
        Axis.SEVERITY_SHIFT: (severity_shift, "--severity-shift", PERCENT),
    }
    request = GridRequest(
        values={axis: values(text, option, unit) for axis, (text, option, unit) in texts.items() if text is not None},
        scenarios=tuple(part.strip() for part in scenarios.split(",")) if scenarios else (),
        tranches=tuple(tranche or ()),
    )
    choice = RunChoice(deal=deal, assumptions=assumptions, scenario=scenario, as_of=day(as_of), mode=mode)
    with opened_desk() as desk, progress() as watch:
        outcome = desk.grid(choice, request, progress=watch)
        if out is not None:
            desk.export_grid(out, outcome)
    if as_json:
        print_json(grid_tables.grid_json(outcome))
    else:
        grid_tables.show_grid(console, outcome)
    if out is not None:
        talk.print(f"Wrote {out}")
    if outcome.results.is_failed.all():
        raise typer.Exit(ExitCode.MODEL)


def breakeven(
    deal: DealName,
    cpr: Annotated[str | None, typer.Option(help="Constant CPR of the whole pool, percent a year.")] = None,
    severity: Annotated[str | None, typer.Option(help="Constant severity, percent.")] = None,
    lag: Annotated[str | None, typer.Option(help="Months from default to recovery.")] = None,
    price: Annotated[
        str, typer.Option(help="Prices of the table of yields and margins, percent of par.")
    ] = "80:105:2.5",
    tranche: Tranches = None,
    assumptions: Assumptions = None,
    scenario: BaseScenario = "BASE",
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    out: Output = None,
    as_json: Json = False,
) -> None:
    """Find the constant CDR, and the multiplier of the assumed one, at which each class takes its first loss.

    Example: clodesk breakeven "MAG 17" --severity 40 --lag 6 --assumptions workbook --out breakeven.xlsx
    """
    texts = {
        Axis.CPR: (cpr, "--cpr", PERCENT),
        Axis.SEVERITY: (severity, "--severity", PERCENT),
        Axis.LAG: (lag, "--lag", AS_IT_IS),
    }
    request = BreakEvenRequest(
        credit={axis: _one(text, option, unit) for axis, (text, option, unit) in texts.items() if text is not None},
        measures=tuple(Measure),
        tranches=tuple(tranche or ()),
        prices=values(price, "--price", PERCENT),
    )
    choice = RunChoice(deal=deal, assumptions=assumptions, scenario=scenario, as_of=day(as_of), mode=mode)
    with opened_desk() as desk, progress() as watch:
        outcome = desk.breakeven(choice, request, progress=watch)
        if out is not None:
            desk.export_break_evens(out, outcome)
    if as_json:
        print_json(grid_tables.break_even_json(outcome))
    else:
        grid_tables.show_break_evens(console, outcome)
    if out is not None:
        talk.print(f"Wrote {out}")


def values(text: str, option: str, unit: Decimal) -> tuple[float, ...]:
    """Values of a list such as `0,2,4:10:2` in units of the engine.

    Raises InputError CLO-4150 for what is no number, CLO-4151 for a range without a step upwards, CLO-4152 for one of
    too many values.
    """
    found: list[float] = []
    for part in text.split(","):
        numbers = [_number(piece, part, option) for piece in part.split(":")]
        if len(numbers) == 1:
            found.append(float(numbers[0] / unit))
        else:
            found += [float(value / unit) for value in _range(numbers, part, option)]
    return tuple(found)


def _one(text: str, option: str, unit: Decimal) -> float:
    """One value of an option that takes a single one."""
    return float(_number(text, text, option) / unit)


def _number(piece: str, part: str, option: str) -> Decimal:
    try:
        found = Decimal(piece.strip().removesuffix("%"))
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():
        raise InputError(
            "CLO-4150", f"'{part}' is no number", where=option, remedy="Write 0,2,4 or a range such as 0:10:2."
        )
    return found


def _range(numbers: list[Decimal], part: str, option: str) -> list[Decimal]:
    """First, first plus step and so on, up to the last."""
    if len(numbers) != _RANGE_PARTS or numbers[2] <= 0 or numbers[1] < numbers[0]:
        raise InputError(
            "CLO-4151", f"'{part}' is no range", where=option, remedy="Write first:last:step, for example 0:10:2."
        )
    first, last, step = numbers
    n = int((last - first) / step) + 1
    if n > MOST_VALUES:
        raise InputError(
            "CLO-4152", f"'{part}' has {n:,} values", where=option, remedy=f"Ask for {MOST_VALUES:,} at most."
        )
    return [first + i * step for i in range(n)]
