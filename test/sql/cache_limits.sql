-- wals.cache_mem, wals.cache_share and wals.cache_file_limit at their limits:
-- where rows are kept changes, answers do not
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA cache_limits;
SET search_path = cache_limits, public;

-- ---------------------------------------------------------------------------
-- Ranges
-- ---------------------------------------------------------------------------

SELECT wals_version() IS NOT NULL AS library_loaded;
-- the SQLSTATE alone: messages differ between servers
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
SELECT outcome($$SET wals.cache_mem = '1023kB'$$);
SET wals.cache_mem = '1024kB';
SHOW wals.cache_mem;
RESET wals.cache_mem;
SELECT outcome($$SET wals.cache_share = 'sometimes'$$);
SET wals.cache_share = 'ALWAYS';
SHOW wals.cache_share;
RESET wals.cache_share;
SELECT outcome($$SET wals.cache_file_limit = -2$$);
SET wals.cache_file_limit = -1;
SHOW wals.cache_file_limit;
SET wals.cache_file_limit = 0;
SHOW wals.cache_file_limit;
RESET wals.cache_file_limit;
CREATE ROLE regress_cache_limits;
SET ROLE regress_cache_limits;
SET wals.cache_mem = '2MB';
SET wals.cache_share = 'never';
SET wals.cache_file_limit = 0;
RESET ROLE;
RESET wals.cache_mem;
RESET wals.cache_share;

-- ---------------------------------------------------------------------------
-- Models of some kilobytes, of 0.4 megabytes (three), and of two megabytes
-- ---------------------------------------------------------------------------

CREATE FUNCTION seen(items integer) RETURNS TABLE (user_id integer, item_id integer)
LANGUAGE sql AS $$
	SELECT u, i FROM generate_series(1, 3) AS u, generate_series(1, items) AS i
	WHERE (u * 7 + i * i) % 5 < 2
$$;
CREATE TABLE few AS SELECT * FROM seen(40);
CREATE TABLE middling AS SELECT * FROM seen(1100);
CREATE TABLE many AS SELECT * FROM seen(6000);
-- who trains makes no files here
SET wals.cache_share = 'never';
SELECT wals_train('small', 'few', iterations => 1);
SELECT wals_train('a', 'middling', iterations => 1);
SELECT wals_train('b', 'middling', iterations => 1, seed => 5);
SELECT wals_train('c', 'middling', iterations => 1, seed => 6);
SELECT wals_train('large', 'many', iterations => 1);
RESET wals.cache_share;

CREATE VIEW answers AS
SELECT m.model, u.id, r.*
FROM (VALUES ('small'), ('a'), ('b'), ('c'), ('large')) AS m(model),
	generate_series(1, 4) AS u(id),
	LATERAL wals_recommend(u.id, 20, m.model::regclass, exclude_seen => false) AS r;
CREATE TABLE expected AS TABLE answers;
SELECT model, count(*) FROM expected GROUP BY 1 ORDER BY 1;
CREATE FUNCTION differences() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM (
		(TABLE answers EXCEPT ALL TABLE expected)
		UNION ALL (TABLE expected EXCEPT ALL TABLE answers)) AS d
$$;
CREATE VIEW kept AS
SELECT model, place, CASE WHEN place = 'not kept' THEN NULL ELSE bytes >= 1048576 END AS megabyte,
	hits, loads + opens AS fetched
FROM wals_cache_info() WHERE side = 'items' ORDER BY model;

-- ---------------------------------------------------------------------------
-- Where they are kept
-- ---------------------------------------------------------------------------

-- auto: a file from a megabyte on
\c
SET search_path = cache_limits, public;
SELECT differences();
TABLE kept;
-- never
\c
SET search_path = cache_limits, public;
SET wals.cache_share = 'never';
SELECT differences();
TABLE kept;
-- always
\c
SET search_path = cache_limits, public;
SET wals.cache_share = 'always';
SELECT differences();
TABLE kept;

-- files do not count: all of them beside the least memory, none fetched twice
\c
SET search_path = cache_limits, public;
SET wals.cache_share = 'always';
SET wals.cache_mem = '1MB';
SELECT differences();
SELECT differences();
SELECT bool_and(place = 'shared file') AS shared, max(fetched) AS fetched FROM kept;

-- ---------------------------------------------------------------------------
-- Less memory than three need, and less than one needs
-- ---------------------------------------------------------------------------

\c
SET search_path = cache_limits, public;
SET wals.cache_share = 'never';
SET wals.cache_mem = '1MB';
SELECT count(*) FROM wals_recommend(1, 5, 'a');
SELECT count(*) FROM wals_recommend(1, 5, 'b');
SELECT count(*) FROM wals_recommend(1, 5, 'small');
SELECT count(*) FROM wals_recommend(1, 5, 'a');
TABLE kept;
-- what was used longest ago makes room, and no more than must
SELECT count(*) FROM wals_recommend(1, 5, 'c');
TABLE kept;
SELECT count(*) FROM wals_recommend(1, 5, 'small');
SELECT count(*) FROM wals_recommend(1, 5, 'b');
TABLE kept;
-- what never fits pushes nobody out
SELECT count(*) FROM wals_recommend(1, 5, 'large');
SELECT count(*) FROM wals_recommend(1, 5, 'large');
SELECT count(*) FROM wals_recommend(1, 5, 'b');
TABLE kept;
SELECT differences();
-- with room again it is kept
SET wals.cache_mem = '8MB';
SELECT differences();
SELECT bool_and(place = 'memory') AS kept FROM kept;

