-- Who may do what: rights on sources and models, row-level security, and
-- people who mean no good.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- ---------------------------------------------------------------------------
-- The extension itself
-- ---------------------------------------------------------------------------

CREATE TEMP VIEW members AS
SELECT d.classid, d.objid, i.type, i.identity
FROM pg_depend AS d, pg_identify_object(d.classid, d.objid, 0) AS i
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'wals')
	-- from 17 on also the row and array types that come with others
	AND NOT (d.classid = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid
		WHERE t.oid = d.objid AND (t.typelem <> 0 OR c.relkind <> 'c')));
SELECT type, count(*) > 0 AS some FROM members GROUP BY 1 ORDER BY 1;
-- nothing runs with rights other than the caller's
SELECT identity FROM members JOIN pg_proc AS p ON classid = 'pg_proc'::regclass AND p.oid = objid WHERE prosecdef OR proconfig IS NOT NULL;
-- everything says what it is
SELECT identity FROM members WHERE obj_description(objid, classid::regclass::name) IS NULL;
SELECT c.oid::regclass, attname FROM pg_class AS c JOIN pg_attribute AS a ON attrelid = c.oid
WHERE attnum > 0 AND col_description(c.oid, attnum) IS NULL AND (
	c.oid IN (SELECT objid FROM members WHERE classid = 'pg_class'::regclass)
	OR c.reltype IN (SELECT objid FROM members WHERE classid = 'pg_type'::regclass));
-- what reads is stable and may run in parallel, what writes is neither
SELECT proname, string_agg(DISTINCT CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END || ', '
	|| CASE proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END
	|| CASE WHEN proisstrict THEN ', strict' ELSE '' END
	|| CASE WHEN proleakproof THEN ', leakproof' ELSE '' END, ' | ') AS flags, count(*)
FROM members JOIN pg_proc AS p ON classid = 'pg_proc'::regclass AND p.oid = objid GROUP BY 1 ORDER BY proname::text COLLATE "C";
DROP VIEW members;

-- ---------------------------------------------------------------------------
-- People
-- ---------------------------------------------------------------------------

CREATE ROLE regress_wals_alice;
CREATE ROLE regress_wals_bob;
CREATE ROLE regress_wals_carol BYPASSRLS;
CREATE ROLE regress_wals_eve;
CREATE ROLE regress_wals_team;
GRANT regress_wals_team TO regress_wals_alice;
CREATE SCHEMA rights AUTHORIZATION regress_wals_alice;
CREATE SCHEMA rights_bob AUTHORIZATION regress_wals_bob;
CREATE SCHEMA rights_carol AUTHORIZATION regress_wals_carol;
CREATE SCHEMA rights_eve AUTHORIZATION regress_wals_eve;
CREATE SCHEMA rights_team AUTHORIZATION regress_wals_team;
SET search_path = rights, public;

CREATE FUNCTION outcome(statement text) RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(E'\n  hint: ' || NULLIF(hint, ''), '');
END;
$$;

SET ROLE regress_wals_alice;
CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id, 1 AS value, 1 AS weight
FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 9 = 0;
SELECT wals_train('m', 'seen', factors => 4, iterations => 3);
GRANT USAGE ON SCHEMA rights TO PUBLIC;

-- ---------------------------------------------------------------------------
-- Training needs SELECT on what it reads and CREATE where it writes
-- ---------------------------------------------------------------------------

