"""A server that goes away and comes back, seen from cells that nobody touches."""

import threading
import time

from tests.xl_addin.calc.conftest import Calculation, Sheet
from xl_addin.calc.harness import Office

_N_CELLS = 2_000
_N_WHILE_KILLED = 800


def _formulas(n_cells: int) -> dict[str, list[list[str]]]:
    rows = [[f"=CLO_PERIOD_RATE({row / 10_000};42370;42736)"] for row in range(1, n_cells + 1)]
    return {f"A1:A{n_cells}": rows}


def _n_wrong(sheet: Sheet) -> int:
    found = sheet.values()
    return sum(
        not isinstance(value, float) or abs(value - int(address[1:]) / 10_000) > 1e-12
        for address, value in found.items()
        if address.startswith("A")
    )


def test_two_thousand_cells_calculate(sheet: Sheet) -> None:
    """2,000 cells, one request each, show the right values; the time is printed."""
    sheet.write(_formulas(_N_CELLS))
    started = time.perf_counter()
    sheet.values()  # Calc calculates what is asked for.
    seconds = time.perf_counter() - started
    print(f"{_N_CELLS} cells in {seconds:.2f} s, {seconds / _N_CELLS * 1e3:.2f} ms each")

    assert _n_wrong(sheet) == 0


def test_cells_survive_a_server_that_is_killed(office: Office, calculation: Calculation, sheet: Sheet) -> None:
    """Killed while cells calculate, the server leaves #N/A with a text; once it is back all cells are right again."""
    sheet.write(_formulas(_N_WHILE_KILLED))
    started = time.perf_counter()
    sheet.values()
    seconds = time.perf_counter() - started

    killer = threading.Timer(seconds / 3, calculation.kill)
    killer.start()
    office.ask("calculate", document=sheet.document)
    killer.join()
    broken = sheet.values()
    sheet.write({"B1": "=CLO_ERROR()"})
    text = sheet.values()["B1"]
    calculation.start()
    give_up = time.monotonic() + 20.0
    while _n_wrong(sheet) and time.monotonic() < give_up:
        time.sleep(0.2)

    errors = [value for value in broken.values() if isinstance(value, dict)]
    assert 0 < len(errors) < _N_WHILE_KILLED
    assert all(error == {"e": "#N/A"} for error in errors)
    assert text.startswith("CLO-3000: The calculation server at http://127.0.0.1:")
    assert "clodesk serve" in text
    assert _n_wrong(sheet) == 0
