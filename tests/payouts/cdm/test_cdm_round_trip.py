"""What is written is read again as it was (spec 07 §5.4)."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError
from engine.payouts.cdm.own_terms import OWN_TERMS
from engine.payouts.cdm.reader import read_trade
from engine.payouts.cdm.writer import write_trade
from engine.payouts.terms.contract import Contract
from tests.payouts.cdm.made_contracts import MADE, single_share

FOLDER = Path(os.environ.get("CLODESK_REFERENCE", Path(__file__).resolve().parents[4] / "shared")) / "data" / "cdm"
SAMPLES = sorted(path.name for path in (FOLDER / "trades").glob("*.json"))
_WITHOUT_PLACE = """
reporting_party netting_agreement_reference lot_closing_method deferral_rate has_late_compensation metadata cdm_version
cdm_external_key country fee_reference closings initial_fx reinvest_at material_dividend_threshold withholding_rate
strike_scale variance_cap_price variance_floor_price variance_notional_amount compositions underlier_reference
underlier_currency currency notional_mode notional_source determination_method interim_determination_method
payment_date_reference
"""
NO_PLACE_IN_THE_CDM = frozenset(_WITHOUT_PLACE.split())
"""Last parts of the places at which the block of own terms may speak, for the contracts made by hand."""


def without_keys(contract: Contract) -> Contract:
    """A contract without the keys that say which document it came from."""
    parties = [replace(party, cdm_global_key=None) for party in (contract.party1, contract.party2)]
    return replace(contract, party1=parties[0], party2=parties[1], cdm_global_key=None, content_key=None)


def read_again(contract: Contract) -> Contract:
    found = read_trade(write_trade(contract)).contract
    assert found is not None
    return found


@pytest.fixture(params=SAMPLES or [pytest.param("", marks=pytest.mark.skip(reason="no sample trades"))])
def document(request: pytest.FixtureRequest, reference: Path) -> bytes:
    return (FOLDER / "trades" / request.param).read_bytes()


def test_a_sample_survives_writing_and_reading(document: bytes) -> None:
    """Import, export and import again give the same contract."""
    first = read_trade(document).contract
    assert first is not None

    assert without_keys(read_again(first)) == without_keys(first)


def test_a_sample_needs_no_block_of_its_own(document: bytes) -> None:
    """The paths of the CDM carry all that a sample says."""
    contract = read_trade(document).contract
    assert contract is not None

    assert OWN_TERMS not in json.loads(write_trade(contract))


def test_a_second_import_is_the_first(document: bytes) -> None:
    """The same document gives the same draft; its content key does not depend on white space or keys."""
    first, second = read_trade(document), read_trade(json.dumps(json.loads(document), indent=3, sort_keys=True))

    assert read_trade(document) == first
    assert first.content_key == second.content_key
    assert first.content_key is not None


@pytest.mark.parametrize("name", MADE)
def test_a_contract_made_by_hand_survives(name: str) -> None:
    """Every feature of the terms records comes back from a document."""
    contract = MADE[name]()

    assert without_keys(read_again(contract)) == without_keys(contract)


@pytest.mark.parametrize("name", MADE)
def test_own_terms_hold_only_what_the_cdm_cannot(name: str) -> None:
    """The block of own terms speaks of nothing that has a path in the CDM."""
    block: dict[str, Any] = json.loads(write_trade(MADE[name]())).get(OWN_TERMS, {})

    assert {pointer.rpartition("/")[2] for pointer in block} <= NO_PLACE_IN_THE_CDM


def test_external_keys_are_kept_and_others_are_not() -> None:
    """Keys of parties and notional stay; global keys are not written."""
    text = write_trade(replace(single_share(), cdm_global_key="abc"))
    document = json.loads(text)

    assert document["trade"]["party"][0]["@key:external"] == "hedgeco"
    assert (
        document["trade"]["product"]["economicTerms"]["payout"][0]["priceQuantity"]["@key:external"] == "EquityNotional"
    )
    assert '"@key"' not in text


def test_an_unreadable_own_term_is_a_finding() -> None:
    """A term that does not fit its place refuses the document, at that place."""
    document = json.loads(write_trade(single_share()))
    document[OWN_TERMS]["/legs/0/lots/7/initial_fx"] = 1.0
    document[OWN_TERMS]["/deferral_rate"] = "much"

    draft = read_trade(json.dumps(document))

    assert draft.contract is None
    assert {one.pointer for one in draft.findings if one.severity == "ERROR"} == {
        "/@clodesk/~1legs~10~1lots~17~1initial_fx",
        "/@clodesk/~1deferral_rate",
    }


def test_a_contract_that_cannot_be_read_back_is_not_written() -> None:
    """A correlation strike of 2 raises CLO-1926 and says why."""
    contract = MADE["correlation"]()
    payout = contract.legs[0].performance
    assert payout is not None
    assert payout.returns.correlation is not None
    returns = replace(payout.returns, correlation=replace(payout.returns.correlation, correlation_strike=2.0))
    leg = replace(contract.legs[0], performance=replace(payout, returns=returns))

    with pytest.raises(InputError, match=r"CLO-1926: TRS-77 cannot be written.*strike 2\.0"):
        write_trade(replace(contract, legs=(leg,)))
