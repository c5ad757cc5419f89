"""Coverage of the classes: OC and IC ratios, interest diversion, event of default, par value of Class A.

Ratios and their classes as the waterfalls have them (spec 02 §10, §11, §12, `engine.liabilities.kernels_coverage`): a
class counts with every class in front of it, deferred interest included, and Class X is in no denominator (spec 02
§15). The numerator is the "Adjusted Collateral Principal Amount" of current US CLO indentures.
"""

import numpy as np

from engine.compliance import haircuts
from engine.compliance.averages import interest_rate
from engine.compliance.definition import TestFunction, TriggerFunction
from engine.compliance.facts import market_value, require_rates
from engine.compliance.forms import Form, Measure, MeasureKind, Ratio, Sum
from engine.compliance.portfolio import Floats, Portfolio
from engine.compliance.terms import ClassTerms, DealTerms
from engine.errors import InputError

OUTSIDE_COVERAGE = "X"


def class_letter(name: str) -> str:
    """Leading letter of a class: `B` of `Class B-1`, `B-1` and `b1`."""
    text = name.strip().upper()
    return text.removeprefix("CLASS").strip()[:1]


def covered_classes(terms: DealTerms, letters: str, test_id: int) -> tuple[ClassTerms, ...]:
    """The classes with the last of these letters and all in front of them, but Class X.

    Raises InputError CLO-1515 where the deal has no class with any of the letters.
    """
    own = [item for item in terms.classes if class_letter(item.name) in letters]
    if not own:
        raise InputError(
            "CLO-1515",
            f"Test {test_id} is about Class {'/'.join(letters)}, which {terms.deal} does not have",
            where=f"classes of {terms.deal}",
            remedy=f"Enter the class, or leave test {test_id} out.",
        )
    last = max(letters)
    return tuple(item for item in terms.classes if class_letter(item.name) <= last and not _is_outside(item))


def rated_letters(terms: DealTerms) -> str:
    """Letters of the classes that coverage tests know, Class X left out; `A` for a deal without classes."""
    return "".join(sorted({class_letter(item.name) for item in terms.classes if not _is_outside(item)})) or "A"


def _is_outside(item: ClassTerms) -> bool:
    return class_letter(item.name) == OUTSIDE_COVERAGE


def balance_sum(portfolio: Portfolio, classes: tuple[ClassTerms, ...]) -> Sum:
    """What the classes are owed: balances and deferred interest, currency."""
    owed = sum(item.balance + item.deferred_balance for item in classes)
    return Sum(np.zeros(len(portfolio)), fixed=owed)


def carrying_value(portfolio: Portfolio, terms: DealTerms, test_id: int) -> Floats:
    """What a unit of par counts in an OC numerator before the excess CCC haircut, (n,).

    Performing par in full, deferring assets at their recovery rate, discount and long-dated obligations at their
    value, the lowest of them where several apply; defaulted assets at the lower of market value and Moody's recovery
    rate (the deal's projection takes market value alone, 02 DQ-11).
    """
    is_deferring = portfolio.flags(lambda asset: asset.piking)
    value = np.where(is_deferring, portfolio.recovery, 1.0)
    value = np.minimum(value, haircuts.discount_value(portfolio, terms, test_id))
    value = np.minimum(value, haircuts.long_dated_value(portfolio, terms, test_id))
    return np.where(portfolio.performing, value, defaulted_value(portfolio, test_id))


def defaulted_value(portfolio: Portfolio, test_id: int) -> Floats:
    """The lower of market value and Moody's recovery rate, fractions of par, (n,)."""
    return np.minimum(market_value(portfolio, test_id, portfolio.defaulted), portfolio.recovery)


def adjusted_collateral(portfolio: Portfolio, terms: DealTerms, test_id: int, denominator: Sum) -> Measure:
    """Carrying values of the collateral and principal cash, less the excess CCC/Caa haircut."""
    value = carrying_value(portfolio, terms, test_id)
    return haircuts.excess_measure(portfolio, terms, test_id, MeasureKind.ADJUSTED_COLLATERAL, value, denominator)


