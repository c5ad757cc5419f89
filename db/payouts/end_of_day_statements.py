"""The statements of an end of day: from the tables of the transaction into place (spec 07 §14.1, §15, §16.3)."""

PROGRESS = """
WITH last_run AS (
    -- A day of the past that is run again sees no cash flow that ended after it: changes stay new until the last is.
    SELECT coalesce(max(started_at), '-infinity') AS started FROM job_runs
     WHERE kind = %(kind)s AND status = 'FINISHED'
       AND as_of = (SELECT max(as_of) FROM job_runs WHERE kind = %(kind)s AND status = 'FINISHED'))
SELECT c.contract_id, max(c.calculation_date),
       min(c.accrual_end_date) FILTER (WHERE c.cashflow_status = 'ACCRUED'),
       (SELECT min(v.valid_from) FROM contract_versions v, last_run
         WHERE v.contract_id = c.contract_id AND v.version > 1 AND v.system_from >= last_run.started)
  FROM cashflows c
 WHERE c.contract_id = ANY(%(ids)s)
 GROUP BY c.contract_id
"""

CANCEL_VANISHED = """
WITH gone AS (
    UPDATE cashflows c
       SET cashflow_status = 'CANCELLED', version = c.version + 1
     WHERE c.contract_id = ANY(%(contracts)s) AND c.cashflow_status = 'ACCRUED' AND c.cashflow_type <> 'ADJUSTMENT'
       AND c.accrual_start_date <= %(as_of)s AND NOT EXISTS (SELECT FROM kept_flows k WHERE k.id = c.id)
    RETURNING c.id, c.cashflow_reference),
history AS (
    INSERT INTO cashflow_status_history (cashflow_id, from_status, to_status, status_change_reason, effective_date)
    SELECT id, 'ACCRUED', 'CANCELLED', %(reason)s, %(as_of)s FROM gone)
INSERT INTO payout_outbox (topic, payload)
SELECT 'cashflow.cancelled', jsonb_build_object('cashflow', cashflow_reference) FROM gone
"""

FLOWS_TABLE = """
DROP TABLE IF EXISTS generated_flows;
CREATE TEMPORARY TABLE generated_flows (
    row int8, id uuid, cashflow_reference text, contract_id uuid, leg_id uuid, lot_id uuid, business_event_id uuid,
    dividend_event_id uuid, cashflow_type text, cashflow_subtype text, generation_sequence int8, amount float8,
    currency text, payer_party_id uuid, receiver_party_id uuid, accrual_start_date date, accrual_end_date date,
    payment_date date, is_estimated boolean, input_hash text, performance_payout_id uuid, interest_rate_payout_id uuid,
    fixed_price_payout_id uuid
) ON COMMIT DROP
"""

PUT_FLOWS = """
INSERT INTO cashflows AS c (
    id, cashflow_reference, contract_id, leg_id, performance_payout_id, interest_rate_payout_id, fixed_price_payout_id,
    lot_id, business_event_id, dividend_event_id, cashflow_type, cashflow_subtype, generation_sequence, amount,
    currency, payer_party_id, receiver_party_id, accrual_start_date, accrual_end_date, payment_date, calculation_date,
    input_hash, engine_version, calculation_method, business_metadata)
SELECT g.id, g.cashflow_reference, g.contract_id, g.leg_id, g.performance_payout_id, g.interest_rate_payout_id,
       g.fixed_price_payout_id, g.lot_id, e.id, d.id, g.cashflow_type, g.cashflow_subtype, g.generation_sequence,
       g.amount::text::numeric, g.currency, g.payer_party_id, g.receiver_party_id, g.accrual_start_date,
       g.accrual_end_date, g.payment_date, %(as_of)s, g.input_hash, %(version)s, 'MARK_TO_MARKET',
       CASE WHEN g.is_estimated THEN '{"is_estimate": true}'::jsonb END
  FROM generated_flows g
  LEFT JOIN business_events e ON e.id = g.business_event_id
  LEFT JOIN dividend_events d ON d.id = g.dividend_event_id
 WHERE g.amount IS NOT NULL
    ON CONFLICT (id) DO UPDATE
   SET amount = excluded.amount, payer_party_id = excluded.payer_party_id,
       receiver_party_id = excluded.receiver_party_id, payment_date = excluded.payment_date,
       calculation_date = excluded.calculation_date, input_hash = excluded.input_hash,
       engine_version = excluded.engine_version, business_metadata = excluded.business_metadata
 WHERE c.cashflow_status = 'ACCRUED' AND c.input_hash IS DISTINCT FROM excluded.input_hash
   AND c.calculation_date <= excluded.calculation_date
"""

