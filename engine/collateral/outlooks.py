"""What an outlook or a review for a rating change is worth in notches (specs 04 §9.3 and Q4, 03 §8.2)."""

from typing import NamedTuple

from engine.collateral.asset import Asset

UPGRADE, DOWNGRADE, NEGATIVE = "UPGRADE", "DOWNGRADE", "NEGATIVE"


class OutlookNotch(NamedTuple):
    """Notches up for an outlook of the issuer, or for one of the facility just as well."""

    outlook: str
    counts_for_facility: bool
    up: int


OutlookNotches = tuple[OutlookNotch, ...]
"""Lines of which the first that an asset meets counts."""

DP_OUTLOOKS: OutlookNotches = (
    OutlookNotch(DOWNGRADE, True, -1),
    OutlookNotch(UPGRADE, True, 1),
)
WARF_OUTLOOKS: OutlookNotches = (
    OutlookNotch(DOWNGRADE, True, -2),
    OutlookNotch(NEGATIVE, False, -1),
    OutlookNotch(UPGRADE, True, 1),
)
"""For a deal whose indenture says nothing else."""

LEGACY_WARF_OUTLOOKS: OutlookNotches = (
    OutlookNotch(NEGATIVE, False, -2),
    OutlookNotch(DOWNGRADE, True, -1),
    OutlookNotch(UPGRADE, True, 1),
)
"""03 Q1: the 1 and the 2 exchanged, and the negative outlook looked for first."""


def outlook_of(text: str) -> str:
    """An outlook as the lines spell it."""
    return text.strip().upper()


def outlook_notches(asset: Asset, outlooks: OutlookNotches) -> int:
    """Notches up of the first line that an asset's Moody's outlooks meet, 0 without any."""
    issuer, facility = outlook_of(asset.mdy_issuer_outlook), outlook_of(asset.mdy_facility_outlook)
    for outlook, counts_for_facility, up in outlooks:
        if issuer == outlook or (counts_for_facility and facility == outlook):
            return up
    return 0
