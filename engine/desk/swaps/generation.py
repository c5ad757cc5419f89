"""Cash flows from the values of a book: which are due to exist, under which reference, between whom (spec 07 §14.1)."""

import hashlib
from dataclasses import dataclass
from uuid import UUID
from zlib import crc32

import numpy as np
import numpy.typing as npt

from db.payouts import identity
from db.payouts.end_of_day_batches import FlowBatch
from engine.conventions.days import NO_DAY, to_date
from engine.payouts.book.tables import CONTRACTS, CURRENCIES, EVENTS, FLOWS, LEGS, LOTS, NO_ROW, PARTIES, Book
from engine.payouts.book.values import FlowValues
from engine.payouts.codes import DIVIDEND, ESTIMATED
from engine.payouts.enums import CashflowType

AD_HOC_DELAY_DAYS = 2
"""Days after the end of a flow that is paid when somebody says so: its proposed payment date."""

RENEWED = "+"
"""Behind the reference of a flow that was withdrawn and came back."""

_TYPES = tuple(CashflowType)
_FAR = 2**40

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LegKeys:
    """Row keys of the legs of a book, in its order, with the parties on both sides."""

    legs: tuple[tuple[UUID, UUID], ...]
    payouts: tuple[tuple[UUID | None, ...], ...]
    parties: tuple[UUID, ...]
    reporting: Ints
    """Party code of the reporting party by leg."""
    other: Ints
    """Party code of its counterparty by leg."""


def leg_keys(book: Book) -> LegKeys:
    """Keys of all legs of a book."""
    rows = book[LEGS]
    references = [book.contracts[row] for row in rows["contract"]]
    numbers = rows["leg_number"].tolist()
    contracts = {reference: identity.contract_id(reference) for reference in book.contracts}
    legs = [
        (contracts[reference], identity.leg_id(reference, number))
        for reference, number in zip(references, numbers, strict=True)
    ]
    payouts = [
        _placed(identity.payout_of(leg), kind) for (_, leg), kind in zip(legs, rows["payout"].tolist(), strict=True)
    ]
    parties = tuple(identity.party_id(name) for name in book.names[PARTIES])
    return LegKeys(tuple(legs), tuple(payouts), parties, rows["ours"], rows["theirs"])


def _placed(key: UUID, place: int) -> tuple[UUID | None, ...]:
    return tuple(key if place == other else None for other in range(3))


@dataclass(frozen=True, slots=True, eq=False)
class FlowNames:
    """By what N flows are known: rows of the book, references, keys, and sequence numbers."""

    rows: Ints
    references: tuple[str, ...]
    keys: tuple[UUID, ...]
    sequence: Ints

    def renewed(self, withdrawn: npt.NDArray[np.bool_]) -> "FlowNames":
        """New names for flows that were withdrawn and follow from the terms again: theirs are final."""
        references, sequence = list(self.references), self.sequence.copy()
        for place in np.flatnonzero(withdrawn).tolist():
            references[place] += RENEWED
            sequence[place] += 1
        return FlowNames(
            self.rows, tuple(references), tuple(identity.cashflow_id(text) for text in references), sequence
        )

    def of(self, kept: npt.NDArray[np.bool_]) -> "FlowNames":
        """Those that are kept, (N,) flags."""
        places = np.flatnonzero(kept).tolist()
        return FlowNames(
            self.rows[kept],
            tuple(self.references[place] for place in places),
            tuple(self.keys[place] for place in places),
            self.sequence[kept],
        )


def flow_names(book: Book, chosen: npt.NDArray[np.bool_]) -> FlowNames:
    """Names of the chosen flows, (F,) flags."""
    rows = np.flatnonzero(chosen)
    references, sequence = _references(book, book[FLOWS][rows])
    return FlowNames(rows, tuple(references), tuple(identity.cashflow_id(text) for text in references), sequence)


def flow_batch(book: Book, values: FlowValues, keys: LegKeys, names: FlowNames) -> FlowBatch:
    """Flows as cash flows, in the order of `names`. A negative amount is paid by the reporting party."""
    chosen = names.rows
    flows = book[FLOWS][chosen]
    amount = values.amount[chosen]
    lots = book[LOTS]
    lot_codes, lot_keys = _used(flows["lot"])
    event_codes, event_keys = _business_events(book, flows)
    dividend_codes, dividend_keys = _used(np.where(flows["kind"] == DIVIDEND, flows["event"], NO_ROW))
    ours, theirs = keys.reporting[flows["leg"]], keys.other[flows["leg"]]
    is_paid = amount < 0
    estimated = values.status[chosen] == ESTIMATED
    payment = np.where(flows["payment_day"] == NO_DAY, flows["end_day"] + AD_HOC_DELAY_DAYS, flows["payment_day"])
    return FlowBatch(
        keys=names.keys,
        references=np.array([reference.encode() for reference in names.references], dtype=np.bytes_),
        legs=keys.legs,
        leg=flows["leg"],
        payouts=keys.payouts,
        lots=[_lot_key(book, int(row), lots) for row in lot_keys],
        lot=lot_codes,
        events=event_keys,
        event=event_codes,
        dividends=[identity.dividend_event_id(book.names[EVENTS][row]) for row in dividend_keys],
        dividend=dividend_codes,
        cashflow_type=flows["cashflow_type"],
        cashflow_subtype=flows["subtype"],
        sequence=names.sequence,
        amount=amount,
        currencies=book.names[CURRENCIES],
        currency=flows["currency"],
        parties=keys.parties,
        payer=np.where(is_paid, ours, theirs),
        receiver=np.where(is_paid, theirs, ours),
        start=_days(flows["start_day"]),
        end=_days(flows["end_day"]),
        payment=_days(payment),
        is_estimated=estimated,
        input_hash=_hashes(flows, values, chosen, payment),
    )


