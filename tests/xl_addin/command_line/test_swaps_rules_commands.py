"""Commands on deferral rules, and what the end of day says of what they put off (spec 07 §18)."""

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from db.settings import StorageSettings
from db.store import Store
from tests.conftest import fresh_database
from tests.desk.swaps.day_runs import END, prepared, run_days, swap

REALISED = date(2024, 2, 12)
"""The day on which the first equity amount of the swap is final."""


@pytest.fixture(scope="module")
def run_database(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[str]:
    """Name of a database in which a swap was run to the eve of that day; each test gets a copy."""
    with fresh_database(server_url, template_database) as url:
        store = Store(storage_settings, url)
        run_days(prepared(store, swap()), date(2024, 1, 10), date(2024, 2, 9))
        store.close()
        yield url.rsplit("/", 1)[1].partition("?")[0]


@pytest.fixture
def database_url(server_url: str, run_database: str) -> Iterator[str]:
    """A copy of it."""
    with fresh_database(server_url, run_database) as url:
        yield url


@pytest.fixture
def swaps(clodesk):
    """The commands of swaps on that copy."""
    return lambda *words: clodesk("swaps", *words)


def rules(swaps, *options: str) -> list[tuple[int, bool]]:
    """Priority of the listed rules, and whether they are active."""
    return [(one["priority"], one["is_active"]) for one in swaps("deferral-rules", *options, "--json").json]


def test_a_rule_puts_off_waits_and_lets_go(swaps) -> None:
    """The equity amount waits ten days, the run of that day releases it once, and says so; interest is not touched."""
    added = swaps("add-deferral-rule", "--type", "EQUITY_RETURN", "--days", "10", "--json").json
    put_off = swaps("eod", REALISED, "--json").json[0]
    between = swaps("eod", "2024-02-21", "--json").json[0]
    said = swaps("eod", "2024-02-22")
    again = swaps("eod", "2024-02-22", "--json").json[0]
    flows = swaps("report", "R-1", "--arg", "contract=TRS-1", "--json").json["rows"]

    assert (added["action"], added["days"], added["releases_automatically"]) == ("DEFER_DAYS", 10, True)
    assert (put_off["n_deferred"], put_off["n_realised"]) == (1, 0)
    assert between["releases"]["released"] == []
    assert "Released, their day has come: TRS-1/L1/EQUITY_RETURN/20240212/" in said.out
    assert again["releases"] == {"as_of": "2024-02-22", "released": [], "failed": [], "waiting": []}
    assert [again[name] for name in ("n_flows", "n_accruals", "n_realised", "n_pnl")] == [0, 0, 0, 0]
    assert {row["payment_date"] for row in flows if row["cashflow_status"] == "REALIZED_UNSETTLED"} >= {"2024-02-22"}


def test_a_release_that_is_refused_ends_with_1_and_the_day_is_run(swaps, database_url) -> None:
    """The line names the cash flow and why; the day has its P&L."""
    swaps("add-deferral-rule", "--type", "EQUITY_RETURN", "--days", "10")
    swaps("eod", REALISED)
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        connection.execute("ALTER TABLE payout_outbox ADD CONSTRAINT no_more CHECK (topic <> 'cashflow.released')")
    said = swaps("eod", "2024-02-22")
    flows = swaps("report", "R-1", "--arg", "contract=TRS-1", "--json").json["rows"]
    pnl = swaps("report", "R-6", "--arg", "contract=TRS-1", "--arg", "first=2024-02-22", "--arg", "last=2024-02-22")

    assert said.code == 1
    assert "TRS-1/L1/EQUITY_RETURN/20240212/1 is not released: CLO-3007" in said.out
    assert [row["cashflow_status"] for row in flows].count("REALIZED_DEFERRED") == 1
    assert "2024-02-22" in pnl.out


def test_what_waits_for_somebody_is_named_each_day(swaps) -> None:
    """Past its day a deferral that is released by hand is listed until it is."""
    swaps("add-deferral-rule", "--currency", "usd", "--days", "7", "--release-by-hand")
    swaps("eod", REALISED)
    said = swaps("eod", "2024-02-20")
    waiting = swaps("eod", "2024-02-20", "--json").json[0]["releases"]["waiting"]
    (reference,) = {one["cashflow"]["cashflow_reference"] for one in waiting if "/L1/" in str(one)}
    released = swaps("release", reference, "--on", "2024-02-20")
    after = swaps("eod", "2024-02-20", "--json").json[0]["releases"]["waiting"]

    assert said.code == 0
    assert f"{reference} was put off until 2024-02-20: release or extend it" in said.out
    assert released.code == 0
    assert reference not in str(after)


def test_what_needs_approval_is_listed_and_stays_as_it_is(swaps) -> None:
    """The rule names the cash flow until somebody defers it; the rule's date is not taken without that."""
    swaps("add-deferral-rule", "--type", "EQUITY_RETURN", "--to-next-payment", "--needs-approval")
    said = swaps("eod", REALISED)
    listed = swaps("eod", REALISED, "--json").json[0]["awaiting_approval"]
    reference = listed[0]["decision"]["candidate"]["cashflow_reference"]
    swaps("defer", reference, "approved by the desk head", "--until", "2024-02-26", "--on", REALISED)
    after = swaps("eod", REALISED, "--json").json[0]

    assert f"{reference} is to be put off by rule" in said.out
    assert "with approval: defer or realise it" in said.out
    assert after["awaiting_approval"] == []


def test_a_rule_that_cannot_be_kept_says_why(swaps, database_url) -> None:
    """Without a next payment date the cash flow is held, and the line says what to do."""
    swaps("add-deferral-rule", "--type", "EQUITY_RETURN", "--to-next-payment")
    said = swaps("eod", "2024-01-10", "--through", END)

    assert said.code == 0
    assert "has no payment date after 2024-04-10 to be deferred to" in said.out
    assert "Give its next payment date, or realise it." in said.out


def test_rules_are_listed_replaced_and_ended(swaps) -> None:
    """New rules are asked last; a replacement takes the place of the old one; ended ones are shown on request."""
    first = swaps("add-deferral-rule", "--party", "The desk", "--below", "1,000.50", "--days", "5", "--json").json
    swaps("add-deferral-rule", "--everything", "--until-released", "--reason", "REGULATORY")
    shown = swaps("deferral-rules")
    changed = swaps(
        "add-deferral-rule", "--party", "DESK", "--days", "1", "--replaces", first["rule_id"][:8], "--json"
    ).json
    ended = swaps("end-deferral-rule", changed["rule_id"], "--json").json

    assert (first["scope"]["party"], first["scope"]["amount_below"], first["priority"]) == ("DESK", 1000.5, 10)
    assert "below 1,000.50 with DESK" in shown.out
    assert "5 days" in shown.out
    assert "everything" in shown.out
    assert changed["priority"] == 10
    assert ended == {"rule_id": changed["rule_id"], "is_active": False}
    assert rules(swaps) == [(20, True)]
    assert sorted(rules(swaps, "--all")) == [(10, False), (10, False), (20, True)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--days 5", "say which cash flows"),
        ("--everything --currency USD --days 5", "say which cash flows"),
        ("--currency USD", "say until when"),
        ("--currency USD --days 5 --to-next-payment", "say until when"),
        ("--below much --days 5", "'much' is no amount"),
        ("--below nan --days 5", "'nan' is no amount"),
        ("--type COUPON --days 5", "COUPON"),
    ],
)
def test_a_rule_that_is_not_said_whole_ends_with_2(swaps, words: str, said: str) -> None:
    """Nothing is stored, and the line says what is missing."""
    refused = swaps("add-deferral-rule", *words.split())

    assert refused.code == 2
    assert said in refused.err
    assert rules(swaps) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--currency dollar --days 5", "CLO-1956: 'DOLLAR' is no currency code"),
        ("--contract TRS-9 --days 5", "CLO-1983"),
        ("--party FUNDS --days 5", "CLO-4112: No swap has a party 'FUNDS', at party. The closest: FUND"),
        ("--below -5 --days 5", "CLO-4113: No amount is below -5"),
        ("--currency USD --days 0", "CLO-1955: DEFER_DAYS with 0 days"),
        (
            "--currency USD --until-released",
            "A deferral for BUSINESS_RULE cannot be without an expected date",
        ),
        ("--currency USD --days 5 --priority 7", "has priority 7 already"),
        ("--currency USD --days 5 --replaces ffff", "CLO-1977: There is no deferral rule 'ffff'"),
    ],
)
def test_a_rule_that_cannot_be_ends_with_1(swaps, words: str, said: str) -> None:
    """What is wrong, and what to do, on stderr; the rules are as before."""
    swaps("add-deferral-rule", "--currency", "EUR", "--days", "1", "--priority", "7")
    refused = swaps("add-deferral-rule", *words.split())

    assert refused.code == 1
    assert said in " ".join(refused.err.split())
    assert rules(swaps) == [(7, True)]


