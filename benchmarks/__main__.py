"""All speed claims in one table: `python -m benchmarks`, or some of them by name.

Each figure stands beside an alternative measured in the same run; the ratio is what to compare between machines.
Everything lies in a temporary folder: compile cache, databases, workbooks.
"""

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure

SUBJECTS = {
    "cells": "benchmarks.cells",
    "compliance": "benchmarks.compliance",
    "deal": "benchmarks.deal",
    "optimiser": "benchmarks.optimiser",
    "projection": "benchmarks.projection",
    "scale-out": "benchmarks.scale_out",
    "server": "benchmarks.server",
    "simulation": "benchmarks.simulation",
    "storage": "benchmarks.storage",
    "swap-reports": "benchmarks.swap_reports",
    "swaps": "benchmarks.swaps",
    "trading": "benchmarks.trading",
    "yields": "benchmarks.yields",
    "import": "benchmarks.workbook_import",
    "process": "benchmarks.fresh_process",
}


def measure(names: list[str], *, is_quick: bool) -> list[Figure]:
    """Figures of the named subjects, in an environment of their own; servers that were started are stopped again."""
    found = []
    with tempfile.TemporaryDirectory(prefix="clodesk-bench-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        # Where root measures, the database server runs as another user, who has to get here.
        Path(folder).chmod(0o755)
        os.environ.update(CLODESK_DATA_DIR=str(data), CLODESK_CACHE_DIR=str(Path(folder) / "cache"))
        try:
            for name in names:
                print(f"measuring {name} ...", file=sys.stderr, flush=True)
                found += importlib.import_module(SUBJECTS[name]).run(is_quick=is_quick)
        finally:
            from db.embedded import stop_postgres, stop_valkey

            stop_valkey(data)
            stop_postgres(data)
    return found


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Some of: {', '.join(SUBJECTS)}; all by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    is_quick: Annotated[bool, typer.Option("--quick", help="Few runs of each: a look, not a figure to quote.")] = False,
) -> None:
    """Measure what the speed claims rest on."""
    unknown = [name for name in names or () if name not in SUBJECTS]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(SUBJECTS)}")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    figures = measure(names or list(SUBJECTS), is_quick=is_quick)
    if as_json:
        print(json.dumps({"processors": os.cpu_count(), "load": load, "figures": [_record(item) for item in figures]}))
    else:
        _show(figures, load)


def _record(figure: Figure) -> dict[str, object]:
    return {
        "name": figure.name.strip(),
        "amount": figure.amount,
        "alternative": figure.alternative,
        "alternative_amount": figure.alternative_amount,
        "unit": "bytes" if figure.unit.name == "MEBIBYTE" else "seconds",
        "ratio": figure.ratio,
        "target": figure.target,
        "is_met": figure.is_met,
    }


def _show(figures: list[Figure], load: float) -> None:
    table = Table(title=f"{os.cpu_count()} processors, load {load:.1f} at the start", title_justify="left")
    for heading in ("What", "Measured", "Alternative", "Its figure", "Ratio", "Target", "Met"):
        table.add_column(heading, justify="left" if heading in ("What", "Alternative", "Met") else "right")
    for figure in figures:
        table.add_row(
            figure.name,
            figure.unit.shown(figure.amount),
            figure.alternative,
            figure.unit.shown(figure.alternative_amount),
            f"{figure.ratio:,.1f} x",
            "" if figure.target is None else f"under {figure.unit.shown(figure.target)}",
            {True: "yes", False: "no", None: ""}[figure.is_met],
        )
    (Console() if sys.stdout.isatty() else Console(width=190)).print(table)


if __name__ == "__main__":
    typer.run(main)
