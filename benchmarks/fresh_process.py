"""The first answer of a fresh process, from its start to its end: one asset, and a whole deal from the command line.

The deal is the demo deal in the embedded database, whose server runs already; every run asks for another scenario, so
that no stored result answers it. The alternative is the first such process on an empty compile cache, as after an
upgrade.
"""

import tempfile
from datetime import date
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Unit, process_seconds
from db.scenarios import NamedContent
from db.store import open_store
from engine.desk.desk import open_desk
from workbooks.demo import DEAL_NAME, demo_waterfall, write_demo_workbook

ONE_ASSET = "import benchmarks.projection as it; it.first_answer()"
COMMAND_LINE = "from xl_addin.start import main; main()"
N_SCENARIOS = 20


def _store_deal(folder: Path) -> list[str]:
    """Import the demo deal; names of scenarios, stored with it, that nobody has run yet."""
    workbook = folder / "demo.xlsx"
    write_demo_workbook(workbook)
    with open_desk() as desk:
        desk.import_workbook(workbook)
        desk.documents.set_waterfall(DEAL_NAME, demo_waterfall(), date(2016, 1, 1))
    names = [f"SHOCK {i}" for i in range(N_SCENARIOS)]
    store = open_store()
    with store.begin() as work:
        for i, name in enumerate(names):
            content = {"cpr_multiplier": 1.0 + i / 100.0}
            work.scenarios.save(NamedContent(name=name, description="benchmark", content=content))
    store.close()
    return names


def run(*, is_quick: bool) -> list[Figure]:
    """One asset's cash flows, and `clodesk run` of a deal that is computed and stored."""
    repeats = 3 if is_quick else 7
    with tempfile.TemporaryDirectory() as folder:
        names = iter(_store_deal(Path(folder)))

        def one_asset() -> float:
            return process_seconds(["-c", ONE_ASSET], Path(folder) / "cache")

        def whole_deal() -> float:
            arguments = ["run", DEAL_NAME, "--assumptions", "workbook", "--scenario", next(names)]
            return process_seconds(["-c", COMMAND_LINE, *arguments], Path(folder) / "cache")

        asset_cold, deal_cold = one_asset(), whole_deal()
        asset = median(one_asset() for _ in range(repeats))
        deal = median(whole_deal() for _ in range(repeats))
    alternative = "the first such process, which compiles"
    return [
        Figure(
            name="fresh process: cash flows of one asset",
            amount=asset,
            unit=Unit.SECOND,
            alternative=alternative,
            alternative_amount=asset_cold,
            target=2.0,
        ),
        Figure(
            name="fresh process: `clodesk run`, 200 loans, computed and stored",
            amount=deal,
            unit=Unit.SECOND,
            alternative=alternative,
            alternative_amount=deal_cold,
            target=2.0,
        ),
    ]
