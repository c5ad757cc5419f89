"""Par of ranked groups: the k-th largest obligor, industry or country, and what a trade makes of it."""

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
NO_GROUP = -1


@kernel
def group_sums(codes: Whole, par: Floats, sums: Floats, held: npt.NDArray[np.bool_]) -> None:
    """Par by group into sums (G,), and which groups are held at all into held (G,); codes (n,), -1 for none."""
    sums[:] = 0.0
    held[:] = False
    for asset in range(len(codes)):
        group = codes[asset]
        if group >= 0 and par[asset] != 0.0:
            sums[group] += par[asset]
            held[group] = True


@kernel
def largest_first(sums: Floats, held: npt.NDArray[np.bool_], most: int, order: Whole) -> int:
    """The held groups with the largest sums into order (most,), ties by code; returns how many there are."""
    n_found = 0
    for group in range(len(sums)):
        if not held[group]:
            continue
        place = n_found
        while place > 0 and sums[group] > sums[order[place - 1]]:
            place -= 1
        if place >= most:
            continue
        n_found = min(n_found + 1, most)
        for later in range(n_found - 1, place, -1):
            order[later] = order[later - 1]
        order[place] = group
    return n_found


@kernel
def ranked(
    codes: Whole, n_groups: Whole, ranks: Whole, counts: Whole, is_by_name: Whole, par: Floats, sums: Floats, top: Whole
) -> None:
    """For each test the sum of its ranks into sums (tests,) and the group at its first rank into top (tests,).

    codes (tests, n); n_groups, ranks, counts, is_by_name (tests,). A rank that does not exist adds 0 and is NO_GROUP.
    """
    most = 1
    largest_number = 1
    for test in range(len(ranks)):
        most = max(most, ranks[test] + counts[test] - 1)
        largest_number = max(largest_number, n_groups[test])
    of_group = np.empty(largest_number, np.float64)
    held = np.empty(largest_number, np.bool_)
    order = np.empty(most, np.int64)
    for test in range(len(ranks)):
        number = n_groups[test]
        group_sums(codes[test], par, of_group[:number], held[:number])
        sums[test] = 0.0
        top[test] = NO_GROUP
        if is_by_name[test]:
            for group in range(number):
                if held[group]:
                    top[test], sums[test] = group, of_group[group]
                    break
            continue
        last = ranks[test] + counts[test] - 1
        n_found = largest_first(of_group[:number], held[:number], last, order)
        if n_found >= ranks[test]:
            top[test] = order[ranks[test] - 1]
        for place in range(ranks[test] - 1, min(last, n_found)):
            sums[test] += of_group[order[place]]


@kernel
def ranked_after_trades(
    codes: Whole,
    n_groups: int,
    rank: int,
    count: int,
    par: Floats,
    traded: Whole,
    steps: Floats,
    sums: Floats,
) -> None:
    """One test's sum after each single trade into sums (trades,): par of asset traded[k] changes by steps[k]."""
    of_group = np.empty(n_groups, np.float64)
    held = np.empty(n_groups, np.bool_)
    group_sums(codes, par, of_group, held)
    last = rank + count - 1
    order = np.empty(last + 1, np.int64)
    n_found = largest_first(of_group, held, last + 1, order)
    unchanged = 0.0
    for place in range(rank - 1, min(last, n_found)):
        unchanged += of_group[order[place]]
    for trade in range(len(traded)):
        group = codes[traded[trade]]
        if group < 0 or steps[trade] == 0.0:
            sums[trade] = unchanged
            continue
        changed = (of_group[group] if held[group] else 0.0) + steps[trade]
        total = 0.0
        place_after = 0
        is_placed = False
        for place in range(n_found + 1):
            if place < n_found and order[place] == group:
                continue
            if not is_placed and (place == n_found or changed >= of_group[order[place]]):
                is_placed = True
                place_after += 1
                if rank <= place_after <= last:
                    total += changed
            if place < n_found:
                place_after += 1
                if rank <= place_after <= last:
                    total += of_group[order[place]]
        sums[trade] = total


@kernel
def first_by_name_after_trades(
    codes: Whole, n_groups: int, par: Floats, traded: Whole, steps: Floats, sums: Floats
) -> None:
    """As `ranked_after_trades` for a test of the first held group by name (03 Q3)."""
    of_group = np.zeros(n_groups, np.float64)
    n_held = np.zeros(n_groups, np.int64)
    for asset in range(len(codes)):
        if codes[asset] >= 0 and par[asset] != 0.0:
            of_group[codes[asset]] += par[asset]
            n_held[codes[asset]] += 1
    for trade in range(len(traded)):
        asset = traded[trade]
        step = steps[trade]
        change = int(par[asset] + step != 0.0) - int(par[asset] != 0.0)
        sums[trade] = 0.0
        for group in range(n_groups):
            is_own = group == codes[asset]
            if n_held[group] + (change if is_own else 0) > 0:
                sums[trade] = of_group[group] + (step if is_own else 0.0)
                break
