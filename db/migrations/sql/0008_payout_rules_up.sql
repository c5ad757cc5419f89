CREATE FUNCTION keep_last_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.updated_at := clock_timestamp();
        NEW.updated_by := coalesce(nullif(current_setting('clodesk.user', true), ''), session_user);
    END IF;
    RETURN NEW;
END
$body$;

-- All tables with the two columns. Fixings and daily rows have none: they are written by the hundred thousand, and a
-- trigger a row would take longer than the row; `known_at` and `run_id` tell where they come from.
DO $body$
DECLARE
    audited name;
BEGIN
    FOR audited IN
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND column_name = 'updated_by' ORDER BY 1
    LOOP
        EXECUTE format('CREATE TRIGGER keep_last_change BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION keep_last_change()', audited);
    END LOOP;
END
$body$;

CREATE FUNCTION check_payout_returns() RETURNS trigger LANGUAGE plpgsql AS $body$
-- At the commit: the returns of a payout make a legal set, and their copy of its notional mode is true.
DECLARE
    changed jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    payout uuid := (changed ->> CASE WHEN TG_TABLE_NAME = 'return_terms' THEN 'performance_payout_id' ELSE 'id' END)::uuid;
    mode text;
    found text;
BEGIN
    SELECT notional_mode INTO mode FROM performance_payout WHERE id = payout;
    IF mode IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(string_agg(return_type, '+' ORDER BY return_type), 'nothing') INTO found
    FROM return_terms WHERE performance_payout_id = payout;
    IF found NOT IN ('PRICE', 'DIVIDEND+PRICE', 'DIVIDEND', 'VARIANCE', 'VOLATILITY', 'CORRELATION') THEN
        RAISE EXCEPTION 'a payout cannot return %', found USING
            ERRCODE = 'check_violation', CONSTRAINT = 'ck_return_terms_legal_set', TABLE = 'return_terms',
            HINT = 'Legal are PRICE, PRICE with DIVIDEND, DIVIDEND, VARIANCE, VOLATILITY and CORRELATION.';
    END IF;
    IF EXISTS (SELECT FROM return_terms WHERE performance_payout_id = payout AND is_cumulative <> (mode = 'CUMULATIVE')) THEN
        RAISE EXCEPTION 'is_cumulative contradicts the notional mode %', mode USING
            ERRCODE = 'check_violation', CONSTRAINT = 'ck_return_terms_is_cumulative', TABLE = 'return_terms';
    END IF;
    RETURN NULL;
END
$body$;

CREATE CONSTRAINT TRIGGER check_payout_returns AFTER INSERT OR UPDATE OR DELETE ON return_terms
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_payout_returns();
CREATE CONSTRAINT TRIGGER check_payout_returns AFTER INSERT OR UPDATE OF notional_mode ON performance_payout
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_payout_returns();

CREATE FUNCTION check_composition() RETURNS trigger LANGUAGE plpgsql AS $body$
-- At the commit: a composition has one kind of weight, and every weight once it is complete.
DECLARE
    changed jsonb := to_jsonb(NEW);
    composition uuid := (changed ->> CASE WHEN TG_TABLE_NAME = 'basket_constituents' THEN 'composition_id' ELSE 'id' END)::uuid;
    standing text;
    kinds integer;
    missing integer;
BEGIN
    SELECT status INTO standing FROM basket_compositions WHERE id = composition;
    IF standing IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT count(DISTINCT weight_type), count(*) FILTER (WHERE weight_type IS NULL) INTO kinds, missing
    FROM basket_constituents WHERE composition_id = composition;
    IF kinds > 1 OR standing = 'COMPLETE' AND missing > 0 THEN
        RAISE EXCEPTION 'a % composition has % kinds of weight and % constituents without one', standing, kinds, missing USING
            ERRCODE = 'check_violation', CONSTRAINT = 'ck_basket_constituents_weights', TABLE = 'basket_constituents';
    END IF;
    RETURN NULL;
END
$body$;

CREATE CONSTRAINT TRIGGER check_composition AFTER INSERT OR UPDATE ON basket_constituents
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_composition();
CREATE CONSTRAINT TRIGGER check_composition AFTER INSERT OR UPDATE OF status ON basket_compositions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_composition();