FIRST_HISTORY = """
INSERT INTO cashflow_status_history (cashflow_id, from_status, to_status, status_change_reason, effective_date)
SELECT c.id, NULL, 'ACCRUED', 'generated', %(as_of)s
  FROM generated_flows g
  JOIN cashflows c ON c.id = g.id
 WHERE NOT EXISTS (SELECT FROM cashflow_status_history h WHERE h.cashflow_id = c.id)
"""

PUT_CORRECTIONS = """
INSERT INTO cashflows (
    id, cashflow_reference, contract_id, leg_id, performance_payout_id, interest_rate_payout_id, fixed_price_payout_id,
    lot_id, business_event_id, dividend_event_id, cashflow_type, cashflow_subtype, generation_sequence, amount,
    currency, payer_party_id, receiver_party_id, accrual_start_date, accrual_end_date, payment_date, calculation_date,
    input_hash, calculation_method, supersedes_cashflow_id)
SELECT gen_random_uuid(), w.cashflow_reference || '/C' || w.n_before + 1, w.contract_id, w.leg_id,
       w.performance_payout_id, w.interest_rate_payout_id, w.fixed_price_payout_id, w.lot_id, w.business_event_id,
       w.dividend_event_id, 'ADJUSTMENT', 'CORRECTION',
       (('x' || substr(md5(w.cashflow_reference), 1, 6))::bit(24)::int) + w.n_before, w.difference, w.currency,
       CASE WHEN w.difference < 0 THEN w.ours ELSE w.theirs END,
       CASE WHEN w.difference < 0 THEN w.theirs ELSE w.ours END,
       w.accrual_start_date, w.accrual_end_date, w.next_payment, %(as_of)s, w.input_hash, 'MARK_TO_MARKET', w.last_id
  FROM (SELECT c.*, g.input_hash AS new_hash, ch.n_before, ch.last_id,
               round(g.amount::text::numeric(28, 10), m.digits) - ch.total AS difference, m.digits,
               k.reporting_party_id AS ours,
               CASE WHEN k.reporting_party_id = k.party1_id THEN k.party2_id ELSE k.party1_id END AS theirs,
               coalesce((SELECT min(p.payment_date) FROM cashflows p
                          WHERE p.leg_id = c.leg_id AND p.payment_date > %(as_of)s),
                        %(as_of)s::date + 2) AS next_payment
          FROM generated_flows g
          JOIN cashflows c ON c.id = g.id
           AND c.cashflow_status IN ('REALIZED_DEFERRED', 'REALIZED_UNSETTLED', 'REALIZED_SETTLED')
           AND c.accrual_end_date <= %(as_of)s
          JOIN contracts k ON k.id = c.contract_id
          CROSS JOIN LATERAL (SELECT coalesce((%(minor)s::jsonb ->> c.currency::text)::int, 2) AS digits) m
          CROSS JOIN LATERAL (
                WITH RECURSIVE chain AS (
                    SELECT c.id, c.settlement_amount, 0 AS place
                    UNION ALL
                    SELECT a.id, coalesce(a.settlement_amount, a.amount), chain.place + 1
                      FROM cashflows a JOIN chain ON a.supersedes_cashflow_id = chain.id
                     WHERE a.cashflow_status <> 'CANCELLED')
                SELECT sum(settlement_amount) AS total, count(*) - 1 AS n_before,
                       (array_agg(id ORDER BY place DESC))[1] AS last_id FROM chain) ch
         WHERE g.amount IS NOT NULL AND NOT g.is_estimated) w
 WHERE abs(w.difference) >= 0.5 * power(10::numeric, -w.digits)
"""