SET ROLE regress_wals_bob;
SELECT wals_train('rights_bob.m', 'seen');
SET ROLE regress_wals_alice;
GRANT SELECT (user_id, item_id) ON seen TO regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT wals_train('rights_bob.m', 'seen', factors => 3, iterations => 1);
SELECT outcome($$SELECT wals_train('rights_bob.m', 'seen', value_col => 'value')$$);
SELECT outcome($$SELECT wals_train('rights_bob.m', 'seen', weight_col => 'weight')$$);
SELECT outcome($$SELECT wals_train('rights_bob.m', 'seen', user_col => 'value', item_col => 'weight')$$);
SELECT count(*) FROM wals_recommend(1, 3, 'rights_bob.m');
SELECT outcome($$SELECT wals_train('bobs', 'seen')$$);
SELECT outcome($$SELECT wals_train('rights.bobs', 'seen')$$);
SELECT outcome($$SELECT wals_train('information_schema.bobs', 'seen')$$);
-- a view of the owner's opens the table, one of the caller's rights does not
SET ROLE regress_wals_alice;
REVOKE SELECT (user_id, item_id) ON seen FROM regress_wals_bob;
CREATE VIEW opened WITH (security_barrier) AS SELECT user_id, item_id FROM seen;
CREATE VIEW closed WITH (security_invoker) AS SELECT user_id, item_id FROM seen;
GRANT SELECT ON opened, closed TO regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT wals_train('rights_bob.m', 'opened', factors => 3, iterations => 1);
SELECT outcome($$SELECT wals_train('rights_bob.m', 'closed')$$);
SELECT count(*) FROM wals_recommend(1, 3, 'rights_bob.m');
SELECT wals_drop('rights_bob.m');

-- ---------------------------------------------------------------------------
-- Only the owner changes a model, not even a superuser does
-- ---------------------------------------------------------------------------

RESET ROLE;
SELECT wals_train('m', 'seen');
SELECT outcome($$SELECT wals_activate('m', 1)$$);
SELECT outcome($$SELECT wals_prune('m')$$);
SELECT outcome($$SELECT wals_set_default('m')$$);
SELECT outcome($$SELECT wals_drop('m')$$);
SET ROLE regress_wals_alice;
GRANT SELECT, INSERT, UPDATE, DELETE ON m, m_users, m_items, seen TO regress_wals_bob;
GRANT CREATE ON SCHEMA rights TO regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT outcome($$SELECT wals_train('m', 'seen')$$);
SELECT outcome($$SELECT wals_activate('m', 1)$$);
SELECT outcome($$SELECT wals_prune('m')$$);
SELECT outcome($$SELECT wals_set_default('m')$$);
SELECT outcome($$SELECT wals_drop('m')$$);
SET ROLE regress_wals_alice;
REVOKE CREATE ON SCHEMA rights FROM regress_wals_bob;
REVOKE ALL ON m, m_users, m_items, seen FROM regress_wals_bob;
-- a member may read as one, and train once it has become the owner
GRANT SELECT ON seen TO regress_wals_team;
SET ROLE regress_wals_team;
SELECT wals_train('rights_team.m', 'seen', factors => 3, iterations => 1);
SET ROLE regress_wals_alice;
SELECT count(*) FROM wals_recommend(1, 3, 'rights_team.m');
SELECT outcome($$SELECT wals_train('rights_team.m', 'seen')$$);
SET ROLE regress_wals_team;
SELECT wals_train('rights_team.m', 'seen', factors => 3, iterations => 1);
SELECT trained_by FROM rights_team.m;
SELECT wals_drop('rights_team.m');
-- a superuser in the owner's place too
RESET ROLE;
SET ROLE regress_wals_alice;
SELECT wals_train('m', 'seen', factors => 4, iterations => 3);

-- ---------------------------------------------------------------------------
-- Recommending needs SELECT on model, users, items, and the source
-- ---------------------------------------------------------------------------

