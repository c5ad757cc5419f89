"""The optional features as a stored record names them, there and back (spec 02 §14.9, §16.3).

A record is one JSON object with an entry per feature. An entry is an object of settings, `true` for a feature whose
settings all have a value from elsewhere, `false` or absent for off.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from decimal import Decimal
from enum import Enum
from typing import Any

from engine.errors import InputError
from engine.waterfall import features as f
from engine.waterfall.codes import Destination
from engine.waterfall.features import NO_FEATURES, Direction, Features


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: what is allowed, in words, and a reading that returns None for anything else."""

    allowed: str
    read: Callable[[object], object | None]


def _number_within(least: float, most: float, allowed: str) -> Kind:
    def read(value: object) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return None
        number = float(value)
        return number if math.isfinite(number) and least <= number <= most else None

    return Kind(allowed, read)


def _one_of(*members: Enum) -> Kind:
    def read(value: object) -> Enum | None:
        return next((member for member in members if isinstance(value, str) and value.upper() == member.name), None)

    return Kind("one of " + ", ".join(member.name for member in members), read)


def _texts(value: object) -> tuple[str, ...] | None:
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None


def _account_number(value: object) -> int | None:
    is_account = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 9
    return int(value) if is_account and isinstance(value, int) else None


FRACTION = _number_within(0.0, 1.0, "a fraction from 0 to 1, for example 0.75")
RETURN = _number_within(-0.99, 10.0, "a yearly return as a decimal, for example 0.12")
RATE = _number_within(0.0, 1.0, "a yearly rate as a decimal from 0 to 1, for example 0.001")
BUFFER = _number_within(-10.0, 1000.0, "a ratio as a decimal, for example 0.02")
AMOUNT = _number_within(0.0, 1e15, "an amount of currency, not negative")
MULTIPLE = _number_within(0.0, 1e6, "a multiple, for example 1.5")
SWITCH = Kind("true or false", lambda value: value if isinstance(value, bool) else None)
CLASSES = Kind('a list of classes, for example ["A", "B"]', _texts)
ACCOUNT = Kind("the number of an account, 1 to 9", _account_number)
DIRECTION = _one_of(Direction.BELOW, Direction.ABOVE)
DESTINATION = _one_of(Destination.PRIN, Destination.NOTES, Destination.RESERVE)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in a record, the field it fills, what it may be, the column that may hold it instead."""

    name: str
    field: str
    kind: Kind
    column: str = ""


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """A feature's name in a record, its field in `Features`, its type, and its settings."""

    name: str
    field: str
    record: Callable[..., object]
    settings: tuple[Setting, ...]


FEATURE_SETTINGS = (
    FeatureSettings(
        "TURBO_PRINCIPAL",
        "turbo",
        f.Turbo,
        (
            Setting("oc_buffer", "oc_buffer", BUFFER, "turbo_oc_buffer"),
            Setting("ic_buffer", "ic_buffer", BUFFER, "turbo_ic_buffer"),
            Setting("direction", "direction", DIRECTION),
            Setting("fraction", "fraction", FRACTION),
        ),
    ),
    FeatureSettings(
        "EQUITY_CLAW_BACK",
        "claw_back",
        f.EquityClawBack,
        (Setting("hurdle", "hurdle", RETURN, "equity_hurdle_rate"),),
    ),
    FeatureSettings(
        "EQUITY_CATCH_UP",
        "catch_up",
        f.EquityCatchUp,
        (Setting("kappa", "share", FRACTION, "equity_catch_up_rate"),),
    ),
    FeatureSettings(
        "MANAGEMENT_FEE_DEFERRAL",
        "fee_deferral",
        f.ManagementFeeDeferral,
        (Setting("minimum_irr", "minimum_irr", RETURN, "minimum_equity_irr"),),
    ),
    FeatureSettings(
        "INCENTIVE_FEE_SHARING",
        "fee_sharing",
        f.IncentiveFeeSharing,
        (Setting("manager_part", "manager_part", FRACTION, "management_fee_sharing_pct"),),
    ),
    FeatureSettings(
        "REINVESTMENT_OVERLAY",
        "overlay",
        f.ReinvestmentOverlay,
        (Setting("rate", "rate", RATE), Setting("cap", "cap", AMOUNT)),
    ),
    FeatureSettings(
        "PERFORMANCE_HURDLE",
        "performance_hurdle",
        f.PerformanceHurdle,
        (Setting("irr", "irr", RETURN, "performance_hurdle_threshold"),),
    ),
    FeatureSettings(
        "DISTRIBUTION_STOPPER",
        "stopper",
        f.DistributionStopper,
        (
            Setting("oc_buffer", "oc_buffer", BUFFER),
            Setting("destination", "destination", DESTINATION),
            Setting("account", "account", ACCOUNT),
        ),
    ),
    FeatureSettings(
        "CALL_PROTECTION_OVERRIDE",
        "call_protection",
        f.CallProtectionOverride,
        (Setting("moic", "moic", MULTIPLE),),
    ),
    FeatureSettings(
        "EXCESS_SPREAD_CAPTURE",
        "excess_spread",
        f.ExcessSpreadCapture,
        (Setting("strike", "strike", RATE), Setting("share", "share", FRACTION)),
    ),
    FeatureSettings(
        "SENIOR_MANAGEMENT_CARVE_OUT",
        "carve_out",
        f.SeniorManagementCarveOut,
        (Setting("fraction", "fraction", FRACTION),),
    ),
    FeatureSettings(
        "INTEREST_RESERVE",
        "reserve",
        f.InterestReserve,
        (
            Setting("target", "target", AMOUNT, "interest_reserve_target"),
            Setting("cap", "cap", AMOUNT, "interest_reserve_cap"),
            Setting("account", "account", ACCOUNT),
            Setting("tranches", "tranches", CLASSES),
        ),
    ),
    FeatureSettings(
        "ADMIN_FEE_CAP", "admin_cap", f.AdminFeeCap, (Setting("yearly", "yearly", AMOUNT, "admin_fee_cap"),)
    ),
    FeatureSettings(
        "COVERAGE_TESTS",
        "coverage",
        f.CoverageSwitch,
        (
            Setting("oc", "has_oc_tests", SWITCH, "enable_oc_tests"),
            Setting("ic", "has_ic_tests", SWITCH, "enable_ic_tests"),
        ),
    ),
)


