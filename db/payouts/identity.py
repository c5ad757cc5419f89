"""Keys of rows, made from business keys: the same thing has the same key in every database and every run.

Version 5 of the UUIDs, so that rows of many tables can be written in one go, and again, without reading a key back.
"""

from uuid import UUID, uuid5

_ROOT = UUID("6f3c1b52-5f0e-5d3b-9b55-7d6f1c0a9e11")
"""Namespace of everything that performance payouts store."""


def contract_id(contract_reference: str) -> UUID:
    """Key of a contract."""
    return uuid5(_ROOT, f"contract {contract_reference}")


def party_id(party_identifier: str) -> UUID:
    """Key of a party."""
    return uuid5(_ROOT, f"party {party_identifier}")


def instrument_id(reference: str) -> UUID:
    """Key of an instrument."""
    return uuid5(_ROOT, f"instrument {reference}")


def leg_id(contract_reference: str, leg_number: int) -> UUID:
    """Key of a leg."""
    return uuid5(contract_id(contract_reference), f"leg {leg_number}")


def payout_id(contract_reference: str, leg_number: int) -> UUID:
    """Key of the payout of a leg, of whichever of the three kinds it is."""
    return payout_of(leg_id(contract_reference, leg_number))


def payout_of(leg: UUID) -> UUID:
    """Key of the payout of the leg with this key."""
    return uuid5(leg, "payout")


def lot_id(contract_reference: str, leg_number: int, lot_identifier: str) -> UUID:
    """Key of a lot."""
    return uuid5(leg_id(contract_reference, leg_number), f"lot {lot_identifier}")


def child_id(parent: UUID, name: str) -> UUID:
    """Key of what stands under a row, by its name there."""
    return uuid5(parent, name)


def cashflow_id(cashflow_reference: str) -> UUID:
    """Key of a cash flow."""
    return uuid5(_ROOT, f"cashflow {cashflow_reference}")


def dividend_event_id(reference: str) -> UUID:
    """Key of a dividend by its reference: instrument, ex-date, type, sequence."""
    return uuid5(_ROOT, f"dividend {reference}")


def business_event_id(contract_reference: str, event_reference: str) -> UUID:
    """Key of a business event of a contract."""
    return uuid5(contract_id(contract_reference), f"event {event_reference}")
