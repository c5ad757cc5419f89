"""What a contract says: parties, instruments, legs, payouts, lots, schedules (spec 07 §3).

Every record is immutable and names its fields as the columns of the database do; children that have a table of their
own are tuples of records. Identity is by business key: contract reference, leg number, lot identifier, party identifier
and the reference of an instrument. Keys of rows are storage's business and do not occur here.
"""