SET ROLE regress_wals_bob;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm')$$);
SET ROLE regress_wals_alice;
GRANT SELECT ON m TO regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm')$$);
SET ROLE regress_wals_alice;
GRANT SELECT ON m_users TO regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm')$$);
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm', exclude_seen => false)$$);
SELECT outcome($$SELECT wals_score(1, 1, 'm')$$);
SELECT outcome($$SELECT * FROM wals_popular(3, 'm')$$);
SET ROLE regress_wals_alice;
GRANT SELECT ON m_items TO regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm')$$);
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm', exclude_seen => NULL)$$);
SELECT count(*) FROM wals_recommend(1, 3, 'm', exclude_seen => false);
SELECT count(*) FROM wals_popular(3, 'm');
SELECT wals_score(1, 1, 'm') IS NOT NULL AS score;
SET ROLE regress_wals_alice;
GRANT SELECT (user_id) ON seen TO regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm')$$);
SET ROLE regress_wals_alice;
GRANT SELECT (item_id) ON seen TO regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT count(*) FROM wals_recommend(1, 3, 'm');
-- what one right less means, with everything read and planned before
SET ROLE regress_wals_alice;
SELECT count(*) FROM wals_recommend(1, 3, 'm');
REVOKE SELECT ON m_items FROM regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm')$$);
SELECT outcome($$SELECT wals_score(1, 1, 'm')$$);
SELECT outcome($$SELECT * FROM wals_popular(3, 'm')$$);
SET ROLE regress_wals_alice;
GRANT SELECT ON m_items TO regress_wals_bob;
REVOKE SELECT ON m_users FROM regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm')$$);
SET ROLE regress_wals_alice;
GRANT SELECT ON m_users TO regress_wals_bob;
REVOKE SELECT ON m FROM regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm')$$);
SET ROLE regress_wals_alice;
GRANT SELECT ON m TO regress_wals_bob;
REVOKE SELECT (item_id) ON seen FROM regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm')$$);
SET ROLE regress_wals_alice;
GRANT SELECT (item_id) ON seen TO regress_wals_bob;
-- one prepared statement, several roles
PREPARE top AS SELECT count(*) FROM wals_recommend(1, 3, 'm');
EXECUTE top;
SET ROLE regress_wals_eve;
EXECUTE top;
SET ROLE regress_wals_bob;
EXECUTE top;
DEALLOCATE top;
-- in a function that lends its owner's rights
SET ROLE regress_wals_alice;
CREATE FUNCTION lent() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = rights, public
AS $$SELECT count(*) FROM wals_recommend(1, 3, 'm')$$;
SET ROLE regress_wals_eve;
SELECT lent();
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'm')$$);

-- what a stranger is told about
SELECT count(*) FROM wals_models;
SELECT count(*) FROM wals_training_log;
SELECT * FROM wals_recommend(1);
SET ROLE regress_wals_bob;
SELECT model, owner, is_default FROM wals_models;
SELECT DISTINCT model, version FROM wals_training_log ORDER BY version;
-- readable, but somebody else's: not meant unless named
SELECT * FROM wals_recommend(1);
SET wals.default_model = 'rights.m';
SELECT count(*) FROM wals_recommend(1, 3);
RESET wals.default_model;

-- ---------------------------------------------------------------------------
-- Row-level security of the source
-- ---------------------------------------------------------------------------

SET ROLE regress_wals_alice;
SET client_min_messages = warning;
CREATE TABLE guarded AS SELECT user_id, item_id FROM seen;
GRANT SELECT ON guarded TO regress_wals_bob, regress_wals_carol;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON guarded USING (user_id <= 15);
CREATE FUNCTION trained_on(model regclass) RETURNS TABLE (version integer, users bigint, entries bigint) LANGUAGE plpgsql AS
$$BEGIN RETURN QUERY EXECUTE format('SELECT version, n_users, n_entries FROM %s WHERE active', model); END$$;
SELECT count(DISTINCT user_id) AS users, count(*) AS rows, count(DISTINCT user_id) FILTER (WHERE user_id <= 15) AS "bob's users",
	count(*) FILTER (WHERE user_id <= 15) AS "bob's rows" FROM guarded;
