"""The text of a waterfall program in cells: what is stored, and what is wrong with an edited one (spec 02 §14.5)."""

from typing import Annotated

from engine.errors import ProgramError
from engine.modes import Mode
from engine.waterfall.parser import check_program, parse_program
from xl_addin.registry.arguments import Cells, DealName, Rows, RunMode
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import wrong
from xl_addin.registry.results import Table
from xl_addin.registry.values import read_text

CATEGORY = "CLO Cash Flows"
_EXAMPLE = '{"tranches A SUB";"INT:";"INT A";"EQUITY I";"PRIN:";"PRN A";"EQUITY P"}'

ProgramLines = Annotated[Rows, Cells.__metadata__[0], "Range of one column with the program, a line a cell."]


@udf(
    "CLO_WATERFALL_TEXT",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_WATERFALL_TEXT("Mag 17")'],
)
def clo_waterfall_text(deal: DealName, mode: RunMode = Mode.STANDARD, *, ctx: CallContext) -> Table:
    """Waterfall program of a deal, one row a line: its stored text, or the one that ships with clodesk."""
    text = ctx.desk.documents.waterfall_text(ctx.views.deal(deal).deal.name, mode)
    return Table(("line", "text"), list(enumerate(text.splitlines(), start=1)))


@udf("CLO_WATERFALL_CHECK", category=CATEGORY, examples=[f"=CLO_WATERFALL_CHECK({_EXAMPLE})"])
def clo_waterfall_check(program: ProgramLines) -> str:
    """Verdict on the text of a waterfall program: `ok` with what it holds, or how many problems it has."""
    text = _text(program)
    problems = check_program(text)
    if problems:
        return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    found = parse_program(text)
    sections = (found.interest, found.principal, found.notes, found.event_of_default)
    n_tests = len(found.oc) + len(found.ic)
    return f"ok: {len(found.tranches)} classes, {n_tests} tests, {sum(map(len, sections))} steps"


@udf("CLO_WATERFALL_PROBLEMS", category=CATEGORY, examples=[f"=CLO_WATERFALL_PROBLEMS({_EXAMPLE})"])
def clo_waterfall_problems(program: ProgramLines) -> Table:
    """Everything that is wrong with the text of a waterfall program; no row for a good one."""
    return Table(("line", "problem", "remedy"), [_row(problem) for problem in check_program(_text(program))])


def _text(program: Rows) -> str:
    if any(len(row) > 1 for row in program):
        raise wrong("CLO-2189", "A program stands in one column", remedy="Give a range of one column, a line a cell.")
    return "\n".join(read_text(row[0]) for row in program)


def _row(problem: ProgramError) -> tuple[int | None, str, str]:
    words = problem.where.replace(",", " ").split()
    number = next((int(word) for word in words if word.isdigit()), None)
    return number, problem.problem, problem.remedy
