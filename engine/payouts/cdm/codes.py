"""Code lists of the border: currencies, business centers, and the CDM's spelling of our enumerations."""

_CURRENCY_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP
LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN
PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS
TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XCD XDR XOF XPD XPF
XPT YER ZAR ZMW ZWL ATS BEF DEM ESP FIM FRF GRD IEP ITL LUF NLG PTE CNH
"""
CURRENCIES = frozenset(_CURRENCY_CODES.split())
"""ISO 4217, with those that the euro replaced and the offshore renminbi of market practice."""

MINOR_UNITS = {"GBX": ("GBP", 100.0), "GBp": ("GBP", 100.0), "ZAc": ("ZAR", 100.0), "ILA": ("ILS", 100.0)}
"""Units in which shares are quoted: the currency and how many of them make one (spec 07 §0.3)."""

CENTERS = {
    "USD": "USNY", "EUR": "EUTA", "GBP": "GBLO", "JPY": "JPTO", "HKD": "HKHK", "KRW": "KRSE", "CHF": "CHZU",
    "AUD": "AUSY", "CAD": "CATO", "SEK": "SEST", "NOK": "NOOS", "DKK": "DKCO", "SGD": "SGSI", "NZD": "NZAU",
    "CNY": "CNBE", "CNH": "HKHK", "TWD": "TWTA", "INR": "INMU", "ZAR": "ZAJO", "MXN": "MXMC", "BRL": "BRSP",
    "PLN": "PLWA", "CZK": "CZPR", "HUF": "HUBU", "TRY": "TRIS", "ILS": "ILTA", "THB": "THBA", "MYR": "MYKL",
    "IDR": "IDJA", "PHP": "PHMA", "AED": "AEDU", "SAR": "SARI",
}  # fmt: skip
"""The business center of a currency where a document names none (spec 07 §5.2)."""

NOT_MICS = frozenset({"NYSE", "NASD", "AMEX", "LIFF", "CBOE", "EURX", "DTCC"})
"""Four letters that look like an ISO 10383 code and are none."""

SECURITY_TYPES = {"Equity": "SINGLE_STOCK", "Fund": "FUND"}
FINANCIAL_UNITS = {
    "Share": "SHARE",
    "IndexUnit": "INDEX_UNIT",
    "Contract": "CONTRACT",
    "ContractualProduct": "CONTRACT",
}
BASKET_UNIT = "BasketUnit"

PARTY_ROLES = {
    "CalculationAgentIndependent": "CALCULATION_AGENT",
    "CalculationAgentFallback": "CALCULATION_AGENT",
    "CalculationAgentMandatoryEarlyTermination": "CALCULATION_AGENT",
    "CalculationAgentOptionalEarlyTermination": "CALCULATION_AGENT",
    "CalculationAgent": "CALCULATION_AGENT",
    "PredeterminedClearingOrganizationParty": "CLEARING_HOUSE",
    "ClearingOrganization": "CLEARING_HOUSE",
    "HedgingParty": "HEDGING_PARTY",
    "DeterminingParty": "DETERMINING_PARTY",
    "ArrangingBroker": "BROKER",
    "Broker": "BROKER",
    "ExecutingBroker": "BROKER",
    "PrimeBroker": "BROKER",
}
"""CDM roles of third parties, ancillary or not; all others are OTHER."""

ROLE_NAMES = {
    "CALCULATION_AGENT": "CalculationAgentIndependent",
    "CLEARING_HOUSE": "PredeterminedClearingOrganizationParty",
    "HEDGING_PARTY": "HedgingParty",
    "DETERMINING_PARTY": "DeterminingParty",
    "BROKER": "ArrangingBroker",
}
ANCILLARY_ROLES = frozenset({"CALCULATION_AGENT", "CLEARING_HOUSE"})
"""Roles that the CDM keeps in `ancillaryParty`; the others stand in `partyRole`."""

CONVENTION_NAMES = {"NOT_APPLICABLE": "NotApplicable"}
RESET_NAMES = {"START": "CalculationPeriodStartDate", "END": "CalculationPeriodEndDate"}
PAY_RELATIVE_NAMES = {
    "CALCULATION_PERIOD_START": "CalculationPeriodStartDate",
    "CALCULATION_PERIOD_END": "CalculationPeriodEndDate",
    "RESET_DATE": "ResetDate",
    "VALUATION_DATE": "ValuationDate",
}
REALISED_METHODS = {"Previous": "PREVIOUS", "Last": "LAST", "Both": "BOTH"}
DAY_TYPE_NAMES = {
    "BUSINESS": "Business",
    "CALENDAR": "Calendar",
    "CURRENCY_BUSINESS": "CurrencyBusiness",
    "EXCHANGE_BUSINESS": "ExchangeBusiness",
    "SCHEDULED_TRADING_DAY": "ScheduledTradingDay",
}
COMPOUNDING = {"Flat": "FLAT", "None": "NONE", "Straight": "STRAIGHT", "SpreadExclusive": "SPREAD_EXCLUSIVE"}
NEGATIVE_RATES = {
    "NegativeInterestRateMethod": "NEGATIVE_INTEREST",
    "ZeroInterestRateMethod": "ZERO_INTEREST",
    "ZeroInterestRateExcludingSpreadMethod": "ZERO_INTEREST_EXCLUDING_SPREAD",
}
ADJUSTMENTS = {"Standard": "STANDARD", "Execution": "EXECUTION", "PortfolioRebalancing": "PORTFOLIO_REBALANCING"}


def spelled(table: dict[str, str], text: str) -> str:
    """A document's spelling in ours: by the table, else as it stands."""
    return table.get(text, text)


def unspelled(table: dict[str, str], value: str) -> str:
    """Our spelling in the document's: the first of the table that means it, else its camel case."""
    return next((name for name, meaning in table.items() if meaning == value), camel(value))


def camel(value: str) -> str:
    """`EQUITY_PAYMENT_DATE` as `EquityPaymentDate`."""
    return "".join(part[:1] + part[1:].lower() for part in value.split("_"))
