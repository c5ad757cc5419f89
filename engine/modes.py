"""Standard and legacy mode: what the legacy model did differently, named once.

`Mode.STANDARD` is right; `Mode.LEGACY` reproduces the legacy numbers. A mode is nothing but its set of quirks, so
"legacy without two misspellings" is `Mode.LEGACY.quirks - {Quirk.MAG7_MISSPELT_CLASS, Quirk.MAG16_MISSPELT_METHOD}`.
The number of each quirk is its entry in the specification: LQ-nn in 01 section 9, DQ-nn in 02 section 18, 03 Qnn in
03 section 13, 04 Qnn in 04 section 10, 05 Qnn in 05 section 10.
"""

from enum import Enum


class Quirk(Enum):
    """A documented deviation of the legacy model.

    Value: (specification entry, why legacy mode leaves it out; empty where legacy mode reproduces it). Quirks of the
    waterfall programs are the difference between two program texts, see engine/waterfall/programs.
    """

    CAP_TAKES_FLOOR = ("LQ-01", "")
    DEFAULT_DATE_IGNORED = ("LQ-02", "date of default takes no part in a projection")
    STALE_ROW_VALUES = (
        "LQ-03",
        "a stale value of the row above cannot be told from the file; the importer reports the cell",
    )
    DUPLICATE_IDS_FIRST_WINS = ("LQ-04", "the importer keeps the first row as well, and reports W-DUPASSET")
    SILENT_ROW_DROP = ("LQ-05", "the importer marks such an asset legacy_dropped and reports it")
    SINK_COLLISION_DROPS_ASSET = ("LQ-06", "dropped the asset; amounts of one day add up in both modes")
    UNKNOWN_VECTOR_ZERO = ("LQ-07", "an unknown vector name is an error in both modes")
    UNKNOWN_DAYCOUNT_30_360 = ("LQ-08", "")
    NO_ROWS_CRASH = ("LQ-09", "")
    BLANK_DATES_EPOCH = ("LQ-10", "a blank date is a validation error in both modes")
    PREV_BUSINESS_OFF = ("LQ-11 = DQ-01", "")
    NEXT_BUSINESS_IGNORES_N = ("LQ-12 = DQ-03", "")
    MOD_FOLLOWING_LAST_DAY_ONLY = ("LQ-13 = DQ-02", "")
    MATURITY_ALWAYS_FOLLOWING = ("LQ-14 = DQ-02", "")
    PREVIOUS_TYPO = ("LQ-15 = DQ-02", "")
    PAR_ZERO_OVERRIDES_BALANCE = ("LQ-16", "")
    ZERO_LAG_MEANS_DEFAULT = ("LQ-17", "")
    ACCRUAL_ON_PAYMENT_DATE = ("LQ-18", "")
    VECTOR_END_USES_LENGTH = ("LQ-19", "")
    SEVERITY_VECTOR_READS_PREPAY = ("LQ-20 = 04 Q19", "")
    NO_RECOVERY_AFTER_MATURITY = ("LQ-21 = 04 Q18", "")
    LAG0_DEFAULTED_NO_RECOVERY = ("LQ-22", "")
    COUPON_MUTATED = (
        "LQ-23",
        "single runs use fresh copies; only the shared objects of the all-deals run carried the coupon over (04 Q27)",
    )
    TEXT_CDR_MEANS_RATING = ("LQ-24", "a number typed as text is reported by the importer")
    FULL_PERIOD_RATES = ("LQ-25", "")
    ZERO_POSITION_FLOWS = ("LQ-26", "a zero position does not occur; it is dropped and reported")
    MATURED_BALANCE_STUCK = ("LQ-27", "")
    CCC_EXCESS_WHOLE_POOL = ("LQ-28 = DQ-07", "")
    LAST_PERIOD_UNSET = ("LQ-29", "reporting only")
    NEGATIVE_CASH_PURCHASE = ("LQ-30 = 05 Q2", "")
    FILTERED_COUNT_ZERO = ("LQ-31", "no count was ever shown")
    ADDPAR_UNKNOWN_ID = ("LQ-32", "crashed")
    FILTER_PRECEDENCE = ("LQ-33", "")
    WAL_TEXT_COMPARE = ("LQ-34", "")
    DESCENDING_SORT_MIDDLE = ("LQ-35", "")
    RANK15_BB = ("LQ-36 = 03 Q6 = 04 Q3", "")
    UPPER_CASE_MOODYS = ("LQ-37 = 03 Q2 = 04 Q24", "")
    A_PLUS_IS_AA_PLUS = ("LQ-38 = 04 Q1", "")
    CASHFLOWCLASS_GAPS = ("LQ-39", "dead code")
    COUNT_IS_LAST_INDEX = ("LQ-40", "reporting only")
    LAST_ROW_SKIPPED = ("LQ-41", "dead code")
    REINVEST_30_360_PAY_DATES = ("LQ-42", "")
    REINVEST_NO_VECTORS = ("LQ-43", "crashed")
    REINVEST_EARLY_EXIT_DEFAULTS = ("LQ-44", "")
    REINVEST_ROW_PAST_END = ("LQ-45", "writes a row that nothing reads")
    CONFIG_MISSING_ZERO = ("LQ-46", "required keys are errors in both modes")
    CURVE_POISONED_PAST_END = ("LQ-47 = DQ-05", "")
    CURVE_NEEDS_MONTH1_SORTED = ("LQ-48", "")
    ZERO_FIRST_MONTH = ("LQ-49 = DQ-06", "")
    TENOR_FROM_FREQUENCY = ("LQ-50", "")
    ZERO_AS_FORWARD = ("LQ-51 = DQ-21", "")
    SOLVER_LIMITS = ("LQ-52", "")
    MEDIAN_ODD = ("LQ-53 = 04 Q15", "")
    AVERAGE_ZERO_BASED = ("LQ-54", "")
    WAL_BY_INDEX = ("LQ-55", "")
    MONTH_END_DRIFT = ("LQ-56 = 04 Q33", "")
    DUPLICATE_POSITIONS = ("LQ-57", "positions are summed by id in both modes, as the single-deal run did")
    TWO_ANALYSIS_DATES = ("LQ-58", "one date per run; golden runs agree on it")
    MIGRATION_ALL_WITHOUT_CF_DATA = ("LQ-59 = 04 Q17", "")
    HOLIDAYS_CACHED = ("LQ-60", "a run has one calendar")
    UNADJUSTED_SCHEDULE_TESTS = ("DQ-04", "")
    CCC_BEGIN_BALANCES = ("DQ-08", "")
    NO_BALANCES_AFTER_LAST_PERIOD = ("DQ-09", "")
    LIQUIDATION_KEEPS_ASSET_ROWS = ("DQ-10", "")
    CASH_BEFORE_FIRST_PERIOD_LOST = ("02 section 4.1, not listed as a quirk", "")
    DEFAULT_AT_MARKET_VALUE_ONLY = ("DQ-11", "")
    REINVESTMENT_WRITES_OFF_TAIL = ("DQ-12", "")
    EVENT_OF_DEFAULT_NOT_STICKY = ("DQ-13", "")
    CALL_FLAG_WITHOUT_SUFFICIENCY = ("DQ-14", "")
    LAST_PERIOD_ONLY_WHEN_EXHAUSTED = ("DQ-15", "")
    NEGATIVE_CASH_ABSORBED = ("DQ-16", "")
    THREE_ACCOUNTS_ONLY = ("DQ-17", "input mapping")
    MISSING_INPUTS_READ_AS_ZERO = ("DQ-18", "validation errors in both modes")
    SHORTFALL_MOVES_TO_DEFERRED = ("DQ-19", "")
    DEFERRED_END_EXCLUDES_PERIOD = ("DQ-20", "reporting only; both figures are reported")
    RISK_MEASURE_LIMITS = ("DQ-22", "")
    NA_DEFERRABLE_ABORTS = ("DQ-23", "crashed")
    INTEREST_ON_OPENING_UNPAID_FEE = ("DQ-24", "")
    UNKNOWN_FEE_TYPE_ACCRUES_ZERO = ("DQ-25", "")
    IC_DEDUCTS_CURRENT_ACCRUAL_ONLY = ("DQ-26", "")
    HURDLE_INPUT_ORDER = ("DQ-27", "")
    STRICT_PASS_UNCAPPED_CURES = ("DQ-28", "")
    DIVERSION_SIZED_AS_REDEMPTION = ("DQ-29", "")
    CLASS_E_DENOMINATOR_OMITS_E = ("DQ-30", "")
    EVENT_OF_DEFAULT_LAST_A_TRANCHE = ("DQ-31", "")
    OWN_TEST_IN_SHARE_LIST = ("DQ-32", "")
    CLASS_E_MISSING_IN_SHARE_LIST = ("DQ-33", "")
    PRINCIPAL_CURE_ON_INTEREST_SIDE = ("DQ-34", "")
    CONTROLLING_CLASS_LABELS = ("DQ-35", "")
    JUNIOR_FEE_FROM_CURE = ("DQ-36", "")
    NO_JUNIOR_FEE_IN_NOTE_SEQUENCE = ("DQ-37", "")
    MAG7_MISSPELT_CLASS = ("DQ-38", "")
    MAG16_MISSPELT_METHOD = ("DQ-39", "")
    PRORATA_LOSES_EXCESS = ("DQ-40", "")
    MAG6_REINVESTS_EVERYTHING = ("DQ-41", "")
    NOTE_SEQUENCE_SKIPS_INTEREST = ("DQ-42", "")
    MAG17_RUNS_MAG15 = ("DQ-43", "")
    WARF_NOTCHES_EXCHANGED = ("03 Q1 = 04 Q4", "")
    LOW_RECOVERY_IS_HALF = ("03 Q4 = 04 Q5", "")
    UNRATED_IS_BEST = ("03 Q5 = 04 Q23", "")
    CREDIT_ESTIMATE_AGED_TODAY = ("03 Q5 = 04 Q25", "the clock is no input; today is passed as the date of the run")
    UNRATED_FACTOR_ZERO = ("03 Q26", "")
    UNKNOWN_STATE_IS_DEFAULT = ("04 section 3.1", "")
    DEFAULT_AT_ACCRUAL_BEGIN = ("04 Q20", "")
    ALL_DEALS_STEP_QUARTERLY = ("04 Q2", "")
    NO_RISK_IN_FINAL_STUB = ("04 Q6", "")
    CDR_TIMES_FOUR = ("04 Q7", "")
    FREQUENCY_CASE = ("04 Q8", "")
    RND_24_BITS = ("04 Q9, Q11", "")
    RND_ZERO_CRASHES = ("04 Q10", "")
    OUTSIDE_MATRIX_STAYS = ("04 Q12", "")
    NO_DEFINITENESS_CHECK = ("04 Q13", "")
    DEFAULTED_HAVE_RANK_ZERO = ("04 Q14, section 4.2", "")
    CCC_OF_MINIMUM_IS_PERFORMING = ("04 Q16", "")
    EQUAL_TOTALS_CRASH = ("04 Q15, section 8.2", "crashed; the first of equal simulations is shown")
    MATURED_COUNT_AND_BALANCE_DIFFER = ("04 Q21", "")
    PERFORMING_NOT_COUNTED = ("04 Q22", "")
    UNREAD_INPUTS_ARE_ZERO = ("04 Q26", "inputs that cannot be read are errors in both modes")
    DRAW_PAST_LAST_PROBABILITY = ("04 Q28", "")
    LU_SKIPS_NEGATIVE = ("04 Q29", "")
    DOWNGRADES_HOLD_DEFAULTS = ("04 Q30", "")
    NOTCH_OF_CCC_LOST = ("04 Q31", "")
    MIXED_DATE_KEYS = ("04 Q32", "a label has one key, its day, and histories begin on the analysis date")
    OPENING_PAR_IS_NOTIONAL = ("04 section 7.4, not listed as a quirk", "")
    EQUAL_PROBABILITIES_CRASH = ("04 section 3.4", "crashed; entries of a row are told apart by their place")
    SP_WITHOUT_C = ("04 section 9.1", "")
    CURLY_APOSTROPHE_ONLY = ("04 section 9.6", "")
    PORTFOLIO_ORDER = ("03 section 7.12", "")
    DIP_OBLIGOR_BY_NAME = ("03 Q3", "")
    TESTS_COUNT_DEFAULTED = ("03 Q9", "")
    FLOOR_BENEFIT_FROM_COUPON = ("03 Q10 = Q11", "")
    ROUNDED_MODIFIERS = ("03 Q12", "")
    RECOVERY_OF_EARLIER_TEST = ("03 Q13", "")
    NO_COUPON_IS_ZERO_COUPON = ("03 Q15", "")
    MOVING_BASELINE = ("03 Q18 = 05 Q1, Q26", "")
    ROUNDED_BASELINE = ("03 section 4.2 = 05 Q21", "")
    UNKNOWN_DIRECTION_IS_MINIMUM = ("03 Q19", "")
    FOLLOWER_TESTS = ("03 Q14, Q20", "")
    THIRD_INDUSTRY_NUMERATOR = ("03 Q22", "")
    COUNTRY_TEXTS = ("03 Q23", "")
    NO_NUMERATOR_NO_LIMIT = ("03 Q26 = 05 Q11", "")
    MISSING_RANK_STOPS = ("03 Q34", "")
    ROUNDED_LIFE = ("03 Q35", "")
    DIVERSITY_HALF_EVEN = ("03 Q36", "")
    TRADES_TRIMMED = ("05 Q3", "")
    FORWARD_UNDO = ("05 Q4", "trades lie over immutable holdings, so nothing is undone")
    UNHELD_SALE_IGNORED = ("05 Q5", "")
    SCORE_STEPS = ("03 Q26 = 05 Q6", "")
    SCORE_STALE_TERM = ("03 Q26 = 05 Q7", "")
    LAST_TRIED_OBJECTIVE = ("05 Q10", "")
    PRICE_UNIT_BY_SIZE = ("05 Q19", "")
    BUDGET_OVERSHOOT = ("05 Q20", "")
    UNIT_POSITION_DROPPED = ("05 section 4", "")
    RANDOM_OPTIMISER = ("05 Q24, Q25, Q29", "the random optimiser was out of use")

    @property
    def entry(self) -> str:
        """Entry of the quirk list, for example `LQ-11 = DQ-01`."""
        return self.value[0]

    @property
    def is_reproduced(self) -> bool:
        """Whether legacy mode shows this quirk."""
        return not self.value[1]


Quirks = frozenset[Quirk]


class Mode(Enum):
    """How a run treats the quirks of the legacy model."""

    STANDARD = "standard"
    LEGACY = "legacy"

    @property
    def quirks(self) -> Quirks:
        """Quirks in force: none in standard mode, all reproduced ones in legacy mode."""
        if self is Mode.STANDARD:
            return frozenset()
        return frozenset(quirk for quirk in Quirk if quirk.is_reproduced)