-- the owner reads all and is told
SELECT wals_train('g', 'guarded', factors => 3, iterations => 1);
SELECT * FROM trained_on('g');
-- unless policies are forced on him
ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
SELECT wals_train('g', 'guarded', factors => 3, iterations => 1);
SELECT * FROM trained_on('g');
SET row_security = off;
SELECT outcome($$SELECT wals_train('g', 'guarded', factors => 3, iterations => 1)$$);
RESET row_security;
ALTER TABLE guarded NO FORCE ROW LEVEL SECURITY;
-- a reader trains on what he sees
SET ROLE regress_wals_bob;
SELECT wals_train('rights_bob.g', 'guarded', factors => 3, iterations => 1);
SELECT * FROM trained_on('rights_bob.g');
SET row_security = off;
SELECT outcome($$SELECT wals_train('rights_bob.g', 'guarded', factors => 3, iterations => 1)$$);
RESET row_security;
SELECT wals_drop('rights_bob.g');
-- one who bypasses policies is told
SET ROLE regress_wals_carol;
SELECT wals_train('rights_carol.g', 'guarded', factors => 3, iterations => 1);
SELECT * FROM trained_on('rights_carol.g');
SELECT wals_drop('rights_carol.g');
-- Seen items are read as the caller: what a policy hides was not seen.
SET ROLE regress_wals_alice;
SELECT wals_train('g', 'guarded', factors => 3, iterations => 1);
GRANT SELECT ON g, g_users, g_items TO regress_wals_bob;
SELECT count(*) FROM wals_recommend(20, NULL, 'g');
SELECT 20 - count(*) AS seen FROM wals_recommend(10, NULL, 'g');
SET ROLE regress_wals_bob;
SELECT count(*) FROM wals_recommend(20, NULL, 'g');
SELECT 20 - count(*) AS seen FROM wals_recommend(10, NULL, 'g');
SET row_security = off;
SELECT outcome($$SELECT count(*) FROM wals_recommend(10, 3, 'g')$$);
RESET row_security;

-- ---------------------------------------------------------------------------
-- Row-level security of model tables
-- ---------------------------------------------------------------------------

-- the same call in one session, by turns: each sees what his policies show,
-- whoever has filled the cache
SET ROLE regress_wals_alice;
ALTER TABLE g_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON g_items TO regress_wals_bob USING (id IN (1, 2, 3));
SELECT count(*) FROM wals_recommend(20, NULL, 'g', exclude_seen => false);
SET ROLE regress_wals_bob;
SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend(20, NULL, 'g', exclude_seen => false);
SELECT array_agg(item_id ORDER BY item_id) FROM wals_popular(NULL, 'g');
SELECT wals_score(20, 4, 'g') IS NULL AS hidden, wals_score(20, 3, 'g') IS NULL AS shown;
SET ROLE regress_wals_alice;
SELECT count(*) FROM wals_recommend(20, NULL, 'g', exclude_seen => false);
SET ROLE regress_wals_bob;
SELECT array_agg(item_id ORDER BY item_id) FROM wals_recommend(20, NULL, 'g', exclude_seen => false);
SET row_security = off;
SELECT outcome($$SELECT * FROM wals_recommend(20, NULL, 'g', exclude_seen => false)$$);
RESET row_security;
SET ROLE regress_wals_alice;
ALTER TABLE g_items FORCE ROW LEVEL SECURITY;
SELECT count(*) FROM wals_recommend(20, NULL, 'g', exclude_seen => false);
ALTER TABLE g_items NO FORCE ROW LEVEL SECURITY;
ALTER TABLE g_items DISABLE ROW LEVEL SECURITY;
-- a policy that depends on who asks
ALTER TABLE g_users ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON g_users USING (id = current_setting('rights.me', true)::bigint);
SET ROLE regress_wals_bob;
SET rights.me = 20;
SELECT DISTINCT basis FROM wals_recommend(20, 3, 'g', exclude_seen => false);
SELECT DISTINCT basis FROM wals_recommend(19, 3, 'g', exclude_seen => false);
SELECT wals_score(19, 1, 'g') IS NULL AS hidden;
SET rights.me = 19;
SELECT DISTINCT basis FROM wals_recommend(20, 3, 'g', exclude_seen => false);
SELECT DISTINCT basis FROM wals_recommend(19, 3, 'g', exclude_seen => false);
SET ROLE regress_wals_alice;
ALTER TABLE g_users DISABLE ROW LEVEL SECURITY;
ALTER TABLE g ENABLE ROW LEVEL SECURITY;
SET ROLE regress_wals_bob;
SELECT * FROM wals_recommend(20, 3, 'g');
SET ROLE regress_wals_alice;
SELECT wals_drop('g');

-- ---------------------------------------------------------------------------
-- A forged default
-- ---------------------------------------------------------------------------

