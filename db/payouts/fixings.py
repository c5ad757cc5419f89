"""Fixings, dividends and corporate actions: put with revisions, read as they were known at a time (spec 07 §7).

A fixing is never changed. Another value for the same key is the next revision; readers take the highest revision that
was known at their time. Where several sources fix the same thing the official one counts, then the first by name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db.payouts import identity
from engine.conventions.days import day_number

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PriceFixing:
    """A close (or another price_type) of an instrument, per unit in its currency."""

    instrument_reference: str
    fixing_date: date
    price: float
    currency: str
    price_type: str = "CLOSE"


@dataclass(frozen=True, slots=True)
class FxFixing:
    """Units of currency2 per unit of currency1."""

    currency1: str
    currency2: str
    fixing_date: date
    rate: float


@dataclass(frozen=True, slots=True)
class RateFixing:
    """A published rate, decimal; tenor as 3M, empty for overnight rates and compounded indices."""

    rate_index: str
    tenor: str
    fixing_date: date
    rate: float


class FixingRepository:
    """Fixings of one transaction."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def put_prices(self, fixings: Iterable[PriceFixing], source: str) -> int:
        """Store prices; how many were new or different. Instruments have to be known."""
        rows = [
            (
                identity.instrument_id(item.instrument_reference),
                item.fixing_date,
                item.price_type,
                item.price,
                item.currency,
            )
            for item in fixings
        ]
        return self._put(_PRICES, rows, source)

    def put_fx(self, fixings: Iterable[FxFixing], source: str) -> int:
        """Store FX rates; how many were new or different."""
        return self._put(
            _FX, [(item.currency1, item.currency2, item.fixing_date, item.rate) for item in fixings], source
        )

    def put_rates(self, fixings: Iterable[RateFixing], source: str) -> int:
        """Store rates; how many were new or different."""
        return self._put(
            _RATES, [(item.rate_index, item.tenor, item.fixing_date, item.rate) for item in fixings], source
        )

    def prices(
        self, references: Sequence[str], first: date, last: date, *, as_known_at: datetime | None = None
    ) -> Floats:
        """Closes, (I, D) over the days from first to last; NaN where there is none."""
        keys = [identity.instrument_id(reference) for reference in references]
        found = self._read(_READ_PRICES, {"keys": keys, "first": first, "last": last, "known": as_known_at})
        return _dense(found, len(references), first, last)

    def fx(
        self, pairs: Sequence[tuple[str, str]], first: date, last: date, *, as_known_at: datetime | None = None
    ) -> Floats:
        """Units of the second currency per unit of the first, (P, D); 1 for a currency with itself.

        A pair that is quoted the other way round is inverted; nothing is crossed over a third currency.
        """
        ones, twos = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        found = self._read(_READ_FX, {"ones": ones, "twos": twos, "first": first, "last": last, "known": as_known_at})
        dense = _dense(found, len(pairs), first, last)
        for row, (one, two) in enumerate(pairs):
            if one == two:
                dense[row] = 1.0
        return dense

    def rates(
        self, keys: Sequence[tuple[str, str]], first: date, last: date, *, as_known_at: datetime | None = None
    ) -> Floats:
        """Published rates of (index, tenor), (R, D)."""
        indices, tenors = [key[0] for key in keys], [key[1] for key in keys]
        found = self._read(
            _READ_RATES, {"indices": indices, "tenors": tenors, "first": first, "last": last, "known": as_known_at}
        )
        return _dense(found, len(keys), first, last)

    def _put(self, statement: str, rows: list[tuple[Any, ...]], source: str) -> int:
        if not rows:
            return 0
        columns = [list(column) for column in zip(*rows, strict=True)]
        stored = self._driver.execute(statement, (*columns, source)).rowcount
        return int(stored)

    def _read(self, statement: str, arguments: dict[str, Any]) -> list[tuple[int, int, float]]:
        with self._driver.cursor(binary=True) as cursor:
            cursor.execute(statement, arguments)
            return cursor.fetchall()


def _dense(found: list[tuple[int, int, float]], n_rows: int, first: date, last: date) -> Floats:
    """Rows of (row from 1, days after the first, value) as a matrix."""
    dense = np.full((n_rows, day_number(last) - day_number(first) + 1), np.nan)
    if found:
        rows, days, values = (np.array(column) for column in zip(*found, strict=True))
        dense[rows.astype(np.int64) - 1, days.astype(np.int64)] = values
    return dense


