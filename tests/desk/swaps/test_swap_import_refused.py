"""Bad documents leave nothing behind but their findings (spec 07 §5.7)."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db.settings import StorageSettings
from db.store import Store
from engine.desk.swaps.booking import Outcome
from engine.desk.swaps.importing import import_documents
from engine.payouts.cdm.json_text import MAX_BYTES
from engine.payouts.enums import FindingSeverity
from engine.payouts.findings import FindingCode
from tests.desk.swaps.book_tables import count, new_store, table_states, without_findings

Document = dict[str, Any]


@pytest.fixture(scope="module")
def shared(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[Store]:
    """A store that refused documents leave as it is but for findings."""
    with new_store(server_url, template_database, storage_settings) as opened:
        yield opened


@pytest.fixture
def sample(reference: Path) -> Path:
    """A plain equity swap."""
    return reference / "data" / "cdm" / "trades" / "eqs-ex09-compounding-swap.json"


def replaced(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """A tree with every scalar passed through `change`, which gets the key it stands under."""
    if isinstance(value, dict):
        return {name: replaced(child, change, name) for name, child in value.items()}
    if isinstance(value, list):
        return [replaced(child, change, key) for child in value]
    return change(key, value)


def with_currency(text: str) -> str:
    tree = json.loads(text)
    return json.dumps(replaced(tree, lambda _, value: "XQZ" if value == "USD" else value))


def with_dates_reversed(text: str) -> str:
    tree = json.loads(text)
    economic = tree["trade"]["product"]["economicTerms"]
    economic["effectiveDate"], economic["terminationDate"] = economic["terminationDate"], economic["effectiveDate"]
    return json.dumps(tree)


def with_negative_price(text: str) -> str:
    tree = json.loads(text)
    for quantity in tree["trade"]["tradeLot"]:
        for part in quantity["priceQuantity"]:
            for price in part.get("price", []):
                inner = price.get("@data", price)
                if inner.get("priceType") == "AssetPrice":
                    inner["value"] = -5.0
    return json.dumps(tree)


def refused_as(store: Store, path: Path) -> set[FindingCode]:
    """Import a file that has to be refused; the codes of its errors. Nothing but findings may be written."""
    before = without_findings(table_states(store))
    n_findings = count(store, "import_findings")

    (imported,) = import_documents(store, [path])

    assert imported.outcome is Outcome.REFUSED
    assert imported.contract_reference is None
    assert without_findings(table_states(store)) == before
    assert count(store, "import_findings", "contract_id IS NULL") == n_findings + len(imported.findings)
    return {one.code for one in imported.findings if one.severity is FindingSeverity.ERROR}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text[: len(text) // 2], FindingCode.NOT_JSON),
        (lambda text: '{"invoices": [1, 2, 3]}', FindingCode.UNSUPPORTED_ROOT),
        (lambda text: "[]", FindingCode.UNSUPPORTED_ROOT),
        (lambda text: "", FindingCode.NOT_JSON),
        (with_currency, FindingCode.UNKNOWN_CURRENCY),
        (with_dates_reversed, FindingCode.DATES_INCONSISTENT),
        (with_negative_price, FindingCode.NEGATIVE_PRICE),
    ],
    ids=["truncated", "foreign", "list", "empty", "currency", "dates", "price"],
)
def test_a_bad_document_is_refused_with_its_reason(
    shared: Store, sample: Path, tmp_path: Path, change: Callable[[str], str], expected: FindingCode
) -> None:
    """The finding says what is wrong; no table but that of findings changes."""
    path = tmp_path / "bad.json"
    path.write_text(change(sample.read_text(encoding="utf-8")), encoding="utf-8")

    assert expected in refused_as(shared, path)


def test_weights_that_do_not_sum_are_refused(shared: Store, reference: Path, tmp_path: Path) -> None:
    """Overrides with half of the weights name the sum, and nothing of the trade is stored."""
    name = "eqs-ex02-composite-basket-long-form.json"
    path = tmp_path / name
    path.write_bytes((reference / "data" / "cdm" / "trades" / name).read_bytes())
    members = ["TIT.ME", "NOK1V.HE", "TIM.MI", "TEF.MC", "PTCO.IN", "VOD.L"]
    weights = {f"OTHER:{member}": 0.1 for member in members}
    path.with_name(name.replace(".json", ".overrides.json")).write_text(json.dumps({"weights": weights}))
    before = without_findings(table_states(shared))

    (imported,) = import_documents(shared, [path])

    assert imported.outcome is Outcome.REFUSED
    assert "CLO-1922" in imported.findings[0].message
    assert without_findings(table_states(shared)) == before


def test_paths_that_cannot_be_read_are_findings(shared: Store, tmp_path: Path) -> None:
    """A missing file, a file of 100 MB, a hostile name, a folder without documents: none stops the others."""
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    empty = tmp_path / "empty"
    empty.mkdir()
    paths = [tmp_path / "absent.json", large, Path("bad\x00name.json"), Path("/dev/null"), empty]

    outcomes = import_documents(shared, paths)

    assert [one.outcome for one in outcomes] == [Outcome.REFUSED] * 4
    messages = [one.findings[0].message for one in outcomes]
    assert "There is no file" in messages[0]
    assert f"more than {MAX_BYTES:,}" in messages[1]
    assert "cannot be read" in messages[2] or "There is no file" in messages[2]
    assert "is no file" in messages[3]


def test_a_good_file_beside_a_bad_one_is_stored(store: Store, sample: Path, tmp_path: Path) -> None:
    """Each file is whole or not at all, on its own."""
    bad = tmp_path / "a-bad.json"
    bad.write_text("{", encoding="utf-8")

    outcomes = import_documents(store, [bad, sample])

    assert [one.outcome for one in outcomes] == [Outcome.REFUSED, Outcome.NEW]
    assert count(store, "contracts") == 1


def test_a_document_twice_in_a_row_is_one_trade(store: Store, sample: Path, tmp_path: Path) -> None:
    """A copy under another name is the same document."""
    copy = tmp_path / "copy.json"
    copy.write_text(json.dumps(json.loads(sample.read_bytes()), indent=4), encoding="utf-8")

    outcomes = import_documents(store, [sample, copy])

    assert [one.outcome for one in outcomes] == [Outcome.NEW, Outcome.UNCHANGED]
    assert count(store, "contracts") == 1
