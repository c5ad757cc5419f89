"""What a control workbook is made from: the deals that are known, and what the legacy panels said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from engine.deal.assumptions import BUILT_IN_SCENARIOS, Scenario
from engine.snapshot import CellValue, FilterRow, TradeRow

DEFAULT_SETTINGS: Mapping[str, CellValue] = {
    "include_held": True,
    "ranking_side": "Buy",
    "trade_par_step": 500_000.0,
    "sale_par": 10_000_000.0,
    "buy_par": 15_000_000.0,
    "pool_mode": True,
    "simulations": 100.0,
    "rating_migration_frequency": "Quarterly",
    "static_random": True,
    "seed": 12.0,
    "correlation_source": "user",
}
"""What the panel says where no workbook was imported (spec 06 §14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlContent:
    """The content of a control workbook.

    deal: chosen at first, "" for none; as_of None for its newest date. assumption_set: what runs are made on. settings:
    of the legacy panel by their names. weights: (test number, weight). program: text of the deal's waterfall. lists:
    entries by list name of the legacy Filter Sheet. source: the file and date the data came from, for the About sheet.
    """

    deal: str = ""
    as_of: date | None = None
    assumption_set: str = ""
    settings: Mapping[str, CellValue] = field(default_factory=lambda: DEFAULT_SETTINGS)
    weights: Sequence[tuple[int, float]] = ()
    filters: Sequence[FilterRow] = ()
    trades: Sequence[TradeRow] = ()
    program: str = ""
    scenarios: Sequence[Scenario] = tuple(BUILT_IN_SCENARIOS.values())
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    source: str = ""
    version: str = ""

    def setting(self, name: str) -> CellValue:
        """A setting, the usual one where the panel has none."""
        found = self.settings.get(name)
        return DEFAULT_SETTINGS.get(name) if found is None else found
