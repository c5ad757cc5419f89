"""A stored feature configuration applied to a deal's waterfall, fees and incentive fee (spec 02 §16.2, §16.3).

The columns are those of `waterfall_configurations` and `mag_waterfall_configs`. A threshold in a column switches
nothing on: the features record names what is on and may leave its settings to the columns. Only a catch-up rate, a
reserve target, an admin fee cap and tests switched off act by their column alone, unless the record says `false` for
the feature. A setting of the record wins over a column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import InputError
from engine.liabilities.state import LiabilityTerms, Policy
from engine.liabilities.terms import Fee, IncentiveFee
from engine.waterfall.codes import Destination
from engine.waterfall.feature_settings import (
    AMOUNT,
    FEATURE_SETTINGS,
    FRACTION,
    RATE,
    RETURN,
    Kind,
    read_features,
    read_record,
    read_value,
    write_features,
)
from engine.waterfall.features import (
    NO_FEATURES,
    Features,
    apply_features,
    apply_to_terms,
    refuse_in_legacy_mode,
)
from engine.waterfall.program import Metric, Program

_BASE, _JUNIOR, _TRUSTEE = "SR", "JR", "T"
_PARTS_OF_ONE = 1e-9

_OVERRIDES: tuple[tuple[str, str, Kind], ...] = (
    ("senior_mgmt_fee_rate", "base_fee_rate", RATE),
    ("junior_mgmt_fee_rate", "junior_fee_rate", RATE),
    ("incentive_fee_rate", "incentive_share", FRACTION),
    ("incentive_hurdle_rate", "incentive_hurdle", RETURN),
    ("trustee_fee_annual", "trustee_fee", AMOUNT),
)
_KEYS = (
    "config_id",
    "deal_id",
    "config_name",
    "effective_date",
    "version",
    "payment_rules",
    "mag_version",
    "created_at",
)
_INVESTORS_PART = "incentive_fee_sharing_pct"
_MANAGERS_PART = "management_fee_sharing_pct"
_FEATURES = "features"
_SWITCHES = {
    "equity_catch_up_rate": "EQUITY_CATCH_UP",
    "interest_reserve_target": "INTEREST_RESERVE",
    "admin_fee_cap": "ADMIN_FEE_CAP",
}
_COLUMN_KINDS: dict[str, Kind] = (
    {column: kind for column, _, kind in _OVERRIDES}
    | {setting.column: setting.kind for known in FEATURE_SETTINGS for setting in known.settings if setting.column}
    | {_INVESTORS_PART: FRACTION}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Features of a deal, and the terms that take the place of the deal's own; None leaves those alone.

    Rates, share and hurdle decimals a year, trustee_fee currency a year.
    """

    features: Features = NO_FEATURES
    base_fee_rate: float | None = None
    junior_fee_rate: float | None = None
    incentive_share: float | None = None
    incentive_hurdle: float | None = None
    trustee_fee: float | None = None


NO_CONFIGURATION = Configuration()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredWaterfall:
    """What a run takes in place of the deal's own program, fees and incentive fee.

    base_fee: position of the base manager fee among the fees, -1 without one. policy: sum of Policy bits that features
    set. call_protection: multiple of sub-note contributions from which on a call before the no-call date is allowed.
    """

    program: Program
    fees: tuple[Fee, ...]
    incentive_fee: IncentiveFee
    features: Features = NO_FEATURES
    base_fee: int = -1
    policy: int = 0
    call_protection: float | None = None

    @property
    def metrics(self) -> frozenset[Metric]:
        """What the deal has to measure in every period for predicates, fees and call protection."""
        metrics = {term.metric for predicate in self.program.predicates for term in predicate.terms}
        if self.features.excess_spread is not None:
            metrics.add(Metric.SPREAD)
        if self.call_protection is not None:
            metrics.add(Metric.MOIC)
        return frozenset(metrics)

    def terms(self, terms: LiabilityTerms) -> LiabilityTerms:
        """Terms as arrays, made from `fees`, with what features add to fees and tests."""
        return apply_to_terms(terms, self.features, self.base_fee)


def read_configuration(*rows: Mapping[str, object]) -> Configuration:
    """Configuration of the columns of one or both tables; a later row wins over an earlier one, None is no value.

    Raises InputError for an unknown column, a value that is not allowed, or a features record that cannot be read.
    """
    filled = {column: value for row in rows for column, value in row.items() if value is not None}
    unknown = [column for column in filled if column not in (*_COLUMN_KINDS, *_KEYS, _FEATURES)]
    if unknown:
        raise InputError(
            "CLO-1266",
            f"{', '.join(unknown)} is not a column of a waterfall configuration",
            where="the configuration",
            remedy=f"Use {', '.join((*_COLUMN_KINDS, _FEATURES))}.",
        )
    values: dict[str, Any] = {  # the columns have as many types as there are kinds
        column: read_value(filled[column], kind, f"column {column}")
        for column, kind in _COLUMN_KINDS.items()
        if column in filled
    }
    _fill_related(values)
    return Configuration(
        features=read_features(_record(filled.get(_FEATURES), values), values),
        **{field: values[column] for column, field, _ in _OVERRIDES if column in values},
    )


def write_configuration(configuration: Configuration) -> dict[str, object]:
    """The columns that `read_configuration` reads back; every feature stands in the features record."""
    overrides = ((column, getattr(configuration, field)) for column, field, _ in _OVERRIDES)
    columns = {column: value for column, value in overrides if value is not None}
    record = write_features(configuration.features)
    return {**columns, _FEATURES: record} if record else columns


