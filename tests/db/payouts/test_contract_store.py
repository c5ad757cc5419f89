"""Contracts in the database: whole or not at all, every version kept, tables and document saying the same."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any, get_args, get_type_hints

import pytest

from db.models.metadata import METADATA
from db.payouts import identity
from db.payouts.fixings import FxFixing, PriceFixing, RateFixing
from db.payouts.state import contract_of, state_of
from db.store import Store
from engine.errors import BackendError, InputError, ReferenceDataError
from engine.payouts.enums import CorporateActionType, DividendStatus
from engine.payouts.market import CorporateAction, DividendEvent
from engine.payouts.terms import borrow, contract, funding, parties, performance, returns, schedules
from engine.payouts.terms.contract import Contract, TradeLot
from tests.desk.swaps import swap_book

TABLE_BY_RECORD = {
    parties.Party: "parties",
    parties.Instrument: "instruments",
    parties.InstrumentIdentifier: "instrument_identifiers",
    contract.Contract: "contracts",
    contract.Leg: "contract_legs",
    contract.TradeLot: "trade_lots",
    contract.LotClosing: "lot_closings",
    contract.Fee: "contract_fees",
    performance.PerformancePayout: "performance_payout",
    performance.Underlier: "underliers",
    performance.BasketComposition: "basket_compositions",
    performance.BasketConstituent: "basket_constituents",
    performance.FxFeature: "fx_features",
    borrow.BorrowFee: "borrow_fees",
    borrow.BorrowRateStep: "borrow_rate_steps",
    returns.PriceReturnTerms: "price_return_terms",
    returns.DividendReturnTerms: "dividend_return_terms",
    returns.DividendPayoutRatio: "dividend_payout_ratios",
    returns.DividendPeriod: "dividend_periods",
    returns.VarianceVolatilityTerms: "variance_volatility_terms",
    returns.CorrelationReturnTerms: "correlation_return_terms",
    schedules.ValuationSchedule: "valuation_schedules",
    schedules.ScheduledDate: "valuation_dates",
    schedules.PaymentSchedule: "payment_schedules",
    schedules.PaymentDate: "payment_dates",
    funding.InterestRatePayout: "interest_rate_payouts",
    funding.RateSpreadStep: "rate_spread_steps",
    funding.PastNotional: "past_notionals",
    funding.CalculationPeriod: "calculation_periods",
    funding.FixedPricePayout: "fixed_price_payouts",
}
AS_KEYS = {"reporting_party", "payer", "payer_identifier", "receiver_identifier", "linked_leg_number"}
"""Fields that stand in their tables as keys of other rows."""

SHARE = swap_book.share("ACME")
START, END = date(2024, 1, 10), date(2024, 4, 10)


def _is_scalar(hint: Any) -> bool:
    kinds = [kind for kind in (get_args(hint) or (hint,)) if kind is not type(None) and kind is not Ellipsis]
    return all(kind not in TABLE_BY_RECORD and not hasattr(kind, "__dataclass_fields__") for kind in kinds)


@pytest.mark.parametrize("record", TABLE_BY_RECORD, ids=lambda record: record.__name__)
def test_every_field_of_a_record_has_its_column(record: type) -> None:
    """No term of a contract is lost between the records and the tables."""
    columns = set(METADATA.tables[TABLE_BY_RECORD[record]].columns.keys())
    hints = get_type_hints(record)
    scalars = {item.name for item in fields(record) if _is_scalar(hints[item.name])}  # type: ignore[arg-type]
    by_key = {name for name in scalars if name in AS_KEYS or (name.endswith("_reference") and name not in columns)}

    assert scalars - by_key <= columns


def made(store: Store, *contracts: Contract) -> tuple[Contract, ...]:
    with store.begin() as work:
        swap_book.put_calendar(work.payouts)
        return swap_book.stored(work.payouts, *contracts)


def swap(reference: str = "TRS-1") -> Contract:
    return swap_book.total_return_swap(reference, SHARE, start=START, end=END)


def count(store: Store, table: str) -> int:
    with store.read() as work:
        row = work.driver.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]  # noqa: S608
    assert row is not None
    return int(row[0])


def test_a_contract_comes_back_as_it_was_stored(store: Store) -> None:
    """Every term, date and lot survives."""
    (stored,) = made(store, swap())

    with store.read() as work:
        found = work.payouts.contracts.load("TRS-1")
    assert (found.contract, found.version) == (stored, 1)


def test_the_document_keeps_every_bit_of_a_number() -> None:
    """Floats and dates come back equal, whatever their digits."""
    plain = swap()
    lot = replace(plain.legs[0].lots[0], initial_price=0.1 + 0.2, notional_amount=19785157.16)
    odd = replace(plain, legs=(replace(plain.legs[0], lots=(lot,)), plain.legs[1]))

    assert contract_of(state_of(odd)) == odd


def test_a_document_of_another_kind_is_refused() -> None:
    """A state that this version does not understand is named with the place."""
    with pytest.raises(BackendError, match="CLO-1981: A stored contract cannot be read"):
        contract_of('{"contract_reference": 5}')


def test_saving_the_same_again_writes_nothing(store: Store) -> None:
    """An equal contract keeps its version and its rows."""
    (stored,) = made(store, swap())
    with store.begin() as work:
        again = work.payouts.contracts.save(stored, valid_from=START)

    assert again.version == 1
    assert count(store, "contract_versions") == 1


def test_a_new_version_replaces_the_rows_and_keeps_the_old_document(store: Store) -> None:
    """Lots and legs keep their keys, dates of schedules are those of the new version, version 1 can still be read."""
    (stored,) = made(store, swap())
    equity = stored.legs[0]
    more = TradeLot(
        lot_identifier="LOT-2",
        cost_date=date(2024, 2, 12),
        settlement_date=date(2024, 2, 14),
        notional_amount=12_000.0,
        opened_quantity=100.0,
        initial_price=120.0,
    )
    changed = replace(stored, legs=(replace(equity, lots=(*equity.lots, more)), stored.legs[1]))
    n_dates = count(store, "valuation_dates")
    with store.begin() as work:
        saved = work.payouts.contracts.save(changed, valid_from=date(2024, 2, 12), expected_version=1)

    with store.read() as work:
        lots = work.driver.execute("SELECT id, lot_identifier FROM trade_lots ORDER BY 2").fetchall()
        assert work.payouts.contracts.version("TRS-1", 1) == stored
        assert work.payouts.contracts.load("TRS-1").contract == changed
    assert saved.version == 2
    assert lots == [(identity.lot_id("TRS-1", 1, name), name) for name in ("LOT-1", "LOT-2")]
    assert count(store, "valuation_dates") == n_dates


def test_a_change_made_from_an_old_version_is_refused(store: Store) -> None:
    """Who read version 1 cannot overwrite version 2."""
    (stored,) = made(store, swap())
    with store.begin() as work:
        work.payouts.contracts.save(replace(stored, governing_law="NY"), valid_from=START, expected_version=1)

    with pytest.raises(InputError, match=r"CLO-1982: TRS-1 is at version 2 now, not 1"), store.begin() as work:
        work.payouts.contracts.save(replace(stored, governing_law="GB"), valid_from=START, expected_version=1)


def test_an_unknown_contract_is_named(store: Store) -> None:
    """The reference stands in the error."""
    with pytest.raises(ReferenceDataError, match="CLO-1983: There is no swap 'NONE'"), store.read() as work:
        work.payouts.contracts.load("NONE")


def test_a_contract_with_the_identifier_of_another_instrument_leaves_nothing(store: Store) -> None:
    """The owner of the identifier is named, and no row of the contract stays."""
    made(store, swap())
    thief = replace(SHARE, reference="RIC:OTHER")
    second = swap_book.total_return_swap("TRS-2", thief, start=START, end=END)
    tables = ("contracts", "instruments", "trade_lots", "contract_versions")
    before = [count(store, table) for table in tables]

    with pytest.raises(InputError, match="CLO-1980: RIC ACME is an identifier of RIC:ACME already"):
        made(store, second)
    assert [count(store, table) for table in tables] == before


def test_contracts_are_listed_by_party_type_and_day(store: Store) -> None:
    """A line tells the parties, the underlier and the notional."""
    made(store, swap("TRS-1"), swap("TRS-2"))

    with store.read() as work:
        lines = work.payouts.contracts.lines(party="FUND", contract_type="TOTAL_RETURN_SWAP", active_on=START)
        assert work.payouts.contracts.lines(active_on=date(2025, 1, 1)) == ()
        assert work.payouts.contracts.lines(party="NOBODY") == ()
    assert [(line.contract_reference, line.underliers, line.notional_amount) for line in lines] == [
        ("TRS-1", "RIC:ACME", 100_000.0),
        ("TRS-2", "RIC:ACME", 100_000.0),
    ]


def test_a_corrected_fixing_is_a_revision(store: Store) -> None:
    """The newest counts, an earlier state of knowledge can be asked for, and the same value again is no revision."""
    made(store, swap())
    on = date(2024, 1, 12)
    prices = [PriceFixing(SHARE.reference, on, value, "USD") for value in (100.0, 101.5)]
    with store.begin() as work:
        assert [work.payouts.fixings.put_prices([item], "desk") for item in (prices[0], prices[0])] == [1, 0]
    with store.begin() as work:
        learned = work.driver.execute("SELECT clock_timestamp()").fetchone()
        assert work.payouts.fixings.put_prices([prices[1]], "desk") == 1
        assert learned is not None

    with store.read() as work:
        newest = work.payouts.fixings.prices([SHARE.reference], on, on)
        first_known = work.driver.execute("SELECT min(known_at) FROM price_fixings").fetchone()
        assert first_known is not None
        before = work.payouts.fixings.prices([SHARE.reference], on, on, as_known_at=first_known[0])
        never = work.payouts.fixings.prices([SHARE.reference], on, on, as_known_at=datetime(2000, 1, 1, tzinfo=UTC))
    assert (newest[0, 0], before[0, 0]) == (101.5, 100.0)
    assert never[0, 0] != never[0, 0]


def test_fx_is_inverted_by_its_quote_and_never_crossed(store: Store) -> None:
    """A pair quoted the other way round is inverted, one that is not quoted stays empty, a currency is worth itself."""
    on = date(2024, 1, 12)
    with store.begin() as work:
        work.payouts.fixings.put_fx([FxFixing("EUR", "USD", on, 1.25), FxFixing("USD", "JPY", on, 150.0)], "desk")
        work.payouts.fixings.put_rates([RateFixing("USD-SOFR", "", on, 0.0531)], "desk")

    with store.read() as work:
        pairs = [("EUR", "USD"), ("USD", "EUR"), ("EUR", "JPY"), ("GBP", "GBP")]
        found = work.payouts.fixings.fx(pairs, on, on)[:, 0].tolist()
        rate = work.payouts.fixings.rates([("USD-SOFR", ""), ("USD-SOFR", "3M")], on, on)[:, 0].tolist()
    assert found[:2] == [1.25, 0.8]
    assert found[2] != found[2]
    assert found[3] == 1.0
    assert rate[0] == 0.0531
    assert rate[1] != rate[1]


def test_dividends_and_corporate_actions_are_updated_in_place(store: Store) -> None:
    """The same twice writes nothing, a change one row; a cancelled dividend is not read."""
    made(store, swap())
    dividend = DividendEvent(
        instrument_reference=SHARE.reference, ex_date=date(2024, 2, 20), currency="USD", gross_amount=0.8
    )
    action = CorporateAction(
        instrument_reference=SHARE.reference,
        action_type=CorporateActionType.STOCK_SPLIT,
        ex_date=date(2024, 3, 1),
        ratio_new=2.0,
        ratio_old=1.0,
    )
    with store.begin() as work:
        events = work.payouts.market_events
        assert [events.put_dividends([dividend]) for _ in range(2)] == [1, 0]
        assert [events.put_corporate_actions([action]) for _ in range(2)] == [1, 0]
        assert events.put_dividends([replace(dividend, gross_amount=0.9)]) == 1

    with store.read() as work:
        found = work.payouts.market_events.dividends([SHARE.reference], START, END)
        assert work.payouts.market_events.corporate_actions([SHARE.reference], START, END) == (action,)
    assert found == (replace(dividend, gross_amount=0.9),)
    with store.begin() as work:
        work.payouts.market_events.put_dividends([replace(dividend, status=DividendStatus.CANCELLED)])
        assert work.payouts.market_events.dividends([SHARE.reference], START, END) == ()


def test_a_dividend_of_an_unknown_instrument_is_refused(store: Store) -> None:
    """Nothing is stored for an instrument that no swap follows."""
    stray = DividendEvent(instrument_reference="RIC:NONE", ex_date=date(2024, 2, 20), currency="USD", gross_amount=0.8)

    with pytest.raises(ReferenceDataError, match="CLO-1984"), store.begin() as work:
        work.payouts.market_events.put_dividends([stray])
