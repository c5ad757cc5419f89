"""What a run assumes beyond the deal's documents: assumption sets and scenarios.

An assumption set is a named statement of market and credit assumptions. Where it holds a value it decides; what it
leaves out comes from the deal's own sheet. A scenario shocks whatever the set says.
"""

from dataclasses import dataclass, field, replace

from engine.collateral.assumptions import AssetAssumptions, AssumptionRow, Rate, Reinvestment
from engine.errors import InputError
from engine.liabilities.terms import Fee


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumptionSet:
    """A named set of assumptions; None and empty mean that the set says nothing about the item.

    curve: (month, decimal rate), months ascending; is_curve_extended lets it go on at its last forward where the deal
    outlives it. rows and vectors: prepayment, default and severity by asset id or
    ALL, the last row that applies wins. Triggers are ratios, prices fractions of par, fractions decimals.
    """

    name: str
    description: str = ""
    curve: tuple[tuple[int, float], ...] = ()
    is_curve_extended: bool = False
    rows: tuple[AssumptionRow, ...] = ()
    vectors: dict[str, tuple[float, ...]] = field(default_factory=dict)
    reinvestment: Reinvestment | None = None
    fees: tuple[Fee, ...] = ()
    incentive_hurdle: float | None = None
    incentive_share: float | None = None
    interest_diversion_trigger: float | None = None
    event_of_default_trigger: float | None = None
    opening_fee_basis: float | None = None
    call_threshold: float | None = None
    liquidation_price: float | None = None
    ccc_limit: float | None = None
    ccc_liquidation_price: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A shock of the assumptions.

    cpr_multiplier and cdr_multiplier scale the annual rates (capped at 1), severity_shift adds to severity (kept in
    [0, 1]), curve_shift adds to every rate of the index curve; all decimals.
    """

    name: str
    description: str = ""
    cpr_multiplier: float = 1.0
    cdr_multiplier: float = 1.0
    severity_shift: float = 0.0
    curve_shift: float = 0.0

    def __post_init__(self) -> None:
        if self.cpr_multiplier < 0.0 or self.cdr_multiplier < 0.0:
            raise InputError(
                "CLO-1310",
                f"Scenario '{self.name}' has a negative multiplier",
                remedy="Multipliers of CPR and CDR are 0 or more.",
            )

    def shock(self, assumptions: AssetAssumptions) -> AssetAssumptions:
        """Assumptions of one asset under this scenario; a rating-driven default stays rating-driven."""
        cdr = assumptions.cdr
        return replace(
            assumptions,
            cpr=scaled(assumptions.cpr, self.cpr_multiplier),
            cdr=cdr if isinstance(cdr, str) else scaled(cdr, self.cdr_multiplier),
            severity=shifted(assumptions.severity, self.severity_shift),
        )

    def shock_reinvestment(self, terms: Reinvestment) -> Reinvestment:
        """Reinvestment terms under this scenario."""
        return replace(
            terms,
            cpr=scaled(terms.cpr, self.cpr_multiplier),
            cdr=scaled(terms.cdr, self.cdr_multiplier),
            severity=shifted(terms.severity, self.severity_shift),
        )


BASE = Scenario(name="BASE", description="The assumptions as they are")
STRESS = Scenario(
    name="STRESS",
    description="Defaults four times as fast, half the prepayments, severity 20 points higher",
    cpr_multiplier=0.5,
    cdr_multiplier=4.0,
    severity_shift=0.20,
)
BUILT_IN_SCENARIOS = {scenario.name: scenario for scenario in (BASE, STRESS)}


def scaled(rate: Rate, multiplier: float) -> Rate:
    """An annual rate or vector times a multiplier, no more than 1; untouched where the multiplier is 1."""
    if multiplier == 1.0:
        return rate
    if isinstance(rate, tuple):
        return tuple(min(1.0, value * multiplier) for value in rate)
    return min(1.0, rate * multiplier)


def shifted(rate: Rate, shift: float) -> Rate:
    """A rate or vector plus a shift, within 0 and 1; untouched where the shift is 0."""
    if shift == 0.0:
        return rate
    if isinstance(rate, tuple):
        return tuple(min(1.0, max(0.0, value + shift)) for value in rate)
    return min(1.0, max(0.0, rate + shift))
