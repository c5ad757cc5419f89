"""What the inputs are that tests name: parameters of a deal and facts about assets, with their units."""

PARAMETERS = {
    "ccc_limit": "share of the collateral that rated CCC or Caa may reach before the excess is cut to market",
    "collection_period_years": "years of the collection period in which interest is still to come",
    "current_libor": "index rate, decimal a year",
    "discount_price": "price below which an asset is a discount obligation, fraction of par; 0 for no such haircut",
    "discount_price_below_b3": "the same for assets that Moody's rates worse than B3",
    "event_of_default_trigger": "OC ratio of Class A below which the deal defaults",
    "fitch_ccc_limit": "share of the collateral that Fitch's CCC+ and worse may reach",
    "highest_rating_factor": "where the limit of the rating factor stops, whatever the recovery rate",
    "highest_recovery": "recovery rate up to which limits move with it, decimal",
    "interest_diversion_trigger": "OC ratio of all classes below which interest is diverted",
    "interest_proceeds": "interest already collected in the period, currency",
    "junior_oc_denominator": "balances that the junior OC ratio is taken of, currency",
    "long_dated_value": "most that an asset beyond the stated maturity counts, fraction of par; 1 for no such haircut",
    "lowest_recovery": "recovery rate down to which limits move with it, decimal",
    "matrix_diversity": "elected diversity score of the asset quality matrix",
    "matrix_recovery": "recovery rate at which the matrix stands, decimal",
    "matrix_spread": "elected spread of the asset quality matrix, decimal a year",
    "minimum_floating_spread": "spread above which the floating assets help the coupon test, decimal a year",
    "minimum_weighted_average_coupon": "coupon above which the fixed-rate assets help the spread test, decimal a year",
    "purchase_price_floor": "price below which a purchase is limited, fraction of par",
    "reinvestment_target_balance": "target par, currency",
    "senior_expenses": "fees and expenses paid in front of the classes in the period, currency",
    "warf_factor": "what a point of recovery adds to the limit of the rating factor",
    "warf_threshold": "limit of the rating factor before it moves with the recovery rate",
    "warr_threshold": "recovery rate from which the moving limits start, decimal",
    "was_factor": "what a point of recovery takes off the limit of the spread, decimal a year",
    "weighted_average_spread": "limit of the spread before it moves with the recovery rate, decimal a year",
}
"""Parameters by name. The points of the matrix come on top: `matrix_factor_350_60` is the highest rating factor at a
spread of 350 basis points and a diversity score of 60, `matrix_modifier_350_60` what a point of recovery adds to it."""

FACTS = {
    "fitch_rank": "rank of the Fitch rating, 1 = AAA to 21 = C",
    "fitch_recovery_rate": "Fitch recovery rate, decimal",
    "is_discount_cured": "1 for a discount obligation whose market value stayed high enough for long enough, else 0",
    "is_step_down": "1 for a coupon that the contract lowers with time, else 0",
    "is_step_up": "1 for a coupon that the contract raises with time, else 0",
    "is_swapped_discount": "1 for a swapped non-discount obligation, else 0",
    "is_workout": "1 for a loan bought in a restructuring, else 0",
    "purchase_price": "price paid, percent of par; of an asset not held, the price it would cost",
}
"""Facts about assets by name."""
