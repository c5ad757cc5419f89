"""Options: named numbers in one text argument, `cdr_multiplier=4; severity_shift=20%` (spec 08 §13)."""

from collections.abc import Sequence

from engine.closest import did_you_mean
from xl_addin.registry.errors import wrong
from xl_addin.registry.values import read_number


def read_options(text: str, known: Sequence[str]) -> dict[str, float]:
    """Numbers by option. Raises CellError CLO-2123 for a part of another form, CLO-2124 for an unknown option."""
    found: dict[str, float] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        name, sign, value = part.partition("=")
        option = name.strip().casefold()
        if not sign or option in found:
            raise wrong(
                "CLO-2123",
                f"'{part[:60]}' is no option of its own",
                remedy=f"Write {known[0]}=1; {known[-1]}=0.01, each option once.",
            )
        if option not in known:
            raise wrong(
                "CLO-2124",
                f"There is no option '{name.strip()[:60]}'",
                remedy=did_you_mean(option, known, f"Options: {', '.join(known)}."),
            )
        found[option] = read_number(value.strip() or "?")
    return found
