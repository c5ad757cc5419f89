"""A book: the flows of many contracts in flat arrays, valued on any day by kernels (spec 07 §14, §15, §16, §22).

Everything a swap pays is a flow with a type, a start, an end, a payment day and a signed value on any day in five
components. A cash amount is the value at the flow's end, a daily accrual the change of value from day to day, the
unrealized P&L of a leg the sum of its open flows. `tables` says how rows are laid out, `equity`, `dividends`,
`funding`, `moments` and `fixed` each compile one kind of payout into rows and value them.
"""
