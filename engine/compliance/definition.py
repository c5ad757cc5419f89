"""What the catalogue says of a test."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from engine.compliance.forms import Form
from engine.compliance.portfolio import Portfolio
from engine.compliance.terms import DealTerms, Direction
from engine.compliance.thresholds import ThresholdFunction

TestFunction = Callable[[Portfolio, DealTerms], Form]
TriggerFunction = Callable[[DealTerms], float | None]
INDENTURES = "US CLO indentures"
"""The source of what current indentures define, each for its own deal."""


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
    asset_facts: what must be supplied for each asset beside the asset master; further_parameters and further_facts:
    what the test reads where it is stated, or where another parameter asks for it. threshold: how the test computes
    its own limit, None for a configured one; trigger: the level of the deal's documents where none is configured.
    leader: the test whose routine answered for this one in the legacy model, 0 for none. legacy_label and
    legacy_member: how the workbook and the VBA spell it, empty for a test they lack.
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
    further_parameters: tuple[str, ...] = ()
    further_facts: tuple[str, ...] = ()
    threshold: ThresholdFunction | None = None
    trigger: TriggerFunction | None = None
    leader: int = 0
    legacy_label: str = ""
    legacy_member: str = ""
    standing: Standing = Standing.WHOLE

    @property
    def formula(self) -> str:
        """The formula in words."""
        return f"{self.numerator} / {self.denominator}" if self.denominator else self.numerator


def share_limit(
    *,
    id: int,  # noqa: A002  (the name of the field)
    name: str,
    label: str,
    numerator: str,
    source: str,
    function: TestFunction,
    category: Category = Category.CONCENTRATION,
    direction: Direction = Direction.MAX,
    parameters: tuple[str, ...] = (),
    asset_facts: tuple[str, ...] = (),
    further_facts: tuple[str, ...] = (),
    leader: int = 0,
    legacy_label: str = "",
    legacy_member: str = "",
    standing: Standing = Standing.WHOLE,
) -> Definition:
    """The definition of a limit on a share of the collateral principal amount; fields as of `Definition`."""
    return Definition(
        id=id,
        name=name,
        label=label,
        category=category,
        numerator=numerator,
        denominator="collateral principal amount",
        direction=direction,
        unit=Unit.SHARE,
        source=source,
        function=function,
        parameters=parameters,
        asset_facts=asset_facts,
        further_facts=further_facts,
        leader=leader,
        legacy_label=legacy_label,
        legacy_member=legacy_member,
        standing=standing,
    )
