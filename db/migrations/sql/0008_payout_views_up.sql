CREATE MATERIALIZED VIEW performance_payout_summary AS
    SELECT p.contract_id, p.leg_id, p.payout_type, u.underlier_type, u.underlier_reference, r.return_type,
           count(DISTINCT p.id) AS payout_count
    FROM performance_payout p
    JOIN underliers u ON u.performance_payout_id = p.id
    JOIN return_terms r ON r.performance_payout_id = p.id
    GROUP BY p.contract_id, p.leg_id, p.payout_type, u.underlier_type, u.underlier_reference, r.return_type;

CREATE UNIQUE INDEX uq_performance_payout_summary ON performance_payout_summary
    (contract_id, leg_id, payout_type, underlier_type, underlier_reference, return_type);

CREATE MATERIALIZED VIEW cashflow_status_summary AS
    SELECT contract_id, leg_id, cashflow_type, coalesce(cashflow_subtype, '') AS cashflow_subtype, currency,
           count(*) AS cashflow_count,
           coalesce(sum(amount) FILTER (WHERE cashflow_status = 'ACCRUED'), 0) AS total_accrued_amount,
           coalesce(sum(amount) FILTER (WHERE cashflow_status = 'REALIZED_DEFERRED'), 0) AS total_deferred_amount,
           coalesce(sum(amount) FILTER (WHERE cashflow_status = 'REALIZED_UNSETTLED'), 0) AS total_realized_unsettled_amount,
           coalesce(sum(amount) FILTER (WHERE cashflow_status = 'REALIZED_SETTLED'), 0) AS total_realized_settled_amount,
           coalesce(sum(amount) FILTER (WHERE cashflow_status = 'CANCELLED'), 0) AS total_cancelled_amount,
           avg(amount) AS average_cashflow_amount,
           min(payment_date) AS earliest_payment_date, max(payment_date) AS latest_payment_date
    FROM cashflows
    WHERE cashflow_status <> 'ADJUSTED'
    GROUP BY contract_id, leg_id, cashflow_type, coalesce(cashflow_subtype, ''), currency;

CREATE UNIQUE INDEX uq_cashflow_status_summary ON cashflow_status_summary
    (contract_id, leg_id, cashflow_type, cashflow_subtype, currency);

-- Sums over the cashflows of one leg on one day; sums over days of what is cumulative would mean nothing.
CREATE MATERIALIZED VIEW daily_accrual_summary AS
    SELECT contract_id, leg_id, accrual_date, currency,
           count(*) AS accrual_count,
           sum(daily_accrual_amount) AS total_daily_accrual,
           sum(cumulative_accrual_amount) AS total_cumulative_accrual,
           sum(accrual_factor) AS sum_accrual_factor,
           sum(notional_amount) AS total_notional
    FROM daily_accruals
    GROUP BY contract_id, leg_id, accrual_date, currency;

CREATE UNIQUE INDEX uq_daily_accrual_summary ON daily_accrual_summary (contract_id, leg_id, accrual_date, currency);

CREATE MATERIALIZED VIEW unrealized_pnl_summary AS
    SELECT contract_id, leg_id, valuation_date, unrealized_pnl_currency, snapshot_label,
           sum(unrealized_pnl_amount) AS total_unrealized_pnl,
           sum(price_pnl_amount) AS total_price_pnl,
           sum(dividend_pnl_amount) AS total_dividend_pnl,
           sum(interest_pnl_amount) AS total_interest_pnl,
           sum(fx_pnl_amount) AS total_fx_pnl,
           sum(other_pnl_amount) AS total_other_pnl,
           sum(realized_since_previous) AS total_realized,
           count(*) FILTER (WHERE confidence_level = 'HIGH') AS high_confidence_count,
           count(*) FILTER (WHERE confidence_level = 'MEDIUM') AS medium_confidence_count,
           count(*) FILTER (WHERE confidence_level = 'LOW') AS low_confidence_count,
           (ARRAY['HIGH', 'MEDIUM', 'LOW'])[max(array_position(ARRAY['HIGH', 'MEDIUM', 'LOW'], confidence_level))] AS worst_confidence_level
    FROM unrealized_pnl_timeseries
    GROUP BY contract_id, leg_id, valuation_date, unrealized_pnl_currency, snapshot_label;

