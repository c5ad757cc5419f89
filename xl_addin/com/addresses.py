"""Addresses of cells as VBA gives them: `'[Book 1.xlsx]Sheet 1'!$B$7` with workbook, sheet and cell."""

import re

_EXTERNAL = re.compile(r"'?(?:[^\[\]]*)\[(?P<book>[^\]]+)\](?P<sheet>.+?)'?!(?P<cell>[^!]+)", re.DOTALL)


def workbook_and_cell(address: str) -> tuple[str, str]:
    """Name of the workbook and the cell as `Sheet 1!B7`; both are empty for an address of another form."""
    found = _EXTERNAL.fullmatch(address)
    if found is None:
        return "", ""
    sheet = found["sheet"].replace("''", "'")
    return found["book"].replace("''", "'"), f"{sheet}!{found['cell'].replace('$', '')}"
