"""What the optimiser answers: trades that keep every limit and how good they are, or the limits that leave no room."""

from dataclasses import dataclass
from enum import Enum

from engine.compliance.evaluation import Evaluation
from engine.trading.optimiser.goals import Objective
from engine.trading.optimiser.inputs import OptimiserInputs
from engine.trading.optimiser.model import Limit
from engine.trading.trades import Trade


class Status(Enum):
    """What is known of the answer.

    OPTIMAL: no portfolio is better by more than the gap asked for; FEASIBLE: keeps every limit, the gap is wider or not
    known; INFEASIBLE: no portfolio keeps every limit; NOT_FOUND: none was found, though the linear limits leave room.
    """

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True)
class BindingLimit:
    """A limit that keeps the objective from rising.

    subject: the obligors, industries or assets that it binds; shadow_price: what the objective gains for each unit of
    currency by which the multiplied-out limit is relaxed; step: one unit of the limit (0.01 of a share, a year, a
    point, a million); gain: what relaxing it by a step adds to the objective at most, amounts of any size allowed;
    text: all of this in words.
    """

    limit: Limit
    name: str
    subject: str
    shadow_price: float
    step: float
    gain: float
    text: str


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A test that cannot be kept: the closest value that is within reach, and its limit, in the unit of the test."""

    test_id: int
    name: str
    reachable: float
    limit: float


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why there is no portfolio.

    limits: a set that cannot be kept together, though it can without any one of them; names in words; shortfalls: tests
    that are missed when all missing is made as small as possible; text: all of this in words.
    """

    limits: tuple[Limit, ...]
    names: tuple[str, ...]
    shortfalls: tuple[Shortfall, ...]
    text: str


@dataclass(frozen=True)
class Proposal:
    """The answer of the optimiser; where there is no portfolio, trades are empty and `after` is None.

    trades: sales first, prices in percent of par; objective_before and objective_after in the unit of the objective;
    bound: what no compliant portfolio exceeds, infinite where nothing is proven; gap: bound less objective_after as a
    fraction of it; solver: name and version; remarks: what else there is to know.
    """

    deal: str
    objective: Objective
    status: Status
    trades: tuple[Trade, ...]
    before: Evaluation
    after: Evaluation | None
    objective_before: float
    objective_after: float
    bound: float
    gap: float
    binding: tuple[BindingLimit, ...]
    conflict: Conflict | None
    inputs: OptimiserInputs
    seconds: float
    n_solves: int
    solver: str
    remarks: tuple[str, ...] = ()