CREATE FUNCTION guard_new_cashflow() RETURNS trigger LANGUAGE plpgsql AS $body$
-- A cashflow begins ACCRUED, and its payout is that of its leg.
BEGIN
    IF NEW.cashflow_status <> 'ACCRUED' THEN
        RAISE EXCEPTION 'a cashflow begins ACCRUED, not %', NEW.cashflow_status USING
            ERRCODE = 'check_violation', CONSTRAINT = 'ck_cashflows_first_status', TABLE = 'cashflows';
    END IF;
    IF NOT EXISTS (
        SELECT FROM performance_payout WHERE id = NEW.performance_payout_id AND leg_id = NEW.leg_id
        UNION ALL SELECT FROM interest_rate_payouts WHERE id = NEW.interest_rate_payout_id AND leg_id = NEW.leg_id
        UNION ALL SELECT FROM fixed_price_payouts WHERE id = NEW.fixed_price_payout_id AND leg_id = NEW.leg_id
    ) THEN
        RAISE EXCEPTION 'the payout of cashflow % is not that of its leg', NEW.cashflow_reference USING
            ERRCODE = 'foreign_key_violation', CONSTRAINT = 'fk_cashflows_payout_of_leg', TABLE = 'cashflows';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER guard_new_cashflow BEFORE INSERT ON cashflows
    FOR EACH ROW EXECUTE FUNCTION guard_new_cashflow();

CREATE FUNCTION is_cashflow_move(from_status text, to_status text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$
-- The table of moves; an extension of a deferral keeps the status and is one of them.
    SELECT CASE from_status
        WHEN 'ACCRUED' THEN to_status IN ('REALIZED_DEFERRED', 'REALIZED_UNSETTLED', 'CANCELLED', 'ADJUSTED')
        WHEN 'REALIZED_DEFERRED' THEN to_status IN ('REALIZED_DEFERRED', 'REALIZED_UNSETTLED', 'CANCELLED', 'ADJUSTED')
        WHEN 'REALIZED_UNSETTLED' THEN to_status IN ('REALIZED_SETTLED', 'CANCELLED', 'ADJUSTED')
        WHEN 'REALIZED_SETTLED' THEN to_status = 'ADJUSTED'
        ELSE false END
$body$;

CREATE FUNCTION guard_cashflow() RETURNS trigger LANGUAGE plpgsql AS $body$
-- No move outside the table, and no change of what a cashflow says once it has left ACCRUED.
BEGIN
    IF NEW.cashflow_status <> OLD.cashflow_status AND NOT is_cashflow_move(OLD.cashflow_status, NEW.cashflow_status) THEN
        RAISE EXCEPTION 'cashflow % cannot go from % to %', OLD.cashflow_reference, OLD.cashflow_status, NEW.cashflow_status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_cashflows_transition', TABLE = 'cashflows';
    END IF;
    IF OLD.cashflow_status <> 'ACCRUED' AND (
        OLD.contract_id, OLD.leg_id, OLD.cashflow_reference, OLD.cashflow_type, OLD.cashflow_subtype,
        OLD.accrual_start_date, OLD.accrual_end_date, OLD.amount, OLD.settlement_amount, OLD.currency,
        OLD.payer_party_id, OLD.receiver_party_id, OLD.realization_date
    ) IS DISTINCT FROM (
        NEW.contract_id, NEW.leg_id, NEW.cashflow_reference, NEW.cashflow_type, NEW.cashflow_subtype,
        NEW.accrual_start_date, NEW.accrual_end_date, NEW.amount, NEW.settlement_amount, NEW.currency,
        NEW.payer_party_id, NEW.receiver_party_id, NEW.realization_date
    ) THEN
        RAISE EXCEPTION 'cashflow % is % and its amounts, parties and periods are final', OLD.cashflow_reference, OLD.cashflow_status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_cashflows_final', TABLE = 'cashflows',
            HINT = 'Correct it with a new cashflow that supersedes it.';
    END IF;
    RETURN NEW;
END
$body$;

CREATE TRIGGER guard_cashflow BEFORE UPDATE ON cashflows
    FOR EACH ROW EXECUTE FUNCTION guard_cashflow();

CREATE FUNCTION guard_cashflow_deletion() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.cashflow_status <> 'ACCRUED' THEN
        RAISE EXCEPTION 'cashflow % is % and stays', OLD.cashflow_reference, OLD.cashflow_status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_cashflows_final', TABLE = 'cashflows';
    END IF;
    RETURN OLD;
END
$body$;

CREATE TRIGGER guard_cashflow_deletion BEFORE DELETE ON cashflows
    FOR EACH ROW EXECUTE FUNCTION guard_cashflow_deletion();

CREATE FUNCTION copy_netting_status() RETURNS trigger LANGUAGE plpgsql AS $body$
-- On a mapping: take the status of its instruction, which is held still meanwhile. On an instruction: pass it on.
BEGIN
    IF TG_TABLE_NAME = 'netting_cashflow_mapping' THEN
        SELECT netting_status <> 'CANCELLED' INTO NEW.is_live
        FROM netting_instructions WHERE id = NEW.netting_instruction_id FOR SHARE;
        NEW.is_live := coalesce(NEW.is_live, true);
        RETURN NEW;
    END IF;
    UPDATE netting_cashflow_mapping SET is_live = (NEW.netting_status <> 'CANCELLED')
    WHERE netting_instruction_id = NEW.id AND is_live <> (NEW.netting_status <> 'CANCELLED');
    RETURN NULL;
END
$body$;

CREATE TRIGGER copy_netting_status BEFORE INSERT OR UPDATE ON netting_cashflow_mapping
    FOR EACH ROW EXECUTE FUNCTION copy_netting_status();
CREATE TRIGGER copy_netting_status AFTER UPDATE OF netting_status ON netting_instructions
    FOR EACH ROW EXECUTE FUNCTION copy_netting_status();

-- As in revision 0002, but only for the tables of runs: those of payouts are partitioned by year and another column.
CREATE OR REPLACE FUNCTION ensure_run_partitions(at timestamptz) RETURNS integer
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
        WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'runs'::regclass)
          AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'run_at' AND NOT a.attisdropped)
        ORDER BY 1
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

