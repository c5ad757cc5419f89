"""What a control workbook starts with: the deal, its waterfall and what the panels of its workbook said."""

from collections.abc import Mapping

from engine.desk.desk import Desk
from engine.errors import InputError
from engine.snapshot import WorkbookSnapshot
from workbooks.templates.content import ControlContent

_CURRENT = "current"


def control_content(desk: Desk, deal: str | None, version: str) -> ControlContent:
    """The content for a deal, by default the one on the panel of the workbook that was imported last.

    Without any deal stored it is the empty content. Raises ReferenceDataError CLO-3013 for an unknown deal.
    """
    views = desk.views(desk.data_versions())
    known = [line.name for line in desk.deals()]
    if not known and deal is None:
        return ControlContent(version=version)
    view = views.deal(deal or _on_panel(views.newest_book().book, known))
    book = view.source.book
    runs = views.stored_runs(view.deal.name)
    return ControlContent(
        deal=view.deal.name,
        assumption_set=next((run.assumption_set for run in runs if run.assumption_set), ""),
        settings={one.name: one.value for one in book.run_settings if one.scope == _CURRENT},
        weights=tuple((one.number, one.weight) for one in view.deal.weights),
        filters=book.filters,
        trades=book.trades,
        program=_program(desk, view.deal.name),
        scenarios=desk.documents.scenarios(),
        lists=_lists(book),
        source=f"{book.source_file.name}, {book.analysis_date}",
        version=version,
    )


def _on_panel(book: WorkbookSnapshot, known: list[str]) -> str:
    """The deal chosen in an imported workbook, else one of those that are known."""
    chosen = next((one.value for one in book.run_settings if (one.scope, one.name) == (_CURRENT, "deal")), None)
    return chosen if isinstance(chosen, str) and chosen in known else known[0]


def _program(desk: Desk, deal: str) -> str:
    """The text of the deal's waterfall, empty for a deal that has none."""
    try:
        return desk.documents.waterfall_text(deal)
    except InputError:
        return ""


def _lists(book: WorkbookSnapshot) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in book.lists:
        found[one.list_name] = (*found.get(one.list_name, ()), one.text)
    return found
