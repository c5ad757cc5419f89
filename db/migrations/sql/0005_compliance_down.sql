DROP VIEW current_compliance_test_results;
DROP VIEW current_collateral_pool_metrics;
DROP VIEW current_compliance_runs;
DROP TABLE deal_limits;
DROP TABLE compliance_baselines;
-- What compliance runs found goes with them: without this revision nothing reads it.
DELETE FROM runs WHERE kind = 'compliance';
DELETE FROM compliance_tests AS t WHERE NOT EXISTS (SELECT FROM compliance_test_results AS r WHERE r.test_id = t.test_id);

ALTER TABLE collateral_pool_metrics
    DROP COLUMN principal_cash,
    DROP COLUMN collateral_principal_amount,
    DROP COLUMN defaulted_par,
    DROP COLUMN unpriced_par,
    DROP COLUMN unrated_percentage,
    DROP COLUMN weighted_average_spread,
    DROP COLUMN weighted_average_recovery,
    DROP COLUMN weighted_average_rating_factor,
    DROP COLUMN diversity_score,
    DROP COLUMN number_of_assets,
    DROP COLUMN number_of_obligors,
    DROP COLUMN obligor_concentrations;

ALTER TABLE compliance_test_results
    DROP COLUMN direction,
    DROP COLUMN unit,
    DROP COLUMN threshold_source,
    DROP COLUMN baseline,
    DROP COLUMN cushion,
    DROP COLUMN is_applicable,
    DROP COLUMN is_maintained,
    DROP COLUMN ranked_name,
    DROP COLUMN drivers;

ALTER TABLE compliance_tests
    DROP COLUMN unit,
    DROP COLUMN standing,
    DROP COLUMN parameters,
    DROP COLUMN asset_facts,
    ALTER COLUMN regulatory_source TYPE VARCHAR(100);

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
