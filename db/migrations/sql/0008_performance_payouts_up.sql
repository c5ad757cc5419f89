CREATE DOMAIN ccy AS CHAR(3) CONSTRAINT ck_ccy_letters CHECK (VALUE ~ '^[A-Z]{3}$');

-- Exclusion constraints compare texts as ranges from a text to itself: exact, and without the extension btree_gist,
-- which the embedded server does not have.
CREATE TYPE text_range AS RANGE (subtype = text, collation = "C");

CREATE FUNCTION mod_97(code text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $body$
-- Remainder of ISO 7064 mod 97-10, letters as 10 to 35: 1 for a code with right check digits; NULL for other characters.
    SELECT CASE WHEN code ~ '^[A-Z0-9]+$' THEN (
        SELECT mod(string_agg(CASE WHEN letter ~ '[0-9]' THEN letter ELSE (ascii(letter) - 55)::text END, '' ORDER BY place)::numeric, 97)
        FROM regexp_split_to_table(code, '') WITH ORDINALITY AS letters (letter, place))::integer END
$body$;

CREATE FUNCTION frequency_word(multiplier integer, unit text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$
-- The seed's word for a period; NULL for one without a word.
    SELECT CASE
        WHEN unit = 'T' THEN 'TERM'
        WHEN unit = 'D' AND multiplier = 1 THEN 'DAILY'
        WHEN unit = 'W' AND multiplier = 1 OR unit = 'D' AND multiplier = 7 THEN 'WEEKLY'
        WHEN unit = 'M' AND multiplier = 1 THEN 'MONTHLY'
        WHEN unit = 'M' AND multiplier = 3 THEN 'QUARTERLY'
        WHEN unit = 'M' AND multiplier = 6 THEN 'SEMI_ANNUAL'
        WHEN unit = 'M' AND multiplier = 12 OR unit = 'Y' AND multiplier = 1 THEN 'ANNUAL' END
$body$;

CREATE TABLE business_centers (
    code TEXT NOT NULL,
    calendar_source TEXT,
    calendar_key TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_business_centers PRIMARY KEY (code)
);

CREATE TABLE deferral_rules (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    priority INTEGER NOT NULL,
    is_active BOOLEAN DEFAULT true NOT NULL,
    reason TEXT NOT NULL CONSTRAINT ck_deferral_rules_reason CHECK (reason IN ('BUSINESS_RULE', 'REGULATORY', 'COUNTERPARTY_REQUEST', 'MARKET_CONDITIONS', 'TECHNICAL_ISSUE')),
    scope JSONB DEFAULT '{}'::jsonb NOT NULL,
    action TEXT NOT NULL CONSTRAINT ck_deferral_rules_action CHECK (action IN ('DEFER_TO_NEXT_PAYMENT_DATE', 'DEFER_DAYS', 'DEFER_UNTIL_RELEASED')),
    days INTEGER,
    approval_required BOOLEAN DEFAULT false NOT NULL,
    is_released_automatically BOOLEAN DEFAULT true NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_deferral_rules PRIMARY KEY (id),
    CONSTRAINT ck_deferral_rules_days CHECK ((action = 'DEFER_DAYS') = (days IS NOT NULL)),
    CONSTRAINT ck_deferral_rules_days_positive CHECK (days > 0)
);

CREATE TABLE exchange_sessions (
    mic CHAR(4) NOT NULL,
    session_date DATE NOT NULL,
    close_time TIME WITHOUT TIME ZONE,
    is_early_close BOOLEAN DEFAULT false NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_exchange_sessions PRIMARY KEY (mic, session_date)
);

CREATE TABLE fx_fixings (
    currency1 ccy NOT NULL,
    currency2 ccy NOT NULL,
    fixing_date DATE NOT NULL,
    source TEXT NOT NULL,
    rate NUMERIC(28, 15) NOT NULL,
    revision INTEGER DEFAULT 1 NOT NULL,
    known_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_fx_fixings PRIMARY KEY (currency1, currency2, fixing_date, source, revision),
    CONSTRAINT ck_fx_fixings_currencies_differ CHECK (currency1 <> currency2),
    CONSTRAINT ck_fx_fixings_rate CHECK (rate > 0)
);

CREATE TABLE instruments (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    reference TEXT NOT NULL,
    instrument_type TEXT NOT NULL CONSTRAINT ck_instruments_instrument_type CHECK (instrument_type IN ('SINGLE_STOCK', 'INDEX', 'FUND', 'FX_RATE', 'OTHER')),
    name TEXT NOT NULL,
    currency ccy,
    exchange_mic CHAR(4),
    sector TEXT,
    country TEXT,
    price_quote_factor NUMERIC DEFAULT 1 NOT NULL,
    is_listed BOOLEAN,
    is_total_return_index BOOLEAN DEFAULT false NOT NULL,
    status TEXT DEFAULT 'ACTIVE' NOT NULL CONSTRAINT ck_instruments_status CHECK (status IN ('ACTIVE', 'SUSPENDED', 'DELISTED', 'MERGED')),
    successor_instrument_id UUID,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_instruments PRIMARY KEY (id),
    CONSTRAINT ck_instruments_price_quote_factor CHECK (price_quote_factor > 0),
    CONSTRAINT uq_instruments_reference UNIQUE (reference),
    CONSTRAINT fk_instruments_successor_instrument_id FOREIGN KEY(successor_instrument_id) REFERENCES instruments (id)
);

CREATE TABLE job_runs (
    run_id UUID DEFAULT gen_random_uuid() NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT DEFAULT '' NOT NULL,
    as_of DATE,
    started_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamptz,
    counts JSONB DEFAULT '{}'::jsonb NOT NULL,
    status TEXT DEFAULT 'RUNNING' NOT NULL,
    error TEXT,
    CONSTRAINT pk_job_runs PRIMARY KEY (run_id),
    CONSTRAINT ck_job_runs_status CHECK (status IN ('RUNNING', 'FINISHED', 'FAILED')),
    CONSTRAINT ck_job_runs_finished_at CHECK ((status = 'RUNNING') = (finished_at IS NULL))
);

CREATE INDEX ix_job_runs_as_of ON job_runs (as_of);

CREATE INDEX ix_job_runs_kind ON job_runs (kind, subject, started_at);

CREATE TABLE parties (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    party_identifier TEXT NOT NULL,
    party_name TEXT NOT NULL,
    party_type TEXT DEFAULT 'COUNTERPARTY' NOT NULL CONSTRAINT ck_parties_party_type CHECK (party_type IN ('COUNTERPARTY', 'BROKER', 'CLEARING_HOUSE', 'CALCULATION_AGENT', 'HEDGING_PARTY', 'DETERMINING_PARTY', 'OTHER')),
    country CHAR(2),
    legal_entity_identifier CHAR(20),
    cdm_global_key TEXT,
    cdm_external_key TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_parties PRIMARY KEY (id),
    CONSTRAINT ck_parties_country CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT ck_parties_legal_entity_identifier CHECK (legal_entity_identifier ~ '^[A-Z0-9]{18}[0-9]{2}$' AND mod_97(legal_entity_identifier::text) = 1),
    CONSTRAINT uq_parties_party_identifier UNIQUE (party_identifier),
    CONSTRAINT uq_parties_legal_entity_identifier UNIQUE (legal_entity_identifier)
);

CREATE INDEX ix_parties_cdm_global_key ON parties (cdm_global_key);

CREATE TABLE payout_outbox (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    topic TEXT NOT NULL,
    payload JSONB NOT NULL,
    CONSTRAINT pk_payout_outbox PRIMARY KEY (id)
);

CREATE TABLE rate_fixings (
    rate_index TEXT NOT NULL,
    tenor TEXT DEFAULT '' NOT NULL,
    fixing_date DATE NOT NULL,
    source TEXT NOT NULL,
    rate NUMERIC(20, 15) NOT NULL,
    revision INTEGER DEFAULT 1 NOT NULL,
    known_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_rate_fixings PRIMARY KEY (rate_index, tenor, fixing_date, source, revision)
);

CREATE TABLE calendar_holidays (
    center_code TEXT NOT NULL,
    holiday_date DATE NOT NULL,
    name TEXT,
    source TEXT,
    loaded_version TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_calendar_holidays PRIMARY KEY (center_code, holiday_date),
    CONSTRAINT fk_calendar_holidays_center_code FOREIGN KEY(center_code) REFERENCES business_centers (code)
);

CREATE TABLE contracts (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    contract_reference TEXT NOT NULL,
    contract_type TEXT NOT NULL CONSTRAINT ck_contracts_contract_type CHECK (contract_type IN ('EQUITY_SWAP', 'TOTAL_RETURN_SWAP', 'CONTRACT_FOR_DIFFERENCE', 'VARIANCE_SWAP', 'VOLATILITY_SWAP', 'CORRELATION_SWAP', 'DISPERSION_SWAP', 'DIVIDEND_SWAP')),
    product_qualifier TEXT,
    trade_date DATE NOT NULL,
    effective_date DATE NOT NULL,
    termination_date DATE,
    contract_status TEXT DEFAULT 'ACTIVE' NOT NULL CONSTRAINT ck_contracts_contract_status CHECK (contract_status IN ('PENDING', 'ACTIVE', 'MATURED', 'TERMINATED', 'NOVATED', 'CANCELLED')),
    party1_id UUID NOT NULL,
    party2_id UUID NOT NULL,
    reporting_party_id UUID NOT NULL,
    adjustment_type TEXT CONSTRAINT ck_contracts_adjustment_type CHECK (adjustment_type IN ('STANDARD', 'EXECUTION', 'PORTFOLIO_REBALANCING')),
    settlement_currency ccy,
    calculation_agent TEXT,
    calculation_agent_party_id UUID,
    governing_law TEXT,
    master_agreement_reference TEXT,
    netting_agreement_reference TEXT,
    lot_closing_method TEXT DEFAULT 'FIFO' NOT NULL CONSTRAINT ck_contracts_lot_closing_method CHECK (lot_closing_method IN ('FIFO', 'LIFO', 'HIFO', 'PRO_RATA', 'SPECIFIC')),
    deferral_rate NUMERIC(20, 15),
    has_late_compensation BOOLEAN DEFAULT false NOT NULL,
    cdm_entity_type TEXT DEFAULT 'Trade' NOT NULL,
    cdm_version TEXT,
    cdm_global_key TEXT,
    content_key TEXT,
    cdm_document JSONB,
    metadata JSONB DEFAULT '{}'::jsonb NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_contracts PRIMARY KEY (id),
    CONSTRAINT ck_contracts_parties_differ CHECK (party1_id <> party2_id),
    CONSTRAINT ck_contracts_reporting_party CHECK (reporting_party_id IN (party1_id, party2_id)),
    CONSTRAINT ck_contracts_termination_date CHECK (termination_date >= effective_date),
    CONSTRAINT uq_contracts_contract_reference UNIQUE (contract_reference),
    CONSTRAINT fk_contracts_party1_id FOREIGN KEY(party1_id) REFERENCES parties (id),
    CONSTRAINT fk_contracts_party2_id FOREIGN KEY(party2_id) REFERENCES parties (id),
    CONSTRAINT fk_contracts_reporting_party_id FOREIGN KEY(reporting_party_id) REFERENCES parties (id),
    CONSTRAINT fk_contracts_calculation_agent_party_id FOREIGN KEY(calculation_agent_party_id) REFERENCES parties (id)
);

CREATE INDEX ix_contracts_cdm_global_key ON contracts (cdm_global_key);

CREATE INDEX ix_contracts_content_key ON contracts (content_key);

CREATE INDEX ix_contracts_contract_status ON contracts (contract_status, effective_date);

CREATE INDEX ix_contracts_party1_id ON contracts (party1_id);

CREATE INDEX ix_contracts_party2_id ON contracts (party2_id);

CREATE TABLE corporate_actions (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    instrument_id UUID NOT NULL,
    action_type TEXT NOT NULL CONSTRAINT ck_corporate_actions_action_type CHECK (action_type IN ('CASH_DIVIDEND', 'STOCK_DIVIDEND', 'STOCK_SPLIT', 'REVERSE_STOCK_SPLIT', 'SPIN_OFF', 'MERGER', 'DELISTING', 'STOCK_NAME_CHANGE', 'STOCK_IDENTIFIER_CHANGE', 'RIGHTS_ISSUE', 'TAKEOVER', 'STOCK_RECLASSIFICATION', 'BONUS_ISSUE', 'CLASS_ACTION', 'EARLY_REDEMPTION', 'LIQUIDATION', 'BANKRUPTCY_OR_INSOLVENCY', 'ISSUER_NATIONALIZATION', 'RELISTING', 'BESPOKE_EVENT')),
    ex_date DATE NOT NULL,
    announcement_date DATE,
    record_date DATE,
    pay_date DATE,
    ratio_new NUMERIC(20, 12),
    ratio_old NUMERIC(20, 12),
    subscription_price NUMERIC(28, 12),
    child_instrument_id UUID,
    child_ratio NUMERIC(20, 12),
    child_price NUMERIC(28, 12),
    cash_amount NUMERIC(28, 12),
    currency ccy,
    adjustment_factor NUMERIC(20, 12),
    method TEXT CONSTRAINT ck_corporate_actions_method CHECK (method IN ('METHOD_FACTOR', 'METHOD_BASKET')),
    successor_instrument_id UUID,
    status TEXT DEFAULT 'CONFIRMED' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_corporate_actions PRIMARY KEY (id),
    CONSTRAINT ck_corporate_actions_adjustment_factor CHECK (adjustment_factor > 0),
    CONSTRAINT ck_corporate_actions_ratio CHECK (ratio_new > 0 AND ratio_old > 0),
    CONSTRAINT fk_corporate_actions_instrument_id FOREIGN KEY(instrument_id) REFERENCES instruments (id),
    CONSTRAINT fk_corporate_actions_child_instrument_id FOREIGN KEY(child_instrument_id) REFERENCES instruments (id),
    CONSTRAINT fk_corporate_actions_successor_instrument_id FOREIGN KEY(successor_instrument_id) REFERENCES instruments (id)
);

CREATE INDEX ix_corporate_actions_instrument_id ON corporate_actions (instrument_id, ex_date);

CREATE TABLE dividend_events (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    instrument_id UUID NOT NULL,
    dividend_type TEXT DEFAULT 'ORDINARY' NOT NULL CONSTRAINT ck_dividend_events_dividend_type CHECK (dividend_type IN ('ORDINARY', 'SPECIAL', 'STOCK', 'RETURN_OF_CAPITAL')),
    sequence INTEGER DEFAULT 1 NOT NULL,
    declared_date DATE,
    ex_date DATE NOT NULL,
    record_date DATE,
    pay_date DATE,
    gross_amount NUMERIC(28, 12),
    currency ccy NOT NULL,
    cash_equivalent_amount NUMERIC(28, 12),
    status TEXT DEFAULT 'CONFIRMED' NOT NULL CONSTRAINT ck_dividend_events_status CHECK (status IN ('ESTIMATED', 'DECLARED', 'CONFIRMED', 'CANCELLED')),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_dividend_events PRIMARY KEY (id),
    CONSTRAINT uq_dividend_events_instrument_id_ex_date_dividend_type_sequence UNIQUE (instrument_id, ex_date, dividend_type, sequence),
    CONSTRAINT fk_dividend_events_instrument_id FOREIGN KEY(instrument_id) REFERENCES instruments (id)
);

CREATE TABLE instrument_identifiers (
    scheme TEXT NOT NULL CONSTRAINT ck_instrument_identifiers_scheme CHECK (scheme IN ('ISIN', 'CUSIP', 'SEDOL', 'RIC', 'BBGID', 'MIC_TICKER', 'REDID', 'OTHER')),
    scheme_uri TEXT DEFAULT '' NOT NULL,
    identifier TEXT NOT NULL,
    valid_from DATE DEFAULT '1900-01-01' NOT NULL,
    valid_to DATE,
    instrument_id UUID NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_instrument_identifiers PRIMARY KEY (scheme, scheme_uri, identifier, valid_from),
    CONSTRAINT ck_instrument_identifiers_valid_to CHECK (valid_to > valid_from),
    CONSTRAINT ex_instrument_identifiers_owner EXCLUDE USING gist (text_range(scheme || chr(10) || scheme_uri || chr(10) || identifier, scheme || chr(10) || scheme_uri || chr(10) || identifier, '[]') WITH &&, daterange(valid_from, valid_to) WITH &&) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_instrument_identifiers_instrument_id FOREIGN KEY(instrument_id) REFERENCES instruments (id)
);

CREATE INDEX ix_instrument_identifiers_identifier ON instrument_identifiers (identifier);

CREATE INDEX ix_instrument_identifiers_instrument_id ON instrument_identifiers (instrument_id);

CREATE TABLE netting_instructions (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    netting_reference TEXT NOT NULL,
    party1_id UUID NOT NULL,
    party2_id UUID NOT NULL,
    netting_date DATE NOT NULL,
    netting_currency ccy NOT NULL,
    net_amount NUMERIC(28, 10) NOT NULL,
    netting_status TEXT DEFAULT 'PENDING' NOT NULL CONSTRAINT ck_netting_instructions_netting_status CHECK (netting_status IN ('PENDING', 'CONFIRMED', 'EXECUTED', 'CANCELLED')),
    netting_agreement_reference TEXT,
    netting_method TEXT,
    confirmed_by TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_netting_instructions PRIMARY KEY (id),
    CONSTRAINT ck_netting_instructions_party_order CHECK (party1_id < party2_id),
    CONSTRAINT uq_netting_instructions_netting_reference UNIQUE (netting_reference),
    CONSTRAINT fk_netting_instructions_party1_id FOREIGN KEY(party1_id) REFERENCES parties (id),
    CONSTRAINT fk_netting_instructions_party2_id FOREIGN KEY(party2_id) REFERENCES parties (id)
);

CREATE INDEX ix_netting_instructions_netting_date ON netting_instructions (netting_date, netting_currency);

CREATE INDEX ix_netting_instructions_parties ON netting_instructions (party1_id, party2_id);

CREATE TABLE price_fixings (
    instrument_id UUID NOT NULL,
    fixing_date DATE NOT NULL,
    price_type TEXT DEFAULT 'CLOSE' NOT NULL,
    source TEXT NOT NULL,
    price NUMERIC(28, 12) NOT NULL,
    currency ccy NOT NULL,
    is_official BOOLEAN DEFAULT true NOT NULL,
    revision INTEGER DEFAULT 1 NOT NULL,
    known_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_price_fixings PRIMARY KEY (instrument_id, fixing_date, price_type, source, revision),
    CONSTRAINT fk_price_fixings_instrument_id FOREIGN KEY(instrument_id) REFERENCES instruments (id)
);

CREATE TABLE business_events (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    event_reference TEXT NOT NULL,
    event_type TEXT NOT NULL CONSTRAINT ck_business_events_event_type CHECK (event_type IN ('EXECUTION', 'CONTRACT_FORMATION', 'RESET', 'TRANSFER', 'INCREASE', 'PARTIAL_TERMINATION', 'TERMINATION', 'TERMS_CHANGE', 'NOVATION', 'PARTIAL_NOVATION', 'STOCK_SPLIT', 'CORPORATE_ACTION', 'NOTIONAL_RESET', 'PORTFOLIO_REBALANCING', 'INDEX_TRANSITION', 'VALUATION', 'CANCELLATION', 'CORRECTION')),
    event_qualifier TEXT,
    intent TEXT,
    event_date DATE NOT NULL,
    effective_date DATE NOT NULL,
    sequence INTEGER DEFAULT 1 NOT NULL,
    contract_id UUID,
    instruction JSONB DEFAULT '{}'::jsonb NOT NULL,
    before_version INTEGER,
    after_version INTEGER,
    idempotency_key TEXT,
    cdm_document JSONB,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_business_events PRIMARY KEY (id),
    CONSTRAINT uq_business_events_contract_id_event_reference UNIQUE NULLS NOT DISTINCT (contract_id, event_reference),
    CONSTRAINT ck_business_events_versions CHECK (after_version >= before_version),
    CONSTRAINT fk_business_events_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
    CONSTRAINT uq_business_events_idempotency_key UNIQUE (idempotency_key)
);

CREATE INDEX ix_business_events_order ON business_events (contract_id, effective_date, event_date, sequence);

CREATE TABLE contract_fees (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    contract_id UUID NOT NULL,
    fee_reference TEXT NOT NULL,
    subtype TEXT NOT NULL CONSTRAINT ck_contract_fees_subtype CHECK (subtype IN ('PRICE_RETURN', 'TOTAL_RETURN', 'VARIANCE_RETURN', 'VOLATILITY_RETURN', 'CORRELATION_RETURN', 'ORDINARY_DIVIDEND', 'SPECIAL_DIVIDEND', 'MANUFACTURED_DIVIDEND', 'FIXED_INTEREST', 'FLOATING_INTEREST', 'UPFRONT_FEE', 'BREAKAGE_FEE', 'TERMINATION_AMOUNT', 'BORROW_FEE', 'COMPENSATION', 'CORRECTION')),
    amount NUMERIC(28, 10) NOT NULL,
    currency ccy NOT NULL,
    payment_date DATE NOT NULL,
    payer_party_id UUID NOT NULL,
    receiver_party_id UUID NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_contract_fees PRIMARY KEY (id),
    CONSTRAINT uq_contract_fees_contract_id_fee_reference UNIQUE (contract_id, fee_reference),
    CONSTRAINT ck_contract_fees_amount CHECK (amount > 0),
    CONSTRAINT ck_contract_fees_parties_differ CHECK (payer_party_id <> receiver_party_id),
    CONSTRAINT fk_contract_fees_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
    CONSTRAINT fk_contract_fees_payer_party_id FOREIGN KEY(payer_party_id) REFERENCES parties (id),
    CONSTRAINT fk_contract_fees_receiver_party_id FOREIGN KEY(receiver_party_id) REFERENCES parties (id)
);

CREATE TABLE contract_legs (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    contract_id UUID NOT NULL,
    leg_number INTEGER NOT NULL,
    leg_type TEXT NOT NULL CONSTRAINT ck_contract_legs_leg_type CHECK (leg_type IN ('EQUITY_LEG', 'FUNDING_LEG', 'FIXED_LEG', 'FEE_LEG')),
    leg_direction TEXT NOT NULL CONSTRAINT ck_contract_legs_leg_direction CHECK (leg_direction IN ('PAY', 'RECEIVE')),
    payer_party_id UUID NOT NULL,
    receiver_party_id UUID NOT NULL,
    notional_amount NUMERIC(28, 10),
    notional_currency ccy,
    linked_leg_id UUID,
    cdm_payout_index INTEGER,
    cdm_external_key TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_contract_legs PRIMARY KEY (id),
    CONSTRAINT uq_contract_legs_contract_id_leg_number UNIQUE (contract_id, leg_number),
    CONSTRAINT uq_contract_legs_contract_id_id UNIQUE (contract_id, id),
    CONSTRAINT fk_contract_legs_contract_id_linked_leg_id FOREIGN KEY(contract_id, linked_leg_id) REFERENCES contract_legs (contract_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT ck_contract_legs_leg_number CHECK (leg_number > 0),
    CONSTRAINT ck_contract_legs_parties_differ CHECK (payer_party_id <> receiver_party_id),
    CONSTRAINT ck_contract_legs_linked_leg CHECK (linked_leg_id <> id),
    CONSTRAINT fk_contract_legs_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
    CONSTRAINT fk_contract_legs_payer_party_id FOREIGN KEY(payer_party_id) REFERENCES parties (id),
    CONSTRAINT fk_contract_legs_receiver_party_id FOREIGN KEY(receiver_party_id) REFERENCES parties (id)
);

CREATE TABLE contract_parties (
    contract_id UUID NOT NULL,
    party_id UUID NOT NULL,
    role TEXT NOT NULL CONSTRAINT ck_contract_parties_role CHECK (role IN ('COUNTERPARTY', 'BROKER', 'CLEARING_HOUSE', 'CALCULATION_AGENT', 'HEDGING_PARTY', 'DETERMINING_PARTY', 'OTHER')),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_contract_parties PRIMARY KEY (contract_id, party_id, role),
    CONSTRAINT fk_contract_parties_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
    CONSTRAINT fk_contract_parties_party_id FOREIGN KEY(party_id) REFERENCES parties (id)
);

CREATE TABLE contract_versions (
    contract_id UUID NOT NULL,
    version INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    system_from timestamptz DEFAULT now() NOT NULL,
    state JSONB NOT NULL,
    compiled_key TEXT,
    compiled BYTEA,
    CONSTRAINT pk_contract_versions PRIMARY KEY (contract_id, version),
    CONSTRAINT fk_contract_versions_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id)
);

CREATE TABLE import_findings (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    import_id UUID NOT NULL,
    contract_id UUID,
    file_name TEXT,
    severity TEXT NOT NULL CONSTRAINT ck_import_findings_severity CHECK (severity IN ('ERROR', 'WARNING', 'INFO')),
    code TEXT NOT NULL,
    pointer TEXT DEFAULT '' NOT NULL,
    message TEXT NOT NULL,
    resolved BOOLEAN DEFAULT false NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_import_findings PRIMARY KEY (id),
    CONSTRAINT fk_import_findings_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id)
);

CREATE INDEX ix_import_findings_contract_id ON import_findings (contract_id);

CREATE INDEX ix_import_findings_import_id ON import_findings (import_id);

CREATE INDEX ix_import_findings_open ON import_findings (severity, code) WHERE NOT resolved;

CREATE TABLE payments (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    payment_reference TEXT NOT NULL,
    netting_instruction_id UUID,
    payment_type TEXT DEFAULT 'CASH' NOT NULL CONSTRAINT ck_payments_payment_type CHECK (payment_type IN ('CASH', 'NETTED', 'NONE')),
    payment_amount NUMERIC(28, 10) NOT NULL,
    payment_currency ccy NOT NULL,
    payer_party_id UUID NOT NULL,
    receiver_party_id UUID NOT NULL,
    payment_method TEXT CONSTRAINT ck_payments_payment_method CHECK (payment_method IN ('WIRE', 'ACH', 'CHAPS', 'SEPA', 'BOOK')),
    payment_status TEXT DEFAULT 'PENDING' NOT NULL CONSTRAINT ck_payments_payment_status CHECK (payment_status IN ('PENDING', 'IN_TRANSIT', 'COMPLETED', 'FAILED', 'CANCELLED')),
    settlement_method TEXT,
    settlement_agent TEXT,
    settlement_account TEXT,
    payment_instruction_date DATE,
    payment_execution_date DATE,
    payment_settlement_date DATE,
    payment_reason TEXT,
    payment_priority TEXT,
    attempt_number INTEGER DEFAULT 1 NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_payments PRIMARY KEY (id),
    CONSTRAINT ck_payments_payment_amount CHECK (payment_amount > 0),
    CONSTRAINT ck_payments_parties_differ CHECK (payer_party_id <> receiver_party_id),
    CONSTRAINT ck_payments_completed CHECK (payment_status <> 'COMPLETED' OR payment_settlement_date IS NOT NULL),
    CONSTRAINT ck_payments_attempt_number CHECK (attempt_number > 0),
    CONSTRAINT uq_payments_payment_reference UNIQUE (payment_reference),
    CONSTRAINT fk_payments_netting_instruction_id FOREIGN KEY(netting_instruction_id) REFERENCES netting_instructions (id),
    CONSTRAINT fk_payments_payer_party_id FOREIGN KEY(payer_party_id) REFERENCES parties (id),
    CONSTRAINT fk_payments_receiver_party_id FOREIGN KEY(receiver_party_id) REFERENCES parties (id)
);

CREATE INDEX ix_payments_netting_instruction_id ON payments (netting_instruction_id);

CREATE INDEX ix_payments_payment_status ON payments (payment_status, payment_instruction_date);

CREATE TABLE external_values (
    contract_id UUID NOT NULL,
    leg_id UUID NOT NULL,
    value_date DATE NOT NULL,
    source TEXT NOT NULL,
    value NUMERIC(28, 10) NOT NULL,
    currency ccy NOT NULL,
    confidence TEXT DEFAULT 'MEDIUM' NOT NULL CONSTRAINT ck_external_values_confidence CHECK (confidence IN ('HIGH', 'MEDIUM', 'LOW')),
    revision INTEGER DEFAULT 1 NOT NULL,
    known_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_external_values PRIMARY KEY (contract_id, leg_id, value_date, source, revision),
    CONSTRAINT fk_external_values_contract_id_leg_id FOREIGN KEY(contract_id, leg_id) REFERENCES contract_legs (contract_id, id)
);

CREATE TABLE fixed_price_payouts (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    contract_id UUID NOT NULL,
    leg_id UUID NOT NULL,
    fixed_price NUMERIC(28, 12),
    price_type TEXT,
    units NUMERIC(28, 10),
    currency ccy NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_fixed_price_payouts PRIMARY KEY (id),
    CONSTRAINT fk_fixed_price_payouts_contract_id_leg_id FOREIGN KEY(contract_id, leg_id) REFERENCES contract_legs (contract_id, id),
    CONSTRAINT uq_fixed_price_payouts_leg_id UNIQUE (leg_id)
);

CREATE INDEX ix_fixed_price_payouts_contract_id ON fixed_price_payouts (contract_id);

CREATE TABLE implied_inputs (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    instrument_id UUID,
    leg_id UUID,
    input_date DATE NOT NULL,
    implied_volatility NUMERIC(20, 15) NOT NULL,
    discount_factor NUMERIC(20, 15) DEFAULT 1 NOT NULL,
    source TEXT NOT NULL,
    revision INTEGER DEFAULT 1 NOT NULL,
    known_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_implied_inputs PRIMARY KEY (id),
    CONSTRAINT uq_implied_inputs_instrument_id_leg_id_input_date_sourc_2ed9 UNIQUE NULLS NOT DISTINCT (instrument_id, leg_id, input_date, source, revision),
    CONSTRAINT ck_implied_inputs_one_subject CHECK (num_nonnulls(instrument_id, leg_id) = 1),
    CONSTRAINT ck_implied_inputs_discount_factor CHECK (discount_factor > 0),
    CONSTRAINT fk_implied_inputs_instrument_id FOREIGN KEY(instrument_id) REFERENCES instruments (id),
    CONSTRAINT fk_implied_inputs_leg_id FOREIGN KEY(leg_id) REFERENCES contract_legs (id)
);

CREATE INDEX ix_implied_inputs_leg_id ON implied_inputs (leg_id, input_date);

CREATE TABLE interest_rate_payouts (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    contract_id UUID NOT NULL,
    leg_id UUID NOT NULL,
    rate_kind TEXT NOT NULL CONSTRAINT ck_interest_rate_payouts_rate_kind CHECK (rate_kind IN ('FIXED', 'FLOATING_TERM', 'FLOATING_OVERNIGHT', 'FLOATING_COMPOUNDED_INDEX')),
    fixed_rate NUMERIC(20, 15),
    floating_rate_index TEXT,
    index_tenor_multiplier INTEGER,
    index_tenor_unit TEXT CONSTRAINT ck_interest_rate_payouts_index_tenor_unit CHECK (index_tenor_unit IN ('D', 'W', 'M', 'Y', 'T')),
    spread NUMERIC(20, 15) DEFAULT 0 NOT NULL,
    multiplier NUMERIC(20, 12) DEFAULT 1 NOT NULL,
    day_count TEXT NOT NULL CONSTRAINT ck_interest_rate_payouts_day_count CHECK (day_count IN ('ACT/360', 'ACT/364', 'ACT/365.FIXED', 'ACT/365L', 'ACT/ACT.ISDA', 'ACT/ACT.ICMA', '30/360', '30E/360', '30E/360.ISDA', 'BUS/252', '1/1')),
    effective_date DATE,
    termination_date DATE,
    period_multiplier INTEGER,
    period_unit TEXT CONSTRAINT ck_interest_rate_payouts_period_unit CHECK (period_unit IN ('D', 'W', 'M', 'Y', 'T')),
    roll_convention TEXT,
    stub_type TEXT,
    first_regular_start DATE,
    last_regular_end DATE,
    period_bdc TEXT DEFAULT 'NONE' NOT NULL CONSTRAINT ck_interest_rate_payouts_period_bdc CHECK (period_bdc IN ('FOLLOWING', 'MODFOLLOWING', 'PRECEDING', 'MODPRECEDING', 'NEAREST', 'FRN', 'NONE', 'NOT_APPLICABLE')),
    period_centers TEXT[] DEFAULT '{}' NOT NULL,
    reset_relative_to TEXT DEFAULT 'START' NOT NULL CONSTRAINT ck_interest_rate_payouts_reset_relative_to CHECK (reset_relative_to IN ('START', 'END')),
    reset_multiplier INTEGER,
    reset_unit TEXT CONSTRAINT ck_interest_rate_payouts_reset_unit CHECK (reset_unit IN ('D', 'W', 'M', 'Y', 'T')),
    fixing_offset_days INTEGER DEFAULT 0 NOT NULL,
    fixing_day_type TEXT CONSTRAINT ck_interest_rate_payouts_fixing_day_type CHECK (fixing_day_type IN ('BUSINESS', 'CALENDAR', 'CURRENCY_BUSINESS', 'EXCHANGE_BUSINESS', 'SCHEDULED_TRADING_DAY')),
    fixing_centers TEXT[] DEFAULT '{}' NOT NULL,
    overnight_method TEXT CONSTRAINT ck_interest_rate_payouts_overnight_method CHECK (overnight_method IN ('COMPOUNDED', 'AVERAGED')),
    observation_shift TEXT DEFAULT 'NONE' NOT NULL CONSTRAINT ck_interest_rate_payouts_observation_shift CHECK (observation_shift IN ('NONE', 'LOOKBACK', 'OBSERVATION_PERIOD_SHIFT', 'LOCKOUT')),
    observation_shift_days INTEGER DEFAULT 0 NOT NULL,
    observation_centers TEXT[] DEFAULT '{}' NOT NULL,
    daily_cap NUMERIC(20, 15),
    daily_floor NUMERIC(20, 15),
    rate_rounding_dp INTEGER,
    compounding_method TEXT DEFAULT 'NONE' NOT NULL CONSTRAINT ck_interest_rate_payouts_compounding_method CHECK (compounding_method IN ('NONE', 'FLAT', 'STRAIGHT', 'SPREAD_EXCLUSIVE')),
    cap_rate NUMERIC(20, 15),
    floor_rate NUMERIC(20, 15),
    negative_rate_treatment TEXT DEFAULT 'NEGATIVE_INTEREST' NOT NULL CONSTRAINT ck_interest_rate_payouts_negative_rate_treatment CHECK (negative_rate_treatment IN ('NEGATIVE_INTEREST', 'ZERO_INTEREST', 'ZERO_INTEREST_EXCLUDING_SPREAD')),
    initial_stub_rate NUMERIC(20, 15),
    initial_stub_index TEXT,
    initial_stub_tenor TEXT,
    final_stub_rate NUMERIC(20, 15),
    final_stub_index TEXT,
    final_stub_tenor TEXT,
    notional_source TEXT DEFAULT 'OWN' NOT NULL CONSTRAINT ck_interest_rate_payouts_notional_source CHECK (notional_source IN ('OWN', 'EQUITY_RESET', 'EQUITY_FIXED', 'LOTS')),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_interest_rate_payouts PRIMARY KEY (id),
    CONSTRAINT fk_interest_rate_payouts_contract_id_leg_id FOREIGN KEY(contract_id, leg_id) REFERENCES contract_legs (contract_id, id),
    CONSTRAINT uq_interest_rate_payouts_leg_id UNIQUE (leg_id),
    CONSTRAINT ck_interest_rate_payouts_termination_date CHECK (termination_date >= effective_date),
    CONSTRAINT ck_interest_rate_payouts_period_multiplier CHECK (period_multiplier > 0),
    CONSTRAINT ck_interest_rate_payouts_cap_floor CHECK (floor_rate <= cap_rate),
    CONSTRAINT ck_interest_rate_payouts_daily_cap_floor CHECK (daily_floor <= daily_cap)
);

CREATE INDEX ix_interest_rate_payouts_contract_id ON interest_rate_payouts (contract_id);

CREATE TABLE payment_instructions (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    payment_id UUID NOT NULL,
    instruction_reference TEXT NOT NULL,
    beneficiary_name TEXT,
    beneficiary_account TEXT,
    beneficiary_iban TEXT,
    beneficiary_bic TEXT,
    intermediary_bic TEXT,
    remittance_information TEXT,
    sent_at timestamptz,
    acknowledged_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_payment_instructions PRIMARY KEY (id),
    CONSTRAINT ck_payment_instructions_beneficiary_iban CHECK (beneficiary_iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$' AND mod_97(substr(beneficiary_iban, 5) || left(beneficiary_iban, 4)) = 1),
    CONSTRAINT ck_payment_instructions_bic CHECK (beneficiary_bic ~ '^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$' AND coalesce(intermediary_bic, 'AAAAAAAA') ~ '^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$'),
    CONSTRAINT fk_payment_instructions_payment_id FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT uq_payment_instructions_instruction_reference UNIQUE (instruction_reference)
);

CREATE INDEX ix_payment_instructions_payment_id ON payment_instructions (payment_id);

CREATE TABLE payment_status_history (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    payment_id UUID NOT NULL,
    from_status TEXT CONSTRAINT ck_payment_status_history_from_status CHECK (from_status IN ('PENDING', 'IN_TRANSIT', 'COMPLETED', 'FAILED', 'CANCELLED')),
    to_status TEXT NOT NULL CONSTRAINT ck_payment_status_history_to_status CHECK (to_status IN ('PENDING', 'IN_TRANSIT', 'COMPLETED', 'FAILED', 'CANCELLED')),
    status_change_reason TEXT,
    effective_date DATE NOT NULL,
    changed_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    changed_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    idempotency_key TEXT,
    CONSTRAINT pk_payment_status_history PRIMARY KEY (id),
    CONSTRAINT ck_payment_status_history_statuses_differ CHECK (from_status <> to_status),
    CONSTRAINT fk_payment_status_history_payment_id FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT uq_payment_status_history_idempotency_key UNIQUE (idempotency_key)
);

CREATE INDEX ix_payment_status_history_payment_id ON payment_status_history (payment_id, changed_at);

CREATE TABLE performance_payout (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    contract_id UUID NOT NULL,
    leg_id UUID NOT NULL,
    payout_type TEXT DEFAULT 'PERFORMANCE_PAYOUT' NOT NULL,
    payout_name TEXT,
    payout_description TEXT,
    is_active BOOLEAN DEFAULT true NOT NULL,
    notional_mode TEXT DEFAULT 'RESET' NOT NULL CONSTRAINT ck_performance_payout_notional_mode CHECK (notional_mode IN ('RESET', 'FIXED', 'CUMULATIVE')),
    settlement_type TEXT DEFAULT 'CASH' NOT NULL,
    settlement_currency ccy,
    first_observation_date DATE,
    cdm_entity_type TEXT DEFAULT 'PerformancePayout' NOT NULL,
    cdm_global_key TEXT,
    cdm_external_key TEXT,
    version INTEGER DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_performance_payout PRIMARY KEY (id),
    CONSTRAINT fk_performance_payout_contract_id_leg_id FOREIGN KEY(contract_id, leg_id) REFERENCES contract_legs (contract_id, id),
    CONSTRAINT uq_performance_payout_leg_id UNIQUE (leg_id)
);

CREATE INDEX ix_performance_payout_cdm_global_key ON performance_payout (cdm_global_key);

CREATE INDEX ix_performance_payout_contract_id ON performance_payout (contract_id);

CREATE TABLE resets (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    contract_id UUID NOT NULL,
    leg_id UUID NOT NULL,
    reset_type TEXT NOT NULL,
    reset_date DATE NOT NULL,
    valuation_date DATE,
    constituent_instrument_id UUID,
    value NUMERIC(28, 15) NOT NULL,
    source_fixing_keys JSONB,
    averaging BOOLEAN DEFAULT false NOT NULL,
    business_event_id UUID,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_resets PRIMARY KEY (id),
    CONSTRAINT fk_resets_contract_id_leg_id FOREIGN KEY(contract_id, leg_id) REFERENCES contract_legs (contract_id, id),
    CONSTRAINT uq_resets_leg_id_reset_type_reset_date_constituent_inst_268b UNIQUE NULLS NOT DISTINCT (leg_id, reset_type, reset_date, constituent_instrument_id),
    CONSTRAINT ck_resets_reset_type CHECK (reset_type IN ('PRICE', 'RATE', 'FX', 'NOTIONAL')),
    CONSTRAINT fk_resets_constituent_instrument_id FOREIGN KEY(constituent_instrument_id) REFERENCES instruments (id),
    CONSTRAINT fk_resets_business_event_id FOREIGN KEY(business_event_id) REFERENCES business_events (id)
);

CREATE INDEX ix_resets_contract_id ON resets (contract_id, reset_date);

CREATE TABLE trade_lots (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    contract_id UUID NOT NULL,
    leg_id UUID NOT NULL,
    lot_identifier TEXT NOT NULL,
    cost_date DATE NOT NULL,
    settlement_date DATE NOT NULL,
    basis_date DATE,
    opened_quantity NUMERIC(28, 10),
    quantity_unit TEXT CONSTRAINT ck_trade_lots_quantity_unit CHECK (quantity_unit IN ('SHARE', 'INDEX_UNIT', 'CONTRACT', 'BASKET_UNIT')),
    initial_price NUMERIC(28, 12),
    price_currency ccy,
    initial_fx NUMERIC(28, 15),
    spread NUMERIC(20, 15),
    notional_amount NUMERIC(28, 10) NOT NULL,
    closed_quantity NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    status TEXT DEFAULT 'OPEN' NOT NULL CONSTRAINT ck_trade_lots_status CHECK (status IN ('OPEN', 'CLOSED')),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_trade_lots PRIMARY KEY (id),
    CONSTRAINT fk_trade_lots_contract_id_leg_id FOREIGN KEY(contract_id, leg_id) REFERENCES contract_legs (contract_id, id),
    CONSTRAINT uq_trade_lots_leg_id_lot_identifier UNIQUE (leg_id, lot_identifier),
    CONSTRAINT ck_trade_lots_opened_quantity CHECK (opened_quantity > 0),
    CONSTRAINT ck_trade_lots_closed_quantity CHECK (closed_quantity >= 0 AND closed_quantity <= COALESCE(opened_quantity, 0))
);

CREATE INDEX ix_trade_lots_contract_id ON trade_lots (contract_id);

CREATE TABLE unrealized_pnl_timeseries (
    contract_id UUID NOT NULL,
    leg_id UUID NOT NULL,
    valuation_date DATE NOT NULL,
    snapshot_label TEXT DEFAULT 'EOD' NOT NULL,
    business_date DATE NOT NULL,
    unrealized_pnl_amount NUMERIC(28, 10) NOT NULL,
    unrealized_pnl_currency ccy NOT NULL,
    price_pnl_amount NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    dividend_pnl_amount NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    interest_pnl_amount NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    fx_pnl_amount NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    other_pnl_amount NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    realized_since_previous NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    base_currency ccy,
    base_currency_amount NUMERIC(28, 10),
    base_fx_rate NUMERIC(28, 15),
    market_prices JSONB,
    interest_rates JSONB,
    fx_rates JSONB,
    dividend_data JSONB,
    valuation_method TEXT DEFAULT 'MARK_TO_MARKET' NOT NULL,
    valuation_source TEXT,
    confidence_level TEXT DEFAULT 'HIGH' NOT NULL,
    is_end_of_day BOOLEAN DEFAULT true NOT NULL,
    is_month_end BOOLEAN DEFAULT false NOT NULL,
    is_quarter_end BOOLEAN DEFAULT false NOT NULL,
    is_year_end BOOLEAN DEFAULT false NOT NULL,
    revision INTEGER DEFAULT 1 NOT NULL,
    run_id UUID,
    CONSTRAINT pk_unrealized_pnl_timeseries PRIMARY KEY (contract_id, leg_id, valuation_date, snapshot_label),
    CONSTRAINT ck_unrealized_pnl_timeseries_components CHECK (unrealized_pnl_amount = price_pnl_amount + dividend_pnl_amount + interest_pnl_amount + fx_pnl_amount + other_pnl_amount),
    CONSTRAINT fk_unrealized_pnl_timeseries_contract_id_leg_id FOREIGN KEY(contract_id, leg_id) REFERENCES contract_legs (contract_id, id),
    CONSTRAINT ck_unrealized_pnl_timeseries_valuation_method CHECK (valuation_method IN ('MARK_TO_MARKET', 'MODEL_VALUATION', 'EXTERNAL_PRICE', 'INTERNAL_MODEL')),
    CONSTRAINT ck_unrealized_pnl_timeseries_confidence_level CHECK (confidence_level IN ('HIGH', 'MEDIUM', 'LOW'))
)
 PARTITION BY RANGE (valuation_date);

CREATE INDEX ix_unrealized_pnl_timeseries_contract_id ON unrealized_pnl_timeseries (contract_id, valuation_date);

CREATE INDEX ix_unrealized_pnl_timeseries_valuation_date ON unrealized_pnl_timeseries USING brin (valuation_date);

CREATE TABLE unrealized_pnl_timeseries_default PARTITION OF unrealized_pnl_timeseries DEFAULT;

CREATE TABLE borrow_fees (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    performance_payout_id UUID NOT NULL,
    payer_party_id UUID NOT NULL,
    rate NUMERIC(20, 15) NOT NULL,
    day_count TEXT NOT NULL CONSTRAINT ck_borrow_fees_day_count CHECK (day_count IN ('ACT/360', 'ACT/364', 'ACT/365.FIXED', 'ACT/365L', 'ACT/ACT.ISDA', 'ACT/ACT.ICMA', '30/360', '30E/360', '30E/360.ISDA', 'BUS/252', '1/1')),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_borrow_fees PRIMARY KEY (id),
    CONSTRAINT uq_borrow_fees_performance_payout_id UNIQUE (performance_payout_id),
    CONSTRAINT ck_borrow_fees_rate CHECK (rate >= 0),
    CONSTRAINT fk_borrow_fees_performance_payout_id FOREIGN KEY(performance_payout_id) REFERENCES performance_payout (id),
    CONSTRAINT fk_borrow_fees_payer_party_id FOREIGN KEY(payer_party_id) REFERENCES parties (id)
);

CREATE TABLE calculation_periods (
    interest_rate_payout_id UUID NOT NULL,
    period_number INTEGER NOT NULL,
    unadjusted_start DATE NOT NULL,
    unadjusted_end DATE NOT NULL,
    adjusted_start DATE NOT NULL,
    adjusted_end DATE NOT NULL,
    payment_date DATE NOT NULL,
    fixing_date DATE,
    is_stub BOOLEAN DEFAULT false NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_calculation_periods PRIMARY KEY (interest_rate_payout_id, period_number),
    CONSTRAINT ck_calculation_periods_dates CHECK (adjusted_start <= adjusted_end),
    CONSTRAINT fk_calculation_periods_interest_rate_payout_id FOREIGN KEY(interest_rate_payout_id) REFERENCES interest_rate_payouts (id)
);

CREATE TABLE cashflows (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    contract_id UUID NOT NULL,
    leg_id UUID NOT NULL,
    performance_payout_id UUID,
    interest_rate_payout_id UUID,
    fixed_price_payout_id UUID,
    lot_id UUID,
    dividend_event_id UUID,
    business_event_id UUID,
    supersedes_cashflow_id UUID,
    superseded_by_cashflow_id UUID,
    cashflow_reference TEXT NOT NULL,
    cashflow_type TEXT NOT NULL CONSTRAINT ck_cashflows_cashflow_type CHECK (cashflow_type IN ('EQUITY_RETURN', 'DIVIDEND', 'INTEREST', 'FEES', 'FIXED_AMOUNT', 'ADJUSTMENT', 'CORPORATE_ACTION')),
    cashflow_subtype TEXT CONSTRAINT ck_cashflows_cashflow_subtype CHECK (cashflow_subtype IN ('PRICE_RETURN', 'TOTAL_RETURN', 'VARIANCE_RETURN', 'VOLATILITY_RETURN', 'CORRELATION_RETURN', 'ORDINARY_DIVIDEND', 'SPECIAL_DIVIDEND', 'MANUFACTURED_DIVIDEND', 'FIXED_INTEREST', 'FLOATING_INTEREST', 'UPFRONT_FEE', 'BREAKAGE_FEE', 'TERMINATION_AMOUNT', 'BORROW_FEE', 'COMPENSATION', 'CORRECTION')),
    generation_sequence INTEGER DEFAULT 1 NOT NULL,
    amount NUMERIC(28, 10) NOT NULL,
    absolute_amount NUMERIC(28, 10) GENERATED ALWAYS AS (abs(amount)) STORED,
    settlement_amount NUMERIC(28, 10),
    currency ccy NOT NULL,
    fx_rate NUMERIC(28, 15) DEFAULT 1 NOT NULL,
    base_currency ccy,
    base_currency_amount NUMERIC(28, 10),
    payer_party_id UUID NOT NULL,
    receiver_party_id UUID NOT NULL,
    accrual_start_date DATE NOT NULL,
    accrual_end_date DATE NOT NULL,
    calculation_date DATE NOT NULL,
    payment_date DATE NOT NULL,
    realization_date DATE,
    settlement_date DATE,
    cashflow_status TEXT DEFAULT 'ACCRUED' NOT NULL CONSTRAINT ck_cashflows_cashflow_status CHECK (cashflow_status IN ('ACCRUED', 'REALIZED_DEFERRED', 'REALIZED_UNSETTLED', 'REALIZED_SETTLED', 'CANCELLED', 'ADJUSTED')),
    deferral_date DATE,
    expected_realization_date DATE,
    deferral_reason TEXT CONSTRAINT ck_cashflows_deferral_reason CHECK (deferral_reason IN ('BUSINESS_RULE', 'REGULATORY', 'COUNTERPARTY_REQUEST', 'MARKET_CONDITIONS', 'TECHNICAL_ISSUE')),
    deferral_period_days INTEGER GENERATED ALWAYS AS (expected_realization_date - deferral_date) STORED,
    calculation_method TEXT,
    calculation_source TEXT,
    market_data_snapshot JSONB,
    engine_version TEXT,
    input_hash TEXT,
    tags TEXT[] DEFAULT '{}' NOT NULL,
    business_metadata JSONB,
    cdm_entity_type TEXT DEFAULT 'TransferState' NOT NULL,
    cdm_global_key TEXT,
    version INTEGER DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_cashflows PRIMARY KEY (id),
    CONSTRAINT fk_cashflows_contract_id_leg_id FOREIGN KEY(contract_id, leg_id) REFERENCES contract_legs (contract_id, id),
    CONSTRAINT uq_cashflows_natural_key UNIQUE NULLS NOT DISTINCT (leg_id, cashflow_type, cashflow_subtype, accrual_start_date, accrual_end_date, lot_id, dividend_event_id, generation_sequence),
    CONSTRAINT ck_cashflows_one_payout CHECK (num_nonnulls(performance_payout_id, interest_rate_payout_id, fixed_price_payout_id) = 1),
    CONSTRAINT ck_cashflows_parties_differ CHECK (payer_party_id <> receiver_party_id),
    CONSTRAINT ck_cashflows_accrual_dates CHECK (accrual_start_date <= accrual_end_date),
    CONSTRAINT ck_cashflows_fx_rate CHECK (fx_rate > 0),
    CONSTRAINT ck_cashflows_chain CHECK (supersedes_cashflow_id <> id AND superseded_by_cashflow_id <> id),
    CONSTRAINT ck_cashflows_deferred CHECK (cashflow_status <> 'REALIZED_DEFERRED' OR (deferral_date IS NOT NULL AND deferral_reason IS NOT NULL AND (expected_realization_date IS NOT NULL OR deferral_reason IN ('MARKET_CONDITIONS', 'REGULATORY')))),
    CONSTRAINT ck_cashflows_expected_realization_date CHECK (expected_realization_date >= deferral_date),
    CONSTRAINT ck_cashflows_realized CHECK (cashflow_status NOT IN ('REALIZED_DEFERRED', 'REALIZED_UNSETTLED', 'REALIZED_SETTLED') OR (realization_date IS NOT NULL AND settlement_amount IS NOT NULL)),
    CONSTRAINT ck_cashflows_settled CHECK (cashflow_status <> 'REALIZED_SETTLED' OR (settlement_date IS NOT NULL AND settlement_date >= realization_date)),
    CONSTRAINT fk_cashflows_performance_payout_id FOREIGN KEY(performance_payout_id) REFERENCES performance_payout (id),
    CONSTRAINT fk_cashflows_interest_rate_payout_id FOREIGN KEY(interest_rate_payout_id) REFERENCES interest_rate_payouts (id),
    CONSTRAINT fk_cashflows_fixed_price_payout_id FOREIGN KEY(fixed_price_payout_id) REFERENCES fixed_price_payouts (id),
    CONSTRAINT fk_cashflows_lot_id FOREIGN KEY(lot_id) REFERENCES trade_lots (id),
    CONSTRAINT fk_cashflows_dividend_event_id FOREIGN KEY(dividend_event_id) REFERENCES dividend_events (id),
    CONSTRAINT fk_cashflows_business_event_id FOREIGN KEY(business_event_id) REFERENCES business_events (id),
    CONSTRAINT fk_cashflows_supersedes_cashflow_id FOREIGN KEY(supersedes_cashflow_id) REFERENCES cashflows (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_cashflows_superseded_by_cashflow_id FOREIGN KEY(superseded_by_cashflow_id) REFERENCES cashflows (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT uq_cashflows_cashflow_reference UNIQUE (cashflow_reference),
    CONSTRAINT fk_cashflows_payer_party_id FOREIGN KEY(payer_party_id) REFERENCES parties (id),
    CONSTRAINT fk_cashflows_receiver_party_id FOREIGN KEY(receiver_party_id) REFERENCES parties (id)
);

CREATE INDEX ix_cashflows_calculation_date ON cashflows (calculation_date);

CREATE INDEX ix_cashflows_cashflow_status ON cashflows (cashflow_status, payment_date);

CREATE INDEX ix_cashflows_cdm_global_key ON cashflows (cdm_global_key);

CREATE INDEX ix_cashflows_contract_id ON cashflows (contract_id, payment_date);

CREATE INDEX ix_cashflows_deferred ON cashflows (expected_realization_date) WHERE cashflow_status = 'REALIZED_DEFERRED';

CREATE INDEX ix_cashflows_parties ON cashflows (payer_party_id, receiver_party_id, currency, payment_date);

CREATE INDEX ix_cashflows_supersedes ON cashflows (supersedes_cashflow_id);

CREATE INDEX ix_cashflows_unsettled ON cashflows (payment_date, currency) WHERE cashflow_status = 'REALIZED_UNSETTLED';

CREATE TABLE fx_features (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    performance_payout_id UUID NOT NULL,
    fx_feature_type TEXT NOT NULL CONSTRAINT ck_fx_features_fx_feature_type CHECK (fx_feature_type IN ('QUANTO', 'COMPOSITE', 'CROSS_CURRENCY', 'UNSPECIFIED')),
    reference_currency ccy NOT NULL,
    quote_currency1 ccy,
    quote_currency2 ccy,
    quote_basis TEXT CONSTRAINT ck_fx_features_quote_basis CHECK (quote_basis IN ('CURRENCY1_PER_CURRENCY2', 'CURRENCY2_PER_CURRENCY1')),
    quanto_fx_rate NUMERIC(28, 15),
    quanto_fx_rate_source TEXT,
    quanto_fixing_time TEXT,
    quanto_fixing_timezone TEXT,
    composite_determination_method TEXT,
    composite_relative_date_offset INTEGER,
    composite_fx_spot_rate_source TEXT,
    cross_currency_fx_rate NUMERIC(28, 15),
    cross_currency_fx_rate_source TEXT,
    cross_currency_fixing_time TEXT,
    cross_currency_fixing_center TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_fx_features PRIMARY KEY (id),
    CONSTRAINT uq_fx_features_pair UNIQUE NULLS NOT DISTINCT (performance_payout_id, fx_feature_type, quote_currency1, quote_currency2),
    CONSTRAINT ck_fx_features_quanto CHECK (fx_feature_type <> 'QUANTO' OR num_nonnulls(quanto_fx_rate, quanto_fx_rate_source) > 0),
    CONSTRAINT ck_fx_features_no_quanto CHECK (fx_feature_type NOT IN ('COMPOSITE', 'CROSS_CURRENCY') OR quanto_fx_rate IS NULL),
    CONSTRAINT ck_fx_features_rates CHECK (quanto_fx_rate > 0 AND cross_currency_fx_rate > 0),
    CONSTRAINT ck_fx_features_quote_currencies CHECK (quote_currency1 <> quote_currency2),
    CONSTRAINT fk_fx_features_performance_payout_id FOREIGN KEY(performance_payout_id) REFERENCES performance_payout (id)
);

CREATE TABLE lot_closings (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    lot_id UUID NOT NULL,
    event_reference TEXT NOT NULL,
    event_date DATE NOT NULL,
    settlement_date DATE NOT NULL,
    quantity NUMERIC(28, 10) NOT NULL,
    price NUMERIC(28, 12) NOT NULL,
    fx_rate NUMERIC(28, 15),
    funding TEXT DEFAULT 'RUN' NOT NULL CONSTRAINT ck_lot_closings_funding CHECK (funding IN ('RUN', 'BREAK')),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_lot_closings PRIMARY KEY (id),
    CONSTRAINT ck_lot_closings_quantity CHECK (quantity > 0),
    CONSTRAINT fk_lot_closings_lot_id FOREIGN KEY(lot_id) REFERENCES trade_lots (id)
);

CREATE INDEX ix_lot_closings_lot_id ON lot_closings (lot_id);

CREATE TABLE lot_events (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    lot_id UUID NOT NULL,
    sequence INTEGER NOT NULL,
    business_event_id UUID,
    event_date DATE NOT NULL,
    quantity_change NUMERIC(28, 10) NOT NULL,
    price NUMERIC(28, 12),
    price_adjustment_factor NUMERIC(20, 12) DEFAULT 1 NOT NULL,
    opened_quantity NUMERIC(28, 10),
    closed_quantity NUMERIC(28, 10) NOT NULL,
    initial_price NUMERIC(28, 12),
    notional_amount NUMERIC(28, 10) NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_lot_events PRIMARY KEY (id),
    CONSTRAINT uq_lot_events_lot_id_sequence UNIQUE (lot_id, sequence),
    CONSTRAINT ck_lot_events_price_adjustment_factor CHECK (price_adjustment_factor > 0),
    CONSTRAINT fk_lot_events_lot_id FOREIGN KEY(lot_id) REFERENCES trade_lots (id),
    CONSTRAINT fk_lot_events_business_event_id FOREIGN KEY(business_event_id) REFERENCES business_events (id)
);

CREATE TABLE payment_schedules (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    performance_payout_id UUID,
    interest_rate_payout_id UUID,
    role TEXT NOT NULL CONSTRAINT ck_payment_schedules_role CHECK (role IN ('INITIAL', 'INTERIM', 'FINAL')),
    schedule_type TEXT NOT NULL CONSTRAINT ck_payment_schedules_schedule_type CHECK (schedule_type IN ('EXPLICIT', 'PARAMETRIC', 'RELATIVE')),
    explicit_dates DATE[] DEFAULT '{}' NOT NULL,
    payment_frequency TEXT GENERATED ALWAYS AS (frequency_word(period_multiplier, period_unit)) STORED,
    period_multiplier INTEGER,
    period_unit TEXT CONSTRAINT ck_payment_schedules_period_unit CHECK (period_unit IN ('D', 'W', 'M', 'Y', 'T')),
    first_payment_date DATE,
    last_payment_date DATE,
    roll_convention TEXT,
    relative_to TEXT,
    pay_relative_to TEXT DEFAULT 'VALUATION_DATE' NOT NULL CONSTRAINT ck_payment_schedules_pay_relative_to CHECK (pay_relative_to IN ('VALUATION_DATE', 'CALCULATION_PERIOD_START', 'CALCULATION_PERIOD_END', 'RESET_DATE', 'EXPLICIT')),
    payment_delay_days INTEGER DEFAULT 0 NOT NULL,
    delay_day_type TEXT CONSTRAINT ck_payment_schedules_delay_day_type CHECK (delay_day_type IN ('BUSINESS', 'CALENDAR', 'CURRENCY_BUSINESS', 'EXCHANGE_BUSINESS', 'SCHEDULED_TRADING_DAY')),
    business_day_convention TEXT DEFAULT 'NONE' NOT NULL CONSTRAINT ck_payment_schedules_business_day_convention CHECK (business_day_convention IN ('FOLLOWING', 'MODFOLLOWING', 'PRECEDING', 'MODPRECEDING', 'NEAREST', 'FRN', 'NONE', 'NOT_APPLICABLE')),
    business_centers TEXT[] DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_payment_schedules PRIMARY KEY (id),
    CONSTRAINT uq_payment_schedules_performance_payout_id_role UNIQUE (performance_payout_id, role),
    CONSTRAINT uq_payment_schedules_interest_rate_payout_id_role UNIQUE (interest_rate_payout_id, role),
    CONSTRAINT ck_payment_schedules_one_payout CHECK (num_nonnulls(performance_payout_id, interest_rate_payout_id) = 1),
    CONSTRAINT ck_payment_schedules_period_multiplier CHECK (period_multiplier > 0),
    CONSTRAINT ck_payment_schedules_dates CHECK (first_payment_date <= last_payment_date),
    CONSTRAINT fk_payment_schedules_performance_payout_id FOREIGN KEY(performance_payout_id) REFERENCES performance_payout (id),
    CONSTRAINT fk_payment_schedules_interest_rate_payout_id FOREIGN KEY(interest_rate_payout_id) REFERENCES interest_rate_payouts (id)
);

CREATE INDEX ix_payment_schedules_business_centers ON payment_schedules USING gin (business_centers);

CREATE TABLE pnl_lot_details (
    lot_id UUID NOT NULL,
    contract_id UUID NOT NULL,
    leg_id UUID NOT NULL,
    valuation_date DATE NOT NULL,
    snapshot_label TEXT DEFAULT 'EOD' NOT NULL,
    unrealized_pnl_amount NUMERIC(28, 10) NOT NULL,
    unrealized_pnl_currency ccy NOT NULL,
    price_pnl_amount NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    dividend_pnl_amount NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    interest_pnl_amount NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    fx_pnl_amount NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    other_pnl_amount NUMERIC(28, 10) DEFAULT 0 NOT NULL,
    run_id UUID,
    CONSTRAINT pk_pnl_lot_details PRIMARY KEY (lot_id, valuation_date, snapshot_label),
    CONSTRAINT ck_pnl_lot_details_components CHECK (unrealized_pnl_amount = price_pnl_amount + dividend_pnl_amount + interest_pnl_amount + fx_pnl_amount + other_pnl_amount),
    CONSTRAINT fk_pnl_lot_details_contract_id_leg_id FOREIGN KEY(contract_id, leg_id) REFERENCES contract_legs (contract_id, id),
    CONSTRAINT fk_pnl_lot_details_lot_id FOREIGN KEY(lot_id) REFERENCES trade_lots (id)
);

CREATE INDEX ix_pnl_lot_details_contract_id ON pnl_lot_details (contract_id, valuation_date);

CREATE TABLE past_notionals (
    interest_rate_payout_id UUID NOT NULL,
    until DATE NOT NULL,
    notional_amount NUMERIC(28, 10) NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_past_notionals PRIMARY KEY (interest_rate_payout_id, until),
    CONSTRAINT ck_past_notionals_notional_amount CHECK (notional_amount >= 0),
    CONSTRAINT fk_past_notionals_interest_rate_payout_id FOREIGN KEY(interest_rate_payout_id) REFERENCES interest_rate_payouts (id)
);

CREATE TABLE rate_spread_steps (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    interest_rate_payout_id UUID NOT NULL,
    series INTEGER NOT NULL,
    step_date DATE,
    spread NUMERIC(20, 15) NOT NULL,
    constituent_instrument_id UUID,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_rate_spread_steps PRIMARY KEY (id),
    CONSTRAINT uq_rate_spread_steps_interest_rate_payout_id_series_step_date UNIQUE NULLS NOT DISTINCT (interest_rate_payout_id, series, step_date),
    CONSTRAINT ck_rate_spread_steps_series CHECK (series >= 0),
    CONSTRAINT fk_rate_spread_steps_interest_rate_payout_id FOREIGN KEY(interest_rate_payout_id) REFERENCES interest_rate_payouts (id),
    CONSTRAINT fk_rate_spread_steps_constituent_instrument_id FOREIGN KEY(constituent_instrument_id) REFERENCES instruments (id)
);

CREATE TABLE return_terms (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    performance_payout_id UUID NOT NULL,
    return_type TEXT NOT NULL CONSTRAINT ck_return_terms_return_type CHECK (return_type IN ('PRICE', 'DIVIDEND', 'VARIANCE', 'VOLATILITY', 'CORRELATION')),
    return_subtype TEXT CONSTRAINT ck_return_terms_return_subtype CHECK (return_subtype IN ('TOTAL', 'PRICE_ONLY', 'DIVIDEND_ONLY')),
    is_cumulative BOOLEAN DEFAULT false NOT NULL,
    performance_calculation_method TEXT DEFAULT 'SIMPLE' NOT NULL CONSTRAINT ck_return_terms_performance_calculation_method CHECK (performance_calculation_method IN ('SIMPLE', 'LOG')),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_return_terms PRIMARY KEY (id),
    CONSTRAINT uq_return_terms_performance_payout_id_return_type UNIQUE (performance_payout_id, return_type),
    CONSTRAINT fk_return_terms_performance_payout_id FOREIGN KEY(performance_payout_id) REFERENCES performance_payout (id)
);

CREATE TABLE underliers (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    performance_payout_id UUID NOT NULL,
    underlier_type TEXT NOT NULL CONSTRAINT ck_underliers_underlier_type CHECK (underlier_type IN ('SINGLE_STOCK', 'INDEX', 'BASKET', 'FUND', 'FX_RATE', 'OTHER')),
    instrument_id UUID,
    underlier_reference TEXT NOT NULL,
    underlier_name TEXT,
    underlier_currency ccy,
    exchange TEXT,
    sector TEXT,
    country TEXT,
    cdm_entity_type TEXT DEFAULT 'Observable' NOT NULL,
    cdm_global_key TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_underliers PRIMARY KEY (id),
    CONSTRAINT uq_underliers_performance_payout_id UNIQUE (performance_payout_id),
    CONSTRAINT ck_underliers_instrument CHECK ((underlier_type = 'BASKET') = (instrument_id IS NULL)),
    CONSTRAINT fk_underliers_performance_payout_id FOREIGN KEY(performance_payout_id) REFERENCES performance_payout (id),
    CONSTRAINT fk_underliers_instrument_id FOREIGN KEY(instrument_id) REFERENCES instruments (id)
);

CREATE INDEX ix_underliers_cdm_global_key ON underliers (cdm_global_key);

CREATE INDEX ix_underliers_instrument_id ON underliers (instrument_id);

CREATE INDEX ix_underliers_underlier_reference ON underliers (underlier_reference);

CREATE TABLE valuation_schedules (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    performance_payout_id UUID NOT NULL,
    role TEXT NOT NULL CONSTRAINT ck_valuation_schedules_role CHECK (role IN ('INITIAL', 'INTERIM', 'FINAL')),
    schedule_type TEXT NOT NULL CONSTRAINT ck_valuation_schedules_schedule_type CHECK (schedule_type IN ('EXPLICIT', 'PARAMETRIC', 'RELATIVE')),
    explicit_dates DATE[] DEFAULT '{}' NOT NULL,
    valuation_frequency TEXT GENERATED ALWAYS AS (frequency_word(period_multiplier, period_unit)) STORED,
    period_multiplier INTEGER,
    period_unit TEXT CONSTRAINT ck_valuation_schedules_period_unit CHECK (period_unit IN ('D', 'W', 'M', 'Y', 'T')),
    first_valuation_date DATE,
    last_valuation_date DATE,
    roll_convention TEXT,
    valuation_time TEXT,
    valuation_timezone TEXT,
    valuation_time_type TEXT,
    determination_method TEXT,
    relative_to TEXT,
    offset_days INTEGER,
    day_type TEXT CONSTRAINT ck_valuation_schedules_day_type CHECK (day_type IN ('BUSINESS', 'CALENDAR', 'CURRENCY_BUSINESS', 'EXCHANGE_BUSINESS', 'SCHEDULED_TRADING_DAY')),
    business_day_convention TEXT DEFAULT 'NONE' NOT NULL CONSTRAINT ck_valuation_schedules_business_day_convention CHECK (business_day_convention IN ('FOLLOWING', 'MODFOLLOWING', 'PRECEDING', 'MODPRECEDING', 'NEAREST', 'FRN', 'NONE', 'NOT_APPLICABLE')),
    business_centers TEXT[] DEFAULT '{}' NOT NULL,
    disruption TEXT DEFAULT 'MOVE_FOLLOWING' NOT NULL CONSTRAINT ck_valuation_schedules_disruption CHECK (disruption IN ('MOVE_FOLLOWING', 'MOVE_PRECEDING', 'USE_LAST_CLOSE')),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_valuation_schedules PRIMARY KEY (id),
    CONSTRAINT uq_valuation_schedules_performance_payout_id_role UNIQUE (performance_payout_id, role),
    CONSTRAINT ck_valuation_schedules_period_multiplier CHECK (period_multiplier > 0),
    CONSTRAINT ck_valuation_schedules_dates CHECK (first_valuation_date <= last_valuation_date),
    CONSTRAINT fk_valuation_schedules_performance_payout_id FOREIGN KEY(performance_payout_id) REFERENCES performance_payout (id)
);

CREATE INDEX ix_valuation_schedules_business_centers ON valuation_schedules USING gin (business_centers);

CREATE TABLE basket_compositions (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    basket_underlier_id UUID NOT NULL,
    effective_from DATE NOT NULL,
    effective_to DATE,
    rebalancing_frequency TEXT DEFAULT 'NONE' NOT NULL CONSTRAINT ck_basket_compositions_rebalancing_frequency CHECK (rebalancing_frequency IN ('NONE', 'DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY', 'ON_RESET', 'EXPLICIT')),
    rebalancing_dates DATE[] DEFAULT '{}' NOT NULL,
    next_rebalancing_date DATE,
    basket_units NUMERIC(28, 10) DEFAULT 1 NOT NULL,
    status TEXT DEFAULT 'COMPLETE' NOT NULL CONSTRAINT ck_basket_compositions_status CHECK (status IN ('COMPLETE', 'INCOMPLETE')),
    reason TEXT DEFAULT 'INITIAL' NOT NULL CONSTRAINT ck_basket_compositions_reason CHECK (reason IN ('INITIAL', 'REBALANCE', 'CORPORATE_ACTION', 'SUBSTITUTION')),
    basket_value_at_start NUMERIC(28, 10),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_basket_compositions PRIMARY KEY (id),
    CONSTRAINT ck_basket_compositions_effective_to CHECK (effective_to > effective_from),
    CONSTRAINT ck_basket_compositions_basket_units CHECK (basket_units > 0),
    CONSTRAINT ex_basket_compositions_overlap EXCLUDE USING gist (text_range(basket_underlier_id::text, basket_underlier_id::text, '[]') WITH &&, daterange(effective_from, effective_to) WITH &&) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_basket_compositions_basket_underlier_id FOREIGN KEY(basket_underlier_id) REFERENCES underliers (id)
);

CREATE INDEX ix_basket_compositions_basket_underlier_id ON basket_compositions (basket_underlier_id, effective_from);

CREATE TABLE borrow_rate_steps (
    borrow_fee_id UUID NOT NULL,
    step_date DATE NOT NULL,
    rate NUMERIC(20, 15) NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_borrow_rate_steps PRIMARY KEY (borrow_fee_id, step_date),
    CONSTRAINT ck_borrow_rate_steps_rate CHECK (rate >= 0),
    CONSTRAINT fk_borrow_rate_steps_borrow_fee_id FOREIGN KEY(borrow_fee_id) REFERENCES borrow_fees (id)
);

CREATE TABLE cashflow_deferrals (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    cashflow_id UUID NOT NULL,
    deferral_date DATE NOT NULL,
    expected_realization_date DATE,
    deferral_reason TEXT NOT NULL CONSTRAINT ck_cashflow_deferrals_deferral_reason CHECK (deferral_reason IN ('BUSINESS_RULE', 'REGULATORY', 'COUNTERPARTY_REQUEST', 'MARKET_CONDITIONS', 'TECHNICAL_ISSUE')),
    deferral_rule_id UUID,
    ended_date DATE,
    outcome TEXT CONSTRAINT ck_cashflow_deferrals_outcome CHECK (outcome IN ('REALIZED', 'CANCELLED', 'EXTENDED')),
    approved_by TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_cashflow_deferrals PRIMARY KEY (id),
    CONSTRAINT ck_cashflow_deferrals_expected_realization_date CHECK (expected_realization_date >= deferral_date),
    CONSTRAINT ck_cashflow_deferrals_ended CHECK ((ended_date IS NULL) = (outcome IS NULL)),
    CONSTRAINT ck_cashflow_deferrals_ended_date CHECK (ended_date >= deferral_date),
    CONSTRAINT fk_cashflow_deferrals_cashflow_id FOREIGN KEY(cashflow_id) REFERENCES cashflows (id),
    CONSTRAINT fk_cashflow_deferrals_deferral_rule_id FOREIGN KEY(deferral_rule_id) REFERENCES deferral_rules (id)
);

CREATE INDEX ix_cashflow_deferrals_cashflow_id ON cashflow_deferrals (cashflow_id, deferral_date);

CREATE UNIQUE INDEX uq_cashflow_deferrals_open ON cashflow_deferrals (cashflow_id) WHERE ended_date IS NULL;

CREATE TABLE cashflow_status_history (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    cashflow_id UUID NOT NULL,
    from_status TEXT CONSTRAINT ck_cashflow_status_history_from_status CHECK (from_status IN ('ACCRUED', 'REALIZED_DEFERRED', 'REALIZED_UNSETTLED', 'REALIZED_SETTLED', 'CANCELLED', 'ADJUSTED')),
    to_status TEXT NOT NULL CONSTRAINT ck_cashflow_status_history_to_status CHECK (to_status IN ('ACCRUED', 'REALIZED_DEFERRED', 'REALIZED_UNSETTLED', 'REALIZED_SETTLED', 'CANCELLED', 'ADJUSTED')),
    status_change_reason TEXT,
    effective_date DATE NOT NULL,
    deferral_reason TEXT CONSTRAINT ck_cashflow_status_history_deferral_reason CHECK (deferral_reason IN ('BUSINESS_RULE', 'REGULATORY', 'COUNTERPARTY_REQUEST', 'MARKET_CONDITIONS', 'TECHNICAL_ISSUE')),
    deferral_period_days INTEGER,
    expected_realization_date DATE,
    changed_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    changed_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    business_justification TEXT,
    approval_required BOOLEAN DEFAULT false NOT NULL,
    approval_received BOOLEAN DEFAULT false NOT NULL,
    approval_received_by TEXT,
    approval_received_at timestamptz,
    idempotency_key TEXT,
    CONSTRAINT pk_cashflow_status_history PRIMARY KEY (id),
    CONSTRAINT ck_cashflow_status_history_statuses_differ CHECK (from_status <> to_status OR (from_status = 'REALIZED_DEFERRED' AND to_status = 'REALIZED_DEFERRED')),
    CONSTRAINT fk_cashflow_status_history_cashflow_id FOREIGN KEY(cashflow_id) REFERENCES cashflows (id),
    CONSTRAINT uq_cashflow_status_history_idempotency_key UNIQUE (idempotency_key)
);

CREATE INDEX ix_cashflow_status_history_cashflow_id ON cashflow_status_history (cashflow_id, changed_at);

CREATE UNIQUE INDEX uq_cashflow_status_history_first ON cashflow_status_history (cashflow_id) WHERE from_status IS NULL;

CREATE TABLE correlation_return_terms (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    return_terms_id UUID NOT NULL,
    correlation_strike NUMERIC(20, 12) NOT NULL,
    correlation_cap NUMERIC(20, 12),
    correlation_floor NUMERIC(20, 12),
    expected_trading_days INTEGER,
    annualization_factor INTEGER DEFAULT 252 NOT NULL,
    correlation_method TEXT DEFAULT 'PEARSON' NOT NULL CONSTRAINT ck_correlation_return_terms_correlation_method CHECK (correlation_method IN ('PEARSON', 'SPEARMAN')),
    mean_adjustment BOOLEAN DEFAULT false NOT NULL,
    weighting TEXT DEFAULT 'EQUAL' NOT NULL CONSTRAINT ck_correlation_return_terms_weighting CHECK (weighting IN ('EQUAL', 'BASKET_WEIGHTS')),
    number_of_data_series INTEGER,
    notional_scale TEXT DEFAULT 'PER_UNIT' NOT NULL CONSTRAINT ck_correlation_return_terms_notional_scale CHECK (notional_scale IN ('PER_UNIT', 'PER_POINT')),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_correlation_return_terms PRIMARY KEY (id),
    CONSTRAINT ck_correlation_return_terms_correlation_strike CHECK (correlation_strike > -1 AND correlation_strike < 1),
    CONSTRAINT ck_correlation_return_terms_correlation_cap CHECK (correlation_cap BETWEEN -1 AND 1),
    CONSTRAINT ck_correlation_return_terms_correlation_floor CHECK (correlation_floor BETWEEN -1 AND 1),
    CONSTRAINT ck_correlation_return_terms_bounds CHECK (correlation_floor <= correlation_cap),
    CONSTRAINT ck_correlation_return_terms_expected_trading_days CHECK (expected_trading_days > 0),
    CONSTRAINT ck_correlation_return_terms_annualization_factor CHECK (annualization_factor > 0),
    CONSTRAINT ck_correlation_return_terms_number_of_data_series CHECK (number_of_data_series > 0),
    CONSTRAINT uq_correlation_return_terms_return_terms_id UNIQUE (return_terms_id),
    CONSTRAINT fk_correlation_return_terms_return_terms_id FOREIGN KEY(return_terms_id) REFERENCES return_terms (id)
);

CREATE TABLE daily_accruals (
    cashflow_id UUID NOT NULL,
    contract_id UUID NOT NULL,
    leg_id UUID NOT NULL,
    accrual_date DATE NOT NULL,
    business_date DATE NOT NULL,
    daily_accrual_amount NUMERIC(28, 10) NOT NULL,
    cumulative_accrual_amount NUMERIC(28, 10) NOT NULL,
    currency ccy NOT NULL,
    accrual_factor NUMERIC(20, 15) NOT NULL,
    notional_amount NUMERIC(28, 10) NOT NULL,
    rate_or_price NUMERIC(28, 15),
    market_data_snapshot JSONB,
    is_business_day BOOLEAN NOT NULL,
    business_day_adjustment TEXT,
    run_id UUID,
    CONSTRAINT pk_daily_accruals PRIMARY KEY (cashflow_id, accrual_date),
    CONSTRAINT ck_daily_accruals_business_date CHECK (business_date <= accrual_date),
    CONSTRAINT fk_daily_accruals_cashflow_id FOREIGN KEY(cashflow_id) REFERENCES cashflows (id)
)
 PARTITION BY RANGE (accrual_date);

CREATE INDEX ix_daily_accruals_accrual_date ON daily_accruals USING brin (accrual_date);

CREATE INDEX ix_daily_accruals_contract_id ON daily_accruals (contract_id, accrual_date);

CREATE TABLE daily_accruals_default PARTITION OF daily_accruals DEFAULT;

CREATE TABLE dividend_return_terms (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    return_terms_id UUID NOT NULL,
    dividend_payout_ratio NUMERIC(20, 12),
    cash_ratio NUMERIC(20, 12),
    non_cash_ratio NUMERIC(20, 12),
    ratio_above_one_allowed BOOLEAN DEFAULT false NOT NULL,
    dividend_reinvestment BOOLEAN DEFAULT false NOT NULL,
    reinvest_at TEXT DEFAULT 'EX_DATE' NOT NULL CONSTRAINT ck_dividend_return_terms_reinvest_at CHECK (reinvest_at IN ('EX_DATE', 'PAY_DATE')),
    dividend_entitlement TEXT DEFAULT 'EX_DATE' NOT NULL CONSTRAINT ck_dividend_return_terms_dividend_entitlement CHECK (dividend_entitlement IN ('EX_DATE', 'RECORD_DATE')),
    dividend_amount_type TEXT CONSTRAINT ck_dividend_return_terms_dividend_amount_type CHECK (dividend_amount_type IN ('EX_AMOUNT', 'RECORD_AMOUNT', 'PAID_AMOUNT', 'AS_SPECIFIED_IN_MASTER_CONFIRMATION')),
    first_period TEXT CONSTRAINT ck_dividend_return_terms_first_period CHECK (first_period IN ('FIRST_PERIOD', 'SECOND_PERIOD', 'EXPLICIT')),
    payment_date_reference TEXT,
    payment_offset_days INTEGER,
    payment_offset_day_type TEXT,
    dividend_fx_date TEXT DEFAULT 'EX_DATE' NOT NULL CONSTRAINT ck_dividend_return_terms_dividend_fx_date CHECK (dividend_fx_date IN ('EX_DATE', 'PAY_DATE')),
    extraordinary_dividends_party TEXT,
    excess_dividend_amount_type TEXT,
    dividend_currency ccy,
    dividend_currency_method TEXT,
    non_cash_dividend_treatment TEXT CONSTRAINT ck_dividend_return_terms_non_cash_dividend_treatment CHECK (non_cash_dividend_treatment IN ('POTENTIAL_ADJUSTMENT_EVENT', 'CASH_EQUIVALENT')),
    dividend_composition TEXT CONSTRAINT ck_dividend_return_terms_dividend_composition CHECK (dividend_composition IN ('EQUITY_AMOUNT_RECEIVER_ELECTION', 'CALCULATION_AGENT_ELECTION')),
    special_dividends BOOLEAN DEFAULT false NOT NULL,
    material_dividend BOOLEAN DEFAULT false NOT NULL,
    material_dividend_threshold NUMERIC(28, 10),
    withholding_rate NUMERIC(20, 12),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_dividend_return_terms PRIMARY KEY (id),
    CONSTRAINT ck_dividend_return_terms_dividend_payout_ratio CHECK (dividend_payout_ratio >= 0 AND (dividend_payout_ratio <= 1 OR ratio_above_one_allowed)),
    CONSTRAINT ck_dividend_return_terms_withholding_rate CHECK (withholding_rate BETWEEN 0 AND 1),
    CONSTRAINT uq_dividend_return_terms_return_terms_id UNIQUE (return_terms_id),
    CONSTRAINT fk_dividend_return_terms_return_terms_id FOREIGN KEY(return_terms_id) REFERENCES return_terms (id)
);

CREATE TABLE netting_cashflow_mapping (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    netting_instruction_id UUID NOT NULL,
    cashflow_id UUID NOT NULL,
    inclusion_type TEXT DEFAULT 'INCLUDE' NOT NULL CONSTRAINT ck_netting_cashflow_mapping_inclusion_type CHECK (inclusion_type IN ('INCLUDE', 'EXCLUDE')),
    exclusion_reason TEXT,
    is_live BOOLEAN DEFAULT true NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_netting_cashflow_mapping PRIMARY KEY (id),
    CONSTRAINT uq_netting_cashflow_mapping_netting_instruction_id_cashflow_id UNIQUE (netting_instruction_id, cashflow_id),
    CONSTRAINT ck_netting_cashflow_mapping_exclusion_reason CHECK (inclusion_type = 'INCLUDE' OR exclusion_reason IS NOT NULL),
    CONSTRAINT fk_netting_cashflow_mapping_netting_instruction_id FOREIGN KEY(netting_instruction_id) REFERENCES netting_instructions (id),
    CONSTRAINT fk_netting_cashflow_mapping_cashflow_id FOREIGN KEY(cashflow_id) REFERENCES cashflows (id)
);

CREATE UNIQUE INDEX uq_netting_cashflow_mapping_live ON netting_cashflow_mapping (cashflow_id) WHERE inclusion_type = 'INCLUDE' AND is_live;

CREATE TABLE payment_cashflows (
    payment_id UUID NOT NULL,
    cashflow_id UUID NOT NULL,
    attributed_amount NUMERIC(28, 10) NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_payment_cashflows PRIMARY KEY (payment_id, cashflow_id),
    CONSTRAINT fk_payment_cashflows_payment_id FOREIGN KEY(payment_id) REFERENCES payments (id),
    CONSTRAINT fk_payment_cashflows_cashflow_id FOREIGN KEY(cashflow_id) REFERENCES cashflows (id)
);

CREATE INDEX ix_payment_cashflows_cashflow_id ON payment_cashflows (cashflow_id);

CREATE TABLE payment_dates (
    payment_schedule_id UUID NOT NULL,
    sequence INTEGER NOT NULL,
    unadjusted_date DATE NOT NULL,
    adjusted_date DATE NOT NULL,
    pays_sequences INTEGER[] DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_payment_dates PRIMARY KEY (payment_schedule_id, sequence),
    CONSTRAINT fk_payment_dates_payment_schedule_id FOREIGN KEY(payment_schedule_id) REFERENCES payment_schedules (id)
);

CREATE INDEX ix_payment_dates_adjusted_date ON payment_dates (adjusted_date);

CREATE TABLE price_return_terms (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    return_terms_id UUID NOT NULL,
    return_type TEXT DEFAULT 'PRICE' NOT NULL CONSTRAINT ck_price_return_terms_return_type CHECK (return_type IN ('PRICE', 'TOTAL')),
    conversion_factor NUMERIC(20, 12) DEFAULT 1 NOT NULL,
    initial_price NUMERIC(28, 12),
    initial_price_currency ccy,
    initial_price_reference TEXT,
    final_price_reference TEXT,
    initial_determination_method TEXT,
    interim_determination_method TEXT,
    final_determination_method TEXT,
    price_adjustment_method TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_price_return_terms PRIMARY KEY (id),
    CONSTRAINT uq_price_return_terms_return_terms_id UNIQUE (return_terms_id),
    CONSTRAINT fk_price_return_terms_return_terms_id FOREIGN KEY(return_terms_id) REFERENCES return_terms (id)
);

CREATE TABLE valuation_dates (
    valuation_schedule_id UUID NOT NULL,
    sequence INTEGER NOT NULL,
    unadjusted_date DATE NOT NULL,
    adjusted_date DATE NOT NULL,
    status TEXT DEFAULT 'PLANNED' NOT NULL CONSTRAINT ck_valuation_dates_status CHECK (status IN ('PLANNED', 'OBSERVED', 'DISRUPTED', 'MOVED')),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_valuation_dates PRIMARY KEY (valuation_schedule_id, sequence),
    CONSTRAINT fk_valuation_dates_valuation_schedule_id FOREIGN KEY(valuation_schedule_id) REFERENCES valuation_schedules (id)
);

CREATE INDEX ix_valuation_dates_adjusted_date ON valuation_dates (adjusted_date);

CREATE TABLE variance_volatility_terms (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    return_terms_id UUID NOT NULL,
    strike_scale TEXT CONSTRAINT ck_variance_volatility_terms_strike_scale CHECK (strike_scale IN ('DECIMAL', 'POINTS')),
    variance_strike_price NUMERIC(28, 12),
    volatility_strike_price NUMERIC(28, 12),
    variance_cap_price NUMERIC(28, 12),
    variance_floor_price NUMERIC(28, 12),
    volatility_cap_price NUMERIC(28, 12),
    volatility_floor_price NUMERIC(28, 12),
    variance_cap_factor NUMERIC(20, 12),
    volatility_cap_factor NUMERIC(20, 12),
    lower_barrier NUMERIC(28, 12),
    upper_barrier NUMERIC(28, 12),
    realised_variance_method TEXT CONSTRAINT ck_variance_volatility_terms_realised_variance_method CHECK (realised_variance_method IN ('PREVIOUS', 'LAST', 'BOTH')),
    days_in_range_adjustment BOOLEAN DEFAULT false NOT NULL,
    vega_notional_amount NUMERIC(28, 10),
    vega_notional_currency ccy,
    variance_notional_amount NUMERIC(28, 10),
    annualization_factor INTEGER DEFAULT 252 NOT NULL,
    expected_trading_days INTEGER,
    initial_level NUMERIC(28, 12),
    initial_level_source TEXT,
    mean_adjustment BOOLEAN DEFAULT false NOT NULL,
    share_price_dividend_adjustment BOOLEAN DEFAULT false NOT NULL,
    dividend_applicability TEXT DEFAULT 'NONE' NOT NULL CONSTRAINT ck_variance_volatility_terms_dividend_applicability CHECK (dividend_applicability IN ('NONE', 'OPTIONS_EXCHANGE', 'ADDITIONAL', 'ALL')),
    dividend_adjustment_style TEXT DEFAULT 'REDUCE_PREVIOUS' NOT NULL CONSTRAINT ck_variance_volatility_terms_dividend_adjustment_style CHECK (dividend_adjustment_style IN ('REDUCE_PREVIOUS', 'ADD_BACK')),
    futures_price_valuation BOOLEAN,
    options_price_valuation BOOLEAN,
    exchange_traded_contract_reference TEXT,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_variance_volatility_terms PRIMARY KEY (id),
    CONSTRAINT ck_variance_volatility_terms_one_strike CHECK (num_nonnulls(variance_strike_price, volatility_strike_price) = 1),
    CONSTRAINT ck_variance_volatility_terms_expected_trading_days CHECK (expected_trading_days > 0),
    CONSTRAINT ck_variance_volatility_terms_annualization_factor CHECK (annualization_factor > 0),
    CONSTRAINT ck_variance_volatility_terms_barriers CHECK (lower_barrier <= upper_barrier),
    CONSTRAINT uq_variance_volatility_terms_return_terms_id UNIQUE (return_terms_id),
    CONSTRAINT fk_variance_volatility_terms_return_terms_id FOREIGN KEY(return_terms_id) REFERENCES return_terms (id)
);

CREATE TABLE basket_constituents (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    composition_id UUID NOT NULL,
    position INTEGER DEFAULT 1 NOT NULL,
    constituent_instrument_id UUID NOT NULL,
    weight_type TEXT CONSTRAINT ck_basket_constituents_weight_type CHECK (weight_type IN ('PERCENTAGE', 'UNITS', 'NOTIONAL')),
    weight_value NUMERIC(28, 10),
    weight_currency ccy,
    units NUMERIC(28, 10),
    initial_price NUMERIC(28, 12),
    price_currency ccy,
    fx_at_start NUMERIC(28, 15),
    spread_series INTEGER,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_basket_constituents PRIMARY KEY (id),
    CONSTRAINT uq_basket_constituents_composition_id_constituent_instrument_id UNIQUE (composition_id, constituent_instrument_id),
    CONSTRAINT ck_basket_constituents_weight_value CHECK (weight_value >= 0),
    CONSTRAINT ck_basket_constituents_weight CHECK ((weight_type IS NULL) = (weight_value IS NULL)),
    CONSTRAINT fk_basket_constituents_composition_id FOREIGN KEY(composition_id) REFERENCES basket_compositions (id),
    CONSTRAINT fk_basket_constituents_constituent_instrument_id FOREIGN KEY(constituent_instrument_id) REFERENCES instruments (id)
);

CREATE INDEX ix_basket_constituents_constituent_instrument_id ON basket_constituents (constituent_instrument_id);

CREATE TABLE dividend_payout_ratios (
    dividend_return_terms_id UUID NOT NULL,
    constituent_instrument_id UUID NOT NULL,
    total_ratio NUMERIC(20, 12),
    cash_ratio NUMERIC(20, 12),
    non_cash_ratio NUMERIC(20, 12),
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_dividend_payout_ratios PRIMARY KEY (dividend_return_terms_id, constituent_instrument_id),
    CONSTRAINT fk_dividend_payout_ratios_dividend_return_terms_id FOREIGN KEY(dividend_return_terms_id) REFERENCES dividend_return_terms (id),
    CONSTRAINT fk_dividend_payout_ratios_constituent_instrument_id FOREIGN KEY(constituent_instrument_id) REFERENCES instruments (id)
);

CREATE TABLE dividend_periods (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    dividend_return_terms_id UUID NOT NULL,
    period_number INTEGER NOT NULL,
    start_date DATE NOT NULL,
    end_date DATE NOT NULL,
    payment_date DATE,
    valuation_date DATE,
    constituent_instrument_id UUID,
    created_at timestamptz DEFAULT now() NOT NULL,
    created_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    updated_by TEXT DEFAULT COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text) NOT NULL,
    CONSTRAINT pk_dividend_periods PRIMARY KEY (id),
    CONSTRAINT uq_dividend_periods_dividend_return_terms_id_period_num_c6c9 UNIQUE NULLS NOT DISTINCT (dividend_return_terms_id, period_number, constituent_instrument_id),
    CONSTRAINT ck_dividend_periods_dates CHECK (start_date <= end_date),
    CONSTRAINT fk_dividend_periods_dividend_return_terms_id FOREIGN KEY(dividend_return_terms_id) REFERENCES dividend_return_terms (id),
    CONSTRAINT fk_dividend_periods_constituent_instrument_id FOREIGN KEY(constituent_instrument_id) REFERENCES instruments (id)
);
