"""Documents of CDM 5 and 6 read as those of today (spec 07 §5.1)."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.payouts.cdm.legacy import is_legacy
from engine.payouts.cdm.reader import read_trade
from engine.payouts.terms.contract import Contract

FOLDER = Path(os.environ.get("CLODESK_REFERENCE", Path(__file__).resolve().parents[4] / "shared")) / "data" / "cdm"
SAMPLES = sorted(path.name for path in (FOLDER / "trades").glob("*.json"))
KEYS = {"@key": "globalKey", "@key:external": "externalKey", "@scheme": "scheme"}


def aged(value: Any) -> Any:
    """A tree of today as CDM 6 wrote it: metadata in `meta`, choices wrapped in the name of their type."""
    if isinstance(value, list):
        return [aged(member) for member in value]
    if not isinstance(value, dict):
        return value
    meta = {KEYS[key]: child for key, child in value.items() if key in KEYS}
    if "@key:scoped" in value:
        meta["location"] = [{"scope": "DOCUMENT", "value": value["@key:scoped"]}]
    out = {key: aged(child) for key, child in value.items() if not key.startswith("@")}
    if "@ref:scoped" in value:
        out["address"] = {"scope": "DOCUMENT", "value": value["@ref:scoped"]}
    for key, name in (("@ref", "globalReference"), ("@ref:external", "externalReference")):
        if key in value:
            out[name] = value[key]
    if "@data" in value:
        out = {"value": aged(value["@data"])}
        meta = meta or {"globalKey": "0"}
    kind = value.get("@type", "").rpartition(".")[2]
    if kind and kind not in ("TradeState", "Observable"):
        return (
            {"meta": meta, kind: out}
            if meta and "@data" not in value
            else {kind: out | ({"meta": meta} if meta else {})}
        )
    return out | ({"meta": meta} if meta else {})


def version_5(tree: dict[str, Any]) -> dict[str, Any]:
    """The product moved to `tradableProduct`, payouts in lists by type."""
    trade = dict(tree["trade"])
    product = json.loads(json.dumps(trade.pop("product")))
    product["productTaxonomy"] = product.pop("taxonomy", [])
    lists: dict[str, list[Any]] = {}
    for payout in product["economicTerms"]["payout"]:
        [(kind, inner)] = payout.items()
        lists.setdefault(kind[0].lower() + kind[1:], []).append(inner)
    product["economicTerms"]["payout"] = lists
    tradable: dict[str, Any] = {"product": {"contractualProduct": product}}
    for key in ("tradeLot", "counterparty", "ancillaryParty", "adjustment"):
        if key in trade:
            tradable[key] = trade.pop(key)
    return {**tree, "trade": {**trade, "tradableProduct": tradable}}


def plain(contract: Contract) -> Contract:
    """Without what says which document it came from."""
    parties = [replace(party, cdm_global_key=None) for party in (contract.party1, contract.party2)]
    return replace(
        contract, party1=parties[0], party2=parties[1], cdm_version=None, cdm_global_key=None, content_key=None
    )


@pytest.fixture(params=SAMPLES or [pytest.param("", marks=pytest.mark.skip(reason="no sample trades"))])
def document(request: pytest.FixtureRequest, reference: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((FOLDER / "trades" / request.param).read_bytes())
    return tree


def test_version_6_reads_as_today(document: dict[str, Any]) -> None:
    """The same trade in the form of CDM 6 gives the same contract."""
    today, legacy = read_trade(json.dumps(document)), aged(document)
    found = read_trade(json.dumps(legacy))

    assert is_legacy(legacy)
    assert found.contract is not None
    assert today.contract is not None
    assert plain(found.contract) == plain(today.contract)


def test_version_5_has_the_same_legs(document: dict[str, Any]) -> None:
    """Payouts in typed lists lose their order among the types; every leg is there."""
    today, found = read_trade(json.dumps(document)), read_trade(json.dumps(version_5(aged(document))))
    assert today.contract is not None
    assert found.contract is not None

    assert {leg.payer for leg in found.contract.legs} == {leg.payer for leg in today.contract.legs}
    assert sorted(str(leg.notional_amount) for leg in found.contract.legs) == sorted(
        str(leg.notional_amount) for leg in today.contract.legs
    )
    assert found.contract.contract_type is today.contract.contract_type
    assert found.contract.product_qualifier == today.contract.product_qualifier
