DROP INDEX idx_cash_flows_asset_period;
ALTER TABLE asset_cash_flows DROP CONSTRAINT pk_asset_cash_flows;
ALTER TABLE asset_cash_flows
    ADD CONSTRAINT idx_cash_flows_asset_period PRIMARY KEY (blkrock_id, period_number, run_id, run_at);
CREATE INDEX idx_cash_flows_run ON asset_cash_flows USING brin (run_id) WITH (autosummarize = on);
