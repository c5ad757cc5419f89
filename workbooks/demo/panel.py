"""The demo's control panels: settings, filters, hypothetical trades and drop-down lists."""

from engine.snapshot import CellValue, DealSnapshot, FilterRow, ListValue, Place, RunSetting, TradeRow
from workbooks.demo.loans import BUSINESS_BY_INDUSTRY, COUNTRIES
from workbooks.demo.market import RATINGS

PANEL, OLD_PANEL, LISTS = "Run Model", "Run Model_old", "Filter Sheet"
MOODYS_RATINGS = ("Aaa", "Aa1", "Aa2", "Aa3", "A1", "A2", "A3", "Baa1", "Baa2", "Baa3", "Ba1", "Ba2", "Ba3",
                  "B1", "B2", "B3", "Caa1", "Caa2", "Caa3", "Ca", "C")  # fmt: skip
FILTER_FIELDS = ("Moody's Rating", "Moody's Rating WARF", "Moody's Rating DPR", "S&P Industry", "Moody's Industry",
                 "S&P Rating", "WAL", "Cov-Lite", "Country", "Facility Size", "Market Value",
                 "Analyst Opinion")  # fmt: skip


def run_settings(deal: DealSnapshot) -> tuple[RunSetting, ...]:
    """Current and previous control panel; the control totals are those of `deal`."""
    collection = next(account for account in deal.accounts if account.number == 2)
    par = 0.0
    for position in deal.positions:
        par += position.par
    current: tuple[tuple[str, str, CellValue], ...] = (
        ("C8", "analysis_date", deal.analysis_date),
        ("C9", "deal", deal.name),
        ("C10", "collateral_par", par),
        ("C11", "principal_cash", collection.principal),
        ("C12", "interest_cash", collection.interest),
        ("C14", "include_cash_flow_and_rating_runs", True),
        ("C15", "use_rating_migration", False),
        ("C16", "correlation_source", "User Defined"),
        ("C17", "simulations", 100.0),
        ("C18", "rating_migration_frequency", "Quarterly"),
        ("C19", "static_random", True),
        ("C20", "seed", 12.0),
        ("E8", "trade_par_step", 750_000.0),
        ("E9", "include_held", True),
        ("E10", "ranking_side", "Buy"),
        ("E11", "sale_par", 10_000_000.0),
        ("E12", "buy_par", 15_000_000.0),
        ("N8", "pool_mode", True),
        *((f"I{row}", f"objective_weight_{one.number}", one.weight) for row, one in enumerate(deal.weights, start=31)),
    )
    old: tuple[tuple[str, str, CellValue], ...] = (
        ("C3", "analysis_date", deal.analysis_date),
        ("C4", "deal", deal.name),
        ("C5", "use_rating_migration", False),
        ("C6", "correlation_source", "User Defined"),
        ("C7", "simulations", 10.0),
        ("C8", "static_random", True),
        ("C9", "seed", 12.0),
        ("E3", "Max Num Assets", 75.0),
        ("E4", "Incremental Loan Size", 500_000.0),
        ("E5", "Allow par increase to existing loans", True),
        ("E6", "Transaction Type", "Buy"),
        ("E7", "Sale Par Amount", 10_000_000.0),
        ("E8", "Buy Par Amount", 15_000_000.0),
    )
    scopes = (("current", PANEL, current), ("old", OLD_PANEL, old))
    return tuple(
        RunSetting(scope=scope, name=name, value=value, place=Place(sheet, cell))
        for scope, sheet, rows in scopes
        for cell, name, value in rows
    )


def filters() -> tuple[FilterRow, ...]:
    """Buy loans rated B- or better at 90 or more; sell Caa loans and those the analyst would sell."""
    return (
        _filter("buy", 1, "D15", "", "(", "S&P Rating", "<=", "B-", ""),
        _filter("buy", 2, "D16", "and", "", "Market Value", ">=", 90.0, ")"),
        _filter("sale", 1, "D23", "", "(", "Moody's Rating", ">=", "Caa1", ""),
        _filter("sale", 2, "D24", "or", "", "Analyst Opinion", "=", "Sale", ")"),
    )


def _filter(
    name: str,
    position: int,
    cell: str,
    logical: str,
    opening: str,
    field: str,
    operator: str,
    value: CellValue,
    end: str,
) -> FilterRow:
    return FilterRow(
        name=name,
        position=position,
        logical_operator=logical,
        open_parenthesis=opening,
        field=field,
        operator=operator,
        value=value,
        close_parenthesis=end,
        place=Place(PANEL, cell),
    )


def trades(deal: DealSnapshot) -> tuple[TradeRow, ...]:
    """Three trades in loans of the deal."""
    ids = [position.blkrock_id for position in deal.positions]
    rows = ((ids[0], "Buy", 1_000_000.0, 98.25), (ids[-1], "Buy", 1_500_000.0, None), (ids[1], "Sale", 750_000.0, 97.5))
    return tuple(
        TradeRow(
            scope="current",
            deal=deal.name,
            blkrock_id=blkrock_id,
            transaction=transaction,
            par=par,
            price=price,
            place=Place(PANEL, f"J{row}"),
        )
        for row, (blkrock_id, transaction, par, price) in enumerate(rows, start=11)
    )


def lists() -> tuple[ListValue, ...]:
    """The entries of the drop-down lists."""
    sp_industries = sorted({item[0] for item in BUSINESS_BY_INDUSTRY})
    moodys_industries = sorted({item[1] for item in BUSINESS_BY_INDUSTRY})
    texts: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("S&P Rating", RATINGS),
        ("Moody's Rating", MOODYS_RATINGS),
        ("S&P Industry", tuple(sp_industries)),
        ("Moody Industry", tuple(moodys_industries)),
        ("Open Parenthesis", ("(", "((", "(((")),
        ("Close Parenthisis", (")", "))", ")))")),
        ("Numerical Operator", ("=", "<", "<=", ">", ">=", "!=")),
        ("String Operators", ("=", "!=")),
        ("Logical Operator", ("and", "or")),
        ("Filter Fields", FILTER_FIELDS),
        ("Boolean Fields", ("TRUE", "FALSE")),
        ("Country Fields", tuple(country for country, _ in COUNTRIES)),
        ("Analyst Opinnion", ("Buy", "Hold", "Sale")),
    )
    return tuple(
        ListValue(list_name=name, position=position, text=text)
        for name, entries in texts
        for position, text in enumerate(entries, start=1)
    )
