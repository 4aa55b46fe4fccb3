-- What the user has seen, read by an index alone where that is as good as a
-- statement, and by a statement everywhere else: the same answer, row by row.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA direct;
SET search_path = direct, public;
CREATE ROLE regress_wals_direct;
GRANT USAGE ON SCHEMA direct TO regress_wals_direct;

CREATE TABLE base AS
SELECT u AS user_id, i AS item_id, (u + i) % 5 + 1 AS value
FROM generate_series(1, 30) AS u, generate_series(1, 24) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 9 = 0;

-- The planner reads tables of one page in sequence, so a scan of an index of the
-- source tells that no statement was needed.
CREATE FUNCTION index_scans(source regclass) RETURNS bigint LANGUAGE sql AS
$$
SELECT COALESCE(sum(pg_stat_get_xact_numscans(indexrelid)), 0)::bigint
FROM pg_index WHERE indrelid = source
$$;

-- Train on a source, then ask for every user: is what is recommended all that the
-- caller sees no row of, and was it read directly?
CREATE FUNCTION answers(source regclass, OUT users bigint, OUT right_users bigint, OUT directly boolean)
LANGUAGE plpgsql AS
$$
DECLARE
	scans bigint := index_scans(source);
	ids text[];
	id text;
	recommended text[];
	expected text[];
BEGIN
	users := 0;
	right_users := 0;
	EXECUTE format('SELECT array_agg(id::text) FROM %I', 'm_users') INTO ids;
	FOREACH id IN ARRAY ids LOOP
		SELECT array_agg(item_id ORDER BY item_id COLLATE "C") INTO recommended
		FROM wals_recommend(id, NULL, 'm', fold_in => 'never');
		users := users + 1;
		directly := COALESCE(directly, true) AND index_scans(source) > scans;
		EXECUTE format('SELECT array_agg(i.id::text ORDER BY i.id::text COLLATE "C") FROM m_items AS i
			WHERE NOT EXISTS (SELECT FROM %s AS s WHERE s.user_id::text = $1 AND s.item_id::text = i.id::text)',
			source) INTO expected USING id;
		right_users := right_users + (recommended IS NOT DISTINCT FROM expected)::int;
		scans := index_scans(source);
	END LOOP;
END
$$;

CREATE FUNCTION trained(source regclass, OUT users bigint, OUT right_users bigint, OUT directly boolean)
LANGUAGE plpgsql AS
$$
BEGIN
	IF to_regclass('m') IS NOT NULL THEN
		PERFORM wals_drop('m');
	END IF;
	PERFORM wals_train('m', source, factors => 2, iterations => 1);
	SELECT * INTO users, right_users, directly FROM answers(source);
END
$$;

-- ---------------------------------------------------------------------------
-- Indexes
-- ---------------------------------------------------------------------------

CREATE TABLE ratings AS SELECT * FROM base;
ANALYZE ratings;
SELECT 'none' AS index, * FROM trained('ratings');
ALTER TABLE ratings ADD PRIMARY KEY (user_id, item_id);
SELECT 'primary key' AS index, * FROM answers('ratings');
VACUUM ratings;
SELECT 'all visible' AS index, * FROM answers('ratings');
ALTER TABLE ratings DROP CONSTRAINT ratings_pkey;

CREATE INDEX i ON ratings (user_id);
SELECT 'user' AS index, * FROM answers('ratings');
DROP INDEX i;
CREATE INDEX i ON ratings (user_id DESC NULLS FIRST) INCLUDE (value, item_id);
SELECT 'included' AS index, * FROM answers('ratings');
DROP INDEX i;
CREATE INDEX i ON ratings (item_id, user_id);
SELECT 'item, user' AS index, * FROM answers('ratings');
DROP INDEX i;
CREATE INDEX i ON ratings (user_id, item_id) WHERE item_id > 12;
SELECT 'partial' AS index, * FROM answers('ratings');
DROP INDEX i;
CREATE INDEX i ON ratings ((user_id + 0), item_id, user_id);
SELECT 'expression' AS index, * FROM answers('ratings');
DROP INDEX i;
CREATE INDEX i ON ratings (user_id, (item_id % 5));
SELECT 'user, expression' AS index, * FROM answers('ratings');
DROP INDEX i;
CREATE INDEX i ON ratings USING hash (user_id);
SELECT 'hash' AS index, * FROM answers('ratings');
DROP INDEX i;
CREATE INDEX i ON ratings USING brin (user_id, item_id);
SELECT 'brin' AS index, * FROM answers('ratings');
DROP INDEX i;
-- the first index that has all columns, whatever others there are
CREATE INDEX i ON ratings (user_id);
CREATE INDEX i2 ON ratings (user_id, item_id);
SELECT 'two' AS index, * FROM answers('ratings');
DROP INDEX i, i2;
-- not valid, as after a CREATE INDEX CONCURRENTLY that failed: it lacks rows
CREATE UNIQUE INDEX i ON ratings (user_id, item_id);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'direct.i'::regclass;
SELECT 'not valid' AS index, * FROM answers('ratings');
DROP INDEX i;

