"""Segments and slices of one lot between two days, added to the rows of a contract (spec 07 §8, §10)."""

from dataclasses import dataclass
from itertools import pairwise
from math import isnan, nan

from engine.conventions.days import day_number
from engine.errors import ModelError
from engine.payouts import codes
from engine.payouts.book.dividend_terms import NOTHING, PassedShare, at_pay_day, passed_share, reinvests
from engine.payouts.book.equity_fx import FxTerms
from engine.payouts.book.equity_rows import SEGMENTS, SLICES, EquitySegment, EquitySlice
from engine.payouts.book.positions import Composition, Constituent, basis_day, has_basket_price
from engine.payouts.book.tables import CURRENCIES, INSTRUMENTS, NO_ROW, PAIRS, ContractRows
from engine.payouts.terms.contract import LotClosing, TradeLot
from engine.payouts.terms.performance import PerformancePayout


@dataclass(frozen=True, slots=True)
class Holding:
    """Units of a lot from one day to another: what is left in a period, or what a closing took.

    units are those of the lot, not of its instruments; notional is their share of the lot's. closing: the event that
    ends the holding at its price.
    """

    lot: TradeLot
    units: float
    notional: float
    start_day: int
    end_day: int
    closing: LotClosing | None = None


@dataclass(frozen=True, slots=True)
class SegmentWriter:
    """Adds the segments of holdings of one equity leg to the rows of its contract."""

    payout: PerformancePayout
    compositions: tuple[Composition, ...]
    fx: FxTerms
    mode: int
    rows: ContractRows

    def add(self, holding: Holding, period_ends: tuple[int, ...]) -> None:
        """Add what a holding earns in its period.

        period_ends: V of the periods before, at which a basket with weights was reset; in a mode that pays units its
        earlier periods come first and only grow the notional.
        """
        cost_day = day_number(holding.lot.cost_date)
        resets = [day for day in period_ends if cost_day < day < holding.start_day]
        grows = self.mode != codes.FIXED_NOTIONAL and any(c.is_weighted for c in self.compositions)
        stops = [cost_day, *resets, holding.start_day] if grows and cost_day < holding.start_day else []
        is_first = True
        for start, end in pairwise(stops):
            is_first = self._add_stretch(holding, start, end, is_first=is_first, counts=False)
        self._add_stretch(holding, holding.start_day, holding.end_day, is_first=is_first, counts=True)

    def _add_stretch(self, holding: Holding, start: int, end: int, *, is_first: bool, counts: bool) -> bool:
        """Segments between two days; whether none was added, so that the next one is still the first."""
        for chain in _chains(self.compositions, start, end):
            begins = max(start, chain[0].first_day)
            ends = min(end, chain[-1].last_day)
            slice_first = self.rows.count(SLICES)
            for i, composition in enumerate(chain):
                for constituent in composition.constituents:
                    self._add_slice(holding, composition, constituent, begins, ends, i, i + 1 < len(chain))
            self.rows.add(
                SEGMENTS,
                EquitySegment(
                    is_first=int(is_first),
                    counts=int(counts),
                    is_weighted=int(chain[0].is_weighted),
                    notional=holding.notional,
                    start_day=begins,
                    end_day=ends,
                    start_fx_day=self.fx.fixing_day(begins),
                    end_fx_day=self.fx.fixing_day(ends),
                    agreed_start=self._agreed_start(holding, chain[0], begins),
                    agreed_end=self._agreed_end(holding, chain[-1], ends) if counts else nan,
                    slice_first=slice_first,
                    slice_last=self.rows.count(SLICES),
                ),
            )
            is_first = False
        return is_first

    def _add_slice(
        self,
        holding: Holding,
        composition: Composition,
        constituent: Constituent,
        begins: int,
        ends: int,
        position: int,
        is_replaced: bool,
    ) -> None:
        lot, closing = holding.lot, holding.closing
        conversion = self.fx.conversion(constituent.currency)
        is_own = composition.is_single and begins == day_number(lot.cost_date) and position == 0
        ends_here = composition.is_single and closing is not None and ends == holding.end_day and not is_replaced
        share = self._reinvested(constituent)
        takes_over = position > 0
        price, fx = _start_fixings(lot, composition, constituent, begins, is_own)
        end_price = closing.price if ends_here and closing is not None else nan
        end_fx = closing.fx_rate if closing is not None and closing.fx_rate and ends == holding.end_day else nan
        self.rows.add(
            SLICES,
            EquitySlice(
                instrument=self.rows.name(INSTRUMENTS, constituent.instrument.reference),
                currency=self.rows.name(CURRENCIES, constituent.currency),
                pair=self.rows.name(PAIRS, conversion.pair) if conversion.pair else NO_ROW,
                may_be_negative=int(constituent.may_be_negative),
                quantity=constituent.units if composition.is_weighted else holding.units * constituent.units,
                basis_day=basis_day(lot, composition),
                start_day=composition.first_day if takes_over else begins,
                end_day=composition.last_day if is_replaced else ends,
                is_taking_over=int(takes_over),
                is_replaced=int(is_replaced),
                start_price=price,
                end_price=end_price,
                start_fx=fx,
                end_fx=end_fx,
                fixed_rate=conversion.fixed_rate,
                fixed_day=conversion.fixed_day,
                cash_ratio=share.cash_ratio,
                non_cash_ratio=share.non_cash_ratio,
                passes_special=int(share.passes_special),
                at_pay_day=int(self.payout.returns.dividend is not None and at_pay_day(self.payout.returns.dividend)),
                reinvest_after=max(day_number(lot.cost_date), composition.first_day),
            ),
        )

    def _reinvested(self, constituent: Constituent) -> PassedShare:
        terms = self.payout.returns.dividend
        if terms is None or not reinvests(terms):
            return NOTHING
        return passed_share(terms, constituent.instrument)

    def _agreed_start(self, holding: Holding, composition: Composition, begins: int) -> float:
        """Value agreed for a basket lot on its cost date, NaN where its constituents have prices of their own."""
        lot = holding.lot
        has_own = begins <= composition.basis_day and all(
            not isnan(constituent.initial_price) for constituent in composition.constituents
        )
        is_first = begins == day_number(lot.cost_date)
        if not is_first or not has_basket_price(lot, composition) or has_own or composition.is_weighted:
            return nan
        if lot.initial_price is None:
            return nan
        return holding.units * composition.scale * lot.initial_price * (lot.initial_fx or 1.0)

    def _agreed_end(self, holding: Holding, composition: Composition, ends: int) -> float:
        """Value at which a closing took a basket, NaN where its instruments' prices count."""
        closing = holding.closing
        if closing is None or ends != holding.end_day or composition.is_single:
            return nan
        if composition.is_weighted and self.mode == codes.FIXED_NOTIONAL:
            raise ModelError(
                "CLO-1937",
                f"Lot {holding.lot.lot_identifier} was closed at a basket price, but its basket has weights and its"
                " notional is fixed",
                remedy="Close it on a valuation date at the prices of the constituents.",
            )
        return holding.units * composition.scale * closing.price * (closing.fx_rate or 1.0)


def _start_fixings(
    lot: TradeLot, composition: Composition, constituent: Constituent, begins: int, is_own: bool
) -> tuple[float, float]:
    """Agreed price and FX at a segment's start, NaN where the closes of that day count.

    Those of a basket are agreed for the lots of its first day, not for what joins later.
    """
    if is_own:
        return (nan if lot.initial_price is None else lot.initial_price), (lot.initial_fx or nan)
    if begins == day_number(lot.cost_date) and begins <= composition.basis_day:
        return constituent.initial_price, constituent.initial_fx
    return nan, nan


def _chains(compositions: tuple[Composition, ...], start: int, end: int) -> list[list[Composition]]:
    """The compositions that are held between two closes; those that take over from one another belong together."""
    chains: list[list[Composition]] = []
    for i, composition in enumerate(compositions):
        first, takes_over = composition.first_day, composition.is_taking_over
        has_begun = end > first or start >= first or (takes_over and end == first)
        is_left = i + 1 < len(compositions) and start >= compositions[i + 1].first_day
        if not has_begun or is_left:
            continue
        if chains and takes_over:
            chains[-1].append(composition)
        else:
            chains.append([composition])
    return chains
