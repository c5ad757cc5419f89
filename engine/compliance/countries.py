"""Countries by their usual names, and the groups of an indenture (spec 03 §8.5)."""

GROUP_I = frozenset({"AUSTRALIA", "NETHERLANDS", "NEW ZEALAND", "UNITED KINGDOM"})
GROUP_II = frozenset({"GERMANY", "SWEDEN", "SWITZERLAND"})
GROUP_III = frozenset(
    {
        "AUSTRIA",
        "BELGIUM",
        "DENMARK",
        "FINLAND",
        "FRANCE",
        "ICELAND",
        "LIECHTENSTEIN",
        "LUXEMBOURG",
        "NORWAY",
        "SPAIN",
    }
)
TAX_JURISDICTIONS = frozenset(
    {
        "BAHAMAS",
        "BERMUDA",
        "BRITISH VIRGIN ISLANDS",
        "CAYMAN ISLANDS",
        "CHANNEL ISLANDS",
        "NETHERLANDS ANTILLES",
    }
)
LEGACY_TAX_JURISDICTIONS = (TAX_JURISDICTIONS - {"NETHERLANDS ANTILLES"}) | {"CAYMEN ISLANDS", "NETHERLANDS ANTULLES"}
"""03 Q23: two misspellings, of which one replaces the name."""

USA = "USA"
CANADA = "CANADA"
UNITED_KINGDOM = frozenset({"UK", "UNITED KINGDOM"})

_ALIASES = {
    "US": USA,
    "U.S.": USA,
    "U.S.A.": USA,
    "UNITED STATES": USA,
    "UNITED STATES OF AMERICA": USA,
    "CA": CANADA,
    "CAN": CANADA,
    "UK": "UNITED KINGDOM",
    "U.K.": "UNITED KINGDOM",
    "GB": "UNITED KINGDOM",
    "GBR": "UNITED KINGDOM",
    "GREAT BRITAIN": "UNITED KINGDOM",
    "ENGLAND": "UNITED KINGDOM",
    "SCOTLAND": "UNITED KINGDOM",
    "THE NETHERLANDS": "NETHERLANDS",
    "HOLLAND": "NETHERLANDS",
    "THE BAHAMAS": "BAHAMAS",
    "BVI": "BRITISH VIRGIN ISLANDS",
    "CAYMAN": "CAYMAN ISLANDS",
    "CAYMEN ISLANDS": "CAYMAN ISLANDS",
    "JERSEY": "CHANNEL ISLANDS",
    "GUERNSEY": "CHANNEL ISLANDS",
    "CURACAO": "NETHERLANDS ANTILLES",
    "CURAÇAO": "NETHERLANDS ANTILLES",
    "SINT MAARTEN": "NETHERLANDS ANTILLES",
    "NETHERLANDS ANTULLES": "NETHERLANDS ANTILLES",
}


def canonical_country(text: str) -> str:
    """The one name of a country, upper case; a text that is not known as another name of one stays as it is."""
    name = " ".join(text.upper().split())
    return _ALIASES.get(name, name)
