"""Business events of a contract: what they ask for, what they change, and how a contract is the fold of them.

`instructions` says what can be asked, `outcome` what an event gives, `lots` how a lot changes, one module for each
family of events how it changes a contract; `apply` applies an event, `replay` repeats and reverses events (spec 07
§19).
"""
