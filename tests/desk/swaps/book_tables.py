"""What the tables of swaps hold: to see that a call wrote nothing, or all of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from db.settings import StorageSettings
from db.store import Store
from tests.conftest import fresh_database
from tests.desk.swaps.swap_book import put_calendar

TABLES = (
    "parties",
    "instruments",
    "instrument_identifiers",
    "contracts",
    "contract_versions",
    "contract_parties",
    "contract_legs",
    "contract_fees",
    "trade_lots",
    "lot_closings",
    "lot_events",
    "performance_payout",
    "interest_rate_payouts",
    "fixed_price_payouts",
    "underliers",
    "basket_compositions",
    "basket_constituents",
    "return_terms",
    "valuation_schedules",
    "valuation_dates",
    "payment_schedules",
    "payment_dates",
    "calculation_periods",
    "rate_spread_steps",
    "past_notionals",
    "borrow_fees",
    "borrow_rate_steps",
    "business_events",
    "resets",
    "corporate_actions",
    "cashflows",
    "import_findings",
)


@contextmanager
def new_store(server_url: str, template: str, settings: StorageSettings) -> Iterator[Store]:
    """A store on a fresh database with New York's calendar, for tests that can share one."""
    with fresh_database(server_url, template) as url:
        opened = Store(settings, url)
        with opened.begin() as work:
            put_calendar(work.payouts)
        yield opened
        opened.close()


def table_states(store: Store) -> Mapping[str, str]:
    """By table a hash over the versions of its rows: it changes with every row that is written, even to the same."""
    with store.read() as work:
        return {
            name: work.driver.execute(
                f"SELECT count(*) || ' ' || coalesce(md5(string_agg(xmin::text || ctid::text, ',' ORDER BY ctid)), '')"  # noqa: S608
                f" FROM {name}"
            ).fetchone()[0]  # type: ignore[index]
            for name in TABLES
        }


def without_findings(states: Mapping[str, str]) -> Mapping[str, str]:
    """The states of all tables but that of findings."""
    return {name: state for name, state in states.items() if name != "import_findings"}


def count(store: Store, table: str, condition: str = "true") -> int:
    """Rows of a table."""
    with store.read() as work:
        row = work.driver.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()  # noqa: S608
        assert row is not None
        return int(row[0])
