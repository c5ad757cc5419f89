"""Reads a trade from a CDM document (spec 07 §5).

The result is a `Draft`: a contract, unless a finding is an ERROR, and everything that was noticed. Reading raises
nothing over what the document holds.
"""

from dataclasses import dataclass, replace
from datetime import date

from engine.errors import ClodeskError
from engine.payouts.cdm.codes import ADJUSTMENTS, CENTERS, spelled
from engine.payouts.cdm.contract_dates import ContractDates, read_contract_dates
from engine.payouts.cdm.contract_type import contract_type
from engine.payouts.cdm.dates import (
    EFFECTIVE_DATE,
    FINAL_PAYMENT,
    FINAL_VALUATION,
    INITIAL_VALUATION,
    INTERIM_PAYMENT,
    INTERIM_VALUATION,
    TERMINATION_DATE,
    TRADE_DATE,
    Calendars,
    Dates,
)
from engine.payouts.cdm.document import Node
from engine.payouts.cdm.draft import Draft, LegFacts
from engine.payouts.cdm.funding import read_fixed_leg, read_funding_leg
from engine.payouts.cdm.histories import read_corporate_actions, read_resets
from engine.payouts.cdm.identification import Identification, read_identification
from engine.payouts.cdm.instruments import related_exchanges
from engine.payouts.cdm.json_text import Findings, content_key
from engine.payouts.cdm.own_terms import OWN_TERMS, with_own_terms
from engine.payouts.cdm.parties import Parties, read_parties
from engine.payouts.cdm.performance import LegPlace, read_equity_leg
from engine.payouts.cdm.rates import Spreads
from engine.payouts.cdm.roots import TradePlace, find_trade, parsed
from engine.payouts.cdm.spread_series import with_spread_series
from engine.payouts.cdm.transfers import read_fees
from engine.payouts.enums import AdjustmentType, ContractStatus, Side
from engine.payouts.findings import FindingCode, has_errors
from engine.payouts.terms.contract import Contract, Leg

STATES = {
    "Terminated": ContractStatus.TERMINATED,
    "Matured": ContractStatus.MATURED,
    "Novated": ContractStatus.NOVATED,
    "Cancelled": ContractStatus.CANCELLED,
    "Allocated": ContractStatus.CANCELLED,
    "Exercised": ContractStatus.TERMINATED,
    "Expired": ContractStatus.MATURED,
    "Settled": ContractStatus.MATURED,
    "Closed": ContractStatus.TERMINATED,
    "Executed": ContractStatus.PENDING,
    "Formed": ContractStatus.ACTIVE,
}
"""Closed states and position states of the CDM."""


def read_trade(
    text: str | bytes,
    name: str = "",
    *,
    reporting_party: Side = Side.PARTY1,
    calendars: Calendars | None = None,
) -> Draft:
    """The trade of a document as a contract seen by `reporting_party`.

    name: of the file, for people; it enters nothing. calendars: for dates that hang on others by business days; without
    them Monday to Friday are taken.
    """
    findings = Findings()
    tree = parsed(text, findings)
    place = find_trade(tree, findings) if tree is not None else None
    if place is None:
        return Draft(contract=None, findings=findings.all(), name=name)
    return read_place(place, findings, name=name, reporting_party=reporting_party, calendars=calendars)


def read_place(
    place: TradePlace,
    findings: Findings,
    *,
    name: str = "",
    reporting_party: Side = Side.PARTY1,
    calendars: Calendars | None = None,
) -> Draft:
    """As `read_trade`, for a trade that was found in a document already."""
    trade = place.trade
    parties = read_parties(trade)
    ids = read_identification(trade, parties.by_side.get(reporting_party))
    trade_date = trade.day("tradeDate")
    if trade_date is None:
        findings.error(FindingCode.NOT_A_DATE, f"{trade.pointer}/tradeDate", "The trade has no date")
    economic = trade.at("product", "economicTerms")
    dates = Dates(anchors_of(trade), calendars, _currency_centers(economic))
    contract_dates = read_contract_dates(economic, dates, trade_date or date(1900, 1, 1))
    legs, facts, spreads = _Legs(trade, economic, dates, contract_dates, ids.reference).read()
    legs = with_spread_series(_with_lot_spreads(legs, spreads))
    fees, transfers = read_fees(place.state, parties, dates, ids.reference, contract_dates.effective_date)
    key = content_key(place.state.value)
    contract = None
    if legs and trade_date is not None and not has_errors(findings.all()):
        contract = _contract(place, parties, ids, contract_dates, legs, reporting_party, trade_date)
    if contract is not None:
        contract = replace(contract, fees=fees, content_key=key)
        contract = with_own_terms(contract, place.state.at(OWN_TERMS))
    first = next((leg.performance.underlier for leg in legs if leg.performance is not None), None)
    reference = first.underlier_reference if first is not None else None
    resets, actions = read_resets(place.state), read_corporate_actions(place.state, reference)
    noticed = findings.all()
    return Draft(
        contract=None if has_errors(noticed) else contract,
        findings=noticed,
        document_root=place.root,
        name=name,
        references=place.state.document.counts,
        content_key=key,
        n_lots=len(trade.each("tradeLot")),
        leg_facts=facts,
        transfers=transfers,
        resets=resets,
        corporate_actions=actions,
    )


