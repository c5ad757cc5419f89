"""What a deal is tested against: its configured tests, its inputs and its tranches (spec 03 §3.1, §4.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from engine.errors import InputError


class Direction(Enum):
    """Which side of its threshold a result must lie on; equality passes."""

    MAX = "max"
    MIN = "min"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestSetting:
    """One configured test of a deal.

    threshold: a level in the unit of the test; or steps (from, level) in date order, of which the last one begun holds;
    None for a test that computes its own. overwrite: replaces any threshold. baseline: the last accepted result, for
    maintain-or-improve; None where there is none. is_hard: whether the objective and the optimiser treat it as a limit.
    """

    __test__ = False

    test_id: int
    direction: Direction
    threshold: float | tuple[tuple[date, float], ...] | None = None
    overwrite: float | None = None
    baseline: float | None = None
    is_hard: bool = True

    def level(self, as_of: date) -> float | None:
        """The threshold in force on a day, None where the test computes it; CLO-1504 before the first step."""
        if self.overwrite is not None:
            return self.overwrite
        if not isinstance(self.threshold, tuple):
            return self.threshold
        begun = [level for start, level in self.threshold if start <= as_of]
        if not begun:
            raise InputError(
                "CLO-1504",
                f"Test {self.test_id} has no threshold on {as_of}: its first one begins on {self.threshold[0][0]}",
                where=f"threshold of test {self.test_id}",
                remedy="Add a step that begins earlier, or test on a later day.",
            )
        return begun[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTerms:
    """A rated class as coverage tests see it: balances in currency, interest due in the period, trigger ratios."""

    name: str
    balance: float
    deferred_balance: float = 0.0
    interest_due: float = 0.0
    oc_trigger: float | None = None
    ic_trigger: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealTerms:
    """The inputs of a deal that tests read, by their canonical names.

    parameters: decimals, currency or counts as the catalogue says for each test (`current_libor`, `warf_threshold`,
    ...); stated_maturity None where the deal has none; classes in order of seniority.
    """

    deal: str
    as_of: date
    parameters: Mapping[str, float] = field(default_factory=dict)
    stated_maturity: date | None = None
    classes: tuple[ClassTerms, ...] = ()

    def number(self, name: str, test_id: int) -> float:
        """A parameter; InputError CLO-1502 where the deal does not state it."""
        if name not in self.parameters:
            raise InputError(
                "CLO-1502",
                f"Test {test_id} needs `{name}`, which {self.deal} does not state",
                where=f"quality inputs of {self.deal}",
                remedy=f"Enter `{name}`, or leave test {test_id} out.",
            )
        return self.parameters[name]


LABELS = {
    "Current LIBOR": "current_libor",
    "Reinvestment Target Balance": "reinvestment_target_balance",
    "Weighted Average Spread": "weighted_average_spread",
    "WARF Factor": "warf_factor",
    "WARF Threshold": "warf_threshold",
    "JR OC Denominator": "junior_oc_denominator",
    "WAS Factor": "was_factor",
    "WARR Threshold": "warr_threshold",
}
"""Labels of the workbook's quality inputs, and the names that the tests use for them."""
STATED_MATURITY_LABEL = "Stated Maturity Date"
