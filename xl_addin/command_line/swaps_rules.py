"""The commands `clodesk swaps deferral-rules ...`: by which rules the end of day puts payments off (spec 07 §18.3)."""

from typing import Annotated

import typer
from rich.text import Text

from engine.payouts.deferral import DeferralRule, DeferralScope
from engine.payouts.enums import CashflowType, DeferralAction, DeferralReason
from xl_addin.command_line import swaps_payments
from xl_addin.command_line import swaps_tables as shown
from xl_addin.command_line.terminal import Json, amount, console, opened_desk, print_json

app = swaps_payments.app

RuleId = Annotated[
    str, typer.Argument(help="Id of a rule, or its beginning; `clodesk swaps deferral-rules` lists them.")
]


@app.command("deferral-rules")
def deferral_rules(
    with_ended: Annotated[bool, typer.Option("--all", help="Ended rules too.")] = False, as_json: Json = False
) -> None:
    """List the rules by which the end of day puts payments off, in the order in which they are asked.

    Example: clodesk swaps deferral-rules
    """
    with opened_desk() as desk:
        found = desk.swaps.deferral_rules.all(only_active=not with_ended)
    if as_json:
        print_json(shown.as_json(found))
    else:
        shown.show_deferral_rules(console, found)


@app.command("add-deferral-rule")
def add_deferral_rule(
    contract: Annotated[str | None, typer.Option(help="Only cash flows of this swap.")] = None,
    kind: Annotated[CashflowType | None, typer.Option("--type", help="Only cash flows of this type.")] = None,
    currency: Annotated[str | None, typer.Option(help="Only cash flows in this currency.")] = None,
    party: Annotated[
        str | None, typer.Option(help="Only if this party, by identifier or name, pays or is paid.")
    ] = None,
    below: Annotated[str | None, typer.Option(help="Only amounts below this one, whoever pays them.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="All cash flows of all swaps.")] = False,
    days: Annotated[int | None, typer.Option(help="Put off by so many calendar days.")] = None,
    to_next_payment: Annotated[
        bool, typer.Option("--to-next-payment", help="Put off to the next payment date of the leg.")
    ] = False,
    until_released: Annotated[
        bool,
        typer.Option("--until-released", help="Put off until somebody releases it; REGULATORY, MARKET_CONDITIONS."),
    ] = False,
    reason: Annotated[DeferralReason, typer.Option(help="Kind of reason.")] = DeferralReason.BUSINESS_RULE,
    priority: Annotated[
        int | None, typer.Option(help="The lowest is asked first, and the first that fits decides; last by default.")
    ] = None,
    by_hand: Annotated[
        bool, typer.Option("--release-by-hand", help="Wait for somebody on the expected day, too.")
    ] = False,
    needs_approval: Annotated[
        bool, typer.Option("--needs-approval", help="Only list what fits, until somebody defers or realises it.")
    ] = False,
    replaces: Annotated[str | None, typer.Option("--replaces", help="End this rule, and take its place.")] = None,
    as_json: Json = False,
) -> None:
    """Add a rule: which payments the end of day puts off, and until when; with --replaces in place of another.

    Example: clodesk swaps add-deferral-rule --currency USD --below 1000 --days 10
    """
    scope = DeferralScope(
        contract_reference=contract,
        cashflow_type=kind,
        currency=None if currency is None else currency.upper(),
        party=party,
        amount_below=None if below is None else amount(below, "--below"),
    )
    if everything == (scope != DeferralScope()):
        options = "--contract, --type, --currency, --party, --below"
        raise typer.BadParameter(f"say which cash flows, by {options}; or --everything")
    action = _action(days, to_next_payment, until_released)
    with opened_desk() as desk:
        rules = desk.swaps.deferral_rules
        asked = DeferralRule(
            rule_id="",
            priority=rules.offered_priority(replaces) if priority is None else priority,
            reason=reason,
            action=action,
            scope=scope,
            days=days,
            approval_required=needs_approval,
            releases_automatically=not by_hand and action is not DeferralAction.DEFER_UNTIL_RELEASED,
        )
        added = rules.add(asked, replaces=replaces)
    if as_json:
        print_json(shown.as_json(added))
    else:
        shown.show_deferral_rules(console, [added])


@app.command("end-deferral-rule")
def end_deferral_rule(rule: RuleId, as_json: Json = False) -> None:
    """End a rule: it puts off no more; what it put off stays so and is released as the rule says.

    Example: clodesk swaps end-deferral-rule 3f2a
    """
    with opened_desk() as desk:
        ended = desk.swaps.deferral_rules.end(rule)
    if as_json:
        print_json(shown.as_json({"rule_id": ended, "is_active": False}))
    else:
        console.print(Text(f"Ended rule {ended}"), soft_wrap=True)


def _action(days: int | None, to_next_payment: bool, until_released: bool) -> DeferralAction:
    if [days is not None, to_next_payment, until_released].count(True) != 1:
        raise typer.BadParameter("say until when: one of --days N, --to-next-payment, --until-released")
    if days is not None:
        return DeferralAction.DEFER_DAYS
    return DeferralAction.DEFER_TO_NEXT_PAYMENT_DATE if to_next_payment else DeferralAction.DEFER_UNTIL_RELEASED
