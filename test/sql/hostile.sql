-- Model tables are their owner's and may hold anything.  Whatever is found
-- there is refused with an error that names it, and the server lives.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_wals_hostile;
CREATE SCHEMA hostile AUTHORIZATION regress_wals_hostile;
SET ROLE regress_wals_hostile;
SET search_path = hostile, public;

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 9 = 0;
CREATE TABLE seen_text AS SELECT 'u' || user_id AS user_id, 'i' || item_id AS item_id FROM seen;
SELECT wals_train('m', 'seen', factors => 4, iterations => 3);
SELECT wals_train('other', 'seen', factors => 4, iterations => 3, seed => 1);
SELECT wals_train('texts', 'seen_text', factors => 4, iterations => 3);
SET wals.default_model = 'm';

-- What a query comes to after some damage, which is undone again.  Activating
-- tells every session to read the factors anew.
CREATE FUNCTION after(damage text, query text DEFAULT 'SELECT * FROM wals_recommend(1, 3)') RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE damage;
	UPDATE m SET version_id = gen_random_uuid();
	EXECUTE query;
	RAISE EXCEPTION USING ERRCODE = '00001', MESSAGE = 'fine';
EXCEPTION WHEN OTHERS THEN
	IF SQLSTATE = '00001' THEN
		RETURN SQLERRM;
	END IF;
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	detail := regexp_replace(detail, 'OID [1-9][0-9]{3,8}\M', 'OID of the lost table');
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(E'\n  detail: ' || NULLIF(detail, ''), '')
		|| COALESCE(E'\n  hint: ' || NULLIF(hint, ''), '');
END;
$$;
CREATE FUNCTION works() RETURNS boolean LANGUAGE plpgsql AS
$$
BEGIN
	RETURN (SELECT count(*) = 3 FROM wals_recommend(1, 3)) AND wals_score(1, 1) IS NOT NULL
		AND (SELECT count(*) = 3 FROM wals_popular(3));
END;
$$;
SELECT works();
SELECT after('SELECT');

-- ---------------------------------------------------------------------------
-- Damaged factors
-- ---------------------------------------------------------------------------

-- the server itself guards against NULL and other types
\set VERBOSITY terse
UPDATE m_items SET factors = NULL WHERE id = 3;
\set VERBOSITY default
INSERT INTO m_users VALUES (1, NULL, '{1,2,3,4}', 0, 1, 1);
UPDATE m_items SET factors = 'none' WHERE id = 3;
-- but the guard may be taken away
SELECT after('ALTER TABLE m_items ALTER factors DROP NOT NULL; UPDATE m_items SET factors = NULL WHERE id = 3');
SELECT after('ALTER TABLE m_users ALTER factors DROP NOT NULL; UPDATE m_users SET factors = NULL WHERE id = 1');
SELECT after('ALTER TABLE m_items_1 DROP CONSTRAINT m_items_1_pkey; ALTER TABLE m_items DROP CONSTRAINT m_items_pkey; ALTER TABLE m_items ALTER id DROP NOT NULL; UPDATE m_items SET id = NULL WHERE id = 3');
SELECT after('ALTER TABLE m_items DROP CONSTRAINT m_items_pkey; INSERT INTO m_items SELECT * FROM m_items WHERE id = 3');
SELECT after('ALTER TABLE m_users DROP CONSTRAINT m_users_pkey; INSERT INTO m_users SELECT * FROM m_users WHERE id = 1');

SELECT d AS factors, side, after(format('UPDATE m_%s SET factors = %L WHERE id = 1', side, d)) AS "what comes of it"
FROM unnest(ARRAY['{}', '{1,2,3}', '{1,2,3,4,5}', '{{1,2},{3,4}}', '{{1,2,3,4}}', '{1,2,NULL,4}', '{NULL,NULL,NULL,NULL}',
	'{1,NaN,3,4}', '{1,2,3,Infinity}', '{-Infinity,2,3,4}']) WITH ORDINALITY AS x(d, nr), unnest(ARRAY['items', 'users']) AS side
