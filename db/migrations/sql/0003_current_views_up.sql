CREATE VIEW current_runs AS
SELECT DISTINCT ON (deal_id, as_of) run_id, started_at AS run_at, deal_id, as_of, scenario, mode
FROM runs
WHERE status = 'finished' AND kind = 'deal'
ORDER BY deal_id, as_of, started_at DESC, run_id DESC;

CREATE VIEW current_asset_cash_flows AS
SELECT r.id,
       r.blkrock_id,
       r.period_number,
       r.payment_date,
       r.accrual_start_date,
       r.accrual_end_date,
       r.beginning_balance,
       r.ending_balance,
       r.default_balance,
       r.mv_default_balance,
       r.interest_payment,
       r.scheduled_principal,
       r.unscheduled_principal,
       r.default_amount,
       r.recoveries,
       r.net_loss,
       r.purchases,
       r.sales,
       r.total_cash_flow,
       run.deal_id,
       run.as_of,
       run.run_id
FROM current_runs AS run JOIN asset_cash_flows AS r ON r.run_id = run.run_id AND r.run_at = run.run_at;

CREATE VIEW current_collateral_pool_metrics AS
SELECT r.pool_id,
       r.deal_id,
       r.calculation_date,
       r.total_par_amount,
       r.total_market_value,
       r.weighted_average_life,
       r.weighted_average_coupon,
       r.aaa_percentage,
       r.aa_percentage,
       r.a_percentage,
       r.baa_percentage,
       r.ba_percentage,
       r.b_percentage,
       r.below_b_percentage,
       r.industry_concentrations,
       r.geographic_concentrations,
       r.period_number,
       r.interest_collections,
       r.principal_collections,
       r.total_collections,
       run.as_of,
       run.run_id
FROM current_runs AS run JOIN collateral_pool_metrics AS r ON r.run_id = run.run_id AND r.run_at = run.run_at;

CREATE VIEW current_compliance_test_results AS
SELECT r.result_id,
       r.deal_id,
       r.test_id,
       r.test_date,
       r.calculated_value,
       r.threshold_value,
       r.pass_fail,
       r.numerator,
       r.denominator,
       r.test_comments,
       run.as_of,
       run.run_id
FROM current_runs AS run JOIN compliance_test_results AS r ON r.run_id = run.run_id AND r.run_at = run.run_at;

CREATE VIEW current_fee_calculations AS
SELECT r.fee_id,
       r.deal_id,
       r.period_number,
       r.fee_name,
       r.fee_type,
       r.fee_percentage,
       r.fixed_amount,
       r.day_count_convention,
       r.begin_date,
       r.end_date,
       r.beginning_basis,
       r.ending_basis,
       r.fee_basis,
       r.interest_on_fee,
       r.interest_spread,
       r.libor_rate,
       r.fee_accrued,
       r.fee_paid,
       r.unpaid_balance,
       run.as_of,
       run.run_id
FROM current_runs AS run JOIN fee_calculations AS r ON r.run_id = run.run_id AND r.run_at = run.run_at;

CREATE VIEW current_ic_triggers AS
SELECT r.trigger_id,
       r.deal_id,
       r.tranche_name,
       r.trigger_name,
       r.ic_threshold,
       r.period_number,
       r.numerator,
       r.denominator,
       r.liability_balance,
       r.calculated_ratio,
       r.pass_fail,
       r.cure_amount,
       r.prior_cure_payments,
       r.cure_amount_paid,
       run.as_of,
       run.run_id
FROM current_runs AS run JOIN ic_triggers AS r ON r.run_id = run.run_id AND r.run_at = run.run_at;

CREATE VIEW current_liability_cash_flows AS
SELECT r.id,
       r.liability_id,
       r.period_number,
       r.payment_date,
       r.beginning_balance,
       r.ending_balance,
       r.deferred_beginning_balance,
       r.deferred_ending_balance,
       r.coupon_rate,
       r.interest_due,
       r.interest_paid,
       r.interest_deferred,
       r.principal_payment,
       r.deferred_interest_accrued,
       r.deferred_interest_paid,
       r.deferred_principal_paid,
       run.deal_id,
       run.as_of,
       run.run_id
