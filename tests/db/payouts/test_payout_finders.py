"""Finders of performance payouts, and a payout read back whole from the tables (spec 07 §21, D-47, D-48)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from db.connection import driver_errors, make_engine, parsed_url
from db.payouts import identity
from db.payouts.payouts import PayoutPage
from db.payouts.work import PayoutWork
from db.settings import StorageSettings
from db.store import UnitOfWork
from engine.errors import InputError, ReferenceDataError
from engine.payouts.cdm.reader import read_trade
from engine.payouts.enums import (
    ContractStatus,
    ContractType,
    FxFeatureType,
    LegDirection,
    QuoteBasis,
    ReturnType,
    ScheduledDateStatus,
    UnderlierType,
)
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.performance import BasketComposition, FxFeature, PerformancePayout
from engine.payouts.terms.schedules import PaymentDate, ScheduledDate
from tests.conftest import fresh_database
from tests.payouts.cdm import made_contracts as made

PAYOUTS = ("BASKET", "CORRELATION", "COMPOSITE", "DIVIDEND", "REBALANCED", "SHARE", "VARIANCE", "VOLATILITY")


def _named(contract: Contract, reference: str, **payout_terms: object) -> Contract:
    """A made contract under a reference of its own, the first payout's terms changed."""
    first, *others = contract.legs
    assert first.performance is not None
    payout = replace(first.performance, **payout_terms)  # type: ignore[arg-type]
    return replace(contract, contract_reference=reference, legs=(replace(first, performance=payout), *others))


def _in_reference_order(contract: Contract, reference: str) -> Contract:
    """A basket with its constituents and ratios in the order of their references, and one quanto rate."""
    payout = contract.legs[0].performance
    assert payout is not None
    assert payout.returns.dividend is not None
    compositions = tuple(
        replace(one, constituents=tuple(sorted(one.constituents, key=lambda item: item.instrument.reference)))
        for one in payout.underlier.compositions
    )
    dividend = payout.returns.dividend
    ratios = tuple(sorted(dividend.payout_ratios, key=lambda item: item.constituent_reference))
    return _named(
        contract,
        reference,
        underlier=replace(payout.underlier, compositions=compositions),
        returns=replace(payout.returns, dividend=replace(dividend, payout_ratios=ratios)),
        fx_features=payout.fx_features[:1],
    )


def _share() -> Contract:
    """A share with the dates of its schedules already made."""
    contract = made.single_share()
    payout = contract.legs[0].performance
    assert payout is not None
    initial, interim, final = payout.valuation_schedules
    days = tuple(
        ScheduledDate(
            sequence=n,
            unadjusted_date=date(2024, 3 * n, 16),
            adjusted_date=date(2024, 3 * n, 18),
            status=ScheduledDateStatus.PLANNED,
        )
        for n in (1, 2, 3)
    )
    first, last = payout.payment_schedules
    paid = PaymentDate(
        sequence=1, unadjusted_date=date(2024, 6, 20), adjusted_date=date(2024, 6, 21), pays_sequences=(1, 2)
    )
    return _named(
        contract,
        "SHARE",
        valuation_schedules=(initial, replace(interim, dates=days), final),
        payment_schedules=(replace(first, dates=(paid,)), last),
        payout_name="On steel",
        cdm_global_key="KEY-1",
    )


def _composite() -> Contract:
    feature = FxFeature(
        fx_feature_type=FxFeatureType.COMPOSITE,
        reference_currency="USD",
        quote_currency1="EUR",
        quote_currency2="USD",
        quote_basis=QuoteBasis.CURRENCY2_PER_CURRENCY1,
        composite_determination_method="VALUATION_TIME",
        composite_relative_date_offset=-1,
    )
    return _named(
        made.contract(made.equity_leg(), kind=ContractType.TOTAL_RETURN_SWAP),
        "COMPOSITE",
        underlier=made.underlier(made.PHILIPS),
        fx_features=(feature,),
        is_active=False,
    )


def _contracts() -> tuple[Contract, ...]:
    return (
        _in_reference_order(made.quanto_basket(), "BASKET"),
        _in_reference_order(made.rebalanced_basket(), "REBALANCED"),
        _share(),
        _composite(),
        _named(made.variance(), "VARIANCE", cdm_global_key="KEY-1"),
        _named(made.volatility(), "VOLATILITY"),
        _named(made.correlation(), "CORRELATION"),
        _named(made.dividend_swap(), "DIVIDEND"),
    )


