"""Templates of VBA: text with places `@@NAME@@`, every one of which must be filled."""

import re
from importlib.resources import files

_PLACE = re.compile(r"@@([A-Z_]+)@@")


def filled(template: str, /, **values: str) -> str:
    """A template of `xl_addin/com/vba` with its places filled; KeyError for a place without a value."""
    text = (files("xl_addin.com") / "vba" / template).read_text(encoding="utf-8")
    return _PLACE.sub(lambda place: values[place[1].lower()], text)
