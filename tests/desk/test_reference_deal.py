"""The recorded workbook through the desk: MAG 17 with its 195 loans."""

from pathlib import Path

import numpy as np
import pytest

from engine.deal.results import TRANCHE_COLUMNS
from engine.desk.desk import Desk
from engine.errors import InputError


@pytest.fixture
def mag_desk(desk: Desk, reference: Path) -> Desk:
    """A desk that imported the recorded workbook."""
    desk.import_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx")
    return desk


@pytest.mark.parametrize("chosen", ["workbook", "illustrative"])
def test_mag17_runs_with_a_named_set_and_says_so(mag_desk: Desk, chosen: str) -> None:
    """195 loans; the summary names the set for the curve and the rates, and the sheet for what it documents."""
    outcome = mag_desk.run_deal("MAG 17", assumptions=chosen)
    source_of = {source.item: source.source for source in outcome.summary.sources}

    assert next(line.n_positions for line in mag_desk.deals() if line.name == "Mag 17") == 195
    assert outcome.result.failure is None
    assert source_of["index curve"] == f"assumption set '{chosen}'"
    assert source_of["prepayment, default, severity and lag"] == f"assumption set '{chosen}'"
    assert source_of["positions, classes, dates and accounts"] == "sheet 'Mag 17 Inputs'"
    principal = outcome.result.tranches[:, :, TRANCHE_COLUMNS.index("principal_paid")]
    assert np.isfinite(principal).all()
    assert principal.sum() > 0.0


def test_mag17_is_not_run_on_a_guess(mag_desk: Desk) -> None:
    """No assumption set, no run: the error lists the sets to choose from, and nothing is stored."""
    with pytest.raises(InputError, match=r"CLO-4016: No assumption set was chosen.*known sets: workbook, illustrative"):
        mag_desk.run_deal("MAG 17")

    assert mag_desk.runs() == ()
