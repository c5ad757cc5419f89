"""What the results workbook says of a run besides its numbers: where it came from and what it rests on."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from engine.deal.results import DealResult
from engine.snapshot import Finding


class Unit(Enum):
    """How a total is shown."""

    MONEY = "money"
    RATE = "rate"
    RATIO = "ratio"
    YEARS = "years"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class AssumptionSource:
    """One input of the run and where it was taken from (`Deal sheet`, `Assumption set BASE`)."""

    item: str
    source: str


@dataclass(frozen=True, slots=True)
class Total:
    """One figure of the whole run."""

    label: str
    value: float
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheInput:
    """What the deal says of a class: balances in currency, price a fraction of par, margins decimals."""

    name: str
    original_balance: float
    current_balance: float
    price: float | None
    spread: float
    discount_margin: float | None
    is_equity: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """The head of a results workbook. tranche_inputs stand in the order of the result's tranches.

    remarks: what an analyst should know about the run; findings: what the importer said of the deal's workbook.
    """

    deal: str
    scenario: str
    as_of: date
    mode: str
    program: str
    run_id: str
    engine_version: str
    input_hash: str
    tranche_inputs: tuple[TrancheInput, ...]
    sources: tuple[AssumptionSource, ...] = ()
    totals: tuple[Total, ...] = ()
    remarks: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """One run as it is written: its head and its numbers."""

    summary: RunSummary
    result: DealResult
