"""The state of the add-in in cells: errors, versions, whether the back end answers (spec 06 §11.5, 08 §3.5)."""

import hashlib
from importlib.metadata import version

from engine.desk.runs import engine_version
from engine.errors import BackendError
from xl_addin.registry.arguments import Address
from xl_addin.registry.catalogue import fingerprint
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import CellError, cell_error
from xl_addin.registry.results import Table

CATEGORY = "CLO Status"
_DIGITS = 12
"""Digits of a fingerprint that a person compares."""


@udf(
    "CLO_ERROR",
    category=CATEGORY,
    examples=["=CLO_ERROR()", "=CLO_ERROR(B7)"],
    is_cached=False,
)
def clo_error(cell: Address = None, *, ctx: CallContext) -> str:
    """Number and text of the latest error of a cell, of the newest of the workbook without one; empty where all is
    well."""
    if cell is not None:
        return ctx.errors.of_cell(ctx.workbook, cell) or ""
    newest = ctx.errors.latest(ctx.workbook)
    return "" if newest is None else f"{newest[0]}: {newest[1]}"


@udf("CLO_VERSION", category=CATEGORY, examples=["=CLO_VERSION()"], is_cached=False)
def clo_version(*, ctx: CallContext) -> Table:
    """Versions of add-in, server, engine, catalogue and data; add-in and catalogue are equal where the add-in is up to
    date."""
    return Table(
        ("component", "version"),
        (
            ("add-in", ctx.client_fingerprint[:_DIGITS] or None),
            ("server", version("clodesk")),
            ("engine", engine_version()),
            ("catalogue", fingerprint()[:_DIGITS]),
            ("data", _data_version(ctx)),
        ),
    )


def _data_version(ctx: CallContext) -> str | CellError:
    """A fingerprint of all stored data, or the reason why nobody knows it."""
    try:
        everything = ctx.versions.of_everything
    except BackendError as error:
        return cell_error(error, "CLO_VERSION")
    return hashlib.sha256(everything.encode()).hexdigest()[:_DIGITS]


@udf("CLO_PING", category=CATEGORY, examples=["=CLO_PING()"], is_cached=False)
def clo_ping(*, ctx: CallContext) -> str:
    """Whether the database answers: ok, else #N/A with the reason."""
    ctx.desk.data_versions()
    return "ok"
