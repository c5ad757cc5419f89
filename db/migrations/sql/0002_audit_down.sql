DROP FUNCTION ensure_run_partitions(timestamptz);
DROP FUNCTION audit_row_changes() CASCADE;
DROP FUNCTION keep_updated_at() CASCADE;
DROP FUNCTION keep_asset_flags() CASCADE;
