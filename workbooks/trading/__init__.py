"""Trade tickets and what trades do to a deal, as files."""

from workbooks.trading.report import write_trades
from workbooks.trading.ticket import read_ticket, write_ticket

__all__ = ["read_ticket", "write_ticket", "write_trades"]