REALISE = """
WITH moved AS (
    UPDATE cashflows c
       SET cashflow_status = 'REALIZED_UNSETTLED', realization_date = %(as_of)s,
           settlement_amount = round(c.amount, coalesce((%(minor)s::jsonb ->> c.currency::text)::int, 2)),
           version = c.version + 1
     WHERE c.id = ANY(%(keys)s) AND c.cashflow_status = 'ACCRUED'
    RETURNING c.id, c.cashflow_reference, c.settlement_amount, c.currency, c.payment_date),
history AS (
    INSERT INTO cashflow_status_history (
        cashflow_id, from_status, to_status, status_change_reason, effective_date, idempotency_key)
    SELECT id, 'ACCRUED', 'REALIZED_UNSETTLED', 'period ended', %(as_of)s, 'realise ' || id::text FROM moved)
INSERT INTO payout_outbox (topic, payload)
SELECT 'cashflow.realised', jsonb_build_object('cashflow', cashflow_reference, 'amount', settlement_amount,
       'currency', currency, 'payment_date', payment_date, 'run', %(run)s::text)
  FROM moved
"""

ACCRUALS_TABLE = """
DROP TABLE IF EXISTS generated_accruals;
CREATE TEMPORARY TABLE generated_accruals (
    cashflow_id uuid, accrual_date date, business_date date, cumulative float8, cumulative_before float8,
    year_fraction float8, year_fraction_before float8, notional float8, rate_or_price float8, is_business_day boolean,
    is_estimated boolean
) ON COMMIT DROP
"""

PUT_ACCRUALS = """
INSERT INTO daily_accruals AS a (
    cashflow_id, contract_id, leg_id, accrual_date, business_date, daily_accrual_amount, cumulative_accrual_amount,
    currency, accrual_factor, notional_amount, rate_or_price, is_business_day, market_data_snapshot, run_id)
SELECT c.id, c.contract_id, c.leg_id, g.accrual_date, g.business_date,
       g.cumulative::text::numeric(28, 10) - g.cumulative_before::text::numeric(28, 10), g.cumulative::text::numeric,
       c.currency, g.year_fraction::text::numeric(20, 15) - g.year_fraction_before::text::numeric(20, 15),
       g.notional::text::numeric, g.rate_or_price::text::numeric, g.is_business_day,
       CASE WHEN g.is_estimated THEN '{"confidence": "MEDIUM"}'::jsonb END, %(run_id)s
  FROM generated_accruals g
  JOIN cashflows c ON c.id = g.cashflow_id AND c.cashflow_status = 'ACCRUED'
 WHERE g.cumulative + g.cumulative_before IS NOT NULL
    ON CONFLICT (cashflow_id, accrual_date) DO UPDATE
   SET daily_accrual_amount = excluded.daily_accrual_amount,
       cumulative_accrual_amount = excluded.cumulative_accrual_amount, accrual_factor = excluded.accrual_factor,
       notional_amount = excluded.notional_amount, rate_or_price = excluded.rate_or_price,
       market_data_snapshot = excluded.market_data_snapshot, run_id = excluded.run_id
 WHERE (a.daily_accrual_amount, a.cumulative_accrual_amount, a.accrual_factor, a.notional_amount, a.rate_or_price,
        a.market_data_snapshot)
       IS DISTINCT FROM
       (excluded.daily_accrual_amount, excluded.cumulative_accrual_amount, excluded.accrual_factor,
        excluded.notional_amount, excluded.rate_or_price, excluded.market_data_snapshot)
"""

PNL_TABLE = """
DROP TABLE IF EXISTS generated_pnl;
CREATE TEMPORARY TABLE generated_pnl (
    contract_id uuid, leg_id uuid, price float8, dividend float8, interest float8, fx float8, other float8,
    currency text, base_rate float8, confidence text, method text, is_month_end boolean, is_quarter_end boolean,
    is_year_end boolean
) ON COMMIT DROP
"""

