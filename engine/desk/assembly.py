"""From a deal snapshot and an assumption set to a deal that can run, with the source of every assumption.

The documents of a deal (dates, classes, positions, accounts, triggers) come from its sheet alone. Assumptions come from
the chosen set where it holds them, otherwise from the sheet. What neither holds is named in one error.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssetAssumptions, Reinvestment, assumptions_of
from engine.collateral.rating_derivation import as_loaded, with_ratings
from engine.deal.assumptions import AssumptionSet, Scenario
from engine.deal.contract import Account, AccountNumber, Deal, DealDates, Holding
from engine.errors import InputError
from engine.liabilities.terms import Fee, FeeBasis, IncentiveFee, Tranche
from engine.modes import Mode
from engine.snapshot import CellValue, DealSnapshot, FeeRow, LabelledValue, SinkRow, TrancheRow
from workbooks.results import AssumptionSource

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembledDeal:
    """A runnable deal, its curve, where its assumptions came from, and the positions that were left out."""

    deal: Deal
    curve: tuple[tuple[int, float], ...]
    sources: tuple[AssumptionSource, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """What the deals of a workbook share: assets by id and sink schedules by upper-case id."""

    assets: dict[str, Asset]
    sinks: dict[str, tuple[tuple[date, float], ...]]

    @classmethod
    def of(cls, assets: Iterable[Asset], sinks: Iterable[SinkRow]) -> "Universe":
        """Index assets and sink rows by id."""
        schedules: dict[str, list[tuple[date, float]]] = {}
        for row in sinks:
            schedules.setdefault(row.blkrock_id.strip().upper(), []).append((row.on, row.amount))
        return cls(
            assets={asset.blkrock_id: asset for asset in assets},
            sinks={blkrock_id: tuple(rows) for blkrock_id, rows in schedules.items()},
        )


class _Gatherer:
    """Collects inputs with their sources, and the names of those that are missing."""

    def __init__(self, sheet: str, chosen: AssumptionSet) -> None:
        self.sheet = f"sheet '{sheet}'"
        self.chosen_name = f"assumption set '{chosen.name}'"
        self.sources = [AssumptionSource("positions, classes, dates and accounts", self.sheet)]
        self.missing: list[str] = []

    def required(self, item: str, value: T | None) -> T | None:
        """A value that only the deal's sheet can give."""
        if value is None:
            self.missing.append(f"{item} ({self.sheet})")
        return value

    def assumed(self, item: str, from_set: T | None, from_sheet: T | None) -> T | None:
        """A value of the set, else of the sheet."""
        if from_set is not None:
            self.sources.append(AssumptionSource(item, self.chosen_name))
            return from_set
        if from_sheet is not None:
            self.sources.append(AssumptionSource(item, self.sheet))
            return from_sheet
        self.missing.append(item)
        return None

    def check(self, deal_name: str, set_name: str) -> None:
        """Raise one error that names everything that is missing."""
        if self.missing:
            raise InputError(
                "CLO-4010",
                f"{deal_name} cannot run with assumption set '{set_name}'; missing: {', '.join(self.missing)}",
                where=self.sheet,
                remedy="Choose an assumption set that holds them, or fill them in on the sheet and import it again.",
            )


