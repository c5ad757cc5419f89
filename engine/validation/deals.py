"""Deal rules of holdings, accounts, dates and fees (spec 02 §1, §2, §8)."""

import math
from collections.abc import Iterator
from dataclasses import fields
from datetime import date

from engine.deal.contract import AccountNumber
from engine.liabilities.terms import FeeBasis
from engine.snapshot import AccountRow, DealSnapshot, FeeRow, PositionRow, TestConfigRow, TrancheRow, WeightRow
from engine.validation.rules import Fault, Records, Rule, Scope

_Row = PositionRow | AccountRow | TestConfigRow | WeightRow | TrancheRow | FeeRow
_DatePair = tuple[str, date | None, str, date | None]


def total_par(deal: DealSnapshot) -> float:
    """Par of a deal's positions, summed from the top of the sheet to its bottom."""
    total = 0.0
    for position in deal.positions:
        total += position.par
    return total


def numbers_that_are_none(records: Records) -> Iterator[Fault]:
    """Numbers of a deal that are infinite or not-a-number."""
    for deal in records.deals:
        items: tuple[_Row, ...] = (
            *deal.positions,
            *deal.accounts,
            *deal.tests,
            *deal.weights,
            *deal.tranches,
            *deal.fees,
        )
        for item in items:
            for name in (entry.name for entry in fields(item)):
                value = getattr(item, name)
                if isinstance(value, float) and not math.isfinite(value):
                    text = f"{name} of a row of {deal.name} is no finite number"
                    yield Fault(text=text, key=f"{deal.name} {name}", place=item.place, found=value)


def negative_par(records: Records) -> Iterator[Fault]:
    """Positions with negative par."""
    for deal in records.deals:
        for position in deal.positions:
            if position.par < 0:
                text = f"par of {position.blkrock_id} is negative"
                key = f"{deal.name} {position.blkrock_id}"
                yield Fault(text=text, key=key, place=position.place, found=position.par)


def negative_cash(records: Records) -> Iterator[Fault]:
    """Accounts with a negative balance."""
    for deal in records.deals:
        for account in deal.accounts:
            for what, cash in (("interest", account.interest), ("principal", account.principal)):
                if cash < 0:
                    text = f"{what} cash of {account.name.strip() or account.number} is negative"
                    yield Fault(text=text, key=f"{deal.name} {account.number}", place=account.place, found=cash)


def unknown_accounts(records: Records) -> Iterator[Fault]:
    """Account numbers that no deal has, and accounts that stand twice."""
    known = {number.value for number in AccountNumber}
    for deal in records.deals:
        seen: set[int] = set()
        for account in deal.accounts:
            if account.number not in known or account.number in seen:
                problem = "stands twice" if account.number in seen else f"is none of 1 to {max(known)}"
                text = f"account number {account.number} {problem}"
                key = f"{deal.name} {account.number}"
                yield Fault(text=text, key=key, place=account.place, found=account.number)
            seen.add(account.number)


def impossible_deal_dates(records: Records) -> Iterator[Fault]:
    """Deals that end before they begin to pay."""
    for deal in records.deals:
        dates = deal.date_inputs
        begins_and_ends = (
            ("closing", dates.closing, "first payment", dates.first_payment),
            ("closing", dates.closing, "maturity", dates.maturity),
        )
        yield from _out_of_order(deal, begins_and_ends, may_be_equal=False)
        yield from _out_of_order(deal, (("first payment", dates.first_payment, "maturity", dates.maturity),))


def unusual_deal_dates(records: Records) -> Iterator[Fault]:
    """Dates that can be computed with but do not follow the life of a deal."""
    for deal in records.deals:
        dates = deal.date_inputs
        yield from _out_of_order(
            deal,
            (
                ("pricing", dates.pricing, "closing", dates.closing),
                ("closing", dates.closing, "effective", dates.effective),
                ("effective", dates.effective, "first payment", dates.first_payment),
                ("first payment", dates.first_payment, "reinvestment end", dates.reinvestment_end),
                ("reinvestment end", dates.reinvestment_end, "maturity", dates.maturity),
                ("end of the non-call period", dates.no_call, "maturity", dates.maturity),
                ("analysis", deal.analysis_date, "maturity", dates.maturity),
            ),
        )


