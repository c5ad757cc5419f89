"""Documents that are broken, foreign or hostile give findings with their place, never an exception (spec 07 §5.7)."""

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.payouts.cdm.draft import Draft
from engine.payouts.cdm.events import read_event
from engine.payouts.cdm.json_text import MAX_BYTES, MAX_DEPTH
from engine.payouts.cdm.reader import read_trade
from engine.payouts.cdm.writer import write_trade
from engine.payouts.findings import FindingCode
from tests.payouts.cdm.made_contracts import quanto_basket, single_share, variance

FOLDER = Path(os.environ.get("CLODESK_REFERENCE", Path(__file__).resolve().parents[4] / "shared")) / "data" / "cdm"
SINGLE = write_trade(single_share())
DOCUMENTS = [json.loads(text) for text in (SINGLE, write_trade(quanto_basket()), write_trade(variance()))]
EVENT = {
    "instruction": [
        {
            "primitiveInstruction": {
                "quantityChange": {
                    "direction": "Decrease",
                    "change": [{"quantity": {"value": 100, "unit": {"financialUnit": "Share"}}}],
                    "lotIdentifier": [{"assignedIdentifier": [{"identifier": {"@data": "A"}}]}],
                }
            },
            "before": DOCUMENTS[0],
        }
    ],
    "eventDate": "2024-09-02",
}
FAR_AWAY = {
    "relativeDate": {"periodMultiplier": 99_999, "period": "Y", "dateRelativeTo": {"@ref:external": "TradeDate"}}
}
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["2024-02-30", "9999-12-31", "", "USD", "Party1", "-1e400"]),
    st.just([]),
    st.just({}),
    st.just([[{}]]),
    st.just({"@data": {"@data": []}}),
    st.just({"@ref:external": "TradeDate"}),
    st.just(
        {"relativeDate": {"periodMultiplier": 99999, "period": "Y", "dateRelativeTo": {"@ref:external": "TradeDate"}}}
    ),
)


def errors(draft: Draft) -> list[tuple[FindingCode, str]]:
    return [(one.code, one.pointer) for one in draft.findings if one.severity == "ERROR"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "3", '"trade"', "<FpML/>", b"\xff\xfe\x00", b"\x80", "{'a': 1}", '{"a": 1} {"b": 2}'],
)
def test_what_is_no_json_object_is_an_error(text: str | bytes) -> None:
    """A text that is no JSON, or no object, has no contract and one error at the root."""
    draft = read_trade(text)

    assert draft.contract is None
    assert errors(draft)[0][0] in (FindingCode.NOT_JSON, FindingCode.UNSUPPORTED_ROOT)
    assert errors(draft)[0][1] == ""


@pytest.mark.parametrize(
    "tree",
    [{}, {"a": 1}, {"@type": "cdm.legaldocumentation.LegalAgreement"}, {"trade": 3}, {"trade": []}, {"@type": 7}],
)
def test_a_foreign_document_has_an_unsupported_root(tree: dict[str, Any]) -> None:
    """JSON that is no trade and no event is refused as such."""
    codes = [code for code, _ in errors(read_trade(json.dumps(tree)))]

    assert codes[0] is FindingCode.UNSUPPORTED_ROOT


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 5_000 + "1" + "}" * 5_000, "[" * 900 + "]" * 900])
def test_absurd_nesting_is_an_error(text: str) -> None:
    """Nesting beyond any document is refused, whatever the depth of the stack."""
    assert errors(read_trade(text))[0][0] is FindingCode.NOT_JSON


def test_nesting_inside_a_trade_is_an_error() -> None:
    """A trade nested deeper than the limit is refused; its size is named."""
    document = copy.deepcopy(DOCUMENTS[0])
    value: Any = 1
    for _ in range(MAX_DEPTH + 1):
        value = {"a": value}
    document["trade"]["deep"] = value

    assert errors(read_trade(json.dumps(document))) == [(FindingCode.NOT_JSON, "")]


def test_a_document_of_fifty_megabytes_is_refused() -> None:
    """What is far larger than any trade is not parsed."""
    text = '{"a": "' + "x" * 50_000_000 + '"}'

    assert len(text) > MAX_BYTES
    assert errors(read_trade(text)) == [(FindingCode.NOT_JSON, "")]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5_000])
def test_a_number_that_cannot_be_kept_is_an_error_at_its_place(number: str) -> None:
    """NaN, infinities and numbers beyond the range are refused with their pointer."""
    text = SINGLE.replace('"value": 1000', f'"value": {number}', 1)

    draft = read_trade(text)

    assert draft.contract is None
    assert (FindingCode.NOT_A_NUMBER, "/trade/tradeLot/0/priceQuantity/0/quantity/value") in errors(draft)


def test_a_number_of_too_many_digits_is_an_error() -> None:
    """A quantity that the columns cannot hold is refused."""
    draft = read_trade(SINGLE.replace('"value": 1000', '"value": 1e18', 1))

    assert (FindingCode.NOT_A_NUMBER, "/trade/tradeLot/0/priceQuantity/0/quantity/value") in errors(draft)


