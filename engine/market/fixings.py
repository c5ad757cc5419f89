"""Index fixings by name and date."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from engine.errors import ReferenceDataError


@dataclass(frozen=True, slots=True)
class Fixings:
    """Fixed index rates, decimals; index names are compared without case and outer blanks."""

    rates_by_index: Mapping[str, Mapping[date, float]]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, date, float]]) -> "Fixings":
        """Fixings of (index name, date, decimal) rows. Raises ReferenceDataError for two rates of one day."""
        rates: dict[str, dict[date, float]] = {}
        for name, on, rate in rows:
            of_index = rates.setdefault(_key(name), {})
            if of_index.setdefault(on, rate) != rate:
                raise ReferenceDataError(
                    "CLO-1021", f"Two fixings of {name}: {of_index[on]} and {rate}", where=f"{on}", remedy="Keep one."
                )
        return cls(MappingProxyType({name: MappingProxyType(of_index) for name, of_index in rates.items()}))

    def rate(self, index_name: str, on: date) -> float:
        """The fixing of a day. Raises ReferenceDataError naming the index, the day and the nearest earlier fixing."""
        of_index = self._of_index(index_name)
        if on not in of_index:
            earlier = max((day for day in of_index if day < on), default=None)
            nearest = f"the last one before is of {earlier}" if earlier else "there is none before"
            raise ReferenceDataError(
                "CLO-1023",
                f"No fixing of {index_name}; {nearest}",
                where=f"{on}",
                remedy="Load the fixing, or name the date of the one to use.",
            )
        return of_index[on]

    def last_rate(self, index_name: str, on: date) -> tuple[date, float]:
        """The last fixing on or before a day, with its own date. Raises ReferenceDataError where there is none."""
        of_index = self._of_index(index_name)
        known = max((day for day in of_index if day <= on), default=None)
        if known is None:
            raise ReferenceDataError(
                "CLO-1023", f"No fixing of {index_name} on or before", where=f"{on}", remedy="Load earlier fixings."
            )
        return known, of_index[known]

    def _of_index(self, index_name: str) -> Mapping[date, float]:
        of_index = self.rates_by_index.get(_key(index_name))
        if of_index is None:
            names = ", ".join(sorted(self.rates_by_index)) or "none"
            raise ReferenceDataError(
                "CLO-1022", f"No fixings of index {index_name!r}; known: {names}", remedy="Load its fixings."
            )
        return of_index


def _key(name: str) -> str:
    return name.strip().upper()
