"""The published catalogue as a file beside the tests; run as a module it publishes what was added.

Nothing that breaks workbooks is ever published: such a change needs a function of a new name.
"""

import json
import sys
from pathlib import Path
from typing import Any

from xl_addin.registry.catalogue import catalogue
from xl_addin.registry.compatibility import breaches, signatures

SNAPSHOT = Path(__file__).with_name("catalogue_snapshot.json")
RENEW = "python -m tests.xl_addin.registry.catalogue_snapshot --renew"


def published() -> dict[str, Any]:
    """Signatures of the functions that workbooks use, by name."""
    found: dict[str, Any] = json.loads(SNAPSHOT.read_text())
    return found


def current() -> dict[str, Any]:
    """Signatures of the catalogue, of the functions that are clodesk's own."""
    own = [function for function in catalogue() if function.call.__module__.startswith("xl_addin.")]
    made: dict[str, Any] = json.loads(json.dumps(signatures(own)))
    return made


def renew() -> str:
    """Publish what was added; says what it did, or why it did not."""
    found = breaches(published(), current()) if SNAPSHOT.exists() else []
    if found:
        return "Not published:\n" + "\n".join(found)
    SNAPSHOT.write_text(json.dumps(current(), indent=1, sort_keys=True) + "\n")
    return f"Published {len(current())} functions"


if __name__ == "__main__":
    sys.stdout.write((renew() if sys.argv[1:] == ["--renew"] else f"usage: {RENEW}") + "\n")
