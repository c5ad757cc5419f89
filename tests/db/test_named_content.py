"""Assumption sets, scenarios and waterfalls: stored under names, versioned where people edit."""

from datetime import date
from decimal import Decimal

import pytest

from db.scenarios import NamedContent
from db.store import Store
from engine.errors import ReferenceDataError

_CURVE = NamedContent(name="flat", description="flat curve", content={"curve": [[1, 0.1 + 0.2], [120, 0.02]]})


@pytest.mark.parametrize("kind", ["assumption_sets", "scenarios"])
def test_documents_are_kept_by_name(store: Store, kind: str) -> None:
    """Save, replace, list and remove; numbers keep every digit."""
    changed = NamedContent(name="flat", description="steep", content={"curve": []})
    with store.begin() as work:
        getattr(work, kind).save(_CURVE)
    with store.read() as work:
        first = getattr(work, kind).load("flat")
    with store.begin() as work:
        getattr(work, kind).save(changed)
    with store.read() as work:
        listed = getattr(work, kind).documents()
    with store.begin() as work:
        removed = [getattr(work, kind).remove("flat") for _ in range(2)]

    assert first == _CURVE
    assert listed == (changed,)
    assert removed == [True, False]
    with store.read() as work:
        assert getattr(work, kind).find("flat") is None


def test_an_unknown_assumption_set_is_told_with_the_known_ones(store: Store) -> None:
    """The error lists what could have been meant."""
    with store.begin() as work:
        work.assumption_sets.save(_CURVE)

    with store.read() as work, pytest.raises(ReferenceDataError, match=r"CLO-3017: .* set steep\. Stored: flat\."):
        work.assumption_sets.load("steep")


def test_every_edit_of_a_waterfall_is_a_version(store: Store) -> None:
    """The last version answers, earlier ones stay, and saving the same text again adds none."""
    day = date(2016, 1, 1)
    with store.begin() as work:
        for text in ("FEE T", "FEE T; INT A", "FEE T; INT A"):
            work.waterfalls.save("House", text, "h" + text, effective_date=day, deal_name="Mag 17")
        work.waterfalls.save("Other", "INT A", "x", effective_date=day, options={"incentive_fee_rate": Decimal("0.2")})

    with store.read() as work:
        last = work.waterfalls.load("house", deal_name="MAG17")
        first = work.waterfalls.load("House", deal_name="MAG17", version=1)
        other = work.waterfalls.load("Other")
        n_stored = len(work.waterfalls.waterfalls())
        with pytest.raises(ReferenceDataError, match=r"CLO-3016: .* House\. Stored waterfalls: House, Other\."):
            work.waterfalls.load("House")
    assert (last.version, last.program, last.program_hash) == (2, "FEE T; INT A", "hFEE T; INT A")
    assert first.program == "FEE T"
    assert other.options["incentive_fee_rate"] == Decimal("0.2")
    assert n_stored == 3
    with store.begin() as work:
        assert work.waterfalls.remove("House", deal_name="Mag 17") == 2


def test_options_of_a_mag_version_are_replaced(store: Store) -> None:
    """One row of thresholds and features for each deal and version."""
    with store.begin() as work:
        work.waterfalls.save("House", "FEE T", "h", effective_date=date(2016, 1, 1), deal_name="Mag 17")
        for hurdle in (Decimal("0.1"), Decimal("0.12")):
            work.waterfalls.save_mag("Mag 17", "MAG_17", equity_hurdle_rate=hurdle, features={"TURBO": True})

    with store.read() as work:
        rows = work.driver.execute("SELECT equity_hurdle_rate, features FROM mag_waterfall_configs").fetchall()
    assert rows == [(Decimal("0.1200"), {"TURBO": True})]