ORDER BY nr, side;
-- elsewhere numbered, the same
SELECT after('UPDATE m_items SET factors = ''[0:3]={1,2,3,4}''; UPDATE m_users SET factors = ''[-5:-2]={1,1,1,1}''');
-- finite, but not their product
SELECT after('UPDATE m_items SET factors = ''{3e38,3e38,3e38,3e38}'' WHERE id = 2; UPDATE m_users SET factors = ''{2,2,2,2}''',
	'SELECT * FROM wals_recommend(1, 3, exclude_seen => false)');
SELECT after('UPDATE m_items SET factors = ''{-3e38,-3e38,-3e38,-3e38}'' WHERE id = 2; UPDATE m_users SET factors = ''{2,2,2,2}''',
	'SELECT * FROM wals_recommend(1, 3, exclude_seen => false)');
SELECT after('UPDATE m_items SET factors = ''{3e38,3e38,3e38,3e38}'' WHERE id = 2; UPDATE m_users SET factors = ''{2,2,2,2}''',
	'SELECT wals_score(1, 2)');
-- an item that is not asked for does no harm
SELECT after('UPDATE m_items SET factors = ''{3e38,3e38,3e38,3e38}'' WHERE id = 2; UPDATE m_users SET factors = ''{2,2,2,2}''',
	'SELECT * FROM wals_recommend(1, 3, candidates => ''{1,3}'', exclude_seen => false)');
SELECT after('UPDATE m_items SET factors = ''{3e38,3e38,3e38,3e38}'' WHERE id = 2; UPDATE m_users SET factors = ''{2,2,2,2}''',
	'SELECT * FROM wals_recommend(1, 3, exclude => ''{2}'', exclude_seen => false)');
-- denormal, zero, negative zero
SELECT after('UPDATE m_items SET factors = ''{1e-45,0,-0,1e-40}''; UPDATE m_users SET factors = ''{1e-45,1,0,-0}''');
-- the largest that fit
SELECT after('UPDATE m_items SET factors = ''{1e19,0,0,0}''; UPDATE m_users SET factors = ''{1e19,0,0,0}''');

-- biases, counts and norms
SELECT d AS bias, side, after(format('UPDATE m_%s SET bias = %L WHERE id = 1', side, d)) AS "what comes of it"
FROM unnest(ARRAY['NaN', 'Infinity', '-Infinity', '3e38']) WITH ORDINALITY AS x(d, nr), unnest(ARRAY['items', 'users']) AS side
ORDER BY nr, side;
SELECT after('UPDATE m_items SET bias = ''3e38''; UPDATE m_users SET bias = ''3e38''');
SELECT after('UPDATE m_items SET bias = NULL; UPDATE m_users SET bias = NULL');
SELECT after('UPDATE m_items SET n = NULL, likes = NULL, norm = NULL', 'SELECT * FROM wals_popular(3)');
SELECT after('UPDATE m_items SET n = -2147483648, likes = NULL, norm = ''NaN'' WHERE id = 3', 'SELECT * FROM wals_popular(NULL)');
SELECT after('UPDATE m_items SET n = 2147483647, norm = -1; UPDATE m_users SET n = NULL, norm = ''Infinity''');
SELECT after('UPDATE m_items SET likes = -2147483648 WHERE id = 3; UPDATE m_users SET likes = 2147483647', 'SELECT * FROM wals_popular(NULL)');

-- rows missing, rows too many
SELECT after('DELETE FROM m_items');
SELECT after('DELETE FROM m_users', 'SELECT 1 / count(*) FROM wals_recommend(1, 3) WHERE basis = ''fold_in''');
SELECT after('DELETE FROM m_users', 'SELECT 1 / count(*) FROM wals_recommend(1, 3, fold_in => ''never'') WHERE basis = ''popular''');
SELECT after('INSERT INTO m_items SELECT version, id + 1000, factors, bias, n, norm FROM m_items',
	'SELECT 1 / count(*) FROM wals_recommend(1, NULL) WHERE item_id > 1000');
