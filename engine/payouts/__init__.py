"""Performance payouts: equity, total return, variance, correlation and dividend swaps on the FINOS CDM (spec 07).

A contract says what was agreed (`terms`); compiled for a book it becomes flows and slices (`book`), numbers only, which
kernels value on any day. Everything is seen from the reporting party: a positive amount is received.
"""
