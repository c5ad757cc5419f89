"""Writes a contract as a CDM document, Rune JSON on the paths of spec 07 §5.4.

Keys are made anew, external keys of parties and legs are kept. What the CDM has no place for goes into the block of
`own_terms`, so that reading a document gives back the contract that was written.
"""

import json
from collections.abc import Iterable
from typing import Any

from engine.errors import InputError
from engine.payouts.cdm.codes import ANCILLARY_ROLES, ROLE_NAMES, camel
from engine.payouts.cdm.contract_dates import DEDUCED
from engine.payouts.cdm.dates import EFFECTIVE_DATE, TERMINATION_DATE, TRADE_DATE
from engine.payouts.cdm.own_terms import OWN_TERMS, differences
from engine.payouts.cdm.reader import read_trade
from engine.payouts.cdm.transfers import CashTransfer, transfer_of, transfer_state
from engine.payouts.cdm.writing_lots import trade_lots
from engine.payouts.cdm.writing_names import Names
from engine.payouts.cdm.writing_payouts import payouts
from engine.payouts.cdm.writing_schedules import date_block
from engine.payouts.enums import ContractStatus, FindingSeverity, PartyType, Side
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.parties import Party

VERSION = "8.0.0"
STATES = {
    ContractStatus.PENDING: {"positionState": "Executed"},
    ContractStatus.MATURED: {"closedState": {"state": "Matured"}},
    ContractStatus.TERMINATED: {"closedState": {"state": "Terminated"}},
    ContractStatus.NOVATED: {"closedState": {"state": "Novated"}},
    ContractStatus.CANCELLED: {"closedState": {"state": "Cancelled"}},
}


def write_trade(contract: Contract) -> str:
    """The trade state of a contract as JSON text.

    Raises InputError CLO-1926, with the findings, for a contract that could not be read back: without identifiers of
    its instrument, say.
    """
    state = _state(contract)
    draft = read_trade(json.dumps(state, allow_nan=False))
    if draft.contract is None:
        errors = "; ".join(one.message for one in draft.findings if one.severity is FindingSeverity.ERROR)
        raise InputError(
            "CLO-1926",
            f"{contract.contract_reference} cannot be written as a CDM document: {errors}",
            where=contract.contract_reference,
            remedy="Complete the contract.",
        )
    own = dict(differences(contract, draft.contract))
    if own:
        state[OWN_TERMS] = own
    return json.dumps(state, indent=2, ensure_ascii=False, allow_nan=False)


def write_transfers(contract: Contract, cashflows: Iterable[CashTransfer]) -> str:
    """Cash flows of a contract as a JSON list of transfer states, in their order (spec 07 §14.5).

    Those that are no transfers are left out: accrued, cancelled, adjusted. Parties go by the external keys that they
    have in the document of the contract.
    """
    keys = _party_keys(contract)
    states = [state for flow in cashflows if (state := transfer_state(flow, keys)) is not None]
    return json.dumps(states, indent=2, ensure_ascii=False, allow_nan=False)


def _state(contract: Contract) -> dict[str, Any]:
    keys = _party_keys(contract)
    names = Names.of(contract)
    trade: dict[str, Any] = {
        "product": _product(contract, names),
        "tradeLot": trade_lots(contract, names),
        "counterparty": [
            {"role": role, "partyReference": {"@ref:external": keys[party.party_identifier]}}
            for role, party in (("Party1", contract.party1), ("Party2", contract.party2))
        ],
        **_roles(contract, keys),
        "tradeIdentifier": _identifiers(contract, keys),
        "tradeDate": {"@key:external": names[TRADE_DATE], "@data": contract.trade_date.isoformat()},
        "party": _parties(contract, keys),
    }
    if contract.adjustment_type is not None:
        trade["adjustment"] = camel(contract.adjustment_type)
    details = _details(contract)
    if details:
        trade["contractDetails"] = details
    state: dict[str, Any] = {"@model": "cdm", "@type": "cdm.event.common.TradeState"}
    state["@version"] = contract.cdm_version or VERSION
    state["trade"] = trade
    if contract.contract_status in STATES:
        state["state"] = STATES[contract.contract_status]
    if contract.fees:
        state["transferHistory"] = [transfer_of(fee, keys) for fee in contract.fees]
    return state


