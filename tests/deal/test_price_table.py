"""Price tables: what a tranche yields at a price is what a run says whose sheet states that price."""

from dataclasses import replace

import numpy as np
import pytest

from engine.deal.price_table import price_table
from engine.deal.run import run_deal
from engine.errors import InputError, ModelError
from tests.deal.made_deals import AS_OF, market, plain_deal

PRICES = (0.85, 0.99292, 1.0, 1.05)


@pytest.mark.parametrize("place", [0, 3, 6])
def test_every_price_gives_the_risk_measures_of_a_run_at_it(place: int) -> None:
    """A senior class, a deferrable one and the sub notes, against the figures that the kernels of a run make."""
    deal = plain_deal()
    tranche = deal.tranches[place]
    table = price_table(run_deal(deal, market(), AS_OF), tranche, market().curve, AS_OF, PRICES)

    for number, price in enumerate(PRICES):
        tranches = tuple(replace(item, price=price) if item is tranche else item for item in deal.tranches)
        risk = run_deal(replace(deal, tranches=tranches), market(), AS_OF).risk[place]
        found = table.yields[number], table.discount_margins[number], risk[2], table.wal
        np.testing.assert_allclose(found, risk[:4], rtol=1e-11)
        np.testing.assert_allclose((table.macaulay[number], table.modified[number]), risk[4:], rtol=1e-11)


def test_what_cannot_be_priced_is_refused() -> None:
    """No price, a price of nothing, and a class that is gone."""
    deal = plain_deal()
    result = run_deal(deal, market(), AS_OF)
    gone = replace(deal.tranches[0], current_balance=0.0)

    with pytest.raises(InputError, match="CLO-1348: No price is given for Class A"):
        price_table(result, deal.tranches[0], market().curve, AS_OF, ())
    with pytest.raises(InputError, match="CLO-1340: 0 cannot stand on the axis price"):
        price_table(result, deal.tranches[0], market().curve, AS_OF, (0.0,))
    with pytest.raises(ModelError, match="CLO-1347: Class A has no cash flows that could be priced"):
        price_table(result, gone, market().curve, AS_OF, (1.0,))
