"""Storage of performance payouts: what goes into the tables of `db.models.payouts` and comes out of them."""
