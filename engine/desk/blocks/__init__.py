"""A long calculation cut into blocks that run on threads, local processes or a cluster, and survive an interruption.

`job` says what a block is, `execute` runs the blocks that are missing, `resume` keeps finished ones in the database
until the run is stored. Where blocks run is a matter of `settings` and changes the run time, never a number.
"""