-- ---------------------------------------------------------------------------
-- No room for a file
-- ---------------------------------------------------------------------------

\c
SET search_path = cache_limits, public;
SET client_min_messages = warning;
CREATE VIEW files AS
SELECT m.model, count(f.name) AS files
FROM (SELECT 'a', version_id FROM a WHERE active
	UNION ALL SELECT 'large', version_id FROM large WHERE active) AS m(model, version_id)
LEFT JOIN pg_ls_tmpdir() AS f ON f.name LIKE '%' || replace(m.version_id::text, '-', '') || '%'
GROUP BY 1;
TABLE files ORDER BY model;
-- new versions, so that there are no files of them
SET wals.cache_share = 'never';
SELECT wals_train('large', 'many', iterations => 1), wals_train('a', 'middling', iterations => 1);
RESET wals.cache_share;
SET wals.cache_file_limit = 0;
SELECT count(*) FROM wals_recommend(1, 5, 'large');
-- said once, because the session keeps its own
SELECT count(*) FROM wals_recommend(1, 5, 'large');
SELECT model, place, hits, fetched FROM kept;
TABLE files ORDER BY model;
-- nor memory: each is said once, and answered
\c
SET search_path = cache_limits, public;
SET client_min_messages = warning;
SET wals.cache_file_limit = 0;
SET wals.cache_mem = '1MB';
SELECT count(*) FROM wals_recommend(1, 5, 'large');
SELECT count(*) FROM wals_recommend(1, 5, 'large');
SELECT model, place, hits, fetched FROM kept;
-- large enough for one of them
SET wals.cache_share = 'always';
SET wals.cache_file_limit = '1MB';
SELECT count(*) FROM wals_recommend(1, 5, 'a');
SELECT count(*) FROM wals_recommend(1, 5, 'large');
TABLE files ORDER BY model;
-- no limit
SET wals.cache_file_limit = -1;
SELECT count(*) FROM wals_recommend(1, 5, 'large');
TABLE files ORDER BY model;
SELECT model, place, hits, fetched FROM kept;

-- the file of the version that answers stays where it is when others ask: another
-- version, or another model that names the same tables
\c
SET search_path = cache_limits, public;
SET client_min_messages = error;
SET wals.cache_share = 'always';
SELECT count(*) FROM wals_recommend(1, 5, 'a');
TABLE files ORDER BY model;
SELECT count(*) > 0 AS evaluated FROM wals_evaluate('middling', 'a', version => 1);
CREATE TABLE stranger OF wals_model;
INSERT INTO stranger SELECT * FROM a WHERE active;
UPDATE stranger SET version_id = gen_random_uuid(), items_id = NULL;
SELECT count(*) FROM wals_recommend(1, 5, 'stranger');
SELECT model, place FROM kept;
TABLE files ORDER BY model;
-- a new version has its own, users and items, and those of the one before stay
SELECT count(*) FROM pg_ls_tmpdir() WHERE name LIKE '%\_' || 'a'::regclass::oid || '\_%';
SELECT wals_train('a', 'middling', iterations => 1);
SELECT count(*) FROM wals_recommend(1, 5, 'a');
SELECT count(*) FROM pg_ls_tmpdir() WHERE name LIKE '%\_' || 'a'::regclass::oid || '\_%';

-- no file is larger than what the caller may have of temporary files; a statement
-- that writes gives a new identity, so that there is none yet
\c
SET search_path = cache_limits, public;
SET client_min_messages = warning;
UPDATE large_items SET bias = bias WHERE false;
SET temp_file_limit = '1MB';
SELECT count(*) FROM wals_recommend(1, 5, 'large');
TABLE files ORDER BY model;
RESET temp_file_limit;
SET wals.cache_share = 'always';

-- what a transaction has changed is for itself, and gone with it
SET wals.cache_file_limit = '1GB';
SET wals.cache_mem = '64MB';
CREATE VIEW popular AS
SELECT (SELECT count(*) FROM a_items WHERE version = (SELECT version FROM a WHERE active)) - count(*) AS missing
FROM wals_popular(NULL, 'a');
SELECT wals_activate('a', 2);
BEGIN;
DELETE FROM a_items WHERE id % 2 = 0;
SELECT missing, (SELECT count(*) > 0 FROM a_items) AS some FROM popular;
SELECT sum(files) AS files FROM files WHERE model = 'a';
ROLLBACK;
SELECT missing FROM popular;
\c
SET search_path = cache_limits, public;
SELECT missing FROM popular;

SET client_min_messages = error;
DROP SCHEMA cache_limits CASCADE;
DROP ROLE regress_cache_limits;
