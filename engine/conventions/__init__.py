"""Day counts, calendars, business-day rules and payment schedules.

One convention for days: inside arrays and kernels a day is an int64 count of days since 1970-01-01, which is what
`numpy.datetime64[D]` holds. `engine.conventions.days` converts; `datetime.date` is for people and public signatures.
"""