@pytest.fixture(scope="module")
def work(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[PayoutWork]:
    """The contracts stored, on a connection on which nothing else is written."""
    with fresh_database(server_url, template_database) as url:
        engine = make_engine(parsed_url(url), storage_settings)
        with driver_errors(parsed_url(url)), engine.connect() as connection:
            payouts = UnitOfWork(connection).payouts
            for contract in _contracts():
                payouts.contracts.save(contract, valid_from=contract.trade_date)
            yield payouts
        engine.dispose()


def _legs() -> list[tuple[Contract, Leg, PerformancePayout]]:
    return [(one, leg, leg.performance) for one in _contracts() for leg in one.legs if leg.performance is not None]


@pytest.mark.parametrize(
    ("contract", "leg", "payout"),
    _legs(),
    ids=[f"{one.contract_reference}-{leg.leg_number}" for one, leg, _ in _legs()],
)
def test_a_payout_comes_back_as_it_was_stored(
    work: PayoutWork, contract: Contract, leg: Leg, payout: PerformancePayout
) -> None:
    """What the tables hold of a payout equals the payout of the contract's stored state, by leg and by key."""
    stored = work.contracts.load(contract.contract_reference).contract.leg(leg.leg_number)
    found = work.payouts.detail(contract.contract_reference, leg.leg_number)

    assert found.payout == payout == stored.performance
    assert work.payouts.detail_of(found.payout_id) == found


def test_a_payout_knows_its_contract(work: PayoutWork) -> None:
    """The header of the contract and the leg come with it."""
    found = work.payouts.detail("SHARE", 1)

    assert found.payout_id == identity.payout_id("SHARE", 1)
    assert (found.leg_number, found.leg_direction) == (1, LegDirection.PAY)
    assert (found.notional_amount, found.notional_currency) == (
        made.single_share().legs[0].notional_amount,
        made.single_share().legs[0].notional_currency,
    )
    header = found.contract
    assert (header.contract_reference, header.contract_type) == ("SHARE", ContractType.TOTAL_RETURN_SWAP)
    assert (header.contract_status, header.version) == (ContractStatus.PENDING, 1)
    assert (header.party1, header.party2, header.reporting_party) == ("HedgeCo Capital", "Dealer Bank", "Dealer Bank")
    assert (header.trade_date, header.termination_date) == (date(2024, 3, 15), date(2026, 3, 20))


@pytest.mark.parametrize("reference", PAYOUTS)
def test_a_payout_takes_nine_statements(work: PayoutWork, monkeypatch: pytest.MonkeyPatch, reference: str) -> None:
    """As many for a share as for a basket that was rebalanced (D-47; at most twelve)."""
    statements: list[object] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, *given: Any, **options: Any) -> Any:
        statements.append(query)
        return execute(cursor, query, *given, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    work.payouts.detail(reference, 1)

    assert len(statements) == 9


def _in_key_order(payout: PerformancePayout) -> PerformancePayout:
    """Constituents by reference and names of instruments by scheme: documents write them in any order."""

    def named(instrument: Instrument) -> Instrument:
        names = sorted(instrument.identifiers, key=lambda name: (name.scheme, name.identifier))
        return replace(instrument, identifiers=tuple(names))

    def composed(composition: BasketComposition) -> BasketComposition:
        members = [replace(one, instrument=named(one.instrument)) for one in composition.constituents]
        return replace(composition, constituents=tuple(sorted(members, key=lambda member: member.instrument.reference)))

    underlier = payout.underlier
    return replace(
        payout,
        underlier=replace(
            underlier,
            instrument=None if underlier.instrument is None else named(underlier.instrument),
            compositions=tuple(composed(one) for one in underlier.compositions),
        ),
    )


def test_payouts_of_the_sample_trades_come_back(
    server_url: str, template_database: str, storage_settings: StorageSettings, reference: Path
) -> None:
    """Every performance payout of the sample documents, one document a transaction that is undone."""
    n_payouts = 0
    with fresh_database(server_url, template_database) as url:
        engine = make_engine(parsed_url(url), storage_settings)
        for path in sorted((reference / "data" / "cdm" / "trades").glob("*.json")):
            contract = read_trade(path.read_bytes(), path.name).contract
            assert contract is not None
            with engine.connect() as connection:
                payouts = UnitOfWork(connection).payouts
                payouts.contracts.save(contract, valid_from=contract.trade_date)
                for leg in contract.legs:
                    if leg.performance is not None:
                        found = payouts.payouts.detail(contract.contract_reference, leg.leg_number).payout
                        assert _in_key_order(found) == _in_key_order(leg.performance), path.name
                        n_payouts += 1
        engine.dispose()

    assert n_payouts >= 28


def _found(page: PayoutPage) -> list[tuple[str, int]]:
    return [(line.contract_reference, line.leg_number) for line in page.lines]


def test_finders_name_each_payout_once(work: PayoutWork) -> None:
    """A payout with two returns or two compositions is one line, in the order of contract and leg (D-48)."""
    payouts = work.payouts
    everything = [(name, 1) for name in sorted(PAYOUTS)]
    everything.insert(everything.index(("VARIANCE", 1)) + 1, ("VARIANCE", 2))

    assert _found(payouts.active()) == [one for one in everything if one[0] != "COMPOSITE"]
    assert _found(payouts.by_contract("VARIANCE")) == [("VARIANCE", 1), ("VARIANCE", 2)]
    assert _found(payouts.by_leg("VARIANCE", 2)) == [("VARIANCE", 2)]
    assert _found(payouts.by_leg("SHARE", 2)) == _found(payouts.by_contract("NONE")) == []
    assert _found(payouts.by_cdm_key("KEY-1")) == [("SHARE", 1), ("VARIANCE", 1)]
    assert _found(payouts.by_underlier_type(UnderlierType.BASKET)) == [("BASKET", 1), ("REBALANCED", 1)]
    assert _found(payouts.by_return_type(ReturnType.VARIANCE)) == [("VARIANCE", 1), ("VARIANCE", 2)]
    assert _found(payouts.by_return_type(ReturnType.DIVIDEND)) == [
        ("BASKET", 1),
        ("COMPOSITE", 1),
        ("DIVIDEND", 1),
        ("REBALANCED", 1),
        ("SHARE", 1),
    ]


def test_an_instrument_is_found_in_baskets(work: PayoutWork) -> None:
    """Payouts on a share itself and those whose basket holds it at any time."""
    assert _found(work.payouts.by_instrument(made.PHILIPS.reference)) == [
        ("BASKET", 1),
        ("COMPOSITE", 1),
        ("REBALANCED", 1),
    ]
    assert ("SHARE", 1) in _found(work.payouts.by_instrument(made.STEEL.reference))
    assert ("BASKET", 1) in _found(work.payouts.by_instrument(made.STEEL.reference))
    assert _found(work.payouts.by_instrument("ISIN:NOWHERE")) == []


def test_a_line_tells_what_the_payout_is(work: PayoutWork) -> None:
    """Names, types and notional stand in the line."""
    (line,) = work.payouts.by_contract("SHARE").lines

    assert line.payout_id == identity.payout_id("SHARE", 1)
    assert (line.payout_name, line.is_active, line.underlier_type) == ("On steel", True, "SINGLE_STOCK")
    assert (line.underlier_reference, line.return_types) == (made.STEEL.reference, ("DIVIDEND", "PRICE"))
    assert (line.contract_status, line.leg_direction) == ("PENDING", "PAY")


def test_pages_follow_each_other(work: PayoutWork) -> None:
    """Pages of three give every payout once, the last one names no other."""
    pages = [work.payouts.active(limit=3)]
    while pages[-1].next_page is not None:
        pages.append(work.payouts.active(limit=3, after=pages[-1].next_page))

    assert [len(page.lines) for page in pages] == [3, 3, 2]
    assert [line for page in pages for line in page.lines] == list(work.payouts.active().lines)


def test_what_is_not_there_is_named(work: PayoutWork) -> None:
    """A leg without a performance payout, a key of nothing and a page that never was are refused."""
    with pytest.raises(ReferenceDataError, match="CLO-1983: Leg 2 of SHARE has no performance payout"):
        work.payouts.detail("SHARE", 2)
    with pytest.raises(ReferenceDataError, match=r"CLO-1983: There is no performance payout 0{8}-"):
        work.payouts.detail_of(UUID(int=0))
    with pytest.raises(InputError, match="CLO-1992: 'SHARE' names no page"):
        work.payouts.active(after="SHARE")
    with pytest.raises(InputError, match="CLO-1992: 0 is less than 1"):
        work.payouts.active(limit=0)
