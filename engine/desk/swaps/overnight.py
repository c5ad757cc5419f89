"""The overnight rate of a currency on a day, for interest on late cash (spec 07 §17)."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from db.payouts.work import PayoutWork
from engine.errors import ReferenceDataError

OVERNIGHT_INDEX: Mapping[str, str] = {
    "USD": "USD-SOFR",
    "EUR": "EUR-EuroSTR",
    "GBP": "GBP-SONIA",
    "JPY": "JPY-TONA",
    "CHF": "CHF-SARON",
    "AUD": "AUD-AONIA",
    "CAD": "CAD-CORRA",
}
"""The overnight index whose last fixing late cash earns."""

LONGEST_GAP_DAYS = 10
"""Days after which a fixing is too old to be the last one."""


def last_overnight_rate(work: PayoutWork, currency: str, on: date) -> float:
    """The last overnight fixing of a currency on or before a day, decimal a year.

    ReferenceDataError CLO-1972 where none is known.
    """
    index = OVERNIGHT_INDEX.get(currency)
    if index is not None:
        fixings = work.fixings.rates([(index, "")], on - timedelta(days=LONGEST_GAP_DAYS), on)[0]
        there = np.flatnonzero(~np.isnan(fixings))
        if there.size:
            return float(fixings[there[-1]])
    raise ReferenceDataError(
        "CLO-1972",
        f"No overnight rate of {currency} is known by {on}",
        remedy=f"Load fixings of {index or 'its overnight index'}, or give overnight_rate.",
    )
