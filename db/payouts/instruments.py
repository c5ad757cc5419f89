"""Instruments on their own: those that are priced before any contract follows them."""

from collections.abc import Iterable
from typing import Any

import psycopg

from db.payouts import identity
from db.payouts.mapping import scalars
from engine.payouts.terms.parties import Instrument


class InstrumentRepository:
    """Instruments of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def add(self, instruments: Iterable[Instrument]) -> int:
        """Store instruments with their identifiers; how many were new. One that is known stays as it is."""
        return sum(self._add(instrument) for instrument in instruments)

    def _add(self, instrument: Instrument) -> int:
        key = identity.instrument_id(instrument.reference)
        row = {"id": key, **scalars(instrument, "instruments")}
        written = int(self._driver.execute(_INSTRUMENT, row).rowcount)
        if written:
            names = [{"instrument_id": key, **scalars(item, _IDENTIFIERS)} for item in instrument.identifiers]
            for name in names:
                self._driver.execute(_IDENTIFIER, name)
        return written


_IDENTIFIERS = "instrument_identifiers"

_INSTRUMENT = """
INSERT INTO instruments (id, reference, instrument_type, name, currency, exchange_mic, sector, country,
                         price_quote_factor, is_listed, is_total_return_index, status)
VALUES (%(id)s, %(reference)s, %(instrument_type)s, %(name)s, %(currency)s, %(exchange_mic)s, %(sector)s, %(country)s,
        %(price_quote_factor)s, %(is_listed)s, %(is_total_return_index)s, %(status)s)
    ON CONFLICT (reference) DO NOTHING
"""

_IDENTIFIER = """
INSERT INTO instrument_identifiers (instrument_id, scheme, scheme_uri, identifier, valid_from, valid_to)
VALUES (%(instrument_id)s, %(scheme)s, %(scheme_uri)s, %(identifier)s, %(valid_from)s, %(valid_to)s)
    ON CONFLICT (scheme, scheme_uri, identifier, valid_from) DO NOTHING
"""