def test_a_repeated_json_key_is_an_error_at_its_place() -> None:
    """JSON lets a key stand twice; which of the two counts is nobody's to say."""
    text = SINGLE.replace('"tradeDate": {', '"tradeDate": {"@data": "2020-01-01",', 1)

    assert (FindingCode.NOT_JSON, "/trade/tradeDate/@data") in errors(read_trade(text))


@pytest.mark.parametrize("character", ["\\u0000", "\\ud800"])
def test_characters_that_cannot_be_stored_are_errors(character: str) -> None:
    """NUL and lone surrogates, which PostgreSQL refuses, are found on reading."""
    text = SINGLE.replace('"HedgeCo Capital"', f'"Hedge{character}Co"')

    assert errors(read_trade(text)) == [(FindingCode.NOT_JSON, "/trade/party/0/name/@data")]


def test_a_byte_order_mark_is_no_mistake() -> None:
    """UTF-8 with a mark reads as without."""
    assert read_trade("\ufeff" + SINGLE).contract == read_trade(SINGLE).contract
    assert read_trade(("\ufeff" + SINGLE).encode()).contract == read_trade(SINGLE).contract


def test_truncated_samples_never_raise(reference: Path) -> None:
    """A sample cut at every 500th byte is refused, at every place."""
    data = (FOLDER / "trades" / sorted(path.name for path in (FOLDER / "trades").glob("*.json"))[0]).read_bytes()

    for end in range(0, len(data), 500):
        assert read_trade(data[:end]).contract is None
        assert read_event(data[:end]).events == ()


def test_dates_that_depend_on_themselves_are_found() -> None:
    """A circle of relative dates is a finding, and the dates are deduced."""
    document = copy.deepcopy(DOCUMENTS[0])
    economic = document["trade"]["product"]["economicTerms"]
    circle = {"periodMultiplier": 0, "period": "D", "dateRelativeTo": {"@ref:external": "EffectiveDate"}}
    economic["effectiveDate"] = {"@key:external": "EffectiveDate", "relativeDate": circle}

    draft = read_trade(json.dumps(document))

    assert any("depends on itself" in one.message for one in draft.findings)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found += _places(child, (*path, key))
    return found


PLACES = [_places(document) for document in DOCUMENTS]
EVENT_PLACES = _places(EVENT)


def _mutated(document: Any, path: tuple[Any, ...], is_deleted: bool, junk: Any) -> Any:
    """A copy with one node deleted or replaced; the containers on the way alone are copied."""
    head, *rest = path
    made = document.copy()
    if rest:
        made[head] = _mutated(made[head], tuple(rest), is_deleted, junk)
    elif is_deleted:
        del made[head]
    else:
        made[head] = junk
    return made


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.integers(0, len(DOCUMENTS) - 1), st.booleans(), JUNK)
def test_mutated_trades_never_raise(data: st.DataObject, which: int, is_deleted: bool, junk: Any) -> None:
    """Any node deleted or replaced by junk: a draft comes back, and without a contract it says why."""
    path = data.draw(st.sampled_from(PLACES[which]))

    draft = read_trade(json.dumps(_mutated(DOCUMENTS[which], path, is_deleted, junk)))

    assert (draft.contract is None) == bool(errors(draft))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(EVENT_PLACES), st.booleans(), JUNK)
def test_mutated_events_never_raise(path: tuple[Any, ...], is_deleted: bool, junk: Any) -> None:
    """The same for a business event."""
    draft = read_event(json.dumps(_mutated(EVENT, path, is_deleted, junk)))

    assert draft.events or any(one.severity == "ERROR" for one in draft.findings)


LEGACY = {
    "meta": {"globalKey": "1"},
    "trade": {
        "tradeDate": {"value": "2024-03-15", "meta": {"externalKey": "TradeDate"}},
        "tradableProduct": {
            "product": {
                "contractualProduct": {"economicTerms": {"payout": {"performancePayout": [{"returnTerms": {}}]}}}
            },
            "tradeLot": [
                {"priceQuantity": [{"price": [{"value": {"value": 3}, "meta": {"location": [{"value": "p"}]}}]}]}
            ],
        },
        "party": [{"partyId": [{"identifier": {"value": "A", "meta": {"scheme": "x"}}}], "meta": {"key": [{}]}}],
    },
}
LEGACY_PLACES = _places(LEGACY)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(LEGACY_PLACES), st.booleans(), JUNK)
def test_mutated_legacy_documents_never_raise(path: tuple[Any, ...], is_deleted: bool, junk: Any) -> None:
    """The same for the form of CDM 5."""
    draft = read_trade(json.dumps(_mutated(LEGACY, path, is_deleted, junk)))

    assert draft.contract is None
    assert errors(draft)


def test_every_node_of_a_trade_may_be_of_a_wrong_type() -> None:
    """Every third node in turn replaced by a number, a text, a list and an object: a draft every time."""
    document, places = DOCUMENTS[0], PLACES[0]

    for i, path in enumerate(places[::3]):
        junk: Any = (17, "junk", ["junk"], {"junk": 1})[i % 4]
        assert read_trade(json.dumps(_mutated(document, path, False, junk))).findings