def assemble(
    snapshot: DealSnapshot,
    universe: Universe,
    chosen: AssumptionSet,
    scenario: Scenario,
    *,
    program: str,
    mode: Mode = Mode.STANDARD,
) -> AssembledDeal:
    """Build the deal of a snapshot under an assumption set and a scenario.

    program is the waterfall's name. Legacy mode leaves a position out, and names it, whose id is not in the asset list
    (spec 01 LQ-05), and takes a curve that ends before the deal does; in standard mode both are errors.
    Raises InputError with everything that is missing.
    """
    gather = _Gatherer(f"{snapshot.name} Inputs", chosen)
    clo = _by_label(snapshot.clo_inputs)
    cash = _by_label(snapshot.cf_inputs)
    holdings, left_out = _holdings(snapshot, universe, chosen, scenario, mode)
    curve = gather.assumed("index curve", chosen.curve or None, None)
    gather.assumed("prepayment, default, severity and lag", chosen.rows or None, None)
    reinvestment = gather.assumed("reinvestment terms", chosen.reinvestment, _reinvestment(cash))
    fees = gather.assumed("fees", chosen.fees or None, _fees(snapshot.fees))
    dates = _dates(snapshot, gather)
    tranches = tuple(_tranche(row, gather) for row in snapshot.tranches)

    def number(item: str, label: str, from_set: float | None, block: dict[str, CellValue]) -> float:
        value = gather.assumed(item, from_set, _number(block.get(label)))
        return 0.0 if value is None else value

    incentive = IncentiveFee(
        hurdle=number("incentive fee hurdle", "Incentive Management Fee Hurdle", chosen.incentive_hurdle, clo),
        share=number("incentive fee share", "Incentive Management Fee", chosen.incentive_share, clo),
        payments=snapshot.sub_note_payments,
    )
    diversion = gather.assumed(
        "interest-diversion trigger", chosen.interest_diversion_trigger, _positional(snapshot.clo_inputs, 0)
    )
    event_of_default = gather.assumed(
        "event-of-default trigger", chosen.event_of_default_trigger, _positional(snapshot.clo_inputs, 1)
    )
    fee_basis = number("opening fee basis", "Beg Fee Basis", chosen.opening_fee_basis, clo)
    call_threshold = number("call threshold", "Call when Quarterly Sub Dist <", chosen.call_threshold, cash)
    liquidation_price = number("liquidation price", "Liquidation Price", chosen.liquidation_price, cash)
    ccc_limit = number("CCC limit", "CCC Asset Haircut Percent", chosen.ccc_limit, clo)
    ccc_price = number("CCC liquidation price", "CCC Liquidation Price", chosen.ccc_liquidation_price, cash)
    current_index = gather.required("current index rate", _number(clo.get("Current LIBOR")) or snapshot.current_libor)
    gather.check(snapshot.name, chosen.name)
    if mode is Mode.STANDARD and not chosen.is_curve_extended:
        _check_curve_end(_known(curve), snapshot.analysis_date, _known(dates).maturity, chosen.name)
    deal = Deal(
        deal_id=snapshot.name.upper(),
        name=snapshot.name,
        program=program,
        dates=_known(dates),
        holdings=holdings,
        accounts=tuple(
            Account(
                number=AccountNumber(row.number),
                name=row.name.strip(),
                interest=row.interest,
                principal=row.principal,
            )
            for row in snapshot.accounts
        ),
        tranches=tranches,
        fees=_known(fees),
        incentive_fee=incentive,
        reinvestment=scenario.shock_reinvestment(_known(reinvestment)),
        interest_diversion_trigger=_known(diversion),
        event_of_default_trigger=_known(event_of_default),
        current_index=_known(current_index),
        purchased_accrued_interest=_number(clo.get("Purchase Finance Accrued Interest")) or 0.0,
        opening_fee_basis=fee_basis,
        is_event_of_default=clo.get("Event of Default") is True,
        call_threshold=call_threshold,
        liquidation_price=liquidation_price,
        ccc_limit=ccc_limit,
        ccc_liquidation_price=ccc_price,
    )
    shifted = tuple((month, rate + scenario.curve_shift) for month, rate in _known(curve))
    return AssembledDeal(deal=deal, curve=shifted, sources=tuple(gather.sources), left_out=left_out)


def _holdings(
    snapshot: DealSnapshot,
    universe: Universe,
    chosen: AssumptionSet,
    scenario: Scenario,
    mode: Mode,
) -> tuple[tuple[Holding, ...], tuple[str, ...]]:
    unknown = tuple(row.blkrock_id for row in snapshot.positions if row.blkrock_id not in universe.assets)
    if unknown and mode is Mode.STANDARD:
        shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        raise InputError(
            "CLO-4011",
            f"{len(unknown)} of {len(snapshot.positions)} positions are not in the asset list: {shown}",
            where=f"'{snapshot.name} Inputs'!D4",
            remedy="Add the assets to All Assets and import again, or run in legacy mode, which leaves them out.",
        )
    holdings = []
    for row in snapshot.positions:
        asset = universe.assets.get(row.blkrock_id)
        if asset is None or row.par == 0.0:
            continue
        holdings.append(holding_of(asset, row.par, universe, chosen, scenario, snapshot.analysis_date, mode))
    return tuple(holdings), unknown


def holding_of(
    asset: Asset,
    par: float,
    universe: Universe,
    chosen: AssumptionSet,
    scenario: Scenario,
    as_of: date,
    mode: Mode = Mode.STANDARD,
) -> Holding:
    """A position in an asset, ready to be projected under an assumption set and a scenario; par in currency."""
    found = assumptions_of(asset.blkrock_id, chosen.rows, chosen.vectors) or AssetAssumptions()
    is_scheduled = asset.amortization_type.strip().upper() == "SCHEDULED"
    return Holding(
        asset=with_ratings(as_loaded(asset, mode.quirks), as_of, mode.quirks),
        par=par,
        assumptions=scenario.shock(found),
        sink_schedule=universe.sinks.get(asset.blkrock_id.upper(), ()) if is_scheduled else (),
    )


def _check_curve_end(curve: Iterable[tuple[int, float]], as_of: date, maturity: date, set_name: str) -> None:
    """Refuse a curve that ends before the deal; what lies beyond the last tenor would be a guess."""
    last = max(month for month, _ in curve)
    needed = 12 * (maturity.year - as_of.year) + maturity.month - as_of.month + (maturity.day > as_of.day)
    if last < needed:
        raise InputError(
            "CLO-4021",
            f"The index curve ends in month {last} after {as_of}, the deal matures in month {needed}, on {maturity}",
            where=f"assumption set '{set_name}'",
            remedy="Give rates up to the maturity, or set is_curve_extended in the set to go on at the last forward.",
        )