def anchors_of(trade: Node) -> dict[str, Node]:
    """The places of the dates that others may refer to; those of payouts are the first equity leg's."""
    economic = trade.at("product", "economicTerms")
    payouts = [node for node in economic.each("payout") if node.type_name == "PerformancePayout"]
    found = {
        TRADE_DATE: trade.at("tradeDate"),
        EFFECTIVE_DATE: economic.at("effectiveDate"),
        TERMINATION_DATE: economic.at("terminationDate"),
    }
    if payouts:
        values = payouts[0].at("valuationDates")
        schedule = payouts[0].at("paymentDates", "paymentDateSchedule")
        found[INITIAL_VALUATION] = values.at("initialValuationDate", "valuationDate")
        found[INTERIM_VALUATION] = values.at("interimValuationDate", "valuationDates")
        found[FINAL_VALUATION] = values.at("finalValuationDate", "valuationDate")
        found[FINAL_PAYMENT] = schedule.at("finalPaymentDate")
        interim = schedule.each("interimPaymentDates")
        if interim:
            found[INTERIM_PAYMENT] = interim[0]
        if not found[FINAL_VALUATION].is_there:
            # The last of the interim dates is the final one where there is no other.
            found[FINAL_VALUATION] = found[INTERIM_VALUATION]
    return {name: node for name, node in found.items() if node.is_there}


def _currency_centers(economic: Node) -> tuple[str, ...]:
    for payout in economic.each("payout"):
        center = CENTERS.get(payout.text("settlementTerms", "settlementCurrency") or "")
        if center is not None:
            return (center,)
    return ()


@dataclass(slots=True)
class _Legs:
    """Reads the payouts of a trade: equity legs first, since the others follow them, then in document order."""

    trade: Node
    economic: Node
    dates: Dates
    contract_dates: ContractDates
    reference: str

    def read(self) -> tuple[tuple[Leg, ...], tuple[LegFacts, ...], list[Spreads]]:
        """The legs in the order of the document, their facts, and the spreads of funding legs."""
        payouts = self._payouts()
        found: dict[int, tuple[Leg, LegFacts]] = {}
        spreads: list[Spreads] = []
        for number, (index, node) in enumerate(payouts, 1):
            if node.type_name == "PerformancePayout":
                found[number] = read_equity_leg(self._place(node, number, index))
        equity = [leg for leg, _ in found.values()]
        for number, (index, node) in enumerate(payouts, 1):
            place = self._place(node, number, index)
            if node.type_name == "InterestRatePayout":
                ends = (self.contract_dates.effective_date, self.contract_dates.termination_date)
                leg, facts, spread = read_funding_leg(place, equity, ends)
                found[number] = leg, facts
                spreads.append(spread)
            elif node.type_name == "FixedPricePayout":
                found[number] = read_fixed_leg(place, equity)
        ordered = [found[number] for number in sorted(found)]
        if not equity:
            pointer = f"{self.economic.pointer}/payout"
            self.economic.findings.error(FindingCode.UNSUPPORTED_PAYOUT, pointer, "The trade has no performance payout")
        return tuple(leg for leg, _ in ordered), tuple(facts for _, facts in ordered), spreads

    def _payouts(self) -> list[tuple[int, Node]]:
        """Supported payouts with their index; a payout of a portfolio gives one for each of its entries."""
        found: list[tuple[int, Node]] = []
        for index, node in enumerate(self.economic.each("payout")):
            if node.type_name not in ("PerformancePayout", "InterestRatePayout", "FixedPricePayout"):
                message = f"A payout of type {node.type_name or '?'} is not supported"
                node.findings.error(FindingCode.UNSUPPORTED_PAYOUT, node.pointer, message)
                continue
            entries = node.each("portfolioReturnTerms")
            if not entries or not isinstance(node.value, dict):
                found.append((index, node))
                continue
            shared = {key: value for key, value in node.value.items() if key != "portfolioReturnTerms"}
            for entry in entries:
                own = entry.fields
                returns = {key: value for key, value in own.items() if key.endswith("ReturnTerms")}
                merged = {**shared, **own, "@type": node.value["@type"]}
                if returns:
                    merged["returnTerms"] = returns
                found.append((index, Node(node.document, merged, entry.pointer)))
        return found

    def _place(self, node: Node, number: int, index: int) -> LegPlace:
        return LegPlace(
            trade=self.trade,
            payout=node,
            leg_number=number,
            payout_index=index,
            dates=self.dates,
            trade_date=self.contract_dates.trade_date,
            settlement_start=self.contract_dates.funding_start,
            contract_reference=self.reference,
        )


