"""How many requests a user may make: a bucket of tokens that fills at a steady rate."""

import math
import time
from collections import OrderedDict

from xl_addin.server.errors import RequestError

_MOST_USERS = 10_000


class RateLimit:
    """rate: requests a second in the long run; burst: how many at once after a rest."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, user: str) -> None:
        """Count one request of a user. Raises RequestError CLO-3103 for one too many."""
        now = time.monotonic()
        level, seen = self._buckets.pop(user, (self._burst, now))
        level = min(self._burst, level + (now - seen) * self._rate)
        self._buckets[user] = (level - 1.0 if level >= 1.0 else level, now)
        if len(self._buckets) > _MOST_USERS:
            self._buckets.popitem(last=False)
        if level < 1.0:
            wait = math.ceil((1.0 - level) / self._rate)
            raise RequestError(
                "CLO-3103",
                "Too many requests",
                status=429,
                code="#N/A",
                remedy=f"Wait {wait} s; send many calls in one batch.",
                headers={"Retry-After": str(wait)},
            )
