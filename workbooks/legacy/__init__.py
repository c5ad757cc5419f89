"""The legacy workbook as a file format: read into records with findings, never calculated (spec 06).

`read_workbook` reads the model workbook, `read_loader` the workbook of daily positions and market data; `summarise`
gives counts and control sums of a reading, `with_fresh_data` puts a loader's data into a workbook's snapshot.
"""

from workbooks.legacy.fresh_data import with_fresh_data
from workbooks.legacy.loader import LoaderReading, read_loader
from workbooks.legacy.reading import ImportReading, read_workbook
from workbooks.legacy.summary import summarise

__all__ = ["ImportReading", "LoaderReading", "read_loader", "read_workbook", "summarise", "with_fresh_data"]
