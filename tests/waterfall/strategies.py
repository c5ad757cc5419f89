"""Random waterfall programs and random states for property tests."""

from hypothesis import strategies as st

from engine.liabilities.terms import Tranche
from engine.modes import Mode
from engine.waterfall.codes import (
    AllocationCode,
    ConditionCode,
    Destination,
    EscrowCode,
    FeeSource,
    ReinvestCode,
    SectionCode,
)
from engine.waterfall.program import (
    Comparand,
    Comparison,
    Condition,
    ControlEntry,
    CoverageTest,
    Cure,
    Divert,
    DrawReserve,
    FundReserve,
    Metric,
    MoveEscrow,
    PayEquity,
    PayFee,
    Payment,
    PayNotes,
    PayScheduled,
    PayTranches,
    Predicate,
    Program,
    Raise,
    Reinvest,
    Side,
    Step,
    Sweep,
)
from tests.waterfall.periods import debt, sub_notes

CLASSES = ("A", "B", "C-1", "C-2", "D")
TESTS = ("B", "C-2", "D")
FEES = ("T", "AD", "SR", "JR")
FLAG = "FLAG"
LEGACY_MARKS = (
    AllocationCode.PRO_RATA_LEGACY,
    AllocationCode.RAISE_IF_SHORT,
    AllocationCode.RAISE_IF_COVERED,
    AllocationCode.BOOLEAN_LEGACY,
    AllocationCode.FIRST_TWICE,
)

fractions = st.integers(0, 20).map(lambda steps: steps / 20)
amounts = st.integers(0, 500).map(lambda steps: steps * 10_000.0)


@st.composite
def tranche_lists(draw: st.DrawFn) -> tuple[Tranche, ...]:
    """Five classes and sub notes with random balances, deferral and triggers; coupons fixed."""
    tranches = []
    for name in CLASSES:
        is_tested = name in TESTS
        tranches.append(
            debt(
                name,
                draw(st.integers(0, 300)) * 1e6,
                draw(st.integers(0, 40)) / 400,
                deferred=draw(st.integers(0, 40)) * 1e5,
                is_deferrable=draw(st.booleans()),
                oc=1.0 + draw(st.integers(1, 40)) / 100 if is_tested else None,
                ic=0.9 + draw(st.integers(1, 40)) / 100 if is_tested else None,
            )
        )
    return (*tranches, sub_notes())


def conditions() -> st.SearchStrategy[Condition]:
    """Any condition but those on dates."""
    bare = (
        ConditionCode.REINVESTING,
        ConditionCode.POST,
        ConditionCode.LIQUIDATING,
        ConditionCode.ALL_PASSED,
        ConditionCode.FIRST_PERIOD,
    )
    on_test = (ConditionCode.OC_FAILED, ConditionCode.OC_PASSED, ConditionCode.IC_FAILED)
    return st.one_of(
        st.builds(Condition, st.sampled_from(bare), st.just(""), st.booleans()),
        st.builds(Condition, st.sampled_from(on_test), st.sampled_from(TESTS), st.booleans()),
        st.builds(
            Condition, st.just(ConditionCode.CONTROLLING_CLASS), st.sampled_from((*CLASSES, "SUB")), st.booleans()
        ),
        st.builds(Condition, st.just(ConditionCode.PREDICATE), st.just(FLAG), st.booleans()),
    )


def payments(mode: Mode) -> st.SearchStrategy[PayTranches]:
    """Payments of one class or of a group; lossy allocations in legacy mode only."""
    kinds = st.sampled_from(Payment)
    group = st.lists(st.sampled_from(CLASSES), min_size=2, max_size=3, unique=True).map(tuple)
    shares = [AllocationCode.PRO_RATA, *(LEGACY_MARKS if mode is Mode.LEGACY else ())]
    return st.one_of(
        st.builds(PayTranches, kinds, st.sampled_from(CLASSES).map(lambda name: (name,))),
        st.builds(PayTranches, kinds, group, st.sampled_from(shares)),
    )


def fees(mode: Mode) -> st.SearchStrategy[PayFee]:
    """Fee steps; payment out of a cure in legacy mode only."""
    sources = [st.just(FeeSource.CASH)] + ([st.just(FeeSource.CURE_PAID)] if mode is Mode.LEGACY else [])
    return st.one_of(
        st.builds(PayFee, st.sampled_from(FEES), st.one_of(sources)),
        st.builds(PayFee, st.sampled_from(FEES), st.just(FeeSource.CAPPED), amounts),
        st.builds(PayFee, st.sampled_from(FEES), st.just(FeeSource.PART), fractions),
    )