def _out_of_order(deal: DealSnapshot, pairs: tuple[_DatePair, ...], *, may_be_equal: bool = True) -> Iterator[Fault]:
    for what, earlier, limit, later in pairs:
        if earlier is None or later is None:
            continue
        if earlier > later or (earlier == later and not may_be_equal):
            text = f"{what} date of {deal.name} is not before its {limit} date {later}"
            yield Fault(text=text, key=f"{deal.name} {what}", place=deal.date_inputs.place, found=earlier)


def unusable_fees(records: Records) -> Iterator[Fault]:
    """Fees of an unknown basis, and negative ones."""
    bases = {basis.value for basis in FeeBasis}
    for deal in records.deals:
        for fee in deal.fees:
            key = f"{deal.name} {fee.name}"
            if fee.basis.strip().upper() not in bases:
                text = f"basis of {fee.name} is none of {', '.join(sorted(bases))}"
                yield Fault(text=text, key=key, place=fee.place, found=fee.basis)
            amounts = (fee.percentage or 0.0, fee.fixed_amount or 0.0, fee.unpaid_balance or 0.0)
            if min(amounts) < 0:
                yield Fault(text=f"{fee.name} is negative", key=key, place=fee.place, found=min(amounts))


def uncovered_liabilities(records: Records) -> Iterator[Fault]:
    """Deals whose par and principal cash are less than their notes."""
    for deal in records.deals:
        notes = sum(row.current_balance or 0.0 for row in deal.tranches if not row.is_equity)
        collateral = total_par(deal) + sum(account.principal for account in deal.accounts)
        if collateral < notes:
            text = f"collateral par and principal cash of {deal.name} are less than its notes of {notes:,.2f}"
            place = deal.positions[0].place if deal.positions else None
            yield Fault(text=text, key=deal.name, place=place, found=f"{collateral:,.2f}")


DEAL_RULES: tuple[Rule, ...] = (
    Rule(
        "E-NUMBER",
        Scope.FIELD,
        "deal",
        "Every number of a deal is finite.",
        "Give a number.",
        "spec 06 §4.3",
        numbers_that_are_none,
    ),
    Rule(
        "E-PAR",
        Scope.DEAL,
        "position",
        "Par of a position is not negative.",
        "Correct the par; what was sold is no position.",
        "seed validator; spec 01 §1.5",
        negative_par,
    ),
    Rule(
        "W-CASH",
        Scope.DEAL,
        "account",
        "Cash of an account is not negative.",
        "Check for trades that have not settled; negative cash lowers the collateral principal amount.",
        "spec 02 §1.6; spec 01 LQ-30",
        negative_cash,
    ),
    Rule(
        "E-ACCOUNT",
        Scope.DEAL,
        "account",
        "An account has one of the known numbers and stands once.",
        "Use numbers 1 to 9, each once.",
        "spec 02 §1.6",
        unknown_accounts,
    ),
    Rule(
        "E-DATES",
        Scope.DEAL,
        "deal",
        "A deal closes before its first payment and pays first not after its maturity.",
        "Correct the dates.",
        "spec 02 §1.1, §2",
        impossible_deal_dates,
    ),
    Rule(
        "W-DATES",
        Scope.DEAL,
        "deal",
        "Pricing, closing, effective, first payment, reinvestment end and maturity follow each other.",
        "Check the dates; they are used as they are.",
        "spec 02 §1.1, §2",
        unusual_deal_dates,
    ),
    Rule(
        "W-FEE",
        Scope.DEAL,
        "fee",
        "A fee has a known basis and is not negative.",
        "Use Beginning, Average or Fixed, and amounts from 0; a deal with another basis does not run.",
        "spec 02 §1.5, §8, DQ-25",
        unusable_fees,
    ),
    Rule(
        "I-COLLATERAL",
        Scope.DEAL,
        "deal",
        "Collateral par and principal cash cover the notes.",
        "Check that all positions are there, if this is not known.",
        "spec 06 §4.4 (control totals)",
        uncovered_liabilities,
    ),
)
