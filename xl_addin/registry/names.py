"""What a function and its parameters may be called, so that every client accepts them (spec 08 §3.1)."""

import re

FUNCTION_NAME = re.compile(r"[A-Z][A-Z0-9]{1,9}_[A-Z0-9_]{2,50}")
PARAMETER_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
CELL_ADDRESS = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")

# Words of VBA, LibreOffice Basic and the interface language; a parameter of such a name would not compile.
_WORDS = """
abs addressof alias and any append array as attribute base begin binary boolean bound byref byte byval call case
cbool cdate cdbl choose class close const constants currency date debug decimal declare default dim dir do
double each else elseif empty end enum eqv erase error event exception exit explicit false fix for format friend
function get global gosub goto if imp implements in input int integer interface is left len let lib like line
load local lock log long loop lset me mid mod module name new next not nothing now null object on open option
optional or output paramarray preserve print private property public put raise random read redim rem reset
resume return right rnd rset seek select sequence service set sgn single spc sqr static step stop str string
struct sub switch tab then time to true type typeof union unload until val variant wend while with withevents
write xor
"""
RESERVED = frozenset(_WORDS.split())


def fault_of_function_name(name: str) -> str | None:
    """What is wrong with a function name, None for a good one."""
    if not FUNCTION_NAME.fullmatch(name) or len(name) > 64:
        return "is not of the form PREFIX_NOUN_QUALIFIER"
    if CELL_ADDRESS.fullmatch(name):
        return "is a cell address"
    return None


def fault_of_parameter_name(name: str) -> str | None:
    """What is wrong with a parameter name, None for a good one."""
    if not PARAMETER_NAME.fullmatch(name) or len(name) > 64:
        return "is not lower snake case"
    return "is a reserved word of VBA or LibreOffice" if name in RESERVED else None
