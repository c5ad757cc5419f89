"""The border with CDM documents: reading, completing and writing trades and business events as JSON (spec 07 §5).

Reading never raises over what a document holds: it gives findings, and a contract unless one of them is an error.
"""
