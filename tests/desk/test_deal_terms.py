"""What tests read of a deal's sheet: inputs with their cells, classes with the interest they are due."""

from dataclasses import replace
from datetime import date

import pytest

from engine.desk.deal_limits import limits_from_json
from engine.desk.deal_terms import deal_terms, input_sources, stated_inputs, unread_inputs
from engine.modes import Mode
from engine.snapshot import DealSnapshot, LabelledValue, Place, WorkbookSnapshot


@pytest.fixture
def deal(demo_book: WorkbookSnapshot) -> DealSnapshot:
    return demo_book.deals[0]


def test_inputs_carry_their_cells(deal: DealSnapshot) -> None:
    """The eight quality inputs by their canonical names, and what the sheet says elsewhere."""
    found = {item.name: item for item in stated_inputs(deal)}

    assert (found["warf_factor"].value, found["warf_factor"].source) == (65.0, "'Demo 1 Inputs'!S6")
    assert (found["ccc_limit"].value, found["ccc_limit"].source) == (0.075, "'Demo 1 Inputs'!AC14")
    assert found["interest_diversion_trigger"].value == 1.055
    assert found["event_of_default_trigger"].value == 1.025
    assert (found["interest_proceeds"].value, found["interest_proceeds"].source) == (
        5_431_157.9152890025,
        "'Demo 1 Inputs'!H5",
    )
    assert found["collection_period_years"].value == pytest.approx((date(2016, 4, 8) - date(2016, 3, 31)).days / 360)


def test_legacy_mode_reads_the_quality_inputs_alone(deal: DealSnapshot) -> None:
    """What the legacy model does not read cannot move its tests; its stated maturity is an input or none."""
    assert {item.name for item in stated_inputs(deal, Mode.LEGACY)} == {
        "current_libor",
        "reinvestment_target_balance",
        "weighted_average_spread",
        "warf_factor",
        "warf_threshold",
        "junior_oc_denominator",
        "was_factor",
        "warr_threshold",
    }
    assert deal_terms(deal, Mode.LEGACY).stated_maturity is None
    assert deal_terms(deal).stated_maturity == date(2027, 1, 20)


def test_a_stated_maturity_of_its_own_goes_before_the_deals(deal: DealSnapshot) -> None:
    """The label that old deals have; labels differ in case and blanks without harm, unknown ones are told."""
    place = Place("Demo 1 Inputs", "R11")
    own = LabelledValue(label="stated  Maturity date", value=date(2025, 1, 15), place=place)
    other = LabelledValue(label="Moon phase", value=0.5, place=place)
    bent = replace(deal, quality_inputs=(*deal.quality_inputs, own, other))

    assert deal_terms(bent).stated_maturity == deal_terms(bent, Mode.LEGACY).stated_maturity == date(2025, 1, 15)
    assert [row.label for row in unread_inputs(bent)] == ["Moon phase"]


def test_classes_are_due_interest_from_the_last_payment_to_the_next(deal: DealSnapshot) -> None:
    """Actual/360 on balance and deferred balance at index plus spread, a fixed class at its coupon; equity is none."""
    classes = tuple(
        replace(row, deferred_balance=1_000_000.0, coupon_type="Fixed") if row.name == "Class E" else row
        for row in deal.tranches
    )
    terms = deal_terms(replace(deal, tranches=classes))
    due = {item.name: item.interest_due for item in terms.classes}
    years = (date(2016, 4, 20) - date(2016, 1, 20)).days / 360
    index = terms.parameters["current_libor"]

    assert [item.name for item in terms.classes] == [row.name for row in deal.tranches if not row.is_equity]
    assert due["Class A-1"] == pytest.approx(280_000_000.0 * (0.0150 + index) * years, rel=1e-12)
    assert due["Class E"] == pytest.approx(23_500_000.0 * 0.0630 * years, rel=1e-12)
    assert {item.name: item.oc_trigger for item in terms.classes}["Class B"] == 1.30


def test_interest_that_cannot_be_known_is_none(deal: DealSnapshot) -> None:
    """Without a next payment date no class is due anything that a test could use."""
    terms = deal_terms(replace(deal, next_payment_date=None))

    assert {item.interest_due for item in terms.classes} == {0.0}


def test_the_document_goes_before_the_sheet_and_says_so(deal: DealSnapshot) -> None:
    """Inputs and facts of the deal's limits are listed with the document as their source."""
    text = '{"parameters": {"ccc_limit": 0.05}, "asset_facts": {"purchase_price": {"A": 98, "B": 99}}}'
    limits = limits_from_json(text, "limits.json")
    sources = {item.item: item.source for item in input_sources(deal, Mode.STANDARD, limits)}

    assert deal_terms(deal, limits=limits).parameters["ccc_limit"] == 0.05
    assert sources["ccc_limit 0.05"] == sources["purchase_price of 2 assets"] == "limits of Demo 1"
    assert sources["principal cash 9,876,543.22"] == "'Demo 1 Inputs'!I5"
