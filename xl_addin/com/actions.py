"""Commands that Excel carries out itself: recalculating, freezing, exporting, help (spec 08 §8.1)."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from xl_addin.com.applier import resting
from xl_addin.com.book_reader import ComBook
from xl_addin.com.formulas import freeze, repair, unfreeze
from xl_addin.com.settings import face_settings
from xl_addin.commands.declare import Command
from xl_addin.registry.catalogue import fingerprint

_FUNCTION_WIZARD = 450
_PDF, _CSV = 0, 6
_FILES = "PDF (*.pdf),*.pdf,CSV (*.csv),*.csv"


def run(command: Command, book: ComBook) -> str:
    """Carry out a command of the client; what to tell the user."""
    act = ACTIONS.get(command.id)
    return act(book) if act is not None else f"{command.label} is not available in this add-in."


def _refresh(book: ComBook) -> str:
    book.app.api.CalculateFull()
    return "All cells were calculated again."


def _freeze(book: ComBook) -> str:
    with resting(book.app):
        return f"{freeze(book)} formulas were replaced by their values."


def _unfreeze(book: ComBook) -> str:
    with resting(book.app):
        return f"{unfreeze(book)} formulas were brought back."


def _repair_links(book: ComBook) -> str:
    with resting(book.app):
        return f"{repair(book)} formulas were pointed at the add-in of this computer."


def _insert_function(book: ComBook) -> str:
    book.app.api.Dialogs(_FUNCTION_WIZARD).Show()
    return ""


def _export(book: ComBook) -> str:
    chosen: Any = book.app.api.GetSaveAsFilename(book.sheets.active.name, _FILES)
    if chosen is False:
        return ""
    path = str(chosen)
    if path.lower().endswith(".csv"):
        _save_csv(book, path)
    else:
        book.sheets.active.api.ExportAsFixedFormat(_PDF, path)
    return f"Saved {path}."


def _save_csv(book: ComBook, path: str) -> None:
    """The sheet as a workbook of its own, so that the open one keeps its name and format."""
    book.sheets.active.api.Copy()
    copy = book.app.books.active
    try:
        copy.api.SaveAs(path, _CSV)
    finally:
        copy.close()


def _settings(book: ComBook) -> str:
    settings = face_settings()
    where = f"Server {settings.server_url}" if settings.mode.value == "server" else "Computes on this computer"
    return f"{where}. Change it with CLO_MODE and CLO_SERVER_URL, then start Excel again."


def _about(book: ComBook) -> str:
    return f"clodesk {version('clodesk')}, functions {fingerprint()[:12]}. =CLO_VERSION() shows the server's."


ACTIONS: dict[str, Callable[[ComBook], str]] = {
    "clo_refresh": _refresh,
    "clo_freeze_values": _freeze,
    "clo_unfreeze_values": _unfreeze,
    "clo_export_file": _export,
    "clo_insert_function": _insert_function,
    "clo_repair_links": _repair_links,
    "clo_settings": _settings,
    "clo_about": _about,
}