CREATE VIEW archived_payout_years AS
SELECT substring(relname FROM '(\d{4})_archived$')::int AS year
  FROM pg_class
 WHERE relname ~ '^daily_accruals_\d{4}_archived$' AND relkind = 'r'
   AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'daily_accruals'::regclass);

CREATE FUNCTION ensure_payout_partitions(of_year integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
-- The partition of a calendar year of each daily table; how many were made. Rows of the year that went into the default
-- partition meanwhile move into their own: the default partition stays empty.
DECLARE
    first_day date := make_date(of_year, 1, 1);
    next_first date := make_date(of_year + 1, 1, 1);
    parent text;
    day_column text;
    leaf text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(3001003);
    FOR parent, day_column IN VALUES ('daily_accruals', 'accrual_date'), ('unrealized_pnl_timeseries', 'valuation_date') LOOP
        leaf := format('%s_%s', parent, to_char(first_day, 'YYYY'));
        CONTINUE WHEN to_regclass(leaf) IS NOT NULL;
        EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', parent);
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', leaf, parent);
        EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
            parent || '_default', day_column, first_day, day_column, next_first, leaf);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, leaf, first_day, next_first);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$body$;

REVOKE EXECUTE ON FUNCTION ensure_payout_partitions(integer) FROM PUBLIC;

CREATE FUNCTION note_payout_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
-- Once a statement, not once a row: daily rows come by the hundred thousand. A mark of the transaction's own, so that
-- nobody waits for anybody before the commit.
BEGIN
    INSERT INTO data_versions (tag, version) VALUES ('payouts of ' || pg_current_xact_id(), 0) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$body$;

CREATE FUNCTION raise_payouts_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $body$
-- At the commit: the mark of the transaction becomes one more version of all that swaps have stored.
BEGIN
    DELETE FROM data_versions WHERE tag = NEW.tag;
    INSERT INTO data_versions AS v (tag, version) VALUES ('payouts', 1)
    ON CONFLICT (tag) DO UPDATE SET version = v.version + 1;
    RETURN NULL;
END
$body$;

CREATE CONSTRAINT TRIGGER raise_payouts_version AFTER INSERT ON data_versions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.tag LIKE 'payouts of %') EXECUTE FUNCTION raise_payouts_version();

-- What answers about swaps are read from: contracts, market data, cashflows, daily rows, settlement.
DO $body$
DECLARE
    watched name;
BEGIN
    FOREACH watched IN ARRAY ARRAY['contracts', 'contract_versions', 'price_fixings', 'fx_fixings', 'rate_fixings',
        'dividend_events', 'corporate_actions', 'implied_inputs', 'external_values', 'calendar_holidays',
        'business_events', 'import_findings', 'cashflows', 'cashflow_deferrals', 'deferral_rules', 'daily_accruals',
        'unrealized_pnl_timeseries', 'netting_instructions', 'netting_cashflow_mapping', 'payments']
    LOOP
        EXECUTE format('CREATE TRIGGER note_payout_change AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH STATEMENT EXECUTE FUNCTION note_payout_change()', watched);
    END LOOP;
END
$body$;