def _days(values: Ints) -> npt.NDArray[np.datetime64]:
    return values.astype("datetime64[D]")


def _used(rows: Ints) -> tuple[Ints, Ints]:
    """Codes into the rows that occur, NO_ROW kept, and these rows."""
    found, codes = np.unique(rows, return_inverse=True)
    if found.size and found[0] == NO_ROW:
        return codes.astype(np.int64) - 1, found[1:]
    return codes.astype(np.int64), found


def _business_events(book: Book, flows: np.ndarray[tuple[int], np.dtype[np.void]]) -> tuple[Ints, list[UUID]]:
    """Codes of the business events that flows come from, and their keys; an event is known within its contract."""
    n_names = max(len(book.names[EVENTS]), 1)
    contract = book[LEGS]["contract"][flows["leg"]]
    is_event = (flows["kind"] != DIVIDEND) & (flows["event"] != NO_ROW)
    codes, used = _used(np.where(is_event, contract * n_names + flows["event"], NO_ROW))
    return codes, [
        identity.business_event_id(book.contracts[row // n_names], book.names[EVENTS][row % n_names]) for row in used
    ]


def _lot_key(book: Book, row: int, lots: np.ndarray[tuple[int], np.dtype[np.void]]) -> UUID:
    leg = book[LEGS][lots[row]["leg"]]
    reference = book.contracts[leg["contract"]]
    return identity.lot_id(reference, int(leg["leg_number"]), book.names[EVENTS][lots[row]["lot"]])


def _references(book: Book, flows: np.ndarray[tuple[int], np.dtype[np.void]]) -> tuple[list[str], Ints]:
    """`<contract>/L<leg>/<type>/<end>/<sequence>` of each flow, and the sequence as a number.

    The last part of a flow that belongs to a lot or an event names them, so that it stays when others join it.
    """
    legs, lots = book[LEGS], book[LOTS]
    names = book.names[EVENTS]
    contract_by_leg = [book.contracts[row] for row in legs["contract"]]
    numbers = legs["leg_number"].tolist()
    days: dict[int, str] = {}
    references: list[str] = []
    sequences: list[int] = []
    columns = (flows[name].tolist() for name in ("leg", "lot", "event", "cashflow_type", "end_day", "sequence", "kind"))
    for leg, lot, event, kind, end, sequence, subject in zip(*columns, strict=True):
        day = days.get(end)
        if day is None:
            day = days[end] = to_date(end).strftime("%Y%m%d")
        part = str(sequence)
        if lot != NO_ROW or event != NO_ROW:
            owner = names[lots[lot]["lot"]] if lot != NO_ROW else ""
            part = f"{sequence}.{owner}.{names[event] if event != NO_ROW else ''}"
        # The natural key knows lots and dividends but no business events: they are told apart by the sequence.
        is_business_event = event != NO_ROW and subject != DIVIDEND
        known_by = f"{names[event] if is_business_event else ''}{f' {sequence}' if sequence > 1 else ''}"
        sequences.append(crc32(known_by.encode()) >> 1 if is_business_event else sequence)
        references.append(f"{contract_by_leg[leg]}/L{numbers[leg]}/{_TYPES[kind].value}/{day}/{part}")
    return references, np.array(sequences, np.int64)


def _hashes(
    flows: np.ndarray[tuple[int], np.dtype[np.void]], values: FlowValues, chosen: Ints, payment: Ints
) -> npt.NDArray[np.bytes_]:
    """SHA-256 over the terms of each flow and the numbers through which fixings enter its value."""
    terms = np.stack([flows[name] for name in ("start_day", "end_day", "subtype", "sign")] + [payment], axis=1)
    numbers = np.concatenate(
        (
            values.parts[:, chosen].T,
            values.notional[chosen, None],
            values.rate_or_price[chosen, None],
            values.year_fraction[chosen, None],
            values.status[chosen, None].astype(np.float64),
        ),
        axis=1,
    )
    rows = np.concatenate((terms.astype(np.int64).view(np.uint8), np.ascontiguousarray(numbers).view(np.uint8)), axis=1)
    return np.array([hashlib.sha256(row.tobytes()).hexdigest()[:32].encode() for row in rows], dtype=np.bytes_)


def contract_rows(book: Book) -> Ints:
    """The contract of each flow, (F,)."""
    of_leg: Ints = book[LEGS]["contract"]
    contracts: Ints = of_leg[book[FLOWS]["leg"]]
    return contracts


def first_days(book: Book) -> Ints:
    """The first day on which anything of a contract begins, (C,)."""
    flows = book[FLOWS]
    first = np.full(len(book[CONTRACTS]), _FAR, np.int64)
    np.minimum.at(first, contract_rows(book), flows["start_day"])
    return first


def in_play(book: Book, day: int, since: Ints) -> npt.NDArray[np.bool_]:
    """Flows that have begun by `day` and may still change: they end, or are paid, on or after the day since which their
    contract is looked at again. since: (C,) by contract row."""
    flows = book[FLOWS]
    from_day = since[contract_rows(book)]
    begun: npt.NDArray[np.bool_] = flows["start_day"] <= day
    return begun & ((flows["end_day"] >= from_day) | (flows["payment_day"] >= from_day))