CREATE UNIQUE INDEX uq_unrealized_pnl_summary ON unrealized_pnl_summary
    (contract_id, leg_id, valuation_date, unrealized_pnl_currency, snapshot_label);

-- What does not depend on the day of the question; ageing is deferral_aging(as_of).
CREATE MATERIALIZED VIEW deferred_cashflow_analysis AS
    SELECT contract_id, leg_id, deferral_reason, currency,
           count(*) AS deferred_count,
           sum(amount) AS total_deferred_amount,
           avg(deferral_period_days) AS average_deferral_period,
           min(deferral_date) AS earliest_deferral_date,
           max(expected_realization_date) AS latest_expected_realization,
           count(*) FILTER (WHERE expected_realization_date IS NULL) AS unscheduled_count
    FROM cashflows
    WHERE cashflow_status = 'REALIZED_DEFERRED'
    GROUP BY contract_id, leg_id, deferral_reason, currency;

CREATE UNIQUE INDEX uq_deferred_cashflow_analysis ON deferred_cashflow_analysis (contract_id, leg_id, deferral_reason, currency);

CREATE FUNCTION refresh_payout_view(view_name text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
-- Refresh one of the five; CONCURRENTLY once it has content. Returns how. The writer does not own the views, hence definer.
DECLARE
    has_content boolean;
BEGIN
    IF view_name NOT IN ('performance_payout_summary', 'cashflow_status_summary', 'daily_accrual_summary',
                         'unrealized_pnl_summary', 'deferred_cashflow_analysis') THEN
        RAISE EXCEPTION '% is no view of payouts', view_name USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT relispopulated INTO has_content FROM pg_class WHERE oid = view_name::regclass;
    EXECUTE format('REFRESH MATERIALIZED VIEW %s %I', CASE WHEN has_content THEN 'CONCURRENTLY' ELSE '' END, view_name);
    RETURN CASE WHEN has_content THEN 'CONCURRENTLY' ELSE 'PLAIN' END;
END
$body$;

REVOKE EXECUTE ON FUNCTION refresh_payout_view(text) FROM PUBLIC;

-- Every cashflow with the one that its chain of corrections began with.
CREATE VIEW cashflow_chain AS
    WITH RECURSIVE chain AS (
        SELECT id AS root_cashflow_id, 1 AS chain_position, c.* FROM cashflows c WHERE supersedes_cashflow_id IS NULL
        UNION ALL
        SELECT chain.root_cashflow_id, chain.chain_position + 1, c.*
        FROM chain JOIN cashflows c ON c.supersedes_cashflow_id = chain.id
    )
    SELECT root_cashflow_id, chain_position, id AS cashflow_id, contract_id, leg_id, cashflow_reference, cashflow_type,
           cashflow_subtype, cashflow_status, currency, amount, settlement_amount, payment_date,
           supersedes_cashflow_id, superseded_by_cashflow_id
    FROM chain;

CREATE FUNCTION deferral_aging(as_of date) RETURNS TABLE (
    cashflow_id uuid, contract_id uuid, leg_id uuid, cashflow_reference text, currency ccy, amount numeric,
    deferral_reason text, deferral_date date, expected_realization_date date, days_since_deferral integer,
    days_until_expected integer, deferral_urgency text, aging_bucket text
) LANGUAGE sql STABLE PARALLEL SAFE AS $body$
-- The cashflows that are deferred, aged to a day: overdue first, then those without a date, then by date.
    SELECT c.id, c.contract_id, c.leg_id, c.cashflow_reference, c.currency, c.amount, c.deferral_reason, c.deferral_date,
           c.expected_realization_date, as_of - c.deferral_date, c.expected_realization_date - as_of, u.urgency,
           CASE WHEN c.expected_realization_date IS NULL OR c.expected_realization_date >= as_of THEN 'CURRENT'
                WHEN as_of - c.expected_realization_date <= 30 THEN '1_30_DAYS'
                WHEN as_of - c.expected_realization_date <= 60 THEN '31_60_DAYS'
                WHEN as_of - c.expected_realization_date <= 90 THEN '61_90_DAYS'
                ELSE 'OVER_90_DAYS' END
    FROM cashflows c
    CROSS JOIN LATERAL (
        SELECT CASE WHEN c.expected_realization_date IS NULL THEN 'UNSCHEDULED'
                    WHEN c.expected_realization_date < as_of THEN 'OVERDUE'
                    WHEN c.expected_realization_date = as_of THEN 'DUE_TODAY'
                    WHEN c.expected_realization_date <= as_of + 7 THEN 'DUE_SOON'
                    ELSE 'FUTURE' END) AS u (urgency)
    WHERE c.cashflow_status = 'REALIZED_DEFERRED' AND c.deferral_date <= as_of
    ORDER BY array_position(ARRAY['OVERDUE', 'UNSCHEDULED', 'DUE_TODAY', 'DUE_SOON', 'FUTURE'], u.urgency),
             c.expected_realization_date, c.cashflow_reference
$body$;

CREATE FUNCTION deferral_overdue(as_of date) RETURNS TABLE (
    deferral_reason text, currency ccy, deferred_count bigint, total_deferred_amount numeric,
    average_deferral_period numeric, overdue_count bigint, overdue_amount numeric
) LANGUAGE sql STABLE PARALLEL SAFE AS $body$
-- Deferred and overdue amounts by reason and currency, signed; the average period is over those that have a date.
    SELECT a.deferral_reason, a.currency, count(*), sum(a.amount), avg(a.expected_realization_date - a.deferral_date),
           count(*) FILTER (WHERE a.deferral_urgency = 'OVERDUE'),
           coalesce(sum(a.amount) FILTER (WHERE a.deferral_urgency = 'OVERDUE'), 0)
    FROM deferral_aging(as_of) AS a
    GROUP BY a.deferral_reason, a.currency
    ORDER BY a.deferral_reason, a.currency
$body$;

CREATE FUNCTION pnl_risk(contract uuid, from_date date, to_date date) RETURNS TABLE (
    base_currency ccy, n_days bigint, mean numeric, standard_deviation numeric, minimum numeric, maximum numeric,
    var_95_percentile numeric, var_99_percentile numeric, value_at_risk_95 numeric, value_at_risk_99 numeric,
    expected_shortfall_95 numeric, is_low_sample boolean, reason text
) LANGUAGE sql STABLE PARALLEL SAFE AS $body$
-- Risk numbers of the daily total P&L of a contract inside a window, from its end-of-day rows. The legs of a day are
-- summed in base currency first, then days are compared, the first with the last day before the window where there is
-- one. Money that was realised counts on its day. Under 20 days there are no numbers, and the reason says so.
    WITH legs_summed AS (
        SELECT coalesce(t.base_currency, t.unrealized_pnl_currency) AS base, t.valuation_date AS day,
               sum(coalesce(t.base_currency_amount, t.unrealized_pnl_amount)) AS unrealized,
               sum(t.realized_since_previous * coalesce(t.base_fx_rate, 1)) AS realized
        FROM unrealized_pnl_timeseries t
        WHERE t.contract_id = contract AND t.snapshot_label = 'EOD' AND t.valuation_date <= to_date
        GROUP BY 1, 2
    ), changes AS (
        SELECT base, day, unrealized - lag(unrealized) OVER (PARTITION BY base ORDER BY day) + realized AS pnl
        FROM legs_summed
    ), ranked AS (
        SELECT base, pnl, row_number() OVER (PARTITION BY base ORDER BY pnl) AS place, count(*) OVER (PARTITION BY base) AS n
        FROM changes WHERE pnl IS NOT NULL AND day >= from_date
    ), numbers AS (
        SELECT base, count(*) AS n, avg(pnl) AS mean, stddev_samp(pnl) AS sd, min(pnl) AS least, max(pnl) AS most,
               percentile_cont(0.05) WITHIN GROUP (ORDER BY pnl::float8)::numeric AS q05,
               percentile_cont(0.01) WITHIN GROUP (ORDER BY pnl::float8)::numeric AS q01,
               -avg(pnl) FILTER (WHERE place <= ceil(0.05 * n)) AS shortfall
        FROM ranked GROUP BY base
    )
    SELECT base, n, mean, sd, least, most, q05, q01, greatest(0, -q05), greatest(0, -q01), shortfall, n < 100, NULL
    FROM numbers WHERE n >= 20
    UNION ALL
    SELECT base, n, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, true, format('%s of 20 days', n)
    FROM numbers WHERE n < 20
    ORDER BY 1
$body$;
