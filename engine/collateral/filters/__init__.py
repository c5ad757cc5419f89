"""The filter language over assets: `(S&P Rating <= B+ OR Market Value < 90) AND Cov-Lite = false` (spec 05 section 3).

A text is parsed once (`parser`, for sheet rows `rows`, as the legacy model read it `legacy`) to an expression of
`syntax`, evaluated over arrays by `mask` or in SQL by `db.filters`, and written back by `formatting`. `readings` says
which assets the legacy reading of the same text would have chosen instead.
"""
