"""What calculation periods of a funding leg pay: together, and apart what closings broke off (spec 07 §12.1, §19.2)."""

from dataclasses import dataclass

from engine.conventions.days import day_number
from engine.payouts.book.equity import fx_terms
from engine.payouts.book.funding_notional import funded_holdings, funded_leg, linked_leg, not_linked, own_holdings
from engine.payouts.book.funding_parts import Holding, NotionalPart, cut, cutting_days
from engine.payouts.book.tables import CURRENCIES, LEGS, ContractRows, LegLine
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import NotionalSource
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.funding import CalculationPeriod, InterestRatePayout


@dataclass(frozen=True, slots=True)
class Payment:
    """Parts of a period whose interest is paid together: up to when it runs, when it is paid, by which closing event
    (none: by the period itself)."""

    parts: list[NotionalPart]
    end_day: int
    payment_day: int
    event: str = ""


class PeriodPayments:
    """Makes the notional parts of each period of one leg; what the leg follows is looked up once."""

    def __init__(
        self,
        contract: Contract,
        leg: Leg,
        leg_row: int,
        payout: InterestRatePayout,
        calendars: CenterCalendars,
        rows: ContractRows,
    ) -> None:
        self.currency = leg.notional_currency or leg_currency(leg_row, rows)
        self._leg, self._payout, self._rows = leg, payout, rows
        self._funded = None
        if payout.notional_source is not NotionalSource.OWN:
            equity = linked_leg(contract, leg)
            performance = equity.performance
            if performance is None:
                raise not_linked(leg)
            fx = fx_terms(contract, performance, _leg_row(equity.leg_number, rows), calendars, rows)
            self._funded = funded_leg(contract, equity, performance, payout, fx, self.currency)

    def of(self, period: CalculationPeriod) -> tuple[Payment, list[Payment]]:
        """What the payment of a period pays, parts in order of their start, and what closings break off it."""
        start, end = day_number(period.adjusted_start), day_number(period.adjusted_end)
        if self._funded is None:
            holdings = own_holdings(self._leg, self._payout, start, end)
        else:
            holdings = funded_holdings(self._funded, self._payout.notional_source, start, end)
        days = cutting_days(holdings, self._payout)
        by_event: dict[tuple[str, int], list[Holding]] = {}
        for holding in holdings:
            by_event.setdefault((holding.broken_by, holding.end_day if holding.broken_by else end), []).append(holding)
        regular = cut(by_event.pop(("", end), []), days, self._payout, self._rows)
        broken = [
            Payment(cut(held, days, self._payout, self._rows), settles, settles, event)
            for (event, settles), held in by_event.items()
        ]
        return Payment(regular, end, day_number(period.payment_date)), broken


def _leg_row(leg_number: int, rows: ContractRows) -> int:
    """Row of a leg of the contract."""
    number = LegLine._fields.index("leg_number")
    return next(row for row, line in enumerate(rows.rows[LEGS.name]) if line[number] == leg_number)


def currency_row(leg_row: int, rows: ContractRows) -> int:
    """Row of the currency in which a leg is settled."""
    return int(rows.rows[LEGS.name][leg_row][LegLine._fields.index("currency")])


def leg_currency(leg_row: int, rows: ContractRows) -> str:
    """The currency in which a leg is settled."""
    return tuple(rows.names[CURRENCIES])[currency_row(leg_row, rows)]