SET ROLE regress_wals_eve;
CREATE TABLE rights_eve.seen AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 9) AS u, generate_series(101, 109) AS i WHERE (u + i) % 3 > 0;
SELECT wals_train('rights_eve.m', 'rights_eve.seen', factors => 3, iterations => 1);
SELECT wals_set_default('rights_eve.m');
GRANT USAGE ON SCHEMA rights_eve TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA rights_eve TO PUBLIC;
SELECT count(*) FROM wals_recommend(1, 3);
SET ROLE regress_wals_bob;
SELECT model, owner, is_default FROM wals_models ORDER BY owner;
SELECT * FROM wals_recommend(1);
SET ROLE regress_wals_alice;
SELECT model, owner, is_default FROM wals_models ORDER BY owner;
SELECT max(item_id) < 100 AS own FROM wals_recommend(1, 3);
-- one marked by a superuser is meant for everybody
RESET ROLE;
SELECT wals_train('rights.official', 'rights.seen', factors => 3, iterations => 1);
GRANT SELECT ON rights.official, rights.official_users, rights.official_items, rights.seen TO regress_wals_bob;
SET ROLE regress_wals_bob;
SELECT outcome('SELECT * FROM wals_recommend(1)');
RESET ROLE;
SELECT wals_set_default('rights.official');
SET ROLE regress_wals_bob;
SELECT model, owner = 'regress_wals_eve' AS evil FROM wals_models WHERE is_default;
SELECT count(*) FROM wals_recommend(1, 3);
RESET ROLE;
SELECT wals_drop('rights.official');

-- ---------------------------------------------------------------------------
-- Traps: code of eve's must not run with the rights of others
-- ---------------------------------------------------------------------------

SET ROLE regress_wals_eve;
CREATE TABLE rights_eve.tripwire (who name, what text);
GRANT INSERT ON rights_eve.tripwire TO PUBLIC;
CREATE FUNCTION rights_eve.spring(what text) RETURNS boolean LANGUAGE plpgsql AS
$$BEGIN INSERT INTO rights_eve.tripwire VALUES (current_user, what); RETURN true; END$$;

-- Whoever lists models has not asked for eve's: her policies are not run.
ALTER TABLE rights_eve.m ENABLE ROW LEVEL SECURITY;
CREATE POLICY trap ON rights_eve.m USING (rights_eve.spring('policy'));
SET ROLE regress_wals_bob;
SELECT count(*) FROM wals_models WHERE owner = 'regress_wals_alice';
SELECT count(*) > 0 FROM wals_training_log;
SELECT outcome('SELECT * FROM wals_recommend(1)');
SELECT count(*) FROM wals_recommend(1, 3, 'rights.m');
SET ROLE regress_wals_eve;
SELECT count(*) FROM wals_models WHERE owner = current_user;
TABLE rights_eve.tripwire;
-- nor may her model keep the others from being listed
ALTER TABLE rights_eve.m DISABLE ROW LEVEL SECURITY;
UPDATE rights_eve.m SET trained_at = 'infinity', losses = '{NaN,0,-Infinity}', options = '{}';
SET ROLE regress_wals_bob;
SELECT count(*), count(age) FROM wals_models;
SELECT count(*) > 0 FROM wals_training_log;

-- Who could write into a model row could name tables of her own there.  She may
-- not, whatever was granted; and if there was no guard, the owner neither deletes
-- from them, which would run her triggers, nor drops them.
SET ROLE regress_wals_alice;
SELECT wals_train('rights.shared', 'rights.seen', factors => 3, iterations => 1);
SELECT wals_train('rights.shared', 'rights.seen', factors => 3, iterations => 1);
GRANT SELECT, UPDATE ON rights.shared TO regress_wals_eve;
SET ROLE regress_wals_eve;
CREATE TABLE rights_eve.decoy OF wals_factors_bigint;
GRANT ALL ON rights_eve.decoy TO PUBLIC;
INSERT INTO rights_eve.decoy SELECT * FROM rights_eve.m_users;
CREATE FUNCTION rights_eve.spring() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN PERFORM rights_eve.spring(TG_OP); RETURN OLD; END$$;
CREATE TRIGGER trap BEFORE DELETE ON rights_eve.decoy FOR EACH ROW EXECUTE FUNCTION rights_eve.spring();
CREATE TRIGGER trap_statement BEFORE DELETE ON rights_eve.decoy EXECUTE FUNCTION rights_eve.spring();
UPDATE rights.shared SET users_table = 'rights_eve.decoy';
SET ROLE regress_wals_alice;
DROP TRIGGER wals_guard ON rights.shared;
SET ROLE regress_wals_eve;
UPDATE rights.shared SET users_table = 'rights_eve.decoy';
SET ROLE regress_wals_alice;
SELECT outcome($$SELECT wals_train('rights.shared', 'rights.seen', factors => 3, iterations => 1)$$);
SELECT wals_prune('rights.shared', 1);
SELECT outcome($$SELECT wals_drop('rights.shared')$$);
SET ROLE regress_wals_eve;
TABLE rights_eve.tripwire;
SELECT count(*) > 0 AS untouched FROM rights_eve.decoy;
RESET ROLE;
DROP TABLE IF EXISTS rights.shared, rights.shared_users, rights.shared_items CASCADE;

