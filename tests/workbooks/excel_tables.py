"""Excel tables as a reader of the workbook finds them."""

from openpyxl.worksheet.worksheet import Worksheet


def tables(sheet: Worksheet) -> dict[str, dict[str, list[object]]]:
    """The Excel tables of a sheet: name -> header -> cells from top to bottom."""
    found: dict[str, dict[str, list[object]]] = {}
    for table in sheet.tables.values():
        rows = list(sheet[table.ref])
        headers = [str(cell.value) for cell in rows[0]]
        found[table.name] = {header: [row[at].value for row in rows[1:]] for at, header in enumerate(headers)}
    return found