def oc_ratio(letters: str, test_id: int) -> TestFunction:
    """Adjusted collateral over what the classes down to the last of these letters are owed."""

    def test(portfolio: Portfolio, terms: DealTerms) -> Form:
        owed = balance_sum(portfolio, covered_classes(terms, letters, test_id))
        return adjusted_collateral(portfolio, terms, test_id, owed)

    return test


def oc_trigger(letters: str) -> TriggerFunction:
    """The OC trigger that the last of these classes states; None where none does."""

    def trigger(terms: DealTerms) -> float | None:
        return _last([item.oc_trigger for item in terms.classes if class_letter(item.name) in letters])

    return trigger


def interest_diversion(portfolio: Portfolio, terms: DealTerms) -> Form:
    """The OC ratio of the most junior class, which diverts interest to reinvestment below a trigger of its own."""
    owed = balance_sum(portfolio, covered_classes(terms, rated_letters(terms), 62))
    return adjusted_collateral(portfolio, terms, 62, owed)


def event_of_default_oc(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Performing par, cash and defaulted assets at market value over Class A, without haircuts (spec 02 §5.2)."""
    price = market_value(portfolio, 63, portfolio.defaulted)
    numerator = Sum(np.where(portfolio.performing, 1.0, price), per_cash=1.0)
    return Ratio(numerator, balance_sum(portfolio, covered_classes(terms, "A", 63)))


def stated_trigger(name: str) -> TriggerFunction:
    """A trigger among the deal's parameters; None where it is not stated."""

    def trigger(terms: DealTerms) -> float | None:
        return terms.parameters.get(name)

    return trigger


def ic_ratio(letters: str, test_id: int) -> TestFunction:
    """Interest of a collection period, less what is paid in front of the classes, over the interest due to them.

    Interest of performing assets that pay it, at today's rates for the `collection_period_years` that are left of the
    period; `interest_proceeds` already collected are added, `senior_expenses` taken off, both in currency.
    """

    def test(portfolio: Portfolio, terms: DealTerms) -> Form:
        classes = covered_classes(terms, letters, test_id)
        _require_interest(classes, terms, test_id)
        years = terms.number("collection_period_years", test_id)
        is_paying = portfolio.performing & ~portfolio.flags(lambda asset: asset.piking)
        require_rates(portfolio, test_id, is_paying)
        rate = interest_rate(portfolio, terms.number("current_libor", test_id))
        fixed = terms.number("interest_proceeds", test_id) - terms.number("senior_expenses", test_id)
        due = sum(item.interest_due for item in classes)
        numerator = Sum(np.where(is_paying, rate * years, 0.0), fixed=fixed)
        return Ratio(numerator, Sum(np.zeros(len(portfolio)), fixed=due))

    return test


def ic_trigger(letters: str) -> TriggerFunction:
    """The IC trigger that the last of these classes states; None where none does."""

    def trigger(terms: DealTerms) -> float | None:
        return _last([item.ic_trigger for item in terms.classes if class_letter(item.name) in letters])

    return trigger


def _last(triggers: list[float | None]) -> float | None:
    return next((level for level in reversed(triggers) if level is not None), None)


def _require_interest(classes: tuple[ClassTerms, ...], terms: DealTerms, test_id: int) -> None:
    for item in classes:
        if item.balance > 0.0 and item.interest_due <= 0.0:
            raise InputError(
                "CLO-1516",
                f"Test {test_id} needs the interest due to Class {item.name.removeprefix('Class ')}",
                where=f"classes of {terms.deal}",
                remedy="Enter the interest due for the period, in currency.",
            )


def collateral_par_against_target(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Performing par, cash and defaulted assets at their value over the reinvestment target par."""
    value = np.where(portfolio.performing, 1.0, defaulted_value(portfolio, 91))
    target = terms.number("reinvestment_target_balance", 91)
    return Ratio(Sum(value, per_cash=1.0), Sum(np.zeros(len(portfolio)), fixed=target))
