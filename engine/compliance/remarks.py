"""What the data of a pool leave open, told with its results instead of being passed over (spec 03 §14.5)."""

from collections.abc import Callable, Iterable

from engine.collateral.asset import Asset
from engine.collateral.ratings import moodys_rank, rating_rank
from engine.compliance.evaluation import Holdings
from engine.compliance.portfolio import Portfolio
from engine.compliance.results import ComplianceResult, Verdict

_MOST_IDS = 12

_DOUBTS: tuple[tuple[str, bool, Callable[[Asset], bool]], ...] = (
    ("Without market value", False, lambda asset: not asset.market_value),
    ("Without average life, taken as 0 years", True, lambda asset: asset.wal is None),
    ("Without Moody's rating", True, lambda asset: rating_rank(asset.mdy_rating) == 0),
    ("Without rating for the rating factor, taken as 10000", True, lambda a: moodys_rank(a.mdy_dp_rating_warf) == 0),
    ("Without S&P rating", True, lambda asset: rating_rank(asset.sp_rating) == 0),
    ("Without issuer id, taken as one obligor", True, lambda asset: not asset.issuer_id.strip()),
    ("Without country", True, lambda asset: not asset.country.strip()),
    ("Without Moody's industry", True, lambda asset: not asset.mdy_industry.strip()),
    ("Without S&P industry", True, lambda asset: not asset.sp_industry.strip()),
    ("Neither FLOAT nor FIXED", True, lambda a: a.coupon_type.strip().upper() not in {"FLOAT", "FIXED"}),
)
"""What is doubtful, whether of performing assets only, and how it is seen."""


def pool_remarks(portfolio: Portfolio, holdings: Holdings) -> tuple[str, ...]:
    """What held assets lack that tests or metrics need, one sentence a lack with the ids."""
    held = [asset for asset, par in zip(portfolio.assets, holdings.par, strict=True) if par != 0.0]
    found = []
    for text, is_performing_only, is_doubtful in _DOUBTS:
        ids = [a.blkrock_id for a in held if is_doubtful(a) and not (is_performing_only and a.default_asset)]
        if ids:
            found.append(f"{text}: {len(ids)} held asset{'' if len(ids) == 1 else 's'} ({shortened(ids)})")
    return tuple(found)


def result_remarks(results: Iterable[ComplianceResult]) -> tuple[str, ...]:
    """Verdicts that need a second look: tests that are not implemented, maintained, or have nothing to test."""
    return tuple(
        f"Test {result.test_id} ({result.label}): {result.remark}"
        for result in results
        if result.remark and result.verdict is not Verdict.FAILED
    )


def shortened(ids: list[str]) -> str:
    """The ids, or the first dozen of them and how many there are more."""
    more = len(ids) - _MOST_IDS
    return ", ".join(ids[:_MOST_IDS]) + (f" and {more} more" if more > 0 else "")
