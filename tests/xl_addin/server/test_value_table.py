"""Values and errors of every kind go over the wire as the table of all faces says (spec 08 §16, 3)."""

import httpx
import pytest

from tests.xl_addin.server.conftest import BATCH, batch
from tests.xl_addin.value_table import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_of_the_table_comes_through_the_server(client: httpx.Client, case: Case) -> None:
    """One call over HTTP: value, date form, error code and number."""
    (result,) = client.post(BATCH, json=batch((case.name, list(case.arguments)))).json()["results"]

    if "m" in result:
        result["m"] = result["m"].split(":")[0] if case.answer["m"] else ""
    assert result == case.answer