-- operators, functions and types that come first in the path
SET ROLE regress_wals_eve;
SET search_path = rights_eve;
DO
$$
DECLARE
	t text;
	o text;
BEGIN
	FOREACH t IN ARRAY ARRAY['integer', 'bigint', 'text', 'name', 'oid', 'boolean', 'real', 'double precision', 'uuid', '"char"', 'regclass'] LOOP
		EXECUTE format('CREATE FUNCTION rights_eve.trap(%1$s, %1$s) RETURNS boolean LANGUAGE sql AS $f$SELECT rights_eve.spring(%1$L)$f$', t);
		FOREACH o IN ARRAY ARRAY['=', '<>', '<', '>', '<=', '>='] LOOP
			EXECUTE format('CREATE OPERATOR rights_eve.%1$s (LEFTARG = %2$s, RIGHTARG = %2$s, FUNCTION = rights_eve.trap)', o, t);
		END LOOP;
	END LOOP;
	FOREACH t IN ARRAY ARRAY['integer', 'bigint', 'real', 'double precision'] LOOP
		EXECUTE format('CREATE FUNCTION rights_eve.plus(%1$s, %1$s) RETURNS %1$s LANGUAGE sql AS $f$SELECT CASE WHEN rights_eve.spring(''plus'') THEN $1 END$f$', t);
		EXECUTE format('CREATE OPERATOR rights_eve.+ (LEFTARG = %1$s, RIGHTARG = %1$s, FUNCTION = rights_eve.plus)', t);
		EXECUTE format('CREATE OPERATOR rights_eve.- (LEFTARG = %1$s, RIGHTARG = %1$s, FUNCTION = rights_eve.plus)', t);
		EXECUTE format('CREATE AGGREGATE rights_eve.max (%1$s) (SFUNC = rights_eve.plus, STYPE = %1$s)', t);
		EXECUTE format('CREATE FUNCTION rights_eve.abs(%1$s) RETURNS %1$s LANGUAGE sql AS $f$SELECT CASE WHEN rights_eve.spring(''abs'') THEN $1 END$f$', t);
	END LOOP;
	EXECUTE 'CREATE FUNCTION rights_eve.keep(boolean, boolean) RETURNS boolean LANGUAGE sql AS $f$SELECT rights_eve.spring(''bool_or'')$f$';
	EXECUTE 'CREATE AGGREGATE rights_eve.bool_or (boolean) (SFUNC = rights_eve.keep, STYPE = boolean)';
	EXECUTE 'CREATE FUNCTION rights_eve.gen_random_uuid() RETURNS uuid LANGUAGE sql AS $f$SELECT NULL::uuid WHERE rights_eve.spring(''uuid'')$f$';
	EXECUTE 'CREATE FUNCTION rights_eve.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $f$SELECT NULL::timestamptz WHERE rights_eve.spring(''clock'')$f$';
	EXECUTE 'CREATE FUNCTION rights_eve.has_table_privilege(oid, text) RETURNS boolean LANGUAGE sql AS $f$SELECT rights_eve.spring(''privilege'')$f$';
	EXECUTE 'CREATE FUNCTION rights_eve.has_schema_privilege(oid, text) RETURNS boolean LANGUAGE sql AS $f$SELECT rights_eve.spring(''privilege'')$f$';