def cures(sides: st.SearchStrategy[Side]) -> st.SearchStrategy[Cure]:
    """Cures with random share lists."""
    shared = st.lists(st.sampled_from(TESTS), max_size=3).map(tuple)
    return st.builds(Cure, sides, st.sampled_from(TESTS), st.none() | st.sampled_from(TESTS), shared, shared)


def sweeps(destinations: tuple[Destination, ...]) -> st.SearchStrategy[Sweep]:
    """Sweeps to the given destinations, reserves to account 8."""
    return st.sampled_from(destinations).flatmap(
        lambda destination: st.builds(
            Sweep,
            fractions,
            st.just(destination),
            st.just(8 if destination is Destination.RESERVE else 0),
            st.none() | amounts,
        )
    )


def equity(side: Side) -> st.SearchStrategy[PayEquity]:
    """The last step of a section, without catch-up."""
    return st.builds(PayEquity, st.just(side), st.just(0.0), fractions, st.none() | st.just(FLAG))


def actions(section: SectionCode, mode: Mode) -> st.SearchStrategy[object]:
    """Actions that may stand in a section."""
    always = [
        payments(mode),
        fees(mode),
        st.builds(PayScheduled, st.sampled_from(CLASSES)),
        st.builds(MoveEscrow, st.sampled_from(EscrowCode)),
        st.builds(FundReserve, st.just(8), amounts, st.none() | amounts),
        st.builds(
            DrawReserve,
            st.just(8),
            st.lists(st.sampled_from(FEES), max_size=2).map(tuple),
            st.lists(st.sampled_from(CLASSES), max_size=2).map(tuple),
        ),
    ]
    if mode is Mode.LEGACY:
        always.append(st.builds(Raise))
    if section is SectionCode.INT:
        always += [
            cures(st.just(Side.INTEREST)),
            st.builds(Divert, st.just("ID"), fractions),
            sweeps(tuple(Destination)),
        ]
    elif section is SectionCode.PRIN:
        always += [
            cures(st.sampled_from(Side)),
            st.builds(Reinvest, st.sampled_from(ReinvestCode)),
            sweeps((Destination.NOTES, Destination.RESERVE, Destination.ESCROW)),
        ]
    else:
        always.append(sweeps((Destination.RESERVE, Destination.ESCROW)))
    return st.one_of(always)


@st.composite
def sections(draw: st.DrawFn, section: SectionCode, mode: Mode) -> tuple[Step, ...]:
    """Up to twelve random steps and an ending that takes all cash."""
    conditional = st.builds(Step, actions(section, mode), st.lists(conditions(), max_size=2).map(tuple))
    plain = st.builds(Step, actions(section, mode))
    steps = draw(st.lists(plain | conditional, max_size=12))
    if section is SectionCode.PRIN:
        return (*steps, Step(PayNotes()))
    return (*steps, Step(draw(equity(Side.INTEREST if section is SectionCode.INT else Side.PRINCIPAL))))


@st.composite
def programs(draw: st.DrawFn, modes: tuple[Mode, ...] = tuple(Mode)) -> Program:
    """A random valid program over the classes A, B, C-1, C-2, D and the four standard fees."""
    mode = draw(st.sampled_from(modes))
    denominators = st.lists(st.sampled_from(CLASSES), min_size=1, unique=True).map(tuple)
    names = (*TESTS, "ID", "EOD")
    return Program(
        name="RANDOM",
        mode=mode,
        tranches=(*CLASSES, "SUB"),
        control=tuple(ControlEntry((name,), name) for name in draw(st.permutations(CLASSES))),
        oc=tuple(CoverageTest(name, draw(denominators)) for name in names),
        ic=tuple(CoverageTest(name, draw(denominators)) for name in TESTS),
        predicates=(Predicate(FLAG, (Comparand(Metric.OC_BUFFER, Comparison.ABOVE, draw(fractions)),)),),
        interest=draw(sections(SectionCode.INT, mode)),
        principal=draw(sections(SectionCode.PRIN, mode)),
        notes=draw(sections(SectionCode.NPS, mode)),
        event_of_default=draw(sections(SectionCode.EOD, mode)),
    )