-- folding in reads directly what an index has
CREATE INDEX i ON ratings (user_id, item_id);
SELECT wals_train('stars', 'ratings', value_col => 'value', feedback => 'explicit', factors => 2, iterations => 1) > 0 AS trained;
BEGIN;
SELECT count(*) FROM wals_recommend(7::bigint, NULL, 'stars', fold_in => 'always');
SELECT index_scans('ratings') > 0 AS directly;
COMMIT;
CREATE INDEX i2 ON ratings (user_id, item_id) INCLUDE (value);
CREATE TEMP TABLE folded AS SELECT * FROM wals_recommend(7::bigint, NULL, 'stars', fold_in => 'always');
BEGIN;
SELECT count(*) FROM wals_recommend(7::bigint, NULL, 'stars', fold_in => 'always');
SELECT index_scans('ratings') > 0 AS directly;
COMMIT;
SELECT count(*), bool_and(abs(a.score - b.score) < 1e-4) AS same
FROM folded AS a JOIN wals_recommend(7::bigint, NULL, 'stars', fold_in => 'never') AS b USING (item_id);
DROP INDEX i2;

-- ---------------------------------------------------------------------------
-- Rows
-- ---------------------------------------------------------------------------

-- rows of this transaction, of this statement's past, and rolled back
BEGIN;
INSERT INTO ratings SELECT 5, i, 1 FROM generate_series(1, 24) AS i ON CONFLICT DO NOTHING;
SELECT count(*) AS recommended FROM wals_recommend(5, 24, 'm');
DELETE FROM ratings WHERE user_id = 5 AND item_id > 20;
SELECT count(*) AS recommended FROM wals_recommend(5, 24, 'm');
SAVEPOINT one;
UPDATE ratings SET item_id = item_id + 20 WHERE user_id = 5 AND item_id BETWEEN 2 AND 3;
SELECT array_agg(item_id ORDER BY item_id) AS recommended FROM wals_recommend(5::bigint, 24, 'm');
ROLLBACK TO one;
SELECT array_agg(item_id ORDER BY item_id) AS recommended FROM wals_recommend(5::bigint, 24, 'm');
ROLLBACK;
SELECT * FROM answers('ratings');

-- NULLs are no items, and repeated rows one
ALTER TABLE ratings ALTER user_id DROP NOT NULL, ALTER item_id DROP NOT NULL;
INSERT INTO ratings VALUES (7, NULL, 1), (7, 3, 1), (7, 3, 2), (NULL, 4, 1);
SELECT * FROM answers('ratings');

-- ---------------------------------------------------------------------------
-- Types
-- ---------------------------------------------------------------------------

CREATE DOMAIN member AS bigint CHECK (VALUE > 0);
CREATE TABLE small AS SELECT user_id::smallint, item_id::bigint FROM base;
CREATE TABLE domains AS SELECT user_id::member, item_id::smallint FROM base;
CREATE TABLE names AS SELECT 'u' || user_id AS user_id, ('i' || item_id)::varchar(9) AS item_id FROM base;
CREATE TABLE keys AS SELECT lpad(user_id::text, 32, '0')::uuid AS user_id, repeat(item_id::text, 200) AS item_id FROM base;
CREATE TABLE varchars AS SELECT user_id::varchar(20), item_id FROM base;
CREATE UNIQUE INDEX ON small (user_id, item_id);
CREATE UNIQUE INDEX ON domains (user_id, item_id);
CREATE UNIQUE INDEX ON names (user_id, item_id);
CREATE UNIQUE INDEX ON keys (user_id, item_id);
CREATE UNIQUE INDEX ON varchars (user_id, item_id);
ANALYZE small, domains, names, keys, varchars;
SELECT 'smallint' AS users, * FROM trained('small');
SELECT 'domain' AS users, * FROM trained('domains');
SELECT 'text' AS users, * FROM trained('names');
SELECT 'uuid' AS users, * FROM trained('keys');
SELECT 'varchar' AS users, * FROM trained('varchars');
-- another collation or operator class than the column's
DROP INDEX names_user_id_item_id_idx;
CREATE INDEX names_i ON names (user_id COLLATE "POSIX", item_id);
SELECT 'other collation' AS users, * FROM trained('names');
DROP INDEX names_i;
CREATE INDEX names_i ON names (user_id text_pattern_ops, item_id);
SELECT 'other class' AS users, * FROM answers('names');

