"""The best trades of a deal that keep every limit, proven or with the gap stated (spec 05 §11).

`optimiser.optimise` takes a deal and `problem.OptimiserInputs` and gives a `proposal.Proposal`.
"""
