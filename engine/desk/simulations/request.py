"""What a simulation is asked to do; with the data it reads it says everything its numbers depend on."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import Enum

from engine.collateral.ratings import sp_state
from engine.errors import InputError
from engine.modes import Mode
from engine.rating_migration.draws import Method
from engine.rating_migration.factor_model import FactorModel
from engine.rating_migration.nearest_correlation import Repair
from engine.rating_migration.transition import Step


class CorrelationSource(Enum):
    """Where the dependence of assets comes from (spec 04 R3)."""

    FACTORS = "factors"
    RULE = "rule"
    STORED = "stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationRequest:
    """A simulation of one deal, several, or all of a workbook (no names), with one joint path for all of them.

    as_of: date of the snapshots, by default the newest. seed: None for one from the operating system. factors: None
    for those of the workbook's correlation rules. defaults_by_issuer: loans of an issuer default together.
    has_cash_flows: every path runs through cash flows and waterfall, which takes an assumption set; without one
    loans neither prepay nor recover. recovery_deviation scatters recoveries around 1 - severity, recovery_correlation
    ties them to the common factor. unrated_as: S&P rating of assets that nobody rates; empty refuses them.
    default_scale: factor on the default probabilities of the matrix. accepts_matrix_error: consent to a generator that
    misses a default probability by more than 5 basis points.
    """

    deals: tuple[str, ...] = ()
    n_simulations: int = 1000
    as_of: date | None = None
    step: Step = Step.QUARTERLY
    method: Method = Method.PSEUDO
    scrambles: int = 16
    seed: int | None = None
    correlation: CorrelationSource = CorrelationSource.FACTORS
    factors: FactorModel | None = None
    repair: Repair = Repair.HIGHAM
    defaults_by_issuer: bool = False
    has_cash_flows: bool = False
    assumptions: str | None = None
    scenario: str = "BASE"
    recovery_deviation: float = 0.0
    recovery_correlation: float = 0.0
    unrated_as: str = ""
    default_scale: float = 1.0
    accepts_matrix_error: bool = False
    mode: Mode = Mode.STANDARD

    def __post_init__(self) -> None:
        if self.unrated_as and not sp_state(self.unrated_as):
            raise InputError(
                "CLO-4163",
                f"'{self.unrated_as}' is no S&P rating that unrated assets could count as",
                remedy="Give one such as CCC-, or none to refuse such assets.",
            )
        if self.defaults_by_issuer and self.correlation is not CorrelationSource.FACTORS:
            raise InputError(
                "CLO-4180",
                "Issuers that default as one need the factor model",
                remedy="Leave the correlations to the factors, or let every loan move by itself.",
            )
        if self.mode is Mode.LEGACY and (self.method is not Method.PSEUDO or self.defaults_by_issuer):
            raise InputError(
                "CLO-4181",
                "The legacy model draws plain random numbers, loan by loan",
                remedy="Leave method and issuers as they are, or run in standard mode.",
            )

    def as_text(self) -> dict[str, object]:
        """The request as JSON knows it; `from_text` reads it."""
        texts: dict[str, object] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Enum):
                value = value.name
            elif isinstance(value, date):
                value = value.isoformat()
            elif isinstance(value, FactorModel):
                value = [value.market, value.industry, value.issuer, value.persistence]
            texts[item.name] = list(value) if isinstance(value, tuple) else value
        # A seed has 64 bits, and numbers of JSON have 53.
        texts["seed"] = None if self.seed is None else str(self.seed)
        return texts

    @classmethod
    def from_text(cls, texts: Mapping[str, object]) -> "SimulationRequest":
        """The request that `as_text` wrote."""
        values = dict(texts)
        kinds = {"step": Step, "method": Method, "correlation": CorrelationSource, "repair": Repair, "mode": Mode}
        for name, kind in kinds.items():
            values[name] = kind[str(values[name])]
        deals, factors = values["deals"], values["factors"]
        values["deals"] = tuple(deals) if isinstance(deals, list) else ()
        values["as_of"] = None if values["as_of"] is None else date.fromisoformat(str(values["as_of"]))
        values["seed"] = None if values["seed"] is None else int(str(values["seed"]))
        if isinstance(factors, list):
            market, industry, issuer, persistence = factors
            values["factors"] = FactorModel(market=market, industry=industry, issuer=issuer, persistence=persistence)
        return cls(**values)  # type: ignore[arg-type]  # the values that as_text wrote
