"""What a run is asked to use, by name: assumption set, scenario, waterfall program."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from db.snapshots import StoredDeal
from db.store import UnitOfWork
from engine.deal.assumptions import BUILT_IN_SCENARIOS, AssumptionSet, Scenario
from engine.desk import assumption_sets, handles
from engine.errors import InputError, ReferenceDataError
from engine.modes import Mode
from engine.snapshot import WorkbookSnapshot
from engine.waterfall.configuration import NO_CONFIGURATION, Configuration, read_configuration
from engine.waterfall.library import load_program
from engine.waterfall.parser import parse_program
from engine.waterfall.program import Program


def newest_file(work: UnitOfWork, as_of: date | None) -> int:
    """The workbook that was imported last, of a date if one is given; ReferenceDataError CLO-4070 without one."""
    found = work.snapshots.newest_file() if as_of is None else work.snapshots.newest_file_of(as_of)
    if found is None:
        when = "" if as_of is None else f" of {as_of}"
        raise ReferenceDataError(
            "CLO-4070", f"No workbook{when} was imported", remedy="Import one with `clodesk import FILE`."
        )
    return found


def assumption_set(work: UnitOfWork, name: str, book: WorkbookSnapshot | None) -> AssumptionSet:
    """The set of a name: the workbook's own (where a workbook is given), a stored one, or one of clodesk's."""
    if book is not None and name == assumption_sets.WORKBOOK:
        return assumption_sets.from_workbook(book.curve, book.cf_assumptions, book.vectors)
    if name == assumption_sets.WORKBOOK:
        raise InputError(
            "CLO-4019",
            f"The set '{name}' is what the workbook of a deal says and has no text of its own",
            remedy="Look at the sheet Reference Table of the workbook.",
        )
    stored = work.assumption_sets.find(name)
    if stored is not None:
        return assumption_sets.from_content(stored.content, name)
    built_in = assumption_sets.built_in()
    if name in built_in:
        return built_in[name]
    known = ", ".join(known_sets(work))
    raise InputError("CLO-4017", f"There is no assumption set '{name}'", remedy=f"Known sets: {known}.")


def known_sets(work: UnitOfWork) -> list[str]:
    """Names of all assumption sets: the workbook's own first, then those that ship with clodesk, then stored ones."""
    names = [assumption_sets.WORKBOOK, *sorted(assumption_sets.built_in())]
    return names + [item.name for item in work.assumption_sets.documents() if item.name not in names]


def no_assumptions(work: UnitOfWork, stored: StoredDeal) -> InputError:
    """The error of a run for which no set was chosen."""
    return InputError(
        "CLO-4016",
        f"No assumption set was chosen, and the sheet of {stored.deal.name} does not say everything a run needs:"
        " index curve, prepayment, default, severity",
        where=f"sheet '{stored.deal.name} Inputs'",
        remedy=f"Choose one with --assumptions; known sets: {', '.join(known_sets(work))}.",
    )


def scenario(work: UnitOfWork, name: str) -> Scenario:
    """The scenario of a name, in any case of letters: a stored one, a built-in one, or that of a handle."""
    if handles.is_handle(name):
        return handles.scenario_of(work, name)
    wanted = name.upper()
    stored = work.scenarios.find(wanted)
    if stored is not None:
        return Scenario(name=wanted, description=stored.description, **stored.content)
    if wanted in BUILT_IN_SCENARIOS:
        return BUILT_IN_SCENARIOS[wanted]
    known = sorted({*BUILT_IN_SCENARIOS, *(item.name for item in work.scenarios.documents())})
    raise InputError("CLO-4018", f"There is no scenario '{name}'", remedy=f"Known scenarios: {', '.join(known)}.")


def program(work: UnitOfWork, deal_name: str, mode: Mode) -> Program:
    """The deal's own waterfall where it has one, in any mode; else the shipped program of its name and mode."""
    stored = work.waterfalls.waterfalls(deal_name)
    if stored:
        return replace(parse_program(stored[0].program), name=f"{stored[0].name} v{stored[0].version}")
    return load_program(deal_name, mode.quirks)


def configuration(work: UnitOfWork, deal_name: str, mode: Mode) -> Configuration:
    """Optional features of the deal's waterfall (spec 02 §16); none in legacy mode, which does not know them."""
    if mode is Mode.LEGACY:
        return NO_CONFIGURATION
    stored = work.waterfalls.waterfalls(deal_name)
    columns = dict(stored[0].options) if stored else {}
    rows: list[Mapping[str, Any]] = [{name: value for name, value in columns.items() if value is not None}]
    features = work.waterfalls.mag(deal_name)
    if features is not None:
        rows.append({name: value for name, value in features.items() if value is not None})
    return read_configuration(*rows)


def program_name(work: UnitOfWork, deal_name: str) -> str:
    """What `program` would be called."""
    stored = work.waterfalls.waterfalls(deal_name)
    return f"{stored[0].name} v{stored[0].version}" if stored else deal_name.upper()
