"""The in-process face: a workbook file calculated without any spreadsheet program (spec 08, face e)."""

from xl_addin.evaluator.calculate import Evaluation as Evaluation
from xl_addin.evaluator.calculate import Failure as Failure
from xl_addin.evaluator.calculate import evaluate as evaluate
from xl_addin.evaluator.values import CellValue as CellValue
from xl_addin.evaluator.values import ErrorCell as ErrorCell