_PRICES = """
INSERT INTO price_fixings (instrument_id, fixing_date, price_type, source, price, currency, revision)
SELECT n.instrument_id, n.fixing_date, n.price_type, n.source, n.price, n.currency, coalesce(o.revision, 0) + 1
  FROM (SELECT DISTINCT ON (i, d, t) i AS instrument_id, d AS fixing_date, t AS price_type,
               p::text::numeric(28, 12) AS price, c AS currency, s.source
          FROM unnest(%s::uuid[], %s::date[], %s::text[], %s::float8[], %s::text[]) AS u(i, d, t, p, c),
               (SELECT %s::text AS source) s) n
  LEFT JOIN LATERAL (SELECT revision, price FROM price_fixings o
                      WHERE o.instrument_id = n.instrument_id AND o.fixing_date = n.fixing_date
                        AND o.price_type = n.price_type AND o.source = n.source
                      ORDER BY revision DESC LIMIT 1) o ON true
 WHERE o.price IS DISTINCT FROM n.price
"""

_FX = """
INSERT INTO fx_fixings (currency1, currency2, fixing_date, source, rate, revision)
SELECT n.currency1, n.currency2, n.fixing_date, n.source, n.rate, coalesce(o.revision, 0) + 1
  FROM (SELECT DISTINCT ON (a, b, d) a AS currency1, b AS currency2, d AS fixing_date, r::text::numeric(28, 15) AS rate,
               s.source
          FROM unnest(%s::text[], %s::text[], %s::date[], %s::float8[]) AS u(a, b, d, r),
               (SELECT %s::text AS source) s) n
  LEFT JOIN LATERAL (SELECT revision, rate FROM fx_fixings o
                      WHERE o.currency1 = n.currency1 AND o.currency2 = n.currency2 AND o.fixing_date = n.fixing_date
                        AND o.source = n.source
                      ORDER BY revision DESC LIMIT 1) o ON true
 WHERE o.rate IS DISTINCT FROM n.rate
"""

_RATES = """
INSERT INTO rate_fixings (rate_index, tenor, fixing_date, source, rate, revision)
SELECT n.rate_index, n.tenor, n.fixing_date, n.source, n.rate, coalesce(o.revision, 0) + 1
  FROM (SELECT DISTINCT ON (x, t, d) x AS rate_index, t AS tenor, d AS fixing_date, r::text::numeric(20, 15) AS rate,
               s.source
          FROM unnest(%s::text[], %s::text[], %s::date[], %s::float8[]) AS u(x, t, d, r),
               (SELECT %s::text AS source) s) n
  LEFT JOIN LATERAL (SELECT revision, rate FROM rate_fixings o
                      WHERE o.rate_index = n.rate_index AND o.tenor = n.tenor AND o.fixing_date = n.fixing_date
                        AND o.source = n.source
                      ORDER BY revision DESC LIMIT 1) o ON true
 WHERE o.rate IS DISTINCT FROM n.rate
"""

_READ_PRICES = """
SELECT DISTINCT ON (k.row, f.fixing_date) k.row::int8, (f.fixing_date - %(first)s::date)::int8, f.price::float8
  FROM unnest(%(keys)s::uuid[]) WITH ORDINALITY AS k(instrument_id, row)
  JOIN price_fixings f ON f.instrument_id = k.instrument_id AND f.price_type = 'CLOSE'
   AND f.fixing_date BETWEEN %(first)s AND %(last)s AND f.known_at <= coalesce(%(known)s::timestamptz, 'infinity')
 ORDER BY k.row, f.fixing_date, f.is_official DESC, f.source, f.revision DESC
"""

_READ_FX = """
SELECT DISTINCT ON (k.row, f.fixing_date) k.row::int8, (f.fixing_date - %(first)s::date)::int8,
       CASE WHEN f.currency1 = k.one THEN f.rate::float8 ELSE 1 / f.rate::float8 END
  FROM unnest(%(ones)s::text[], %(twos)s::text[]) WITH ORDINALITY AS k(one, two, row)
  JOIN fx_fixings f ON f.fixing_date BETWEEN %(first)s AND %(last)s
   AND f.known_at <= coalesce(%(known)s::timestamptz, 'infinity')
   AND ((f.currency1 = k.one AND f.currency2 = k.two) OR (f.currency1 = k.two AND f.currency2 = k.one))
 ORDER BY k.row, f.fixing_date, (f.currency1 <> k.one), f.source, f.revision DESC
"""

_READ_RATES = """
SELECT DISTINCT ON (k.row, f.fixing_date) k.row::int8, (f.fixing_date - %(first)s::date)::int8, f.rate::float8
  FROM unnest(%(indices)s::text[], %(tenors)s::text[]) WITH ORDINALITY AS k(rate_index, tenor, row)
  JOIN rate_fixings f ON f.rate_index = k.rate_index AND f.tenor = k.tenor
   AND f.fixing_date BETWEEN %(first)s AND %(last)s AND f.known_at <= coalesce(%(known)s::timestamptz, 'infinity')
 ORDER BY k.row, f.fixing_date, f.source, f.revision DESC
"""
