"""How deals and tranches are called in the database."""

import re

_NOISE = re.compile(r"[^A-Z0-9]+")


def deal_key(name: str) -> str:
    """The deal_id of a deal in any spelling: `Mag 17`, `mag17` and `MAG-17` are `MAG17`."""
    return _NOISE.sub("", name.upper())


def tranche_key(name: str) -> str:
    """One spelling of a tranche name: `Class B-1`, `b-1` and `B-1` are `B-1`."""
    words = name.upper().split()
    return " ".join(words[1:] if len(words) > 1 and words[0] == "CLASS" else words)