def _known(value: T | None) -> T:
    if value is None:
        raise AssertionError("a missing input passed the check")
    return value


def _by_label(rows: tuple[LabelledValue, ...]) -> dict[str, CellValue]:
    return {row.label.strip(): row.value for row in rows}


def _positional(rows: tuple[LabelledValue, ...], index: int) -> float | None:
    return _number(rows[index].value) if index < len(rows) else None


def _number(value: CellValue) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _dates(snapshot: DealSnapshot, gather: _Gatherer) -> DealDates | None:
    inputs = snapshot.date_inputs
    closing = gather.required("closing date", inputs.closing)
    first = gather.required("first payment date", inputs.first_payment)
    maturity = gather.required("maturity date", inputs.maturity)
    payment_day = gather.required("payment day", inputs.payment_day)
    months = gather.required("months between payments", inputs.months_between_payments)
    index_lag = gather.required("interest determination days", inputs.interest_determination_days)
    collection_lag = gather.required("determination days", inputs.determination_days)
    no_call = gather.required("no-call date", inputs.no_call)
    reinvestment_end = gather.required("reinvestment end date", inputs.reinvestment_end)
    if closing is None or first is None or maturity is None or payment_day is None or months is None:
        return None
    if index_lag is None or collection_lag is None or no_call is None or reinvestment_end is None:
        return None
    return DealDates(
        pricing=inputs.pricing,
        closing=closing,
        effective=inputs.effective,
        first_payment=first,
        no_call=no_call,
        reinvestment_end=reinvestment_end,
        maturity=maturity,
        payment_day=payment_day,
        months_between_payments=months,
        interest_determination_days=index_lag,
        determination_days=collection_lag,
        business_day_convention=inputs.business_day_convention,
    )


def _tranche(row: TrancheRow, gather: _Gatherer) -> Tranche:
    return Tranche(
        name=row.name,
        original_balance=gather.required(f"original balance of {row.name}", row.original_balance) or 0.0,
        current_balance=gather.required(f"current balance of {row.name}", row.current_balance) or 0.0,
        deferred_balance=row.deferred_balance or 0.0,
        price=row.price,
        spread=row.spread or 0.0,
        discount_margin=row.discount_margin,
        is_deferrable=row.is_deferrable,
        oc_trigger=row.oc_trigger,
        ic_trigger=row.ic_trigger,
        day_count=row.day_count,
        is_equity=row.is_equity,
        is_fixed=row.coupon_type == "Fixed",
    )


def _fees(rows: tuple[FeeRow, ...]) -> tuple[Fee, ...] | None:
    if not rows:
        return None
    return tuple(
        Fee(
            name=row.name.strip(),
            basis=_fee_basis(row),
            percentage=row.percentage or 0.0,
            fixed_amount=row.fixed_amount or 0.0,
            day_count=row.day_count,
            unpaid_balance=row.unpaid_balance or 0.0,
            has_interest_on_unpaid=row.has_interest_on_unpaid,
            interest_spread=row.interest_spread or 0.0,
        )
        for row in rows
    )


def _fee_basis(row: FeeRow) -> FeeBasis:
    try:
        return FeeBasis(row.basis.strip().upper())
    except ValueError:
        raise InputError(
            "CLO-4012",
            f"Fee type '{row.basis}' of {row.name} is not known",
            where=str(row.place),
            remedy=f"Use one of {', '.join(basis.value for basis in FeeBasis)}.",
        ) from None


def _reinvestment(cash: dict[str, CellValue]) -> Reinvestment | None:
    def value(label: str, convert: Callable[[CellValue], float | None] = _number) -> float | None:
        return convert(cash.get(label))

    spread, floor = value("Reinvestment Spread"), value("Reinvestment Floor")
    maturity, price = value("Reinvestment Maturity"), value("Reinvestment Price")
    if spread is None or floor is None or maturity is None or price is None:
        return None
    return Reinvestment(
        spread=spread,
        floor=floor,
        maturity_months=maturity,
        price=price,
        cpr=value("Reinvestment CPR") or 0.0,
        cdr=value("Reinvestment CDR") or 0.0,
        severity=value("Reinverstment Severity") or 0.0,
        recovery_lag_months=value("Reinvestment Lag") or 0.0,
        pre_type=str(cash.get("Pre Reinvestment Type") or ""),
        pre_fraction=value("Pre Reinvestment %") or 0.0,
        post_type=str(cash.get("Post Reinvestment") or ""),
        post_fraction=value("Post Reinvestment%") or 0.0,
    )