-- ---------------------------------------------------------------------------
-- Kinds of relations
-- ---------------------------------------------------------------------------

CREATE UNLOGGED TABLE unlogged (LIKE base);
INSERT INTO unlogged SELECT * FROM base;
CREATE INDEX ON unlogged (user_id, item_id);
CREATE TEMP TABLE own (LIKE base);
INSERT INTO own SELECT * FROM base;
CREATE INDEX ON own (user_id, item_id);
CREATE VIEW view AS SELECT user_id, item_id FROM unlogged WHERE item_id <> 24;
CREATE MATERIALIZED VIEW materialized AS SELECT * FROM base;
CREATE INDEX ON materialized (user_id, item_id);
CREATE TABLE parted (LIKE base) PARTITION BY RANGE (user_id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (1) TO (11);
CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT * FROM base;
CREATE UNIQUE INDEX ON parted (user_id, item_id);
CREATE TABLE parent (LIKE base);
INSERT INTO parent SELECT * FROM base WHERE item_id <= 12;
CREATE INDEX ON parent (user_id, item_id);
CREATE TABLE child () INHERITS (parent);
CREATE INDEX ON child (user_id, item_id);
INSERT INTO child SELECT * FROM base WHERE item_id > 12;
CREATE TABLE users (id int PRIMARY KEY);
INSERT INTO users SELECT generate_series(1, 30);
CREATE TABLE linked (gone text, user_id int REFERENCES users, raw int,
	item_id int GENERATED ALWAYS AS (raw + 1) STORED, PRIMARY KEY (user_id, item_id));
INSERT INTO linked (user_id, raw) SELECT user_id, item_id FROM base;
ALTER TABLE linked DROP COLUMN gone;
ALTER TABLE linked ADD COLUMN later int DEFAULT 5;
ANALYZE;
SELECT 'unlogged' AS source, * FROM trained('unlogged');
SELECT 'temporary' AS source, * FROM trained('own');
SELECT 'view' AS source, * FROM trained('view');
SELECT 'materialized' AS source, * FROM trained('materialized');
SELECT 'partitioned' AS source, * FROM trained('parted');
SELECT 'partition' AS source, * FROM trained('parted_2');
SELECT 'parent' AS source, * FROM trained('parent');
SELECT 'child' AS source, * FROM trained('child');
SELECT 'keys, generated' AS source, * FROM trained('linked');
-- a column that every row has, though no row holds it
CREATE TABLE missing AS SELECT DISTINCT user_id FROM base;
ALTER TABLE missing ADD COLUMN item_id int DEFAULT 3;
INSERT INTO missing SELECT user_id, 4 FROM base WHERE user_id < 9;
CREATE INDEX ON missing (user_id, item_id);
ANALYZE missing;
SELECT 'missing' AS source, * FROM trained('missing');

-- ---------------------------------------------------------------------------
-- Rights
-- ---------------------------------------------------------------------------

DROP INDEX i;
CREATE INDEX i ON ratings (user_id, item_id);
SELECT * FROM trained('ratings');
GRANT SELECT ON m, m_users, m_items TO regress_wals_direct;
SET ROLE regress_wals_direct;
SELECT count(*) FROM wals_recommend(7, 5, 'm');
RESET ROLE;
GRANT SELECT (user_id) ON ratings TO regress_wals_direct;
SET ROLE regress_wals_direct;
SELECT count(*) FROM wals_recommend(7, 5, 'm');
RESET ROLE;
GRANT SELECT (item_id) ON ratings TO regress_wals_direct;
SET ROLE regress_wals_direct;
SELECT count(*) FROM wals_recommend(7, 5, 'm');
RESET ROLE;
REVOKE SELECT (item_id) ON ratings FROM regress_wals_direct;
SET ROLE regress_wals_direct;
SELECT count(*) FROM wals_recommend(7, 5, 'm');
RESET ROLE;
-- the schema of the source is closed to the role
CREATE SCHEMA direct_closed;
ALTER TABLE ratings SET SCHEMA direct_closed;
GRANT SELECT ON direct_closed.ratings TO regress_wals_direct;
SET ROLE regress_wals_direct;
SELECT count(*) FROM wals_recommend(7, 5, 'm');
RESET ROLE;
ALTER TABLE direct_closed.ratings SET SCHEMA direct;
SET ROLE regress_wals_direct;
SELECT count(*) FROM wals_recommend(7, 5, 'm');
RESET ROLE;

-- row-level security: the caller's rows are left out, and no others
ALTER TABLE ratings ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON ratings FOR SELECT TO regress_wals_direct USING (item_id <= 12);
GRANT EXECUTE ON FUNCTION answers, index_scans TO regress_wals_direct;
SELECT 'owner' AS who, * FROM answers('ratings');
SET ROLE regress_wals_direct;
SELECT 'other' AS who, users, right_users FROM answers('ratings');
SET row_security = off;
SELECT count(*) FROM wals_recommend(7, 5, 'm');
RESET row_security;
RESET ROLE;
ALTER TABLE ratings FORCE ROW LEVEL SECURITY;
SELECT 'superuser' AS who, * FROM answers('ratings');
ALTER TABLE ratings NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
SET ROLE regress_wals_direct;
SELECT 'other' AS who, * FROM answers('ratings');
RESET ROLE;

-- a rule is for statements
CREATE TABLE ruled (LIKE base);
CREATE INDEX ON ruled (user_id, item_id);
INSERT INTO ruled SELECT * FROM base;
CREATE RULE nothing AS ON DELETE TO ruled DO INSTEAD NOTHING;
ANALYZE ruled;
SELECT 'rule' AS source, * FROM trained('ruled');

-- the source changes between two calls of a session
CREATE TABLE changing AS SELECT user_id, item_id FROM base;
CREATE INDEX changing_i ON changing (user_id, item_id);
ANALYZE changing;
SELECT 'index' AS source, * FROM trained('changing');
ALTER TABLE changing ALTER COLUMN item_id TYPE bigint;
SELECT 'bigint' AS source, * FROM answers('changing');
DROP INDEX changing_i;
SELECT 'no index' AS source, * FROM answers('changing');
CREATE INDEX ON changing (user_id, item_id);
SELECT 'index again' AS source, * FROM answers('changing');
TRUNCATE changing;
SELECT 'empty' AS source, * FROM answers('changing');
ALTER TABLE changing RENAME COLUMN item_id TO item;
SELECT count(*) FROM wals_recommend(7, 5, 'm');

-- ---------------------------------------------------------------------------
-- The default model, asked anew with every call
-- ---------------------------------------------------------------------------

CREATE FUNCTION asked() RETURNS text LANGUAGE plpgsql AS
$$
BEGIN
	RETURN (SELECT model FROM wals_models WHERE is_default);
END
$$;
CREATE FUNCTION answer() RETURNS text LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM * FROM wals_recommend(7, 5, exclude_seen => false);
	RETURN asked();
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;
SELECT wals_drop('m'), wals_drop('stars');
SELECT answer();
SELECT wals_train('first', 'base', factors => 2, iterations => 1);
SELECT answer();
SELECT wals_train('second', 'base', factors => 2, iterations => 1);
SELECT answer();
SELECT wals_set_default('second');
SELECT answer();
BEGIN;
SELECT wals_set_default('first');
SELECT answer();
ROLLBACK;
SELECT answer();
SET wals.default_model = 'first';
SELECT answer();
RESET wals.default_model;
-- rights, roles and names
GRANT SELECT ON first, first_users, first_items TO regress_wals_direct;
SET ROLE regress_wals_direct;
SELECT answer();
RESET ROLE;
SELECT wals_set_default('first');
SET ROLE regress_wals_direct;
SELECT answer();
RESET ROLE;
REVOKE SELECT ON first FROM regress_wals_direct;
SET ROLE regress_wals_direct;
SELECT answer();
RESET ROLE;
GRANT SELECT ON first TO regress_wals_direct;
REVOKE USAGE ON SCHEMA direct FROM regress_wals_direct;
SET ROLE regress_wals_direct;
SELECT count(*) FROM public.wals_recommend(7, 5, exclude_seen => false);
RESET ROLE;
ALTER TABLE first RENAME TO third;
SELECT answer();
BEGIN;
SELECT wals_drop('third');
SELECT answer();
ROLLBACK;
SELECT answer();
SELECT wals_drop('third');
SELECT answer();
SELECT wals_drop('second');
SELECT answer();

DROP SCHEMA direct, direct_closed CASCADE;
DROP ROLE regress_wals_direct;