SELECT after('INSERT INTO m_items SELECT version, x, factors, bias, n, norm FROM m_items,
	unnest(ARRAY[-9223372036854775808, 9223372036854775807]) AS x WHERE id = 3',
	'SELECT 1 / (count(*) - 1) FROM wals_recommend(1, NULL) WHERE item_id IN (-9223372036854775808, 9223372036854775807)');
SELECT after('UPDATE texts_items SET id = repeat(id, 2000) WHERE id = ''i3''; SELECT wals_activate(''texts'', 1)',
	'SELECT 1 / count(*) FROM wals_recommend(''u1'', NULL, ''texts'', exclude_seen => false) WHERE length(item_id) = 4000');
SELECT works();

-- ---------------------------------------------------------------------------
-- Damaged model rows
-- ---------------------------------------------------------------------------

SELECT d AS column, after(format('UPDATE m SET %I = NULL', d)) AS "what comes of it"
FROM unnest(ARRAY['active', 'is_default', 'format', 'source', 'source_name', 'source_id', 'newest_time', 'user_col', 'item_col', 'users_table', 'items_table',
	'factors', 'global_mean', 'options', 'n_items', 'losses', 'trained_at', 'feedback'])
	WITH ORDINALITY AS x(d, nr) ORDER BY nr;
UPDATE m SET version_id = NULL;
SELECT * FROM wals_recommend(1, 3);
SELECT wals_activate('m', 1);
SELECT works();

-- versions
SELECT after('DELETE FROM m');
SELECT after('INSERT INTO m SELECT (m.*).* FROM m');
SELECT after('CREATE TEMP TABLE c AS TABLE m; UPDATE c SET version = 2; INSERT INTO m TABLE c');
SELECT after('CREATE TEMP TABLE c AS TABLE m; UPDATE c SET version = 2; INSERT INTO m TABLE c; SELECT wals_activate(''m'', 1)');
SELECT after('UPDATE m SET version = 7');
SELECT after('UPDATE m SET version = -2147483648');
SELECT after('UPDATE m SET version = 2147483647', 'SELECT wals_train(''m'', ''seen'', factors => 2, iterations => 1)');
SELECT after('UPDATE m SET active = false');
SELECT after('ALTER TABLE m DROP CONSTRAINT m_pkey; INSERT INTO m TABLE m; UPDATE m SET active = NULL');
-- formats
SELECT after('UPDATE m SET format = 2');
SELECT after('UPDATE m SET format = -1');
-- sizes are what is found, not what is said: less is an error, more is not
SELECT after('UPDATE m SET n_items = 9223372036854775807, n_users = -1, n_entries = 0, iterations = -5');
SELECT after('UPDATE m SET n_items = 1, n_users = -9223372036854775808, n_entries = 0, iterations = -5');
SELECT after('UPDATE m SET factors = 0');
SELECT after('UPDATE m SET factors = -1');
SELECT after('UPDATE m SET factors = 3');
SELECT after('UPDATE m SET factors = 1024');
SELECT after('UPDATE m SET factors = 2147483647');
SELECT after('UPDATE m SET global_mean = ''NaN''');
SELECT after('UPDATE m SET global_mean = 1e300');
SELECT after('UPDATE m SET options = ''[]'', metrics = ''"x"'', losses = ''{{1,2},{3,NaN}}'', iteration_seconds = ''{NULL}''');
SELECT after('UPDATE m SET losses = ''{{1,2},{3,NaN}}'', iteration_seconds = ''{NULL}''', 'SELECT * FROM wals_training_log');
SELECT after('UPDATE m SET trained_at = ''infinity''', 'SELECT * FROM wals_models');
SELECT after('UPDATE m SET trained_at = ''-infinity''', 'SELECT 1 / count(*) FROM wals_models');
SELECT after('UPDATE m SET trained_by = ''nobody'', wals_version = '''', feedback = ''?'', objective = NULL',
	'SELECT * FROM wals_models');

-- columns that are not there, or are something else
SELECT after('UPDATE m SET user_col = ''nothing''');
SELECT after('UPDATE m SET user_col = ''''');
SELECT after('UPDATE m SET item_col = ''ctid''');
SELECT after('UPDATE m SET user_col = ''user_id = 1 OR true --''');
SELECT after('UPDATE m SET source = ''seen_text''');
SELECT after('UPDATE m SET source = 0');
SELECT left(d, 30) AS source_name, after(format('UPDATE m SET source_name = %L', d)) AS "what comes of it"
FROM unnest(ARRAY['', '.', 'seen', 'a.b.c.d', '"', repeat('x', 1000) || '.seen', 'pg_catalog.pg_class', 'hostile.m', 'hostile.seen; --'])
	WITH ORDINALITY AS x(d, nr) ORDER BY nr;