def _with_lot_spreads(legs: tuple[Leg, ...], spreads: list[Spreads]) -> tuple[Leg, ...]:
    """Where a trade has several lots, each keeps its own spread."""
    by_lot = next((found.by_lot for found in spreads if found.by_lot), None)
    if by_lot is None:
        return legs
    return tuple(
        replace(leg, lots=tuple(replace(lot, spread=by_lot.get(lot.lot_identifier)) for lot in leg.lots))
        for leg in legs
    )


def _contract(
    place: TradePlace,
    parties: Parties,
    ids: Identification,
    dates: ContractDates,
    legs: tuple[Leg, ...],
    reporting_party: Side,
    trade_date: date,
) -> Contract | None:
    trade = place.trade
    kind, qualifier = contract_type(trade.at("product"), legs)
    payouts = [leg.performance for leg in legs if leg.performance is not None]
    settlement = next((payout.settlement_currency for payout in payouts if payout.settlement_currency), None)
    notional = next((leg.notional_currency for leg in legs if leg.notional_currency), None)
    agent = parties.calculation_agent
    try:
        return Contract(
            contract_reference=ids.reference,
            contract_type=kind,
            trade_date=trade_date,
            effective_date=dates.effective_date,
            termination_date=dates.termination_date,
            party1=parties.by_side[Side.PARTY1],
            party2=parties.by_side[Side.PARTY2],
            legs=legs,
            product_qualifier=qualifier,
            contract_status=_status(place.state),
            reporting_party=reporting_party,
            adjustment_type=trade.choice(AdjustmentType, "adjustment", read=lambda text: spelled(ADJUSTMENTS, text)),
            settlement_currency=settlement or notional,
            calculation_agent=agent,
            governing_law=trade.text("contractDetails", "governingLaw"),
            master_agreement_reference=_master_agreement(trade),
            other_parties=parties.others,
            cdm_version=_root_text(place, "@version"),
            cdm_global_key=_root_text(place, "@key"),
            metadata={**ids.metadata, **dates.metadata, **_exchanges(trade)},
        )
    except ClodeskError as error:
        trade.findings.error(FindingCode.DATES_INCONSISTENT, trade.pointer, f"{error.problem}. {error.remedy}")
        return None


def _root_text(place: TradePlace, key: str) -> str | None:
    found = place.state.fields.get(key)
    return found if isinstance(found, str) else None


def _exchanges(trade: Node) -> dict[str, str]:
    """Exchanges of options and futures on the underliers, by leg; instruments have no place for them."""
    found = {}
    for i, payout in enumerate(trade.each("product", "economicTerms", "payout")):
        for target in payout.at("underlier").follow()[:1]:
            related = related_exchanges(target)
            if related:
                found[f"related_exchanges_{i + 1}"] = " ".join(related)
    return found


def _status(state: Node) -> ContractStatus:
    for keys in (("state", "closedState", "state"), ("state", "positionState")):
        text = state.text(*keys)
        if text in STATES:
            return STATES[text]
        if text is not None:
            node = state.at(*keys)
            node.findings.warning(FindingCode.UNKNOWN_VALUE, node.pointer, f"The state {text!r:.30} is not known")
    return ContractStatus.ACTIVE


def _master_agreement(trade: Node) -> str | None:
    """The master agreement as text: type, vintage and date, as far as given: `ISDAMaster 2002 2007-09-24`."""
    for node in trade.each("contractDetails", "documentation"):
        identification = node.at("legalAgreementIdentification")
        if identification.text("agreementName", "agreementType") != "MasterAgreement":
            continue
        kind = identification.text("agreementName", "masterAgreementType")
        vintage, day = identification.integer("vintage"), node.day("agreementDate")
        words = [kind, str(vintage) if vintage else None, day.isoformat() if day else None]
        return " ".join(word for word in words if word) or None
    return None