def test_a_refused_replacement_leaves_the_old_rule(swaps) -> None:
    """Ending the old one and adding the new one are one transaction."""
    old = swaps("add-deferral-rule", "--currency", "EUR", "--days", "1", "--json").json["rule_id"]

    refused = swaps("add-deferral-rule", "--party", "NOBODY", "--days", "1", "--replaces", old)

    assert refused.code == 1
    assert rules(swaps, "--all") == [(10, True)]


def test_an_id_that_several_rules_have_is_refused(swaps, database_url) -> None:
    """Both are named; an unknown id ends with 1 too. A rule that nobody can read stops a day until it is ended."""
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        for last in (1, 2):
            connection.execute(
                "INSERT INTO deferral_rules (id, priority, reason, scope, action) VALUES"
                " (%s, %s, 'REGULATORY', '{\"curency\": \"USD\"}', 'DEFER_UNTIL_RELEASED')",
                (f"abc00000-0000-4000-8000-00000000000{last}", last),
            )
    several, unknown, listed = (
        swaps("end-deferral-rule", "ABC"),
        swaps("end-deferral-rule", "x"),
        swaps("deferral-rules"),
    )
    stopped = swaps("eod", REALISED)
    for last in (1, 2):
        assert swaps("end-deferral-rule", f"abc00000-0000-4000-8000-00000000000{last}").code == 0

    assert [said.code for said in (several, unknown, listed, stopped)] == [1, 1, 1, 1]
    assert "CLO-4114: 2 deferral rules have ids that begin with 'ABC'" in several.err
    assert "abc00000-0000-4000-8000-000000000002." in several.err
    assert "CLO-1977" in unknown.err
    assert "CLO-1979" in listed.err
    assert "CLO-1979" in stopped.err
    assert swaps("eod", REALISED).code == 0
    assert rules(swaps) == []


def test_rules_fit_a_terminal_of_80_columns(swaps, monkeypatch) -> None:
    """Long scopes break their lines."""
    from xl_addin.command_line import swaps_rules

    monkeypatch.setattr(swaps_rules, "console", type(swaps_rules.console)(width=80))
    words = "--contract TRS-1 --type EQUITY_RETURN --currency USD --party FUND --below 1234567.89 --to-next-payment"
    said = swaps("add-deferral-rule", *words.split(), "--release-by-hand", "--needs-approval")

    assert said.code == 0
    assert max(map(len, said.out.splitlines())) <= 80, said.out
    assert "\u2026" not in said.out, said.out
