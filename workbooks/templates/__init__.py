"""The modern workbooks, made by code: the control workbook of analysts and the reconciliation of saved results."""

from workbooks.templates.content import ControlContent as ControlContent
from workbooks.templates.control_workbook import FILE_NAME as FILE_NAME
from workbooks.templates.control_workbook import write_control_workbook as write_control_workbook
from workbooks.templates.reconciliation import RECONCILIATION_NAME as RECONCILIATION_NAME
from workbooks.templates.reconciliation import write_reconciliation as write_reconciliation