FROM current_runs AS run JOIN liability_cash_flows AS r ON r.run_id = run.run_id AND r.run_at = run.run_at;

CREATE VIEW current_liability_risk AS
SELECT r.id,
       r.liability_id,
       r.last_period,
       r.input_price,
       r.input_discount_margin,
       r.calculated_yield,
       r.calculated_dm,
       r.calculated_price,
       r.weighted_average_life,
       r.macaulay_duration,
       r.modified_duration,
       run.deal_id,
       run.as_of,
       run.run_id
FROM current_runs AS run JOIN liability_risk AS r ON r.run_id = run.run_id AND r.run_at = run.run_at;

CREATE VIEW current_oc_triggers AS
SELECT r.trigger_id,
       r.deal_id,
       r.tranche_name,
       r.trigger_name,
       r.oc_threshold,
       r.period_number,
       r.numerator,
       r.denominator,
       r.calculated_ratio,
       r.pass_fail,
       r.interest_cure_amount,
       r.principal_cure_amount,
       r.prior_interest_cure,
       r.prior_principal_cure,
       r.interest_cure_paid,
       r.principal_cure_paid,
       run.as_of,
       run.run_id
FROM current_runs AS run JOIN oc_triggers AS r ON r.run_id = run.run_id AND r.run_at = run.run_at;

CREATE VIEW current_pool_cash_flows AS
SELECT r.id,
       r.deal_id,
       r.pool,
       r.period_number,
       r.performing_begin,
       r.default_balance_begin,
       r.default_market_value_begin,
       r.default_amount,
       r.default_market_value,
       r.interest,
       r.scheduled_principal,
       r.unscheduled_principal,
       r.recoveries,
       r.net_loss,
       r.sold,
       run.as_of,
       run.run_id
FROM current_runs AS run JOIN pool_cash_flows AS r ON r.run_id = run.run_id AND r.run_at = run.run_at;

CREATE VIEW current_waterfall_executions AS
SELECT r.execution_id,
       r.deal_id,
       r.period_number,
       r.payment_date,
       r.interest_determination_date,
       r.collection_begin,
       r.collection_end,
       r.interest_proceeds,
       r.principal_proceeds,
       r.notes_payable,
       r.reinvested,
       r.index_rate,
       r.incentive_threshold,
       r.incentive_fee_paid,
       r.equity_irr,
       run.as_of,
       run.run_id
FROM current_runs AS run JOIN waterfall_executions AS r ON r.run_id = run.run_id AND r.run_at = run.run_at;

CREATE VIEW current_waterfall_steps AS
SELECT r.id,
       r.deal_id,
       r.sequence,
       r.period_number,
       r.section,
       r.step,
       r.step_text,
       r.cash_before,
       r.paid,
       r.cash_after,
       run.as_of,
       run.run_id
FROM current_runs AS run JOIN waterfall_steps AS r ON r.run_id = run.run_id AND r.run_at = run.run_at;

CREATE VIEW current_liabilities AS
SELECT l.liability_id,
       l.deal_id,
       l.tranche_id,
       l.tranche_name,
       l.original_balance,
       l.current_balance,
       l.deferred_balance,
       l.is_pikable,
       l.is_equity_tranche,
       l.libor_spread,
       l.coupon_type,
       l.day_count_convention,
       l.input_price,
       l.input_discount_margin,
       l.analysis_date,
       k.calculated_yield,
       k.calculated_dm,
       k.calculated_price,
       k.weighted_average_life,
       k.macaulay_duration,
       k.modified_duration,
       l.oc_trigger,
       l.ic_trigger,
       k.as_of,
       k.run_id
FROM liabilities AS l LEFT JOIN LATERAL (
    SELECT * FROM current_liability_risk AS c WHERE c.liability_id = l.liability_id ORDER BY c.as_of DESC LIMIT 1
) AS k ON true;
