"""Only the free part of xlwings is used: none of its paid modules is in a process of ours (08 §1, §16 item 1)."""

import subprocess
import sys

import pytest

_FACES = {
    "local": "import xl_addin.com.entry, xl_addin.com.ribbon, xl_addin.com.applier",
    "server": "import xl_addin.server.app",
    "build": "from xl_addin.com.build.product import built; built()",
}
_CHECK = """
import os, sys
os.environ.pop("XLWINGS_LICENSE_KEY", None)
os.environ["CLO_MODE"] = "local"
{work}
from xl_addin.com.free_xlwings import xlwings
paid = [name for name in sys.modules if name.startswith(("xlwings.pro", "xlwings.server", "xlwings.reports"))]
assert not paid, paid
assert not xlwings.__pro__
print("free")
"""


@pytest.mark.parametrize("face", sorted(_FACES))
def test_no_paid_module_is_in_the_process(face: str) -> None:
    """Adapter, ribbon, server and build run without a key and without a module of the paid part."""
    done = subprocess.run(
        [sys.executable, "-c", _CHECK.format(work=_FACES[face])],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "free"


def test_this_process_holds_none_either() -> None:
    """The tests themselves go through the same door."""
    import xl_addin.com.free_xlwings  # noqa: F401  (hides the paid part)

    assert not [name for name in sys.modules if name.startswith("xlwings.pro.")]
