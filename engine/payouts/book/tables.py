"""How rows are laid out: one NamedTuple per table, from which the numpy record follows.

A contract is compiled by itself into `ContractRows`, whose references count from 0 within the contract; `assemble` puts
the rows of many contracts one after another and shifts the references. Names (instruments, currency pairs, rates,
calendars, currencies, events) are lists of text, shared by equal text across contracts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

import numpy as np
import numpy.typing as npt

Records = npt.NDArray[np.void]

INSTRUMENTS, PAIRS, RATES, CALENDARS, CURRENCIES, EVENTS, PARTIES = (
    "instruments",
    "pairs",
    "rates",
    "calendars",
    "currencies",
    "events",
    "parties",
)
NAME_LISTS = (INSTRUMENTS, PAIRS, RATES, CALENDARS, CURRENCIES, EVENTS, PARTIES)
"""Names by kind. A pair is `FROM/TO`, its rate units of TO per unit of FROM; a rate is `INDEX|TENOR`, the tenor empty
for an overnight or compounded index; a calendar is its centers joined by `+`; an event is a reference, a
party its identifier."""

NO_ROW = -1
"""A reference to nothing; it is not shifted."""

InstrumentRow = Annotated[int, INSTRUMENTS]
PairRow = Annotated[int, PAIRS]
RateRow = Annotated[int, RATES]
CalendarRow = Annotated[int, CALENDARS]
CurrencyRow = Annotated[int, CURRENCIES]
EventRow = Annotated[int, EVENTS]
PartyRow = Annotated[int, PARTIES]


class ContractLine(NamedTuple):
    """One contract. first_day and last_day: its effective and termination day."""

    contract: Annotated[int, "contracts"]
    currency: CurrencyRow
    first_day: int
    last_day: int


class LegLine(NamedTuple):
    """One leg. sign is +1 where the reporting party receives its positive amount; currency is that of settlement.

    payout: PERFORMANCE, INTEREST or FIXED_PRICE. ours is the reporting party, theirs its counterparty.
    """

    contract: Annotated[int, "contracts"]
    leg_number: int
    sign: int
    currency: CurrencyRow
    payout: int
    ours: PartyRow
    theirs: PartyRow


PERFORMANCE, INTEREST, FIXED_PRICE = 0, 1, 2
"""Which of its three kinds of payout a leg has."""


class SessionLine(NamedTuple):
    """The calendar on whose good days an instrument has a price: its exchange's, else its currency's."""

    instrument: InstrumentRow
    calendar: CalendarRow


class LotLine(NamedTuple):
    """One lot of an equity leg; `lot` is its reference among the contract's events: its lot identifier."""

    leg: Annotated[int, "legs"]
    lot: EventRow


