"""What market data are about: instruments by any of their names, legs by contract and number (spec 07 §21)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg


@dataclass(frozen=True, slots=True)
class InstrumentName:
    """A name of an instrument from `valid_from` up to, not including, `valid_to`."""

    name: str
    reference: str
    valid_from: date | None
    valid_to: date | None

    def is_valid(self, on: date) -> bool:
        """Whether the instrument has the name on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)


class InstrumentNames:
    """Look-ups of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def resolve(self, names: Iterable[str]) -> dict[str, tuple[InstrumentName, ...]]:
        """The instruments that each name may mean: its reference, an identifier, or `SCHEME:IDENTIFIER`.

        A reference means its own instrument only. Names that nobody has are missing.
        """
        found: dict[str, list[InstrumentName]] = {}
        for row in self._driver.execute(_RESOLVE, {"names": sorted(set(names))}):
            found.setdefault(row[0], []).append(InstrumentName(*row))
        own = {name: [item for item in items if item.reference == name] for name, items in found.items()}
        return {name: tuple(own[name] or items) for name, items in found.items()}

    def legs(self, contract_references: Iterable[str]) -> frozenset[tuple[str, int]]:
        """Legs of contracts, by reference and number."""
        rows = self._driver.execute(
            "SELECT c.contract_reference, l.leg_number FROM contracts c JOIN contract_legs l ON l.contract_id = c.id"
            " WHERE c.contract_reference = ANY(%s)",
            (sorted(set(contract_references)),),
        ).fetchall()
        return frozenset((row[0], row[1]) for row in rows)


_RESOLVE = """
SELECT n.name, i.reference, NULL::date, NULL::date
  FROM unnest(%(names)s::text[]) n(name) JOIN instruments i ON i.reference = n.name
UNION
SELECT n.name, i.reference, d.valid_from, d.valid_to
  FROM unnest(%(names)s::text[]) n(name)
  JOIN instrument_identifiers d
    ON d.identifier = n.name
    OR (d.identifier = substr(n.name, strpos(n.name, ':') + 1) AND d.scheme = split_part(n.name, ':', 1))
  JOIN instruments i ON i.id = d.instrument_id
 ORDER BY 1, 2
"""