def _product(contract: Contract, names: Names) -> dict[str, Any]:
    economic: dict[str, Any] = {}
    for key, name, day, target in (
        ("effectiveDate", "effective_date", contract.effective_date, EFFECTIVE_DATE),
        ("terminationDate", "termination_date", contract.termination_date, TERMINATION_DATE),
    ):
        said, rule = contract.metadata.get(f"{name}_expression"), contract.metadata.get(f"{name}_convention")
        if said is not None or (contract.metadata.get(f"{name}_origin") != DEDUCED and day is not None):
            block = date_block(day, said, rule)
            economic[key] = {"@key:external": names[target], **block}
    economic["payout"] = payouts(contract, names)
    if contract.calculation_agent is not None:
        economic["calculationAgent"] = {"calculationAgentParty": ROLE_NAMES[PartyType.CALCULATION_AGENT]}
    product: dict[str, Any] = {"economicTerms": economic}
    if contract.product_qualifier is not None:
        value = {"name": {"@data": contract.product_qualifier}}
        product["taxonomy"] = [{"source": "ISDA", "value": value, "calculated": True}]
    return product


def _all_parties(contract: Contract) -> list[Party]:
    found = [contract.party1, contract.party2]
    for other in contract.other_parties:
        if other.party not in found:
            found.append(other.party)
    known = {party.party_identifier for party in found}
    for fee in contract.fees:
        for identifier in (fee.payer_identifier, fee.receiver_identifier):
            if identifier not in known:
                found.append(Party(party_identifier=identifier, party_name=identifier))
                known.add(identifier)
    return found


def _party_keys(contract: Contract) -> dict[str, str]:
    """External keys by party identifier: the parties' own, else party1, party2, party3."""
    given = {party.cdm_external_key for party in _all_parties(contract)}
    keys: dict[str, str] = {}
    number = 0
    for party in _all_parties(contract):
        number += 1
        while party.cdm_external_key is None and f"party{number}" in given:
            number += 1
        keys[party.party_identifier] = party.cdm_external_key or f"party{number}"
    return keys


def _parties(contract: Contract, keys: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    for party in _all_parties(contract):
        lei = party.legal_entity_identifier
        own: dict[str, Any] = {"identifier": {"@data": party.party_identifier}}
        if lei == party.party_identifier:
            own["identifierType"] = "LEI"
        identifiers = [own]
        if lei is not None and lei != party.party_identifier:
            identifiers.append({"identifier": {"@data": lei}, "identifierType": "LEI"})
        block: dict[str, Any] = {"@key:external": keys[party.party_identifier], "partyId": identifiers}
        if party.party_name != party.party_identifier:
            block["name"] = {"@data": party.party_name}
        found.append(block)
    return found


def _roles(contract: Contract, keys: dict[str, str]) -> dict[str, Any]:
    """Ancillary parties and party roles; a party in no role stands among the parties alone."""
    ancillary, others = [], []
    for other in contract.other_parties:
        if other.role not in ROLE_NAMES:
            continue
        reference = {"@ref:external": keys[other.party.party_identifier]}
        if other.role in ANCILLARY_ROLES:
            ancillary.append({"role": ROLE_NAMES[other.role], "partyReference": [reference]})
        else:
            others.append({"partyReference": reference, "role": ROLE_NAMES[other.role]})
    found: dict[str, Any] = {}
    if ancillary:
        found["ancillaryParty"] = ancillary
    if others:
        found["partyRole"] = others
    return found


def _identifiers(contract: Contract, keys: dict[str, str]) -> list[dict[str, Any]]:
    metadata = contract.metadata
    if "trade_identifier_1" not in metadata:
        party = contract.party1 if contract.reporting_party is Side.PARTY1 else contract.party2
        return [_identifier(contract.contract_reference, keys[party.party_identifier], None, None)]
    found = []
    n = 1
    while f"trade_identifier_{n}" in metadata:
        prefix = f"trade_identifier_{n}"
        parts = [metadata.get(f"{prefix}_{suffix}") for suffix in ("issuer", "scheme", "type")]
        found.append(_identifier(metadata[prefix], *parts))
        n += 1
    return found


def _identifier(text: str, issuer: str | None, scheme: str | None, kind: str | None) -> dict[str, Any]:
    identifier = {"@data": text} if scheme is None else {"@scheme": scheme, "@data": text}
    block: dict[str, Any] = {"assignedIdentifier": [{"identifier": identifier}]}
    if issuer is not None:
        block["issuerReference"] = {"@ref:external": issuer}
    if kind is not None:
        block["identifierType"] = kind
    return block


def _details(contract: Contract) -> dict[str, Any]:
    details: dict[str, Any] = {}
    words = (contract.master_agreement_reference or "").split()
    if words:
        agreement: dict[str, Any] = {
            "legalAgreementIdentification": {
                "agreementName": {"agreementType": "MasterAgreement", "masterAgreementType": {"@data": words[0]}}
            }
        }
        for word in words[1:]:
            if word.isdecimal():
                agreement["legalAgreementIdentification"]["vintage"] = int(word)
            else:
                agreement["agreementDate"] = word
        if len(words) <= 3:
            details["documentation"] = [agreement]
    if contract.governing_law is not None:
        details["governingLaw"] = {"@data": contract.governing_law}
    return details