class Flow(NamedTuple):
    """One flow. kind is a FlowKind, cashflow_type and subtype are positions in their enums; days are day numbers.

    lot, event: NO_ROW where it belongs to the whole leg, or to no event. payment_day is NO_DAY where it is not known.
    sequence tells flows of one leg, type, lot, event and dates apart and is 1 otherwise.
    """

    leg: Annotated[int, "legs"]
    lot: Annotated[int, "lots"]
    event: EventRow
    kind: int
    cashflow_type: int
    subtype: int
    sequence: int
    start_day: int
    end_day: int
    payment_day: int
    currency: CurrencyRow
    sign: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a book: its name, record type, and which columns refer to rows of which table or name list."""

    name: str
    dtype: np.dtype[np.void]
    references: Mapping[str, str]


def table(name: str, row: type[tuple[Any, ...]]) -> Table:
    """The table of a NamedTuple: int becomes int64, float float64; `Annotated[int, target]` is a reference."""
    fields: list[tuple[str, str]] = []
    references: dict[str, str] = {}
    for column, hint in get_type_hints(row, include_extras=True).items():
        arguments = get_args(hint)
        fields.append((column, "f8" if (arguments[0] if arguments else hint) is float else "i8"))
        if arguments:
            references[column] = arguments[1]
    return Table(name, np.dtype(fields), references)


CONTRACTS = table("contracts", ContractLine)
LEGS = table("legs", LegLine)
LOTS = table("lots", LotLine)
SESSIONS = table("sessions", SessionLine)
FLOWS = table("flows", Flow)


@dataclass(slots=True)
class ContractRows:
    """The rows of one contract while it is compiled.

    A row is added with `add` and refers to earlier rows by the numbers that `add` gave; names by `name`.
    """

    contract_reference: str
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    names: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, target: Table, row: tuple[Any, ...]) -> int:
        """Append a row; its number within this contract."""
        of_table = self.rows.setdefault(target.name, [])
        of_table.append(row)
        return len(of_table) - 1

    def count(self, target: Table) -> int:
        """Rows of a table so far: the number that the next one gets."""
        return len(self.rows.get(target.name, ()))

    def name(self, kind: str, text: str) -> int:
        """The number of a name within this contract, the same for the same text."""
        of_kind = self.names.setdefault(kind, {})
        return of_kind.setdefault(text, len(of_kind))

    def finished(self, tables: Iterable[Table]) -> "CompiledContract":
        """The rows as arrays; only tables that have any."""
        records = {
            target.name: np.array(self.rows[target.name], dtype=target.dtype)
            for target in tables
            if self.rows.get(target.name)
        }
        return CompiledContract(
            self.contract_reference, records, {kind: tuple(texts) for kind, texts in self.names.items()}
        )


@dataclass(frozen=True, slots=True, eq=False)
class CompiledContract:
    """The rows of one contract, ready to be joined with those of others and to be kept for the next run."""

    contract_reference: str
    tables: Mapping[str, Records]
    names: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Rows of many contracts. contracts[i] is the reference of row i of the contracts table; names by kind."""

    contracts: tuple[str, ...]
    tables: Mapping[str, Records]
    names: Mapping[str, tuple[str, ...]]

    def __getitem__(self, target: Table) -> Records:
        return self.tables[target.name]


def assemble(parts: Sequence[CompiledContract], tables: Iterable[Table]) -> Book:
    """One book of the rows of many contracts, in their order."""
    tables = tuple(tables)
    names, name_maps, name_starts = _joined_names(parts)
    found = {target.name: [part.tables.get(target.name) for part in parts] for target in tables}
    starts = {name: _starts([0 if rows is None else len(rows) for rows in found[name]]) for name in found}
    joined: dict[str, Records] = {}
    for target in tables:
        pieces = [rows for rows in found[target.name] if rows is not None]
        # Joined as bytes: numpy compares the field lists of records pair by pair, which costs more than the copy.
        records = np.frombuffer(bytearray(b"".join(rows.tobytes() for rows in pieces)), target.dtype)
        part_of_row = np.repeat(np.arange(len(parts)), np.diff(starts[target.name]))
        for column, referred in target.references.items():
            values = records[column]
            is_there = values != NO_ROW
            if referred in name_maps:
                shifted = values + name_starts[referred][part_of_row]
                values[is_there] = name_maps[referred][shifted[is_there]]
            else:
                shifted = values + starts[referred][part_of_row]
                values[is_there] = shifted[is_there]
        joined[target.name] = records
    return Book(tuple(part.contract_reference for part in parts), joined, names)


def _starts(counts: list[int]) -> npt.NDArray[np.int64]:
    """Where each part begins, and behind the last where all end."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(np.array(counts, np.int64))))


def _joined_names(
    parts: Sequence[CompiledContract],
) -> tuple[dict[str, tuple[str, ...]], dict[str, npt.NDArray[np.int64]], dict[str, npt.NDArray[np.int64]]]:
    """Names of all parts, each once; the book's number of each part's names; where each part's names begin."""
    names: dict[str, tuple[str, ...]] = {}
    maps: dict[str, npt.NDArray[np.int64]] = {}
    starts: dict[str, npt.NDArray[np.int64]] = {}
    for kind in NAME_LISTS:
        known: dict[str, int] = {}
        local = [known.setdefault(text, len(known)) for part in parts for text in part.names.get(kind, ())]
        names[kind] = tuple(known)
        maps[kind] = np.array(local, np.int64)
        starts[kind] = _starts([len(part.names.get(kind, ())) for part in parts])
    return names, maps, starts