def configured(
    program: Program, fees: Sequence[Fee], incentive_fee: IncentiveFee, configuration: Configuration
) -> ConfiguredWaterfall:
    """A deal's program, fees and incentive fee under a configuration.

    Raises InputError in legacy mode, for a fee that the deal lacks, and for a reserve that covers an unknown class.
    """
    features = configuration.features
    fees = tuple(fees)
    base_fee = _position(program, fees, _BASE)
    if configuration == NO_CONFIGURATION:
        return ConfiguredWaterfall(program=program, fees=fees, incentive_fee=incentive_fee, base_fee=base_fee)
    refuse_in_legacy_mode(program)
    _check_classes(program, features)
    if base_fee < 0 and (features.overlay is not None or features.excess_spread is not None):
        raise _missing_fee(program, _BASE)
    if configuration.base_fee_rate is not None:
        fees = _with_term(program, fees, _BASE, percentage=configuration.base_fee_rate)
    if configuration.junior_fee_rate is not None:
        fees = _with_term(program, fees, _JUNIOR, percentage=configuration.junior_fee_rate)
    if configuration.trustee_fee is not None:
        fees = _with_term(program, fees, _TRUSTEE, fixed=configuration.trustee_fee)
    if configuration.incentive_hurdle is not None:
        incentive_fee = replace(incentive_fee, hurdle=configuration.incentive_hurdle)
    if configuration.incentive_share is not None:
        incentive_fee = replace(incentive_fee, share=configuration.incentive_share)
    return ConfiguredWaterfall(
        program=apply_features(program, features),
        fees=fees,
        incentive_fee=incentive_fee,
        features=features,
        base_fee=base_fee,
        policy=_policy(features),
        call_protection=None if features.call_protection is None else features.call_protection.moic,
    )


def _record(record: object, values: Mapping[str, object]) -> dict[str, object]:
    """The features record with what columns alone switch on."""
    entries = dict(read_record(record))
    for column, name in _SWITCHES.items():
        if column in values:
            entries.setdefault(name, True)
    if values.get("enable_oc_tests") is False or values.get("enable_ic_tests") is False:
        entries.setdefault("COVERAGE_TESTS", True)
    return entries


def _fill_related(values: dict[str, Any]) -> None:
    """Columns that follow from others: the manager's part from the investors', the fee hurdle from the equity's."""
    if _INVESTORS_PART in values:
        manager_part = 1.0 - values[_INVESTORS_PART]
        if abs(values.setdefault(_MANAGERS_PART, manager_part) - manager_part) > _PARTS_OF_ONE:
            raise InputError(
                "CLO-1267",
                f"The parts {values[_MANAGERS_PART]:g} and {values[_INVESTORS_PART]:g} are not the whole incentive fee",
                where=f"columns {_MANAGERS_PART} and {_INVESTORS_PART}",
                remedy="Give parts that sum to 1, or one of them.",
            )
    if "equity_hurdle_rate" in values:
        values.setdefault("performance_hurdle_threshold", values["equity_hurdle_rate"])


def _policy(features: Features) -> int:
    coverage = features.coverage
    if coverage is None:
        return 0
    is_off = (
        (Policy.OC_CURES_OFF, not coverage.has_oc_tests),
        (Policy.IC_CURES_OFF, not coverage.has_ic_tests),
    )
    return sum(int(bit) for bit, is_set in is_off if is_set)


def _fee_name(program: Program, code: str) -> str:
    return next((fee.name for fee in program.fees if fee.code == code), code)


def _position(program: Program, fees: Sequence[Fee], code: str) -> int:
    """Position of a fee of the program among the deal's, -1 where the deal has none of its name."""
    name = _fee_name(program, code).lower()
    return next((f for f, fee in enumerate(fees) if fee.name.strip().lower() == name), -1)


def _with_term(
    program: Program, fees: tuple[Fee, ...], code: str, *, percentage: float | None = None, fixed: float | None = None
) -> tuple[Fee, ...]:
    position = _position(program, fees, code)
    if position < 0:
        raise _missing_fee(program, code)
    fee = fees[position]
    fee = replace(
        fee,
        percentage=fee.percentage if percentage is None else percentage,
        fixed_amount=fee.fixed_amount if fixed is None else fixed,
    )
    return (*fees[:position], fee, *fees[position + 1 :])


def _missing_fee(program: Program, code: str) -> InputError:
    return InputError(
        "CLO-1268",
        f"The configuration changes the {_fee_name(program, code)}, which the deal does not have",
        where=f"waterfall {program.name}",
        remedy="Add the fee to the deal, or take its rate out of the configuration.",
    )


def _check_classes(program: Program, features: Features) -> None:
    """A reserve covers classes of the program only, and a stopper that fills a reserve names its account."""
    covered = () if features.reserve is None else features.reserve.tranches
    unknown = [name for name in covered if name not in program.tranches]
    if unknown:
        raise InputError(
            "CLO-1269",
            f"The interest reserve covers class {', '.join(unknown)}, which the waterfall does not have",
            where="feature INTEREST_RESERVE, tranches",
            remedy=f"Use {', '.join(program.tranches)}.",
        )
    stopper = features.stopper
    if stopper is not None and stopper.destination is Destination.RESERVE and stopper.account == 0:
        raise InputError(
            "CLO-1270",
            "The distribution stopper fills a reserve without saying which",
            where="feature DISTRIBUTION_STOPPER, account",
            remedy="Give the number of an account, 8 for the interest reserve.",
        )