def read_features(record: object, columns: Mapping[str, object] | None = None) -> Features:
    """Features of a record, a mapping or JSON text; None has none.

    columns: values, already read, that settings take where the record leaves them out. A feature that the record does
    not name stays off whatever the columns say. Raises InputError for an unknown feature or setting, a value that is
    not allowed, a setting without value.
    """
    entries = read_record(record)
    by_name = {known.name: known for known in FEATURE_SETTINGS}
    unknown = [name for name in entries if name not in by_name]
    if unknown:
        raise InputError(
            "CLO-1261",
            f"{_listed(unknown)} is not a feature of a waterfall",
            where="the features",
            remedy=f"Use {_listed(by_name)}.",
        )
    chosen: dict[str, Any] = {}  # the fields have as many types as there are features
    for name, entry in entries.items():
        if entry is not None and entry is not False:
            chosen[by_name[name].field] = _read_feature(by_name[name], entry, columns or {})
    return replace(NO_FEATURES, **chosen)


def write_features(features: Features) -> dict[str, object]:
    """The record that `read_features` reads back: every feature that is on, with all settings that have a value."""
    record: dict[str, object] = {}
    for known in FEATURE_SETTINGS:
        feature = getattr(features, known.field)
        if feature is not None:
            values = {setting: _plain(getattr(feature, setting.field)) for setting in known.settings}
            record[known.name] = {
                setting.name: value
                for setting, value in values.items()
                if value != [] and setting.kind.read(value) is not None
            }
    return record


def read_value(value: object, kind: Kind, where: str) -> Any:
    """A value of a kind; raises InputError that says what is allowed. The type is the kind's."""
    found = kind.read(value)
    if found is None:
        raise InputError("CLO-1264", f"Value {value!r} cannot be used", where=where, remedy=f"Give {kind.allowed}.")
    return found


def read_record(record: object) -> Mapping[str, object]:
    """The entries of a features record, a mapping or JSON text; raises InputError for anything else."""
    if record is None:
        return {}
    problem = "it is not an object"
    if isinstance(record, str):
        try:
            record = json.loads(record)
        except json.JSONDecodeError as error:
            problem = f"line {error.lineno}, column {error.colno}: {error.msg}"
    if isinstance(record, Mapping):
        return record
    raise InputError(
        "CLO-1265",
        f"The features cannot be read, {problem}",
        where="the features",
        remedy='Give one JSON object, for example {"EQUITY_CATCH_UP": {"kappa": 0.8}}.',
    )


def _read_feature(known: FeatureSettings, entry: object, columns: Mapping[str, object]) -> object:
    settings = {setting.name: setting for setting in known.settings}
    if entry is True:
        entry = {}
    if not isinstance(entry, Mapping):
        raise InputError(
            "CLO-1264",
            f"Value {entry!r} cannot be used",
            where=f"feature {known.name}",
            remedy=f"Give an object with {_listed(settings)}, or true or false.",
        )
    unknown = [name for name in entry if name not in settings]
    if unknown:
        raise InputError(
            "CLO-1262",
            f"{_listed(unknown)} is not a setting of the feature",
            where=f"feature {known.name}",
            remedy=f"Use {_listed(settings)}.",
        )
    values = {setting.field: columns[setting.column] for setting in known.settings if setting.column in columns}
    for name, value in entry.items():
        if value is not None:
            setting = settings[name]
            values[setting.field] = read_value(value, setting.kind, f"feature {known.name}, {name}")
    required = {field.name for field in fields(known.record) if field.default is MISSING}  # type: ignore[arg-type]
    for setting in known.settings:
        if setting.field in required and setting.field not in values:
            place = f", or fill the column {setting.column}" if setting.column else ""
            raise InputError(
                "CLO-1263",
                f"The feature needs {setting.name}",
                where=f"feature {known.name}",
                remedy=f"Give {setting.kind.allowed}{place}.",
            )
    return known.record(**values)


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.name
    return list(value) if isinstance(value, tuple) else value


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
