"""The assets that tests look at, as arrays; what a deal holds of them is a separate vector of par (spec 03 §3.2)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.collateral.asset import Asset
from engine.collateral.rating_derivation import with_ratings
from engine.collateral.ratings import rating_rank
from engine.compliance.countries import canonical_country
from engine.errors import InputError
from engine.modes import Quirk, Quirks

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """A division of assets: codes (n,) into names."""

    names: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True)
class Portfolio:
    """Assets that a deal holds or may buy, with every rating filled in.

    extra: what no asset master holds and a deal supplies for each asset, by name: (n,) arrays in the order of
    `assets` (`purchase_price` in percent of par, `is_workout`, ...). Columns are built when first asked for.
    """

    assets: tuple[Asset, ...]
    quirks: Quirks
    extra: Mapping[str, npt.NDArray[np.generic]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.assets)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(asset.blkrock_id for asset in self.assets)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Asset id -> row."""
        return {name: row for row, name in enumerate(self.ids)}

    def amounts(self, of: Callable[[Asset], float | None]) -> Floats:
        """A numeric column, (n,); blank is 0."""
        return np.array([of(asset) or 0.0 for asset in self.assets], np.float64)

    def flags(self, of: Callable[[Asset], bool]) -> Mask:
        """A yes/no column, (n,)."""
        return np.array([of(asset) for asset in self.assets], bool)

    def groups(self, of: Callable[[Asset], str]) -> Groups:
        """Assets by a text, the groups in alphabetical order."""
        texts = [of(asset) for asset in self.assets]
        names = tuple(sorted(set(texts)))
        place = {name: code for code, name in enumerate(names)}
        return Groups(names, np.array([place[text] for text in texts], np.int64))

    @cached_property
    def defaulted(self) -> Mask:
        return self.flags(lambda asset: asset.default_asset)

    @cached_property
    def performing(self) -> Mask:
        return ~self.defaulted

    @cached_property
    def tested(self) -> Mask:
        """Assets of the tests that under 03 Q9 count defaulted assets too."""
        return np.ones(len(self), bool) if Quirk.TESTS_COUNT_DEFAULTED in self.quirks else self.performing

    @cached_property
    def dip(self) -> Mask:
        return self.flags(lambda asset: asset.dip)

    @cached_property
    def loan(self) -> Mask:
        return self.flags(lambda asset: folded(asset.bond_loan) == "LOAN")

    @cached_property
    def senior_secured(self) -> Mask:
        return self.flags(lambda asset: folded(asset.seniority) == "SENIOR SECURED")

    @cached_property
    def moodys_category(self) -> tuple[str, ...]:
        """Moody's asset category, upper case, the apostrophe curly."""
        return tuple(folded(asset.mdy_asset_category).replace("'", "\u2019") for asset in self.assets)

    @cached_property
    def sp_second_lien(self) -> Mask:
        """S&P priority category unsecured or second lien."""
        return self.flags(lambda asset: folded(asset.sp_priority_category) == "SENIOR UNSECURED LOAN/SECOND LIEN LOAN")

    @cached_property
    def floating(self) -> Mask:
        return self.flags(lambda asset: asset.coupon_type.strip().upper() == "FLOAT")

    @cached_property
    def fixed(self) -> Mask:
        return self.flags(lambda asset: asset.coupon_type.strip().upper() == "FIXED")

    @cached_property
    def on_libor(self) -> Mask:
        return self.flags(lambda asset: "LIBOR" in asset.index_name.upper())

    @cached_property
    def country(self) -> Groups:
        if Quirk.COUNTRY_TEXTS in self.quirks:
            return self.groups(lambda asset: folded(asset.country))
        return self.groups(lambda asset: canonical_country(asset.country))

    @cached_property
    def issuer(self) -> Groups:
        return self.groups(lambda asset: asset.issuer_id)

    @cached_property
    def moodys_industry(self) -> Groups:
        return self.groups(lambda asset: folded(asset.mdy_industry))

    @cached_property
    def sp_industry(self) -> Groups:
        return self.groups(lambda asset: asset.sp_industry)

    @cached_property
    def moodys_rank(self) -> Codes:
        """Rank of the Moody's rating, 1 = Aaa to 21 = C, 0 unrated."""
        return np.array([rating_rank(asset.mdy_rating) for asset in self.assets], np.int64)

    @cached_property
    def sp_rank(self) -> Codes:
        """Rank of the S&P rating, 1 = AAA to 21 = C, 0 unrated or D."""
        return np.array([rating_rank(asset.sp_rating) for asset in self.assets], np.int64)

    @cached_property
    def price(self) -> Floats:
        """Market value, fraction of par."""
        return self.amounts(lambda asset: asset.market_value) / 100.0

    @cached_property
    def coupon(self) -> Floats:
        return self.amounts(lambda asset: asset.coupon)

    @cached_property
    def spread(self) -> Floats:
        return self.amounts(lambda asset: asset.cpn_spread)

    @cached_property
    def floor(self) -> Floats:
        return self.amounts(lambda asset: asset.libor_floor)

    @cached_property
    def recovery(self) -> Floats:
        """Moody's recovery rate, decimal."""
        return self.amounts(lambda asset: asset.mdy_recovery_rate)

    @cached_property
    def wal(self) -> Floats:
        """Weighted average life of the asset, years, as the asset master states it."""
        return self.amounts(lambda asset: asset.wal)

    def in_groups(self, groups: Groups, names: Iterable[str]) -> Mask:
        """Assets whose group is one of these."""
        wanted = np.isin(np.array(groups.names, dtype=object), list(names))
        return wanted[groups.codes] if len(self) else np.zeros(0, bool)


def folded(text: str) -> str:
    """A text as the legacy loader compares it: trimmed and upper case."""
    return text.strip().upper()


def portfolio_of(
    assets: Iterable[Asset],
    as_of: date,
    quirks: Quirks,
    extra: Mapping[str, Mapping[str, float]] | None = None,
) -> Portfolio:
    """A portfolio with derived ratings; in the order of the ids, so that no result depends on the order given.

    Legacy mode keeps the order, on which the industry of an issuer depends (spec 03 §7.12). extra: name -> asset id ->
    value, NaN where an asset has none. Raises InputError CLO-1501 for an id that comes twice.
    """
    rated = [with_ratings(asset, as_of, quirks) for asset in assets]
    if Quirk.PORTFOLIO_ORDER not in quirks:
        rated.sort(key=lambda asset: asset.blkrock_id)
    seen: set[str] = set()
    for asset in rated:
        if asset.blkrock_id in seen:
            raise InputError(
                "CLO-1501",
                f"Asset {asset.blkrock_id} comes twice",
                where="the assets of the tests",
                remedy="Add the par of its positions up and give the asset once.",
            )
        seen.add(asset.blkrock_id)
    columns = {
        name: np.array([values.get(asset.blkrock_id, np.nan) for asset in rated], np.float64)
        for name, values in (extra or {}).items()
    }
    return Portfolio(tuple(rated), quirks, columns)
