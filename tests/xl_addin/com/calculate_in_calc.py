"""Run by LibreOffice's own Python: opens a workbook with its macros and prints what formulas calculate to, as JSON."""

import json
import sys
import time

import uno
from com.sun.star.beans import PropertyValue

_MOST_TRIES = 240


def _property(name, value):
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def _context(pipe):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(_MOST_TRIES):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except uno.getClass("com.sun.star.connection.NoConnectException"):
            time.sleep(0.25)
    raise SystemExit("LibreOffice did not start")


def main():
    """Arguments: name of the pipe, address of the file, formulas, the last of which fills two rows and columns."""
    pipe, url, *formulas = sys.argv[1:]
    context = _context(pipe)
    desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    run_always = 4
    options = (_property("Hidden", True), _property("MacroExecutionMode", run_always))
    document = desktop.loadComponentFromURL(url, "_blank", 0, options)
    sheet = document.Sheets.getByIndex(0)
    results = []
    for row, formula in enumerate(formulas[:-1]):
        cell = sheet.getCellByPosition(7, row)
        cell.setFormula(formula)
        results.append(cell.getString())
    table = sheet.getCellRangeByName("J1:K2")
    table.setArrayFormula(formulas[-1])
    print(json.dumps([*results, table.getDataArray()]))
    document.close(True)
    desktop.terminate()


main()
