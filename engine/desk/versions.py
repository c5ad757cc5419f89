"""Versions of the data that an answer depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from db.identifiers import deal_key
from db.versions import PAYOUTS, SHARED


@dataclass(frozen=True, slots=True)
class DataVersions:
    """Version of the data of each deal, of what all deals share, and of swaps; a higher number is newer."""

    by_tag: Mapping[str, int]
    _all: str = field(init=False, default="")

    def __post_init__(self) -> None:
        of_deals = sorted((tag, n) for tag, n in self.by_tag.items() if tag != PAYOUTS)
        object.__setattr__(self, "_all", ",".join(f"{tag}{n}" for tag, n in of_deals))

    def of_deal(self, name: str) -> str | None:
        """What the data of a deal, in any spelling, depend on; None for a deal without data."""
        version = self.by_tag.get(deal_key(name))
        return None if version is None else f"{self.by_tag.get(SHARED, 0)}.{version}"

    @property
    def of_everything(self) -> str:
        """What an answer about all deals depends on."""
        return self._all

    @property
    def of_payouts(self) -> str:
        """What an answer about swaps depends on."""
        return str(self.by_tag.get(PAYOUTS, 0))
