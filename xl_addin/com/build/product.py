"""The add-in of this version: every function and every command."""

from xl_addin.com.build.modules import project_modules
from xl_addin.com.build.package import AddIn, build_add_in
from xl_addin.com.build.sheets import INTERPRETER
from xl_addin.commands.declare import commands
from xl_addin.registry.catalogue import catalogue


def built(*, interpreter: str = INTERPRETER) -> AddIn:
    """The add-in and its workbook. interpreter: the Python that Excel starts; %NAME% stands for a variable."""
    functions = catalogue()
    return build_add_in(functions, commands(), project_modules(functions), interpreter=interpreter)