PUT_PNL = """
INSERT INTO unrealized_pnl_timeseries AS u (
    contract_id, leg_id, valuation_date, snapshot_label, business_date, unrealized_pnl_amount, unrealized_pnl_currency,
    price_pnl_amount, dividend_pnl_amount, interest_pnl_amount, fx_pnl_amount, other_pnl_amount,
    realized_since_previous, base_currency, base_currency_amount, base_fx_rate, valuation_method, confidence_level,
    is_month_end, is_quarter_end, is_year_end, run_id)
SELECT n.contract_id, n.leg_id, %(as_of)s, %(label)s, %(as_of)s, n.price + n.dividend + n.interest + n.fx + n.other,
       n.currency, n.price, n.dividend, n.interest, n.fx, n.other, coalesce(r.realized, 0),
       CASE WHEN n.base_rate IS NOT NULL THEN %(base)s END,
       (n.price + n.dividend + n.interest + n.fx + n.other) * n.base_rate, n.base_rate, n.method, n.confidence,
       n.is_month_end, n.is_quarter_end, n.is_year_end, %(run_id)s
  FROM (SELECT g.contract_id, g.leg_id, g.currency, g.price::text::numeric(28, 10) AS price,
               g.dividend::text::numeric(28, 10) AS dividend, g.interest::text::numeric(28, 10) AS interest,
               g.fx::text::numeric(28, 10) AS fx, g.other::text::numeric(28, 10) AS other,
               g.base_rate::text::numeric(28, 15) AS base_rate, g.method, g.confidence, g.is_month_end,
               g.is_quarter_end, g.is_year_end
          FROM generated_pnl g WHERE g.price + g.dividend + g.interest + g.fx + g.other IS NOT NULL) n
  LEFT JOIN LATERAL (
        SELECT p.valuation_date AS previous, j.finished_at FROM unrealized_pnl_timeseries p
          LEFT JOIN job_runs j ON j.run_id = p.run_id
         WHERE p.contract_id = n.contract_id AND p.leg_id = n.leg_id AND p.snapshot_label = %(label)s
           AND p.valuation_date < %(as_of)s
         ORDER BY p.valuation_date DESC LIMIT 1) b ON true
  LEFT JOIN LATERAL (
        SELECT sum(c.settlement_amount) AS realized FROM cashflows c
         WHERE c.leg_id = n.leg_id AND c.realization_date <= %(as_of)s
           AND (c.realization_date > coalesce(b.previous, '-infinity'::date)
                -- Realised by hand for the day before or earlier, after the row of that day was written.
                OR c.updated_at > b.finished_at AND EXISTS (
                    SELECT FROM cashflow_status_history h
                     WHERE h.cashflow_id = c.id AND h.from_status = 'ACCRUED' AND h.changed_at > b.finished_at))) r
         ON true
    ON CONFLICT (contract_id, leg_id, valuation_date, snapshot_label) DO UPDATE
   SET unrealized_pnl_amount = excluded.unrealized_pnl_amount, price_pnl_amount = excluded.price_pnl_amount,
       dividend_pnl_amount = excluded.dividend_pnl_amount, interest_pnl_amount = excluded.interest_pnl_amount,
       fx_pnl_amount = excluded.fx_pnl_amount, other_pnl_amount = excluded.other_pnl_amount,
       realized_since_previous = excluded.realized_since_previous, base_currency = excluded.base_currency,
       base_currency_amount = excluded.base_currency_amount, base_fx_rate = excluded.base_fx_rate,
       valuation_method = excluded.valuation_method, confidence_level = excluded.confidence_level,
       revision = u.revision + 1, run_id = excluded.run_id
 WHERE (u.price_pnl_amount, u.dividend_pnl_amount, u.interest_pnl_amount, u.fx_pnl_amount, u.other_pnl_amount,
        u.realized_since_previous, u.base_currency_amount, u.confidence_level, u.valuation_method)
       IS DISTINCT FROM
       (excluded.price_pnl_amount, excluded.dividend_pnl_amount, excluded.interest_pnl_amount, excluded.fx_pnl_amount,
        excluded.other_pnl_amount, excluded.realized_since_previous, excluded.base_currency_amount,
        excluded.confidence_level, excluded.valuation_method)
"""
