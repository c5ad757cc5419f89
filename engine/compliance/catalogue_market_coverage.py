"""Coverage tests of current US CLO indentures: OC and IC by class, interest diversion, event of default, target par."""

from engine.compliance import coverage
from engine.compliance.definition import INDENTURES, Category, Definition, Unit
from engine.compliance.haircuts import HAIRCUT_FACTS
from engine.compliance.terms import Direction

_ADJUSTED = "par at carrying value + principal cash - excess CCC/Caa haircut"
_HAIRCUTS = ("ccc_limit", "discount_price", "discount_price_below_b3", "long_dated_value")
_INTEREST = ("current_libor", "collection_period_years", "interest_proceeds", "senior_expenses")


def _oc(test_id: int, letters: str) -> Definition:
    classes = "/".join(letters)
    return Definition(
        id=test_id,
        name=f"oc_ratio_class_{letters.lower()}",
        label=f"OC ratio Class {classes}",
        category=Category.COVERAGE,
        numerator=_ADJUSTED,
        denominator=f"balance and deferred interest down to Class {classes[-1]}, Class X left out",
        direction=Direction.MIN,
        unit=Unit.SHARE,
        source=f"{INDENTURES}: Overcollateralization Ratio; spec 02 section 10",
        function=coverage.oc_ratio(letters, test_id),
        parameters=_HAIRCUTS,
        further_facts=HAIRCUT_FACTS,
        trigger=coverage.oc_trigger(letters),
    )


def _ic(test_id: int, letters: str) -> Definition:
    classes = "/".join(letters)
    return Definition(
        id=test_id,
        name=f"ic_ratio_class_{letters.lower()}",
        label=f"IC ratio Class {classes}",
        category=Category.COVERAGE,
        numerator="interest of paying assets in the collection period + interest proceeds - senior expenses",
        denominator=f"interest due down to Class {classes[-1]}, Class X left out",
        direction=Direction.MIN,
        unit=Unit.SHARE,
        source=f"{INDENTURES}: Interest Coverage Ratio; spec 02 section 11",
        function=coverage.ic_ratio(letters, test_id),
        parameters=_INTEREST,
        trigger=coverage.ic_trigger(letters),
    )


COVERAGE_TESTS = (
    _oc(55, "AB"),
    _oc(56, "C"),
    _oc(57, "D"),
    _oc(58, "E"),
    _ic(59, "AB"),
    _ic(60, "C"),
    _ic(61, "D"),
    Definition(
        id=62,
        name="interest_diversion",
        label="Interest diversion",
        category=Category.COVERAGE,
        numerator=_ADJUSTED,
        denominator="balance and deferred interest of every class, Class X left out",
        direction=Direction.MIN,
        unit=Unit.SHARE,
        source=f"{INDENTURES}: Interest Diversion Test; spec 02 section 10",
        function=coverage.interest_diversion,
        parameters=_HAIRCUTS,
        further_parameters=("interest_diversion_trigger",),
        further_facts=HAIRCUT_FACTS,
        trigger=coverage.stated_trigger("interest_diversion_trigger"),
    ),
    Definition(
        id=63,
        name="event_of_default_oc",
        label="Event-of-default OC",
        category=Category.COVERAGE,
        numerator="performing par + defaulted assets at market value + principal cash",
        denominator="balance and deferred interest of Class A",
        direction=Direction.MIN,
        unit=Unit.SHARE,
        source=f"{INDENTURES}: Events of Default; spec 02 section 5.5",
        function=coverage.event_of_default_oc,
        further_parameters=("event_of_default_trigger",),
        trigger=coverage.stated_trigger("event_of_default_trigger"),
    ),
    Definition(
        id=64,
        name="par_value_class_a",
        label="Par value Class A",
        category=Category.COVERAGE,
        numerator=_ADJUSTED,
        denominator="balance and deferred interest of Class A",
        direction=Direction.MIN,
        unit=Unit.SHARE,
        source=f"{INDENTURES}: Par Value Ratio",
        function=coverage.oc_ratio("A", 64),
        parameters=_HAIRCUTS,
        further_facts=HAIRCUT_FACTS,
        trigger=coverage.oc_trigger("A"),
    ),
    Definition(
        id=91,
        name="collateral_par_against_target",
        label="Collateral par against target",
        category=Category.COVERAGE,
        numerator="performing par + defaulted assets at the lower of market value and recovery + principal cash",
        denominator="reinvestment target balance",
        direction=Direction.MIN,
        unit=Unit.SHARE,
        source=f"{INDENTURES}: Reinvestment Target Par Balance",
        function=coverage.collateral_par_against_target,
        parameters=("reinvestment_target_balance",),
    ),
)
