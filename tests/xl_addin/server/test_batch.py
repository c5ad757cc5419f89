"""The batch endpoint: order, identical calls once, limits, an old add-in (spec 08 §5.2)."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.xl_addin.server.conftest import BATCH, Live, batch
from xl_addin.registry.catalogue import fingerprint

QUARTER = ("CLO_YEAR_FRACTION", [42452, 42542])


def test_results_keep_the_order_of_the_calls(client: httpx.Client) -> None:
    """A failure is the answer of its own call; nothing fails the batch."""
    answered = client.post(BATCH, json=batch(QUARTER, ("NO_FUNCTION", []), ("CLO_DAYS", [42452]), QUARTER))

    assert answered.status_code == 200
    results = answered.json()["results"]
    assert results[0] == results[3] == {"v": 0.25}
    assert results[1]["m"].startswith("CLO-2119: There is no function 'NO_FUNCTION'")
    assert results[2]["m"].startswith("CLO-2101: Argument end_date is missing")


def test_identical_calls_are_computed_once(live: Live, client: httpx.Client) -> None:
    """A hundred cells with one formula leave one answer in the memory."""
    before = live.services.memory.n_hits

    first = client.post(BATCH, json=batch(*[("CLO_DAYS", [40000, 40360])] * 100)).json()["results"]
    second = client.post(BATCH, json=batch(("CLO_DAYS", [40000, 40360]))).json()["results"]

    assert first == second * 100
    assert live.services.memory.n_hits == before + 1


def test_a_function_of_dates_needs_no_database(client: httpx.Client) -> None:
    """Versions of the data come with an answer that depends on data, and only then."""
    light = client.post(BATCH, json=batch(QUARTER)).json()
    data = client.post(BATCH, json=batch(("CLO_DEALS", []))).json()

    assert light["dv"] == {}
    assert isinstance(data["dv"], dict)
    assert list(data["results"][0]) != []


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b"", "CLO-3100"),
        (b"nonsense", "CLO-3100"),
        (b"[]", "CLO-3100"),
        (b'{"v":2,"calls":[]}', "CLO-3100"),
        (b'{"v":1}', "CLO-3100"),
        (b'{"v":1,"calls":[1]}', "CLO-3100"),
        (b'{"v":1,"calls":[{"a":[]}]}', "CLO-3100"),
        (b'{"v":1,"calls":[{"f":"CLO_DAYS","a":{}}]}', "CLO-3100"),
        (b'{"v":1,"wb":7,"calls":[]}', "CLO-3100"),
        (b'{"v":1,"calls":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "CLO-3100"),
    ],
)
def test_what_is_no_batch_is_refused_with_a_text(client: httpx.Client, body: bytes, number: str) -> None:
    """A malformed body is one error that says what to send, never a traceback."""
    answered = client.post(BATCH, content=body)

    assert answered.status_code == 400
    assert answered.json()["m"].startswith(number)
    assert "Traceback" not in answered.text


def test_deep_nesting_in_an_argument_is_an_error_of_its_cell(client: httpx.Client) -> None:
    """JSON that the parser still takes and no function can use."""
    nested = b"[" * 900 + b"]" * 900
    calls = b'{"f":"CLO_DAYS","a":[' + nested + b',42542]},{"f":"CLO_YEAR_FRACTION","a":[42452,42542]}'

    results = client.post(BATCH, content=b'{"v":1,"calls":[' + calls + b"]}").json()["results"]

    assert results[0]["m"].startswith("CLO-21")
    assert results[1] == {"v": 0.25}


def test_more_than_a_thousand_calls_are_refused(client: httpx.Client) -> None:
    """The limit is told, with what to do."""
    full = client.post(BATCH, json=batch(*[QUARTER] * 1000))
    over = client.post(BATCH, json=batch(*[QUARTER] * 1001))

    assert (full.status_code, over.status_code) == (200, 413)
    assert over.json()["m"].startswith("CLO-3106: The batch has 1,001 calls")


def test_a_body_over_the_limit_is_refused_before_it_is_parsed(live: Live, client: httpx.Client) -> None:
    """By its stated length, and where none is stated as soon as it has grown too large."""
    stated = client.post(BATCH, content=b"x" * ((8 << 20) + 1))
    with live.client() as other:
        streamed = other.post(BATCH, content=(b"x" * (1 << 20) for _ in range(10)))

    assert stated.status_code == streamed.status_code == 413
    assert stated.json()["m"] == streamed.json()["m"]
    assert stated.json()["m"].startswith("CLO-3105: The request has more than 8 MiB")


def test_an_old_add_in_is_answered_and_told_to_update(client: httpx.Client) -> None:
    """Answers do not depend on what the client was made from."""
    old = client.post(BATCH, json=batch(QUARTER, fp="0" * 64)).json()
    current = client.post(BATCH, json=batch(QUARTER, fp=fingerprint())).json()

    assert old["results"] == current["results"] == [{"v": 0.25}]
    assert old["update"].startswith("CLO-3101: ")
    assert "update" not in current


def test_one_function_takes_arguments_in_order_or_by_name(client: httpx.Client) -> None:
    """REST users write names; both forms give the cell's value."""
    path = "/api/v1/udf/CLO_YEAR_FRACTION"
    in_order = client.post(path, json={"a": [42452, "2016-06-21"]})
    by_name = client.post(path, json={"END_DATE": "2016-06-21", "start_date": {"d": 42452}})
    wrong = client.post(path, json={"finish": 1})
    unknown = client.post("/api/v1/udf/CLO_NOTHING", json={"a": []})

    assert in_order.json() == by_name.json() == {"v": 0.25}
    assert wrong.status_code == 400
    assert wrong.json()["m"].startswith("CLO-3108: CLO_YEAR_FRACTION has no argument 'finish'")
    assert unknown.status_code == 404


def test_errors_of_cells_are_reachable_by_address(client: httpx.Client) -> None:
    """CLO_ERROR tells the latest error of a cell of the same workbook and user."""
    call = {"f": "CLO_DAYS", "a": ["soon", 1], "c": "Tests!B7"}
    client.post(BATCH, json={"v": 1, "wb": "book 1", "calls": [call]})

    mine = client.post(BATCH, json=batch(("CLO_ERROR", ["Tests!$B$7"]), wb="book 1")).json()["results"][0]
    other = client.post(BATCH, json=batch(("CLO_ERROR", ["Tests!$B$7"]), wb="book 2")).json()["results"][0]

    assert "CLO-2109" in str(mine)
    assert "CLO-2109" not in str(other)


def test_many_clients_at_once_get_their_own_answers(live: Live) -> None:
    """Thirty clients recalculate at the same moment: no error, no answer of another's call."""
    wrong: list[object] = []

    def recalculate(number: int) -> None:
        first = 40_000 + number
        calls = batch(*[("CLO_DAYS", [first, first + n, "ACTUAL/365"]) for n in range(1, 301)])
        with live.client() as client:
            answered = client.post(BATCH, json=calls)
        if answered.status_code != 200 or answered.json()["results"] != [{"v": n} for n in range(1, 301)]:
            wrong.append(answered.text[:300])

    with ThreadPoolExecutor(30) as pool:
        list(pool.map(recalculate, range(30)))

    assert wrong == []
