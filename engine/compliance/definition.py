"""What the catalogue says of a test."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from engine.compliance.forms import Form
from engine.compliance.portfolio import Portfolio
from engine.compliance.terms import DealTerms, Direction
from engine.compliance.thresholds import ThresholdFunction

TestFunction = Callable[[Portfolio, DealTerms], Form]


class Category(Enum):
    """What a test guards."""

    CONCENTRATION = "concentration"
    QUALITY = "collateral quality"
    COVERAGE = "coverage"
    HAIRCUT = "haircut"


class Unit(Enum):
    """How a result is read: a decimal shown as percentage, years, money, or a plain number."""

    SHARE = "share"
    YEARS = "years"
    MONEY = "money"
    NUMBER = "number"


class Standing(Enum):
    """Whether a test measures what its name says: a STUB does not, and never passes without a warning (03 Q16, Q17)."""

    WHOLE = "whole"
    STUB = "stub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One test of the catalogue.

    numerator and denominator: the formula in words. parameters: what the deal's quality inputs must state;
    asset_facts: what must be supplied for each asset beside the asset master. threshold: how the test computes its own
    limit, None for a configured one. leader: the test whose routine answered for this one in the legacy model, 0 for
    none. legacy_label and legacy_member: how the workbook and the VBA spell it, empty for a test they lack.
    """

    id: int
    name: str
    label: str
    category: Category
    numerator: str
    denominator: str
    direction: Direction
    unit: Unit
    source: str
    function: TestFunction
    parameters: tuple[str, ...] = ()
    asset_facts: tuple[str, ...] = ()
    threshold: ThresholdFunction | None = None
    leader: int = 0
    legacy_label: str = ""
    legacy_member: str = ""
    standing: Standing = Standing.WHOLE

    @property
    def formula(self) -> str:
        """The formula in words."""
        return f"{self.numerator} / {self.denominator}" if self.denominator else self.numerator
