"""Market data from files: read whole or not at all, every mistake with its cell (spec 07 §3.6, §6.1, §7)."""

import importlib.util
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from db.settings import StorageSettings
from db.store import Store
from engine.conventions.days import day_number
from engine.desk.swaps import market_data
from engine.desk.swaps.demo import make_demo
from engine.desk.swaps.market_data import SOURCE, business_days, load_calendars, load_market
from engine.errors import WorkbookError
from engine.payouts.enums import CorporateActionType, DividendStatus
from tests.conftest import fresh_database
from workbooks.swaps.market_records import MarketKind

ON = date(2024, 4, 2)
PRICES = [["instrument", "date", "price", "currency"], ["RIC:DEMO.A", ON, 101.5, "USD"], ["DEMO.B", ON, 51.25, "EUR"]]


@pytest.fixture
def swaps(store: Store) -> Store:
    """A store with the demo swaps; no day was run."""
    with store.begin() as work:
        make_demo(work.payouts)
    return store


@pytest.fixture(scope="module")
def untouched(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[Store]:
    """The same for tests that store nothing."""
    with fresh_database(server_url, template_database) as url:
        made = Store(storage_settings, url)
        with made.begin() as work:
            make_demo(work.payouts)
        yield made
        made.close()


def book(path: Path, **sheets: list[list[object]]) -> Path:
    """A workbook with these sheets."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def found(load) -> list[tuple[str, str, str]]:
    """Code, sheet and cell of every finding."""
    return [(one.code, one.sheet, one.cell) for one in load.findings]


def closes(store: Store, *references: str, on: date = ON) -> list[float]:
    with store.read() as work:
        return work.payouts.fixings.prices(references, on, on)[:, 0].tolist()


def test_all_kinds_of_data_are_read_from_one_workbook(swaps: Store, tmp_path: Path) -> None:
    """Eight sheets, each stored where readers find it; an instrument goes by its reference or by any identifier."""
    path = book(
        tmp_path / "market.xlsx",
        PRICES=PRICES,
        FX=[["currency1", "currency2", "date", "rate"], ["EUR", "USD", ON, 1.0775]],
        RATES=[["index", "tenor", "date", "rate"], ["USD-SOFR", None, ON, 0.0532], ["EUR-EURIBOR", "3M", ON, 0.0389]],
        DIVIDENDS=[
            ["instrument", "ex_date", "amount", "currency", "pay_date", "status"],
            ["DEMO.A", ON, 0.55, "USD", date(2024, 4, 16), "Declared"],
        ],
        CORPORATE_ACTIONS=[
            ["instrument", "type", "ex_date", "ratio_new", "ratio_old"],
            ["RIC:DEMO.B", "STOCK_SPLIT", ON, 2, 1],
        ],
        IMPLIED=[["contract", "leg", "date", "volatility"], ["DEMO-VARIANCE", 1, ON, 0.21]],
        EXTERNAL=[
            ["contract", "leg", "date", "value", "currency", "source"],
            ["DEMO-TRS", 1, ON, -1234.5, "USD", "broker"],
        ],
        HOLIDAYS=[["center", "date", "name"], ["USNY", date(2024, 4, 4), "A day of mourning"]],
        Notes=[["anything"]],
    )

    load = load_market(swaps, path)

    assert (load.is_stored, load.findings) == (True, ())
    assert {count.kind: (count.n_rows, count.n_changed) for count in load.counts} == {
        **dict.fromkeys(MarketKind, (1, 1)),
        MarketKind.PRICES: (2, 2),
        MarketKind.RATES: (2, 2),
    }
    assert closes(swaps, "RIC:DEMO.A", "RIC:DEMO.B") == [101.5, 51.25]
    with swaps.read() as work:
        payouts = work.payouts
        assert payouts.fixings.fx([("EUR", "USD")], ON, ON).item() == 1.0775
        assert payouts.fixings.rates([("USD-SOFR", ""), ("EUR-EURIBOR", "3M")], ON, ON)[:, 0].tolist() == [
            0.0532,
            0.0389,
        ]
        (dividend,) = payouts.market_events.dividends(["RIC:DEMO.A"], ON, ON)
        assert (dividend.gross_amount, dividend.pay_date) == (0.55, date(2024, 4, 16))
        assert dividend.status is DividendStatus.DECLARED
        (action,) = payouts.market_events.corporate_actions(["RIC:DEMO.B"], ON, ON)
        assert (action.action_type, action.ratio_new) == (CorporateActionType.STOCK_SPLIT, 2.0)
        assert payouts.market_events.implied(["DEMO-VARIANCE"], ON) == {"DEMO-VARIANCE/1": (0.21, 1.0)}
        assert [value[:2] for value in payouts.market_events.external(ON).values()] == [(-1234.5, "USD")]
        closed = payouts.calendars.calendars()["USNY"].holidays
        assert {day_number(on) for on in (date(2024, 4, 4), date(2024, 7, 4))} <= set(closed.tolist())


def test_csv_and_json_say_the_same(swaps: Store, tmp_path: Path) -> None:
    """Headers tell what a CSV file holds; the same data again change nothing, another price is a revision."""
    (tmp_path / "closes.csv").write_text("Instrument,Date,Price,Currency\nDEMO.A,2024-04-02,101.5,USD\n")
    (tmp_path / "more.json").write_text(
        json.dumps({"prices": [{"instrument": "DEMO.A", "date": "2024-04-02", "price": 102.5, "currency": "USD"}]})
    )

    loads = [load_market(swaps, tmp_path / name) for name in ("closes.csv", "closes.csv", "more.json")]

    assert [load.counts[0].n_changed for load in loads] == [1, 0, 1]
    assert closes(swaps, "RIC:DEMO.A") == [102.5]


def test_prices_in_pence_become_pounds(swaps: Store, tmp_path: Path) -> None:
    """Minor units are normalised at the border (§0.3)."""
    path = book(tmp_path / "market.xlsx", PRICES=[PRICES[0], ["DEMO.A", ON, 4_550, "GBX"]])

    assert load_market(swaps, path).is_stored
    assert closes(swaps, "RIC:DEMO.A") == [45.5]


def test_a_dry_run_stores_nothing(untouched: Store, tmp_path: Path) -> None:
    """It counts what would be new."""
    path = book(tmp_path / "market.xlsx", PRICES=PRICES)

    load = load_market(untouched, path, dry_run=True)

    assert (load.is_stored, load.counts[0].n_changed) == (False, 2)
    assert closes(untouched, "RIC:DEMO.A")[0] != closes(untouched, "RIC:DEMO.A")[0]


@pytest.mark.parametrize(
    ("sheet", "row", "finding"),
    [
        ("PRICES", ["DEMO.A", ON, -1, "USD"], ("E-RANGE", "PRICES", "C3")),
        ("PRICES", ["DEMO.A", ON, "101.5", "USD"], ("E-NUMBER", "PRICES", "C3")),
        ("PRICES", ["DEMO.A", ON, True, "USD"], ("E-NUMBER", "PRICES", "C3")),
        ("PRICES", ["DEMO.A", ON, None, "USD"], ("E-BLANK", "PRICES", "C3")),
        ("PRICES", ["DEMO.A", ON, 1, "USX"], ("E-CURRENCY", "PRICES", "D3")),
        ("PRICES", ["DEMO.A", date(2061, 1, 1), 1, "USD"], ("E-DATE", "PRICES", "B3")),
        ("PRICES", ["DEMO.A", 45_384, 1, "USD"], ("E-DATE", "PRICES", "B3")),
        ("PRICES", ["DEMO.A", "02/04/2024", 1, "USD"], ("E-DATE", "PRICES", "B3")),
        ("PRICES", ["NO.SUCH", ON, 1, "USD"], ("E-INSTRUMENT", "PRICES", "A3")),
        ("PRICES", ["RIC:DEMO.A", ON, 1, "USD"], ("E-DUPLICATE", "PRICES", "A3")),
        ("PRICES", ["DEMO.A", ON, 1, "USD"], ("E-DUPLICATE", "PRICES", "A3")),
        ("FX", ["EUR", "USD", ON, 0], ("E-RANGE", "FX", "D3")),
        ("FX", ["EUR", "GBX", ON, 1], ("E-CURRENCY", "FX", "B3")),
        ("FX", ["EUR", "EUR", ON, 1], ("E-CURRENCY", "FX", "B3")),
        ("DIVIDENDS", ["NO.SUCH", ON, 1, "USD"], ("E-INSTRUMENT", "DIVIDENDS", "A3")),
        ("IMPLIED", ["DEMO-VARIANCE", 7, ON, 0.2], ("E-LEG", "IMPLIED", "A3")),
        ("IMPLIED", ["DEMO-VARIANCE", 1.5, ON, 0.2], ("E-NUMBER", "IMPLIED", "B3")),
        ("CORPORATE_ACTIONS", ["DEMO.A", "BUYBACK", ON, 1], ("E-WORD", "CORPORATE_ACTIONS", "B3")),
    ],
)
def test_one_bad_cell_keeps_the_whole_file_out(untouched: Store, tmp_path: Path, sheet, row, finding) -> None:
    """The cell is named, and the good rows beside it are not stored."""
    headers = {
        "FX": ["currency1", "currency2", "date", "rate"],
        "DIVIDENDS": ["instrument", "ex_date", "amount", "currency"],
        "IMPLIED": ["contract", "leg", "date", "volatility"],
        "CORPORATE_ACTIONS": ["instrument", "type", "ex_date", "ratio_new"],
    }
    good = {
        "FX": ["EUR", "USD", date(2024, 4, 3), 1.08],
        "DIVIDENDS": ["DEMO.A", date(2024, 4, 3), 1, "USD"],
        "IMPLIED": ["DEMO-VARIANCE", 1, date(2024, 4, 3), 0.2],
        "CORPORATE_ACTIONS": ["DEMO.A", "STOCK_SPLIT", date(2024, 4, 3), 2],
    }
    sheets = {"PRICES": PRICES[:2]}
    sheets[sheet] = [*PRICES[:2], row] if sheet == "PRICES" else [headers[sheet], good[sheet], row]

    load = load_market(untouched, book(tmp_path / "market.xlsx", **sheets))

    assert (load.is_stored, load.has_errors) == (False, True)
    assert found(load) == [finding]
    assert closes(untouched, "RIC:DEMO.A")[0] != closes(untouched, "RIC:DEMO.A")[0]


def test_likely_mistakes_are_told_and_stored(swaps: Store, tmp_path: Path) -> None:
    """A rate in percent may be the level of an index; an unknown column is left aside."""
    path = book(
        tmp_path / "market.xlsx",
        RATES=[["index", "date", "rate", "remark"], ["USD-SOFR", ON, 5.32, "in percent?"]],
    )

    load = load_market(swaps, path)

    assert load.is_stored
    assert found(load) == [("W-COLUMN", "RATES", ""), ("W-LEVEL", "RATES", "C2")]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", "instrument,price\nDEMO.A,1\n", "E-HEADER"),
        ("PRICES.csv", "instrument,price\nDEMO.A,1\n", "E-HEADER"),
        ("a.json", "{}", "E-SHEET"),
        ("a.json", '{"FX": [], "fx": []}', "E-SHEET"),
    ],
)
def test_a_file_without_known_data_says_so(untouched: Store, tmp_path: Path, name, content, code) -> None:
    """Which columns or sheets are missing."""
    (tmp_path / name).write_text(content)

    load = load_market(untouched, tmp_path / name)

    assert code in {one.code for one in load.findings}
    assert not load.is_stored


@pytest.mark.parametrize(
    ("name", "content", "number"),
    [
        ("a.txt", b"", "CLO-2080"),
        ("a.json", b"[1, 2]", "CLO-2080"),
        ("a.json", b'{"FX": [1]}', "CLO-2080"),
        ("a.json", b"{", "CLO-2080"),
        ("a.csv", b"\xff\xfe\x00", "CLO-2080"),
        ("a.xlsx", b"no workbook", "CLO-2005"),
    ],
)
def test_what_is_no_file_of_market_data_is_refused(untouched: Store, tmp_path: Path, name, content, number) -> None:
    """An error with its number, nothing stored."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(WorkbookError) as refused:
        load_market(untouched, tmp_path / name)

    assert refused.value.number == number


def test_an_error_cell_is_no_blank(untouched: Store, tmp_path: Path) -> None:
    """A formula that was never calculated keeps the file out."""
    path = book(tmp_path / "market.xlsx", PRICES=[PRICES[0], ["DEMO.A", ON, "=1/0", "USD"]])

    assert found(load_market(untouched, path)) == [("E-CELL", "PRICES", "C2")]


def test_calendars_come_with_their_version(store: Store) -> None:
    """Holidays of every known center and sessions of the exchanges asked for, and business days from them."""
    has_exchanges = importlib.util.find_spec("exchange_calendars") is not None

    load = load_calendars(store, 2023, 2024, exchanges=("XNYS",))

    assert load.days["USNY"] >= 20
    assert (load.days.get("XNYS", 0) > 500) == has_exchanges
    assert bool(load.notes) != has_exchanges
    with store.read() as work:
        versions = work.driver.execute("SELECT DISTINCT loaded_version FROM calendar_holidays").fetchall()
    assert all(version for (version,) in versions)
    assert business_days(store, date(2024, 5, 24), date(2024, 5, 28)) == (date(2024, 5, 24), date(2024, 5, 28))


def test_without_the_package_of_exchanges_a_note_says_what_to_do(store: Store, monkeypatch) -> None:
    """The centers are loaded all the same."""
    monkeypatch.setattr(market_data.importlib.util, "find_spec", lambda _name: None)

    load = load_calendars(store, 2024, 2024)

    assert load.notes == ("Sessions of exchanges were not loaded: run pip install 'clodesk[calendars]' and repeat.",)
    assert "XNYS" not in load.days
    assert SOURCE == "file"
