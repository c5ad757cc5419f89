"""The catalogue of reports on swaps: what command line, cells and workbook offer, and the one way to run them."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from db.payouts import report_accruals, report_cashflows, report_deferrals, report_pnl, report_settlement
from db.payouts.arguments import argument_error
from db.payouts.report_query import ReportQuery
from db.payouts.reports import ReportRepository
from db.store import Store
from engine.closest import did_you_mean
from engine.errors import InputError
from engine.payouts.report_table import ReportTable


@dataclass(frozen=True, slots=True)
class ReportParameter:
    """What a report wants to know. kind: str, date, int or bool; default is None where it may be left open."""

    name: str
    kind: type
    is_required: bool
    default: str | date | int | bool | None
    meaning: str


@dataclass(frozen=True, slots=True)
class ReportSpec:
    """A report that can be asked for. name: in a word, for commands and sheets; `method` answers it."""

    code: str
    name: str
    title: str
    parameters: tuple[ReportParameter, ...]
    method: Callable[..., ReportTable]


_MEANINGS = {
    "contract": "Reference of a contract.",
    "as_of": "Day to which amounts are aged.",
    "first": "First day of the window.",
    "last": "Last day of the window, included.",
    "limit": "Rows of a page.",
    "after": "The next page, as the page before it names it.",
    "label": "Label of the snapshots.",
    "business_days": "How many business days back.",
    "includes_future": "Also what is deferred to a later day.",
    "includes_resolved": "Also findings that somebody has resolved.",
}


def _spec(query: ReportQuery, method: Callable[..., ReportTable]) -> ReportSpec:
    """The catalogue's entry of a report; its parameters are those of the method that answers it."""
    hints = get_type_hints(method)
    parameters = tuple(
        ReportParameter(
            name=name,
            kind=_kind(hints[name]),
            is_required=parameter.default is inspect.Parameter.empty,
            default=None if parameter.default is inspect.Parameter.empty else parameter.default,
            meaning=_MEANINGS[name],
        )
        for name, parameter in inspect.signature(method).parameters.items()
        if name != "self"
    )
    return ReportSpec(query.code, query.name, query.title, parameters, method)


def _kind(hint: Any) -> type:
    """The type of a value that is given: `str` of `str | None`."""
    choices = [item for item in get_args(hint) if item is not type(None)] if get_origin(hint) is UnionType else [hint]
    kind: type = choices[0]
    return kind


_SPECS = (
    _spec(report_cashflows.CASHFLOWS, ReportRepository.cashflows),
    _spec(report_deferrals.DEFERRALS, ReportRepository.deferrals),
    _spec(report_accruals.RECONCILIATION, ReportRepository.reconciliation),
    _spec(report_accruals.ACCRUALS, ReportRepository.accruals),
    _spec(report_accruals.ACCRUED_INTEREST, ReportRepository.accrued_interest),
    _spec(report_pnl.PNL, ReportRepository.pnl),
    _spec(report_pnl.RISK, ReportRepository.risk),
    _spec(report_pnl.END_OF_DAY, ReportRepository.end_of_day),
    _spec(report_pnl.DASHBOARD, ReportRepository.dashboard),
    _spec(report_cashflows.PERFORMANCE, ReportRepository.performance),
    _spec(report_deferrals.DEFERRAL_VOLUMES, ReportRepository.deferral_volumes),
    _spec(report_settlement.EXPOSURE, ReportRepository.exposure),
    _spec(report_settlement.SETTLEMENT, ReportRepository.settlement),
    _spec(report_settlement.LADDER, ReportRepository.ladder),
    _spec(report_deferrals.FINDINGS, ReportRepository.findings),
)

REPORTS: Mapping[str, ReportSpec] = MappingProxyType({spec.code: spec for spec in _SPECS})
"""The reports by code, in the order of their numbers."""


def report_spec(code: str) -> ReportSpec:
    """The report of a code or name, in letters of either case. InputError CLO-1991 for an unknown one, naming all."""
    wanted = code.strip()
    for spec in _SPECS:
        if wanted.upper() == spec.code or wanted.lower().replace("-", "_") == spec.name:
            return spec
    known = ", ".join(f"{spec.code} {spec.name}" for spec in _SPECS)
    raise InputError("CLO-1991", f"There is no report {code!r}", remedy=f"Use one of {known}.")


def report(store: Store, code: str, /, **arguments: Any) -> ReportTable:
    """A report by its code, R-1 to R-15, or its name.

    Values may be written: days as 2024-03-15, numbers in digits, yes and no as true and false; None leaves one open.
    Raises InputError CLO-1991 for an unknown report, CLO-1992 for an argument that is missing, unknown or of another
    type.
    """
    spec = report_spec(code)
    values = report_arguments(spec, arguments)
    with store.read() as work:
        return spec.method(work.payouts.reports, **values)


def report_arguments(spec: ReportSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a report, each of its type. InputError CLO-1992 names the first that is wrong."""
    parameters = {parameter.name: parameter for parameter in spec.parameters}
    for name in given:
        if name not in parameters:
            raise argument_error(
                f"{spec.code} {spec.name} has no argument {name!r}",
                remedy=did_you_mean(name, list(parameters), f"It has {', '.join(parameters)}."),
            )
    values = {}
    for name, parameter in parameters.items():
        if given.get(name) is not None:
            values[name] = _value(spec, parameter, given[name])
        elif parameter.is_required:
            raise argument_error(f"{spec.code} {spec.name} lacks its argument {name!r}", remedy=parameter.meaning)
    return values


def _value(spec: ReportSpec, parameter: ReportParameter, value: Any) -> str | date | int | bool:
    found = _READ_BY_KIND[parameter.kind](value)
    if found is None:
        raise argument_error(
            f"{value!r} is no {_WORDS[parameter.kind]}",
            where=f"argument {parameter.name} of {spec.code} {spec.name}",
            remedy=parameter.meaning,
        )
    return found


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date() if value.time() == time() else None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if value.strip().isdecimal() else None
    return int(value) if isinstance(value, int | float) and float(value).is_integer() else None


def _truth(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


_READ_BY_KIND: Mapping[type, Callable[[Any], str | date | int | bool | None]] = {
    str: _text,
    date: _date,
    int: _integer,
    bool: _truth,
}
_WORDS = {str: "text", date: "day", int: "whole number", bool: "true or false"}