SELECT nr AS source_id, after(format('UPDATE m SET source_id = %L', d)) AS "what comes of it"
FROM unnest(ARRAY['', '/', '////', '-1/-1/-1', repeat('9', 1000), '0/0/1259/nobody',
	(SELECT system_identifier || '/' || oid || '/4294967295/' FROM pg_control_system(), pg_database WHERE datname = current_database())])
	WITH ORDINALITY AS x(d, nr) ORDER BY nr;
SELECT after('UPDATE m SET source_name = ''"''', 'SELECT 1 / count(*) FROM wals_models');
SELECT after('UPDATE m SET source = 4294967295');
SELECT after('UPDATE m SET source = ''pg_class'', user_col = ''oid'', item_col = ''relname''');
-- tables that are not there, or are something else
SELECT d AS "table", after(format('UPDATE m SET items_table = %L', d)) AS "what comes of it"
FROM unnest(ARRAY['seen', 'm', '0', '4294967295', 'm_items_pkey', 'pg_class', 'm_users', 'other_items', 'texts_items'])
	WITH ORDINALITY AS x(d, nr) ORDER BY nr;
SELECT d AS "table", after(format('UPDATE m SET users_table = %L', d)) AS "what comes of it"
FROM unnest(ARRAY['seen', 'm', '4294967295', 'm_items', 'texts_users']) WITH ORDINALITY AS x(d, nr) ORDER BY nr;
SELECT after('UPDATE m SET users_table = ''texts_users''', 'SELECT * FROM wals_recommend(''u1'', 3)');

-- factor tables dropped or replaced
SELECT after('DROP TABLE m_items CASCADE');
SELECT after('DROP TABLE m_users CASCADE');
SELECT after('DROP TABLE m_items CASCADE; CREATE TABLE m_items OF wals_factors_bigint');
SELECT after('DROP TABLE m_items CASCADE; CREATE VIEW m_items AS TABLE other_items; UPDATE m SET items_table = ''m_items''');
SELECT after('DROP TABLE m_items CASCADE; CREATE TABLE m_items (LIKE other_items); UPDATE m SET items_table = ''m_items''');
SELECT after('DROP TABLE m_items CASCADE; CREATE TABLE m_items (version integer, id bigint, factors real[], bias real, n integer, norm real)
	PARTITION BY LIST (version); UPDATE m SET items_table = ''m_items''');
SELECT after('ALTER TABLE m_items NOT OF');
SELECT after('ALTER TABLE m_items NOT OF; ALTER TABLE m_items DROP COLUMN bias');
SELECT after('ALTER TABLE m NOT OF');
SELECT after('DROP TABLE m_items CASCADE; CREATE TABLE m_items OF wals_factors_bigint; INSERT INTO m_items TABLE other_items; UPDATE m SET items_table = ''m_items''');
-- the model itself a view of a model
CREATE VIEW looks AS TABLE m;
SELECT after('SELECT', 'SELECT * FROM wals_recommend(1, 3, ''looks'')');
DROP VIEW looks;
-- training onto ruins
SELECT after('DROP TABLE m_items CASCADE', 'SELECT wals_train(''m'', ''seen'', factors => 2, iterations => 1)');
SELECT after('UPDATE m SET users_table = ''seen''', 'SELECT wals_train(''m'', ''seen'', factors => 2, iterations => 1)');
SELECT after('UPDATE m SET users_table = NULL, items_table = NULL', 'SELECT wals_train(''m'', ''seen'', factors => 2, iterations => 1)');
SELECT after('UPDATE m SET users_table = ''m_items''', 'SELECT wals_train(''m'', ''seen'', factors => 2, iterations => 1)');
SELECT after('DELETE FROM m', 'SELECT wals_train(''m'', ''seen'', factors => 2, iterations => 1)');
SELECT after('DELETE FROM m; TRUNCATE m_users, m_items', 'SELECT wals_train(''m'', ''seen'', factors => 2, iterations => 1)');
SELECT after('UPDATE m SET active = NULL, format = NULL, version_id = NULL', 'SELECT wals_train(''m'', ''seen'', factors => 2, iterations => 1)');
-- pruning and dropping ruins
SELECT after('UPDATE m SET active = NULL, users_table = ''seen'', items_table = 4294967295; INSERT INTO m (version) VALUES (2), (3)',
	'SELECT wals_prune(''m'', 1)');
