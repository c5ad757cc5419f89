"""L6, logic: what the bundle does is tested in node, without a browser."""

import re

import pytest

from tests.xl_addin.officejs.packages import FOLDER, node, package

pytestmark = pytest.mark.l6


@pytest.mark.parametrize("subject", sorted(path.name for path in (FOLDER / "node").glob("*.test.js")))
def test_the_modules_of_the_bundle_keep_their_promises(subject: str) -> None:
    """Every test of the node runner passes, and there are some."""
    package("office-addin-mock")
    outcome = node("--test", "--test-reporter=tap", FOLDER / "node" / subject)
    told = outcome.stdout + outcome.stderr

    counts = {word: int(n) for word, n in re.findall(r"^# (tests|pass|fail) (\d+)$", outcome.stdout, re.MULTILINE)}
    assert outcome.returncode == 0, told
    assert counts["fail"] == 0, told
    assert counts["pass"] == counts["tests"] >= 10, told
