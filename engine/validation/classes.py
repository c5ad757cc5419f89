"""Deal rules of the classes of notes: balances, names, equity and coverage triggers (spec 02 §6, §10, §11)."""

from collections.abc import Iterator

from engine.snapshot import DealSnapshot, TrancheRow
from engine.validation.rules import Fault, Records, Rule, Scope

TRIGGER_RANGE = (0.5, 3.0)
"""Ratios; the levels of real deals lie between 1 and 2, and 110 or 1.1 % are typed by mistake."""

BALANCE_TOLERANCE = 0.005
"""Half a cent."""


def _fault(deal: DealSnapshot, tranche: TrancheRow, text: str, found: object) -> Fault:
    return Fault(text=f"{text} of {tranche.name}", key=f"{deal.name} {tranche.name}", place=tranche.place, found=found)


def negative_balances(records: Records) -> Iterator[Fault]:
    """Negative original, current and deferred balances."""
    for deal in records.deals:
        for tranche in deal.tranches:
            balances = {
                "negative original balance": tranche.original_balance,
                "negative current balance": tranche.current_balance,
                "negative deferred balance": tranche.deferred_balance,
            }
            for text, balance in balances.items():
                if balance is not None and balance < 0:
                    yield _fault(deal, tranche, text, balance)


def unlikely_balances(records: Records) -> Iterator[Fault]:
    """Balances above the original one, and deferred interest of classes that cannot defer."""
    for deal in records.deals:
        for tranche in deal.tranches:
            current, original = tranche.current_balance, tranche.original_balance
            if current is not None and original is not None and current > original + BALANCE_TOLERANCE:
                yield _fault(deal, tranche, f"current balance above the original {original:,.2f}", current)
            if tranche.deferred_balance and tranche.deferred_balance > 0 and not tranche.is_deferrable:
                yield _fault(deal, tranche, "deferred balance, though it cannot defer,", tranche.deferred_balance)


def repeated_classes(records: Records) -> Iterator[Fault]:
    """Class names that stand twice in a deal."""
    for deal in records.deals:
        seen: set[str] = set()
        for tranche in deal.tranches:
            if tranche.name in seen:
                yield _fault(deal, tranche, "second column", tranche.name)
            seen.add(tranche.name)


def misplaced_equity(records: Records) -> Iterator[Fault]:
    """Deals whose last class is not their one equity class."""
    for deal in records.deals:
        if not deal.tranches:
            continue
        equity = [tranche.name for tranche in deal.tranches if tranche.is_equity]
        if equity != [deal.tranches[-1].name]:
            told = ", ".join(equity) or "none"
            yield _fault(deal, deal.tranches[-1], f"{deal.name} has other equity than the last column, that", told)


def unlikely_triggers(records: Records) -> Iterator[Fault]:
    """Coverage triggers that no ratio has."""
    lowest, highest = TRIGGER_RANGE
    for deal in records.deals:
        for tranche in deal.tranches:
            for what, level in (("OC", tranche.oc_trigger), ("IC", tranche.ic_trigger)):
                if level is not None and not lowest <= level <= highest:
                    yield _fault(deal, tranche, f"{what} trigger outside of {lowest:g} to {highest:g}", level)


def rising_triggers(records: Records) -> Iterator[Fault]:
    """Coverage triggers above the one of a more senior class."""
    for deal in records.deals:
        for what in ("OC", "IC"):
            senior: float | None = None
            for tranche in deal.tranches:
                level = tranche.oc_trigger if what == "OC" else tranche.ic_trigger
                if level is None:
                    continue
                if senior is not None and level > senior:
                    yield _fault(deal, tranche, f"{what} trigger above the {senior:g} of a more senior class", level)
                senior = level


CLASS_RULES: tuple[Rule, ...] = (
    Rule(
        "E-BALANCE",
        Scope.DEAL,
        "class",
        "Balances of a class are not negative.",
        "Correct the balance.",
        "spec 02 §1.2, §6",
        negative_balances,
    ),
    Rule(
        "W-BALANCE",
        Scope.DEAL,
        "class",
        "A class owes no more than at the start, and defers interest only if it may.",
        "Check the balances; deferred interest has a row of its own.",
        "spec 02 §1.2, §6",
        unlikely_balances,
    ),
    Rule(
        "E-DUPCLASS",
        Scope.DEAL,
        "class",
        "A class stands once in a deal.",
        "Give each column its own name.",
        "schema: liabilities are keyed by deal and tranche name",
        repeated_classes,
    ),
    Rule(
        "W-EQUITY",
        Scope.DEAL,
        "class",
        "The last class of a deal, and no other, is its equity.",
        "Set the equity flag of the subordinated notes, and put them last.",
        "spec 02 §1.2, §6; spec 06 §5.2",
        misplaced_equity,
    ),
    Rule(
        "W-LEVEL",
        Scope.DEAL,
        "class",
        "A coverage trigger is a ratio such as 1.10.",
        "Give the ratio (1.10 for 110 %), or NA where the class has no test.",
        "spec 02 §1.2, §10, §11; spec 06 §5.2",
        unlikely_triggers,
    ),
    Rule(
        "W-SENIORITY",
        Scope.DEAL,
        "class",
        "Coverage triggers do not rise from senior to junior classes.",
        "Check the triggers, and the order of the columns.",
        "spec 02 §10, §11",
        rising_triggers,
    ),
)