SELECT after('UPDATE m SET users_table = ''seen'', items_table = 4294967295', 'SELECT wals_drop(''m'')');
SELECT after('UPDATE m SET users_table = ''m'', items_table = ''m''', 'SELECT wals_drop(''m'')');
SELECT after('DROP TABLE m_users CASCADE', 'SELECT wals_drop(''m'')');
SELECT after('UPDATE m SET users_table = NULL', 'SELECT wals_activate(''m'', 1)');
SELECT after('INSERT INTO m (version) VALUES (2)', 'SELECT wals_set_default(''m'')');
SELECT works();

-- ---------------------------------------------------------------------------
-- Triggers, rules and policies of the owner
-- ---------------------------------------------------------------------------

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no % of %', TG_OP, TG_TABLE_NAME; END;$$;
SELECT after('CREATE TRIGGER t BEFORE INSERT ON m_items FOR EACH ROW EXECUTE FUNCTION refuse()',
	'SELECT wals_train(''m'', ''seen'', factors => 2, iterations => 1)');
SELECT after('ALTER TABLE m_items ADD CHECK (id <> 7)',
	'SELECT wals_train(''m'', ''seen'', factors => 2, iterations => 1)') LIKE '23514: %m_items_id_check%' AS refused;
-- a trigger may change what is stored, but not what is believed
CREATE FUNCTION falsify() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.factors := '{1}'; RETURN NEW; END;$$;
SELECT after('CREATE TRIGGER t BEFORE INSERT ON m_items FOR EACH ROW EXECUTE FUNCTION falsify();
	SELECT wals_train(''m'', ''seen'', factors => 2, iterations => 1)');

-- ---------------------------------------------------------------------------
-- Factors edited by hand
-- ---------------------------------------------------------------------------

-- A session that has read a version's items may go on answering from them;
-- wals_activate gives the version a new identity, and every session reads again.
SELECT item_id AS best FROM wals_recommend(1, 1, exclude_seen => false) \gset
UPDATE m_items SET factors = '{0,0,0,0}' WHERE id = :best;
SELECT wals_activate('m', 1);
SELECT wals_score(1, :best) = 0 AS read_again;
SELECT item_id = :best AS best FROM wals_recommend(1, 1, exclude_seen => false);
UPDATE m_users SET factors = '{0,0,0,0}' WHERE id = 1;
SELECT wals_score(1, 1) = 0 AS users_are_always_read;
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET search_path = hostile, public;
SET ROLE regress_wals_hostile;
SELECT wals_score(2, :best, 'm') = 0 AS new_session;

RESET ROLE;
DROP SCHEMA hostile CASCADE;
DROP ROLE regress_wals_hostile;
