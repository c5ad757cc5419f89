"""The positions with what tests look at, and which positions drive which test."""

from engine.collateral.asset import ASSET_FIELDS, Asset, FieldKind
from workbooks.compliance.marks import WORD_OF_VERDICT, mark_share, mark_verdicts, names_of
from workbooks.compliance.record import ComplianceRecord
from workbooks.results.looks import Column, Look, Page, width_of

FLAGS = tuple(
    (item.name, item.header.strip()) for item in ASSET_FIELDS if item.kind is FieldKind.FLAG and item.name != "eom_flag"
)
"""Flags that tests look at, by field and header; the month-end rule of payments is none."""
NEAR = 0.9
"""From this use of its limit on a test is worth naming beside the positions that drive it."""


def write_positions(page: Page, record: ComplianceRecord, title: str) -> None:
    """One row a position, the largest first."""
    positions = sorted(record.positions, key=lambda item: (-item.par, item.asset.blkrock_id))
    assets = [item.asset for item in positions]
    amount = record.metrics.collateral_principal_amount
    tight = _tests_by_position(record)
    columns = [
        Column("Asset", Look.TEXT, [asset.blkrock_id for asset in assets]),
        Column("Name", Look.TEXT, [asset.issue_name.strip() for asset in assets]),
        Column("Issuer", Look.TEXT, [asset.issuer_id.strip() for asset in assets]),
        Column("Par", Look.MONEY, [item.par for item in positions]),
        Column("Share", Look.SHARE, [item.par / amount if amount > 0.0 else None for item in positions]),
        Column("Price, % of par", Look.NUMBER, [asset.market_value for asset in assets]),
        Column("Moody's", Look.TEXT, [asset.mdy_rating for asset in assets]),
        Column("Moody's for factor", Look.TEXT, [asset.mdy_dp_rating_warf for asset in assets]),
        Column("S&P", Look.TEXT, [asset.sp_rating for asset in assets]),
        Column("Moody's recovery", Look.RATIO, [asset.mdy_recovery_rate for asset in assets]),
        Column("Spread", Look.RATE, [asset.cpn_spread for asset in assets]),
        Column("Floor", Look.RATE, [asset.libor_floor for asset in assets]),
        Column("Coupon", Look.RATE, [asset.coupon for asset in assets]),
        Column("Average life", Look.YEARS, [asset.wal for asset in assets]),
        Column("Maturity", Look.DATE, [asset.maturity for asset in assets]),
        Column("S&P industry", Look.TEXT, [asset.sp_industry for asset in assets]),
        Column("Moody's industry", Look.TEXT, [asset.mdy_industry for asset in assets]),
        Column("Country", Look.TEXT, [asset.country for asset in assets]),
        Column("Flags", Look.TEXT, [flags_of(asset) for asset in assets]),
        Column("Drives tests", Look.TEXT, [tight.get(asset.blkrock_id, "") for asset in assets]),
    ]
    page.title(title)
    page.text(1, 0, f"Drives tests: broken ones, and those that use {NEAR:.0%} of their limit and more", Look.SUBTITLE)
    block = page.table(2, columns, name="positions")
    for number, column in enumerate(columns):
        longest = {"Name": 32.0, "S&P industry": 30.0, "Moody's industry": 30.0, "Flags": 34.0}.get(column.header)
        page.sheet.set_column(number, number, longest or min(width_of(column), 18.0))
    mark_share(page, block, "Share")
    page.sheet.freeze_panes(3, 2)
    page.print_landscape(title, header_row=2)


def flags_of(asset: Asset) -> str:
    """The flags that an asset has, by their headers."""
    return ", ".join(header for name, header in FLAGS if getattr(asset, name))


def _tests_by_position(record: ComplianceRecord) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for result in record.report.results:
        use = result.use_of_limit
        if result.is_passed and (use is None or use < NEAR):
            continue
        for driver in result.drivers:
            found.setdefault(driver.blkrock_id, []).append(str(result.test_id))
    return {name: ", ".join(tests) for name, tests in found.items()}


def write_drivers(page: Page, record: ComplianceRecord, title: str) -> None:
    """The strongest positions behind every test."""
    names = names_of(record)
    rows = [
        (result, rank, driver)
        for result in record.report.results
        for rank, driver in enumerate(result.drivers, start=1)
    ]
    columns = [
        Column("Test", Look.COUNT, [result.test_id for result, _, _ in rows]),
        Column("Name", Look.TEXT, [result.label for result, _, _ in rows]),
        Column("Result", Look.VERDICT, [WORD_OF_VERDICT[result.verdict] for result, _, _ in rows]),
        Column("Rank", Look.COUNT, [rank for _, rank, _ in rows]),
        Column("Asset", Look.TEXT, [driver.blkrock_id for _, _, driver in rows]),
        Column("Issue", Look.TEXT, [names.get(driver.blkrock_id, "") for _, _, driver in rows]),
        Column("Amount", Look.MONEY, [driver.amount for _, _, driver in rows]),
    ]
    page.title(title)
    told = "Amount: par in the numerator of a share; of an average, par times the distance from the limit, against it"
    page.text(1, 0, told, Look.SUBTITLE)
    block = page.table(2, columns, name="drivers")
    page.widths(columns)
    page.sheet.set_column(1, 1, 40)
    page.sheet.set_column(5, 5, 40)
    mark_verdicts(page, block, "Result")
    page.sheet.freeze_panes(3, 2)
    page.print_landscape(title, header_row=2)
