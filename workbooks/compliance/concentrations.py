"""The pool in figures, its projected collections, and what it is concentrated in, each with a chart."""

from collections.abc import Sequence
from itertools import pairwise

from engine.compliance.metrics import RATING_BUCKETS, UNRATED, Concentration
from workbooks.compliance.charts import bar_chart, stacked_columns
from workbooks.compliance.marks import mark_share
from workbooks.compliance.record import ComplianceRecord
from workbooks.results.charts import PIXELS_PER_CHARACTER, ROW_PIXELS
from workbooks.results.looks import Block, Column, Look, Page
from workbooks.xlsx import ExactWorkbook, Scalar

NAME_WIDTH, CHART_COLUMN, CHART_WIDTH = 44, 4, 720
LOWEST, BAR_PIXELS, TITLE_PIXELS = 240, 24, 70
PRINTED_WIDTH = NAME_WIDTH + 3 * 17 + CHART_WIDTH / PIXELS_PER_CHARACTER
MOST_BARS, MOST_OBLIGORS = 15, 25
BUCKET_LABELS = dict(
    zip((*RATING_BUCKETS, UNRATED), ("Aaa", "Aa", "A", "Baa", "Ba", "B", "Caa and below", "Unrated"), strict=True)
)


def write_pool(page: Page, book: ExactWorkbook, record: ComplianceRecord, title: str) -> None:
    """Every figure of the pool, its rating families, and the collections of the deal's last run."""
    pool = record.metrics
    rows: list[tuple[str, Scalar, Look]] = [
        ("Assets", pool.n_assets, Look.COUNT),
        ("Obligors", pool.n_obligors, Look.COUNT),
        ("Par of all assets", pool.total_par, Look.MONEY),
        ("Par of defaulted assets", pool.defaulted_par, Look.MONEY),
        ("Principal cash", pool.principal_cash, Look.MONEY),
        ("Collateral principal amount", pool.collateral_principal_amount, Look.MONEY),
        ("Market value", pool.market_value, Look.MONEY),
        ("Par without a price", pool.unpriced_par, Look.MONEY),
        ("Weighted average life, years", pool.wal_years, Look.YEARS),
        ("Weighted average coupon", pool.wac, Look.SHARE),
        ("Weighted average spread, floors included", pool.was, Look.SHARE),
        ("Weighted average rating factor", pool.warf, Look.NUMBER),
        ("Weighted average Moody's recovery rate", pool.warr, Look.SHARE),
        ("Moody's diversity score", pool.diversity_score, Look.NUMBER),
    ]
    page.title(title)
    page.sheet.set_column(0, 0, NAME_WIDTH)
    page.sheet.set_column(1, 3, 17)
    for row, (label, value, look) in enumerate(rows, start=2):
        page.text(row, 0, label, Look.LABEL)
        page.text(row, 1, value, look)
    families = _groups([_renamed(item) for item in pool.ratings])
    block = _write_groups(page, 18, "Moody's rating families", families, "rating_families")
    _place_chart(page, book, block, "Moody's rating families", len(families), is_upright=True)
    row = max(block.last_row, 18 + LOWEST // ROW_PIXELS) + 3
    page.text(row, 0, "Collections of the deal's last run", Look.BLOCK)
    if not record.collections:
        page.text(row + 1, 0, "The deal has not been run from this date.", Look.SUBTITLE)
    else:
        _write_collections(page, book, record, row + 1)
    page.print_blocks(title, PRINTED_WIDTH, row - 2, [row])


def _renamed(item: Concentration) -> Concentration:
    return Concentration(name=BUCKET_LABELS[item.name], par=item.par, share=item.share)


def _write_collections(page: Page, book: ExactWorkbook, record: ComplianceRecord, row: int) -> None:
    periods = record.collections
    columns = [
        Column("Collection end", Look.DATE, [item.collection_end for item in periods]),
        Column("Interest", Look.MONEY, [item.interest for item in periods]),
        Column("Principal", Look.MONEY, [item.principal for item in periods]),
        Column("Total", Look.MONEY, [item.total for item in periods]),
    ]
    block = page.table(row, columns, name="collections")
    size = (CHART_WIDTH, 320)
    chart = stacked_columns(book, "Collections", block, "Collection end", ("Interest", "Principal"), size)
    page.sheet.insert_chart(row, CHART_COLUMN + 1, chart, {"object_position": 3})


def write_concentrations(page: Page, book: ExactWorkbook, record: ComplianceRecord, title: str) -> None:
    """Industries, countries, ratings and obligors, shares of the collateral principal amount."""
    pool = record.metrics
    page.title(title)
    page.text(1, 0, "Performing par, as a share of the collateral principal amount", Look.SUBTITLE)
    page.sheet.set_column(0, 0, NAME_WIDTH)
    page.sheet.set_column(1, 2, 17)
    row, starts = 3, []
    for subject, name, groups, is_upright in (
        ("S&P industries", "sp_industries", pool.sp_industries, False),
        ("Moody's industries", "moodys_industries", pool.moodys_industries, False),
        ("Countries", "countries", pool.countries, False),
        ("Moody's ratings", "moodys_ratings", pool.moodys_ratings, True),
        ("S&P ratings", "sp_ratings", pool.sp_ratings, True),
        ("Largest obligors", "obligors", pool.obligors[:MOST_OBLIGORS], False),
    ):
        rows = _groups(groups)
        starts.append(row)
        block = _write_groups(page, row, subject, rows, name)
        height = _place_chart(page, book, block, subject, len(rows), is_upright=is_upright)
        row = max(block.last_row, row + height // ROW_PIXELS) + 3
    page.sheet.freeze_panes(2, 0)
    page.print_blocks(title, PRINTED_WIDTH, max(low - high for high, low in pairwise([*starts, row])), starts[1:])


def _groups(items: Sequence[Concentration]) -> list[tuple[str, float, float | None]]:
    """Label, par and share of every group."""
    return [(_label(item), item.par, item.share) for item in items]


def _label(item: Concentration) -> str:
    name = item.name or "(blank)"
    return f"{item.label} ({name})" if item.label else name


def _write_groups(
    page: Page, row: int, subject: str, groups: Sequence[tuple[str, float, float | None]], name: str
) -> Block:
    columns = [
        Column("Group", Look.TEXT, [label for label, _, _ in groups]),
        Column("Par", Look.MONEY, [par for _, par, _ in groups]),
        Column("Share", Look.SHARE, [share for _, _, share in groups]),
    ]
    page.text(row, 0, subject, Look.BLOCK)
    block = page.table(row + 1, columns, name=name)
    mark_share(page, block, "Share")
    return block


def _place_chart(
    page: Page, book: ExactWorkbook, block: Block, subject: str, n_groups: int, *, is_upright: bool
) -> int:
    """The chart of the largest groups beside their table; its height in pixels."""
    n_bars = min(n_groups, MOST_BARS)
    height = LOWEST if is_upright else max(LOWEST, n_bars * BAR_PIXELS + TITLE_PIXELS)
    told = f"{subject}, the largest {MOST_BARS}" if not is_upright and n_groups > MOST_BARS else subject
    chart = bar_chart(
        book,
        told,
        block,
        "Group",
        "Share",
        "0.0%",
        (CHART_WIDTH, height),
        most=None if is_upright else MOST_BARS,
        is_upright=is_upright,
    )
    page.sheet.insert_chart(block.header_row, CHART_COLUMN, chart, {"object_position": 3})
    return height