END;
$$;
CREATE TABLE rights_eve.pg_class (LIKE pg_catalog.pg_class);
CREATE TABLE rights_eve.pg_depend (LIKE pg_catalog.pg_depend);
CREATE TABLE rights_eve.pg_extension (LIKE pg_catalog.pg_extension);
CREATE TYPE rights_eve.wals_model AS (x integer);
CREATE TYPE rights_eve.wals_factors_bigint AS (x integer);
GRANT SELECT ON ALL TABLES IN SCHEMA rights_eve TO PUBLIC;
RESET search_path;
-- the trap works
SET ROLE regress_wals_bob;
SET search_path = rights_eve, pg_catalog, public, rights;
SELECT 1 = 2 AS sprung;
RESET search_path;
SELECT count(*) OPERATOR(pg_catalog.=) 1 AS sprung FROM rights_eve.tripwire;
SET ROLE regress_wals_eve;
DELETE FROM rights_eve.tripwire;
-- and nothing of ours steps into it, in a session that has planned nothing yet
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET ROLE regress_wals_alice;
SET search_path = rights_eve, pg_catalog, public, rights;
SELECT wals_train('rights.trapped', 'rights.seen', factors => 4, iterations => 3);
SELECT wals_train('rights.trapped', 'rights.seen', factors => 4, iterations => 3, activate => 'no', keep_versions => 3);
SELECT wals_activate('rights.trapped', 2);
SELECT wals_set_default('rights.trapped');
CREATE TABLE rights.trapped_answer AS SELECT * FROM wals_recommend(1, 10);
CREATE TABLE rights.trapped_score AS SELECT wals_score(1, 1), wals_score('1', '1') AS text;
CREATE TABLE rights.trapped_popular AS SELECT * FROM wals_popular(10);
CREATE TABLE rights.trapped_models AS SELECT * FROM wals_models;
CREATE TABLE rights.trapped_log AS SELECT * FROM wals_training_log;
CREATE TABLE rights.trapped_info AS SELECT * FROM wals_info();
CREATE TABLE rights.trapped_error AS SELECT outcome('SELECT * FROM wals_recommend(1, 3, ''rights_eve.m'')');
SELECT wals_prune('rights.trapped', 1);
SELECT wals_drop('rights.trapped');
SET search_path = rights, public;
SELECT count(*) AS traps_sprung FROM rights_eve.tripwire;
SELECT wals_train('free', 'seen', factors => 4, iterations => 3);
SELECT count(*) AS differences FROM trapped_answer AS a FULL JOIN wals_recommend(1, 10, 'free') AS b USING (item_id, score, rank, basis)
WHERE a.item_id IS NULL OR b.item_id IS NULL;
SELECT wals_score = wals_score(1, 1, 'free') AND text = wals_score AS same FROM trapped_score;
SELECT count(*) AS differences FROM trapped_popular AS a FULL JOIN wals_popular(10, 'free') AS b USING (item_id, n_rows, rank)
WHERE a.item_id IS NULL OR b.item_id IS NULL;
SELECT count(*) FROM trapped_models WHERE is_default;
TABLE trapped_error;
SELECT bool_and(rel_change < 0 OR iteration = 1) AS falling FROM trapped_log WHERE version = 2;
-- temporary tables that shadow the source and the model
CREATE TEMP TABLE seen (user_id integer, item_id integer);
CREATE TEMP TABLE free (x integer);
SELECT count(*) FROM wals_recommend(1, 3, 'rights.free');
SELECT wals_train('rights.free', 'rights.seen', factors => 4, iterations => 3);
SELECT outcome($$SELECT * FROM wals_recommend(1, 3, 'free')$$);
SELECT outcome($$SELECT wals_train('free', 'rights.seen')$$);

RESET ROLE;
DROP TABLE pg_temp.seen, pg_temp.free;
DROP SCHEMA rights, rights_bob, rights_carol, rights_eve, rights_team CASCADE;
DROP ROLE regress_wals_alice, regress_wals_bob, regress_wals_carol, regress_wals_eve, regress_wals_team;
