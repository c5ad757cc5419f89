"""A waterfall as its text says it: a program of sections, each a list of steps with their conditions (spec 02 §14.1).

A program names tranches by their class (`B-1`, the subordinated notes are `SUB`), fees by codes, tests by the class
they belong to, `ID` for interest diversion and `EOD` for the event of default. Deal data - balances, flags, triggers -
are bound to it by `engine.waterfall.compiler`. Values compare by what they say, not by where they stand in the text.
"""

from dataclasses import dataclass, field
from enum import Enum

from engine.modes import Mode
from engine.waterfall.codes import (
    AllocationCode,
    ConditionCode,
    Destination,
    EscrowCode,
    FeeSource,
    ReinvestCode,
    SectionCode,
)

EQUITY = "SUB"
DIVERSION_TEST = "ID"
DEFAULT_TEST = "EOD"
NO_LABEL_MATCHES = "-"


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, 1-based; 0 where a program was not read from a text."""

    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}" if self.line else ""


NOWHERE = Place()


class Payment(Enum):
    """What a tranche is paid: interest, deferred interest, principal."""

    INT = "INT"
    PIK = "PIK"
    PRN = "PRN"


class Side(Enum):
    """Interest side or principal side of a cure or an equity distribution."""

    INTEREST = "I"
    PRINCIPAL = "P"


@dataclass(frozen=True, slots=True)
class PayFee:
    """FEE: amount is the yearly cap (CAPPED) or the part of the due amount (PART)."""

    fee: str
    source: FeeSource = FeeSource.CASH
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class PayTranches:
    """INT, PIK or PRN of one tranche or of a group."""

    payment: Payment
    tranches: tuple[str, ...]
    allocation: AllocationCode = AllocationCode.SEQUENTIAL


@dataclass(frozen=True, slots=True)
class Cure:
    """CURE: redeem liabilities until the tests pass; the tests of the two lists are credited with the amount."""

    side: Side
    oc: str
    ic: str | None = None
    shared_ic: tuple[str, ...] = ()
    shared_oc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Divert:
    """DIVERT: while the test fails, send up to a fraction of the cash to principal proceeds."""

    oc: str
    fraction: float


@dataclass(frozen=True, slots=True)
class Reinvest:
    """REINVEST: buy collateral with all cash, or up to the period's cap."""

    amount: ReinvestCode


@dataclass(frozen=True, slots=True)
class PayNotes:
    """NOTES: all cash to the note payment sequence."""


@dataclass(frozen=True, slots=True)
class PayEquity:
    """EQUITY: all cash to sub notes and incentive fee; catch_up 0 for none, gate names the predicate a fee needs."""

    side: Side
    catch_up: float = 0.0
    manager_part: float = 1.0
    gate: str | None = None


@dataclass(frozen=True, slots=True)
class PayScheduled:
    """SCHED: scheduled principal of a tranche with arrears."""

    tranche: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """SWEEP: a fraction of the cash, up to a cap in currency, to a destination; account for RESERVE only."""

    fraction: float
    destination: Destination
    account: int = 0
    cap: float | None = None


@dataclass(frozen=True, slots=True)
class FundReserve:
    """RESERVE FUND: fill an account up to its target, never above the cap on its balance; currency."""

    account: int
    target: float
    cap: float | None = None


@dataclass(frozen=True, slots=True)
class DrawReserve:
    """RESERVE DRAW: add to the cash what the listed fees and interest lack, up to the account's balance."""

    account: int
    fees: tuple[str, ...] = ()
    tranches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MoveEscrow:
    """ESCROW: hold all cash back from equity, or release what is held into the cash."""

    direction: EscrowCode


@dataclass(frozen=True, slots=True)
class Raise:
    """RAISE: stop the run, where the legacy code stops."""


Action = (
    PayFee
    | PayTranches
    | Cure
    | Divert
    | Reinvest
    | PayNotes
    | PayEquity
    | PayScheduled
    | Sweep
    | FundReserve
    | DrawReserve
    | MoveEscrow
    | Raise
)


@dataclass(frozen=True, slots=True)
class Condition:
    """When a step is executed; argument is a label, test, predicate or ISO date, empty where the code takes none."""

    code: ConditionCode
    argument: str = ""
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One action under at most two conditions, both of which must hold."""

    action: Action
    conditions: tuple[Condition, ...] = ()
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class ControlEntry:
    """A class of the control list: its tranches, summed, and the label steps refer to (`-` matches nothing)."""

    tranches: tuple[str, ...]
    label: str
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class CoverageTest:
    """A test and the tranches of its denominator."""

    name: str
    tranches: tuple[str, ...]
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class FeeCode:
    """The short code of a fee and the fee's name in the deal."""

    code: str
    name: str
    place: Place = field(default=NOWHERE, compare=False)


STANDARD_FEES = (
    FeeCode("T", "Trustee Fee"),
    FeeCode("AD", "Admin Fee"),
    FeeCode("SR", "Base Manager Fee"),
    FeeCode("JR", "Junior Manager Fee"),
)


class Metric(Enum):
    """What a predicate may look at, decimals; MOIC a multiple."""

    IRR = "irr"
    PRO_FORMA_IRR = "pro_forma_irr"
    MOIC = "moic"
    SPREAD = "spread"
    OC_BUFFER = "oc_buffer"
    IC_BUFFER = "ic_buffer"


class Comparison(Enum):
    """How a metric is held against a level; the value is the sign the text uses."""

    ABOVE = ">"
    BELOW = "<"
    AT_LEAST = ">="
    AT_MOST = "<="


@dataclass(frozen=True, slots=True)
class Comparand:
    """One comparison of a predicate."""

    metric: Metric
    comparison: Comparison
    level: float


@dataclass(frozen=True, slots=True)
class Predicate:
    """A named circumstance, true when all its comparisons are; evaluated after the tests and before INT."""

    name: str
    terms: tuple[Comparand, ...]
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Program:
    """A whole waterfall. tranches in order of the text, the equity tranche last."""

    tranches: tuple[str, ...]
    control: tuple[ControlEntry, ...]
    oc: tuple[CoverageTest, ...]
    ic: tuple[CoverageTest, ...]
    interest: tuple[Step, ...]
    principal: tuple[Step, ...]
    notes: tuple[Step, ...]
    event_of_default: tuple[Step, ...]
    name: str = ""
    mode: Mode = Mode.STANDARD
    fees: tuple[FeeCode, ...] = STANDARD_FEES
    predicates: tuple[Predicate, ...] = ()

    def section(self, code: SectionCode) -> tuple[Step, ...]:
        """Steps of one section; PRE holds predicates and has none."""
        return {
            SectionCode.INT: self.interest,
            SectionCode.PRIN: self.principal,
            SectionCode.NPS: self.notes,
            SectionCode.EOD: self.event_of_default,
            SectionCode.PRE: (),
        }[code]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in section order."""
        return self.interest + self.principal + self.notes + self.event_of_default

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Groups of more than one tranche that steps pay, in order of first use."""
        found = (step.action.tranches for step in self.steps if isinstance(step.action, PayTranches))
        return tuple(dict.fromkeys(group for group in found if len(group) > 1))

    @property
    def labels(self) -> tuple[str, ...]:
        """Distinct labels of the control list, in order."""
        return tuple(dict.fromkeys(entry.label for entry in self.control))
