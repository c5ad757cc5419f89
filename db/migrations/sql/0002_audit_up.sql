CREATE FUNCTION audit_row_changes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
-- Arguments of the trigger: the columns of the table's key.
DECLARE
    old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    present jsonb := coalesce(new_row, old_row);
    changed text[];
BEGIN
    SELECT coalesce(array_agg(key ORDER BY key), '{}') INTO changed
    FROM jsonb_each(coalesce(old_row, '{}')) AS o FULL JOIN jsonb_each(coalesce(new_row, '{}')) AS n USING (key)
    WHERE o.value IS DISTINCT FROM n.value AND key <> 'updated_at';
    IF TG_OP = 'UPDATE' AND changed = '{}' THEN
        RETURN NULL;
    END IF;
    INSERT INTO asset_history (table_name, row_key, blkrock_id, property_name, property_value, operation,
                               old_row, new_row, changed_columns, changed_by, changed_at)
    VALUES (TG_TABLE_NAME,
            (SELECT string_agg(present ->> name, '/' ORDER BY place) FROM unnest(TG_ARGV) WITH ORDINALITY AS k (name, place)),
            present ->> 'blkrock_id', TG_OP, present, TG_OP, old_row, new_row, changed,
            coalesce(nullif(current_setting('clodesk.user', true), ''), session_user), clock_timestamp());
    RETURN NULL;
END
$body$;

CREATE FUNCTION keep_updated_at() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.updated_at := clock_timestamp();
    END IF;
    RETURN NEW;
END
$body$;

CREATE FUNCTION keep_asset_flags() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    NEW.flags := coalesce(NEW.flags, '{}') || jsonb_build_object(
        'pik_asset', NEW.pik_asset,
        'piking', NEW.piking,
        'default_asset', NEW.default_asset,
        'delay_drawdown', NEW.delay_drawdown,
        'revolver', NEW.revolver,
        'letter_of_credit', NEW.letter_of_credit,
        'participation', NEW.participation,
        'dip', NEW.dip,
        'convertible', NEW.convertible,
        'struct_finance', NEW.struct_finance,
        'bridge_loan', NEW.bridge_loan,
        'current_pay', NEW.current_pay,
        'cov_lite', NEW.cov_lite,
        'first_lien_last_out', NEW.first_lien_last_out,
        'eom_flag', NEW.eom_flag);
    RETURN NEW;
END
$body$;

CREATE TRIGGER a_keep_asset_flags BEFORE INSERT OR UPDATE ON assets
    FOR EACH ROW EXECUTE FUNCTION keep_asset_flags();

CREATE TRIGGER keep_updated_at BEFORE UPDATE ON assets
    FOR EACH ROW EXECUTE FUNCTION keep_updated_at();
CREATE TRIGGER keep_updated_at BEFORE UPDATE ON assumption_sets
    FOR EACH ROW EXECUTE FUNCTION keep_updated_at();
CREATE TRIGGER keep_updated_at BEFORE UPDATE ON scenarios
    FOR EACH ROW EXECUTE FUNCTION keep_updated_at();

CREATE TRIGGER asset_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON assets
    FOR EACH ROW EXECUTE FUNCTION audit_row_changes('blkrock_id');
CREATE TRIGGER clo_deal_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON clo_deals
    FOR EACH ROW EXECUTE FUNCTION audit_row_changes('deal_id');
CREATE TRIGGER clo_tranche_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON clo_tranches
    FOR EACH ROW EXECUTE FUNCTION audit_row_changes('tranche_id');
CREATE TRIGGER liability_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON liabilities
    FOR EACH ROW EXECUTE FUNCTION audit_row_changes('deal_id', 'tranche_name');
CREATE TRIGGER deal_asset_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON deal_assets
    FOR EACH ROW EXECUTE FUNCTION audit_row_changes('deal_id', 'blkrock_id');
CREATE TRIGGER waterfall_configuration_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON waterfall_configurations
    FOR EACH ROW EXECUTE FUNCTION audit_row_changes('deal_id', 'config_name', 'version');
CREATE TRIGGER mag_waterfall_config_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON mag_waterfall_configs
    FOR EACH ROW EXECUTE FUNCTION audit_row_changes('config_id');
CREATE TRIGGER assumption_set_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON assumption_sets
    FOR EACH ROW EXECUTE FUNCTION audit_row_changes('name');
CREATE TRIGGER scenario_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON scenarios
    FOR EACH ROW EXECUTE FUNCTION audit_row_changes('name');

CREATE FUNCTION ensure_run_partitions(at timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
-- One partition of every result table for the month (UTC) of a run; how many were made. Rows that already lie in a
-- default partition keep their month there.
DECLARE
    first_day timestamptz := date_trunc('month', at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    next_first timestamptz := (date_trunc('month', at AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
    parent name;
    leaf text;
    is_taken boolean;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(3001002);
    FOR parent IN
        SELECT c.relname FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
        WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'runs'::regclass) ORDER BY 1
    LOOP
        leaf := parent || to_char(at AT TIME ZONE 'UTC', '_YYYY_MM');
        CONTINUE WHEN to_regclass(leaf) IS NOT NULL;
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE run_at >= $1 AND run_at < $2)', parent || '_default')
            INTO is_taken USING first_day, next_first;
        CONTINUE WHEN is_taken;
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', leaf, parent, first_day, next_first);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$body$;

REVOKE EXECUTE ON FUNCTION audit_row_changes() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION ensure_run_partitions(timestamptz) FROM PUBLIC;
