"""A function that is declared is in every face: nothing else has to be edited (spec 08 §16 item 2)."""

import io
from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import FastAPI
from openpyxl import load_workbook

from xl_addin.calc import parts
from xl_addin.com.build.modules import our_modules
from xl_addin.com.build.sheets import workbook_bytes
from xl_addin.officejs.metadata import functions_json, functions_script
from xl_addin.registry import catalogue
from xl_addin.registry.declare import FUNCTIONS, udf
from xl_addin.server.help_page import help_page, index_page
from xl_addin.server.openapi import describe_api

NAME = "CLO_ONE_MORE"
SUMMARY = "One more than a number."


def _forget() -> None:
    for kept in (catalogue.catalogue, catalogue.by_name, catalogue.fingerprint):
        kept.cache_clear()


@pytest.fixture
def fingerprint_before() -> Iterator[str]:
    """The fingerprint of the catalogue without the function that is in it while a test runs."""
    before = catalogue.fingerprint()
    _forget()

    @udf(NAME, category="CLO Test", examples=[f"={NAME}(1)"])
    def one_more(number: Annotated[float, "The number."]) -> float:
        """One more than a number."""
        return number + 1.0

    yield before
    del FUNCTIONS[NAME]
    _forget()


def _wizard_sheets() -> str:
    book = load_workbook(io.BytesIO(workbook_bytes(catalogue.catalogue())))
    return " ".join(str(cell.value) for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)


def _open_api() -> FastAPI:
    app = FastAPI()
    describe_api(app)
    return app


def test_a_declared_function_is_in_every_face(fingerprint_before: str) -> None:
    """VBA and wizard sheets, the bundle and its metadata, the Calc interface and its texts, OpenAPI, help."""
    described = [catalogue.describe(function.name) for function in catalogue.catalogue()]

    assert any(f"Public Function {NAME}(" in module.source for module in our_modules(catalogue.catalogue()))
    assert NAME in _wizard_sheets()
    assert SUMMARY in _wizard_sheets()
    assert NAME in functions_script().decode()
    assert SUMMARY in functions_json("https://host").decode()
    assert NAME.lower().replace("_", "") in parts.interface(described).lower().replace("_", "")
    assert SUMMARY in parts.configuration(described).decode()
    assert f"/api/v1/udf/{NAME}" in _open_api().openapi()["paths"]
    assert SUMMARY in help_page(catalogue.describe(NAME))
    assert NAME in index_page(described)
    assert catalogue.fingerprint() != fingerprint_before
