ALTER TABLE asset_cash_flows DROP CONSTRAINT idx_cash_flows_asset_period;
ALTER TABLE asset_cash_flows ADD CONSTRAINT pk_asset_cash_flows PRIMARY KEY (run_id, blkrock_id, period_number, run_at);
DROP INDEX idx_cash_flows_run;
CREATE INDEX idx_cash_flows_asset_period ON asset_cash_flows
    USING brin (blkrock_id, period_number) WITH (autosummarize = on, pages_per_range = 16);
