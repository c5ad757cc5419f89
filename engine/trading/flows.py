"""What trades do to the cash flows of a deal: the measures of every class before and after."""

from dataclasses import dataclass

from engine.compliance.portfolio import Floats
from engine.deal.results import RISK_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowChange:
    """A deal run before and after some trades, in one scenario.

    before, after (classes, measures): the columns of RISK_COLUMNS, rates as decimals, lives and durations in years;
    stopped_before, stopped_after: why a run stopped, empty for one that reached its end. The last class is equity: its
    yield is the return of the sub notes at their price.
    """

    deal: str
    title: str
    scenario: str
    classes: tuple[str, ...]
    before: Floats
    after: Floats
    stopped_before: str
    stopped_after: str

    def measure(self, name: str) -> tuple[Floats, Floats]:
        """One measure of every class before and after, each (classes,)."""
        column = RISK_COLUMNS.index(name)
        return self.before[:, column], self.after[:, column]
