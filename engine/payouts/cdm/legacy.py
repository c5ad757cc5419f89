"""Legacy CDM JSON (versions 5 and 6) in the form of today, so that there is one path to read (spec 07 §5.1).

Metadata beside a value become `@` keys, choices wrapped under their type's name become `@type`, and the product that
version 5 kept in `tradableProduct` moves to its place in the trade.
"""

from typing import Any

CHOICES_OF_5 = {
    "performancePayout": "PerformancePayout",
    "interestRatePayout": "InterestRatePayout",
    "fixedPricePayout": "FixedPricePayout",
    "optionPayout": "OptionPayout",
    "creditDefaultPayout": "CreditDefaultPayout",
    "commodityPayout": "CommodityPayout",
    "assetPayout": "AssetPayout",
    "securityPayout": "SecurityPayout",
    "cashflow": "Cashflow",
    "forwardPayout": "ForwardPayout",
}
RATES_OF_5 = {"floatingRate": "FloatingRateSpecification", "fixedRate": "FixedRateSpecification"}
OBSERVABLES_OF_5 = {
    "security": "Security",
    "rateOption": "FloatingRateIndex",
    "basket": "Basket",
    "index": "EquityIndex",
}
LOWER_CASE_CHOICES = {"rateSpecification": RATES_OF_5, "observable": OBSERVABLES_OF_5}
"""Fields whose choice version 5 wrapped under a name in lower case; elsewhere these names are fields like any other."""

LIFTED = ("tradeLot", "counterparty", "ancillaryParty", "adjustment")


def is_legacy(tree: object) -> bool:
    """No `@type` anywhere and `meta` somewhere."""
    has_meta = False
    stack = [tree]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if "@type" in value or "@key" in value or "@data" in value:
                return False
            has_meta = has_meta or "meta" in value
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return has_meta


def modernised(value: object, name: str = "") -> object:
    """A legacy tree in form 1; `name` is the field it stands in. Deep only as far as the parser let the document be."""
    if isinstance(value, list):
        return [modernised(member, name) for member in value]
    if not isinstance(value, dict):
        return value
    keys = _keys(value)
    rest = {key: child for key, child in value.items() if key not in ("meta", "globalReference", "externalReference")}
    address = rest.get("address")
    if isinstance(address, dict) and isinstance(address.get("value"), str):
        keys["@ref:scoped"] = address["value"]
        del rest["address"]
    if set(rest) == {"value"} and "meta" in value:
        return {**keys, "@data": modernised(rest["value"], name)}
    unwrapped = _unwrapped(rest, name)
    if unwrapped is not None:
        return {**unwrapped, **keys}
    out = {key: modernised(child, key) for key, child in rest.items()}
    _lift_product(out)
    return {**keys, **out}


def _keys(value: dict[str, Any]) -> dict[str, Any]:
    """Keys and references beside a legacy value, in the names of form 1."""
    meta = value.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    found: dict[str, Any] = {}
    pairs = ((meta, "globalKey", "@key"), (meta, "externalKey", "@key:external"), (meta, "scheme", "@scheme"))
    for source, old, new in (*pairs, (value, "globalReference", "@ref"), (value, "externalReference", "@ref:external")):
        if isinstance(source.get(old), str):
            found[new] = source[old]
    for place in [one for name in ("location", "key") if isinstance(meta.get(name), list) for one in meta[name]]:
        if isinstance(place, dict) and isinstance(place.get("value"), str):
            found["@key:scoped"] = place["value"]
    return found


def _unwrapped(rest: dict[str, Any], field: str) -> dict[str, Any] | None:
    """The one choice that is wrapped under the name of its type; None where nothing is wrapped."""
    if len(rest) != 1:
        return None
    [(name, inner)] = rest.items()
    kind = name if name[:1].isupper() else LOWER_CASE_CHOICES.get(field, {}).get(name)
    if kind is None or not isinstance(inner, dict):
        return None
    made = modernised(inner, field)
    return {"@type": f"cdm.{kind}", **made} if isinstance(made, dict) else None


def _lift_product(out: dict[str, Any]) -> None:
    """Move what version 5 kept in `tradableProduct` and in typed lists of payouts to its place."""
    tradable = out.get("tradableProduct")
    if isinstance(tradable, dict):
        product = tradable.get("product")
        inner = product.get("contractualProduct", product) if isinstance(product, dict) else None
        inner = inner.get("nonTransferableProduct", inner) if isinstance(inner, dict) else inner
        if isinstance(inner, dict):
            if "productTaxonomy" in inner:
                inner.setdefault("taxonomy", inner.pop("productTaxonomy"))
            out.setdefault("product", inner)
        for key in LIFTED:
            if key in tradable:
                out.setdefault(key, tradable[key])
        del out["tradableProduct"]
    payout = out.get("payout")
    if isinstance(payout, dict):
        listed = []
        for name, kind in CHOICES_OF_5.items():
            members = payout.get(name, [])
            for member in members if isinstance(members, list) else [members]:
                listed.append({"@type": f"cdm.{kind}", **member} if isinstance(member, dict) else member)
        if listed:
            out["payout"] = listed
