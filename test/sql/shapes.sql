-- Tables of a model that hold what they should, but not as wals makes them, and a
-- source of any build: what is read and written goes by names and types, never by
-- places.  Directly or by a statement, the answer is the same.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_wals_shapes;
CREATE SCHEMA shapes AUTHORIZATION regress_wals_shapes;
SET ROLE regress_wals_shapes;
SET search_path = shapes, public;

CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 30) AS u, generate_series(1, 20) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR (u + i) % 9 = 0;
CREATE INDEX ON seen (user_id, item_id);
SELECT wals_train('m', 'seen', factors => 4, iterations => 3);

-- All that answers, as one text.
CREATE FUNCTION answers(model regclass) RETURNS text LANGUAGE plpgsql AS
$$
BEGIN
	RETURN md5(concat(
		(SELECT string_agg(r::text, ' ' ORDER BY u, r.rank) FROM generate_series(1, 32) AS u,
			LATERAL wals_recommend(u, 20, model) AS r),
		(SELECT string_agg(r::text, ' ' ORDER BY u, r.rank) FROM generate_series(1, 30) AS u,
			LATERAL wals_recommend(u, 5, model, fold_in => 'always') AS r),
		(SELECT string_agg(r::text, ' ' ORDER BY r.user_id, r.rank) FROM wals_recommend_all(5, model) AS r),
		(SELECT string_agg(r::text, ' ') FROM wals_similar_items(1, 5, model) AS r),
		(SELECT string_agg(r::text, ' ') FROM wals_recommend_users(1, 5, model) AS r),
		(SELECT string_agg(r::text, ' ') FROM wals_popular(5, model) AS r),
		(SELECT string_agg(r::text, ' ') FROM wals_explain(1, 1, 5, model) AS r),
		wals_score(1, 1, model), wals_user_factors(2, model)));
END
$$;
CREATE TABLE expected AS SELECT answers('m') AS answer;

-- A number where the factors' place would be, in a column that is gone.
CREATE TABLE ev_users (version int, id bigint, junk bigint, factors real[], bias real, n int, norm real, weight real, likes int,
	PRIMARY KEY (version, id));
INSERT INTO ev_users SELECT version, id, 4096, factors, bias, n, norm, weight, likes FROM m_users;
ALTER TABLE ev_users DROP COLUMN junk;
ALTER TABLE ev_users OF wals_factors_bigint;
CREATE TABLE ev_items (version int, id bigint, junk text, factors real[], bias real, n int, norm real, weight real, likes int,
	PRIMARY KEY (version, id));
INSERT INTO ev_items SELECT version, id, 'junk', factors, bias, n, norm, weight, likes FROM m_items;
ALTER TABLE ev_items DROP COLUMN junk;
ALTER TABLE ev_items OF wals_factors_bigint;
CREATE TABLE ev OF wals_model;
INSERT INTO ev SELECT * FROM m;
UPDATE ev SET users_table = 'ev_users', items_table = 'ev_items', version_id = gen_random_uuid();
SELECT answers('ev') = answer AS same FROM expected;

-- The same rows in tables that once had other columns, whose bytes are still there.
CREATE FUNCTION rebuild(side text) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
	EXECUTE format('CREATE TABLE odd_%1$s (junk_0 bigint, version int, junk_1 text, id bigint, junk_2 bigint,
		factors real[], bias real, junk_3 int, n int, norm real, junk_4 float8, weight real, likes int,
		PRIMARY KEY (version, id))', side);
	EXECUTE format('INSERT INTO odd_%1$s SELECT 4096, version, repeat(''x'', 300), id, 4096, factors, bias, 4096, n, norm,
		4096, weight, likes FROM m_%1$s', side);
	EXECUTE format('ALTER TABLE odd_%1$s DROP junk_0, DROP junk_1, DROP junk_2, DROP junk_3, DROP junk_4', side);
	EXECUTE format('ALTER TABLE odd_%1$s OF wals_factors_bigint', side);
END
$$;
SELECT rebuild('users');
SELECT rebuild('items');
CREATE TABLE odd (LIKE m);
ALTER TABLE odd ADD junk bigint;
INSERT INTO odd SELECT m.*, 4096 FROM m;
ALTER TABLE odd DROP junk;
ALTER TABLE odd OF wals_model;
UPDATE odd SET users_table = 'odd_users', items_table = 'odd_items', version_id = gen_random_uuid();
SELECT answers('odd') = answer AS same FROM expected;
SELECT count(*) FROM wals_recommend(2, 3, 'odd');
-- and written to as any
SELECT wals_train('odd', 'seen', factors => 4, iterations => 3);
SELECT count(*) AS rows, count(DISTINCT version) AS versions,
	bool_and(cardinality(factors) = 4 AND norm >= 0 AND n > 0 AND weight = 1 AND bias = 0) AS sound
FROM odd_users;
SELECT answers('odd') = answer AS same FROM expected;
SELECT count(*) FROM wals_forget(1, 'odd', delete_rows => true);
SELECT count(*) FROM wals_recommend(1, 3, 'odd') WHERE basis = 'model';
SELECT wals_activate('odd', 1);
SELECT wals_prune('odd', 1);
SELECT count(*) FROM wals_models WHERE model = 'odd'::regclass;

-- A junk column in one table alone, read in every session anew.
\c -
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET ROLE regress_wals_shapes;
SET search_path = shapes, public;
SELECT count(*) FROM wals_recommend(2, 3, 'odd', exclude_seen => false);
SELECT count(*) FROM wals_similar_users(2, 3, 'odd');

-- In places of its own: a table of the type has the order of the type.
CREATE TABLE turned (id bigint, version int, factors real[], bias real, n int, norm real, weight real, likes int);
\set VERBOSITY sqlstate
ALTER TABLE turned OF wals_factors_bigint;
\set VERBOSITY default
DROP TABLE turned;

-- A table without its key, with one that is generated, or with another's.
CREATE FUNCTION with_users(change text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	result text;
BEGIN
	EXECUTE 'CREATE TABLE other_users (LIKE m_users)';
	EXECUTE 'INSERT INTO other_users SELECT * FROM m_users';
	EXECUTE change;
	EXECUTE 'ALTER TABLE other_users OF wals_factors_bigint';
	UPDATE m SET users_table = 'other_users', version_id = gen_random_uuid();
	SELECT string_agg(item_id, ',' ORDER BY rank) || ' ' || min(basis) INTO result FROM wals_recommend('2', 3, 'm');
	RAISE EXCEPTION USING ERRCODE = '00001', MESSAGE = result;
EXCEPTION WHEN SQLSTATE '00001' THEN
	RETURN SQLERRM;
END
$$;
SELECT with_users(change) = (SELECT string_agg(item_id, ',' ORDER BY rank) || ' ' || min(basis) FROM wals_recommend('2', 3, 'm')) AS same, change
FROM unnest(ARRAY[
	'ALTER TABLE other_users ADD PRIMARY KEY (version, id)',
	'SELECT',
	'ALTER TABLE other_users ADD PRIMARY KEY (id, version)',
	'CREATE UNIQUE INDEX ON other_users (version, id)',
	'ALTER TABLE other_users ADD PRIMARY KEY (version, id), ALTER n DROP NOT NULL, ALTER factors SET STORAGE EXTERNAL',
	'ALTER TABLE other_users ADD PRIMARY KEY (version, id); ALTER TABLE other_users DROP norm; ALTER TABLE other_users DROP weight, DROP likes;
	 ALTER TABLE other_users ADD norm real GENERATED ALWAYS AS (bias + 1) STORED; ALTER TABLE other_users ADD weight real, ADD likes int']) AS change;

-- A key column of a type with operators of its own kind; factors in pieces.
CREATE TABLE long_seen AS SELECT 'u' || user_id AS user_id, repeat('i' || item_id, 100) AS item_id FROM seen;
SELECT wals_train('long', 'long_seen', factors => 600, iterations => 1);
ALTER TABLE long_users ALTER factors SET STORAGE EXTERNAL;
UPDATE long_users SET factors = factors || '{}'::real[];
VACUUM FULL long_users;
SELECT count(*) FROM wals_recommend('u2', 3, 'long');
SELECT cardinality(wals_user_factors('u2', 'long'));
CREATE INDEX ON long_seen (user_id, item_id);
SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM long_seen AS s WHERE s.user_id = 'u2' AND s.item_id = r.item_id)) AS seen,
	count(*) FROM wals_recommend('u2', 20, 'long') AS r;

-- Columns that come and go between the calls of a session.
CREATE FUNCTION seen_again() RETURNS text LANGUAGE sql AS
$$
SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM seen AS s WHERE s.user_id = 2 AND s.item_id = r.item_id)) || ' of ' || count(*)
FROM wals_recommend(2, 20, 'm', fold_in => 'never') AS r
$$;
SELECT seen_again();
ALTER TABLE seen ADD junk text DEFAULT 'junk';
SELECT seen_again();
ALTER TABLE seen ALTER item_id TYPE bigint;
SELECT seen_again();
ALTER TABLE seen RENAME item_id TO item_old;
ALTER TABLE seen RENAME junk TO item_id;
SELECT count(*) FROM wals_recommend(2, 20, 'm');
ALTER TABLE seen RENAME item_id TO junk;
ALTER TABLE seen RENAME item_old TO item_id;
SELECT seen_again();
ALTER TABLE seen ALTER user_id TYPE smallint;
SELECT seen_again();
CREATE INDEX ON seen (user_id) INCLUDE (item_id);
DROP INDEX seen_user_id_item_id_idx;
SELECT seen_again();
CREATE DOMAIN an_id AS int;
ALTER TABLE seen ALTER item_id TYPE an_id;
SELECT seen_again();
ALTER TABLE seen ADD kept int GENERATED ALWAYS AS (item_id + 0) STORED;
ALTER TABLE seen RENAME item_id TO base_id;
ALTER TABLE seen RENAME kept TO item_id;
SELECT seen_again();

RESET ROLE;
DROP SCHEMA shapes CASCADE;
DROP ROLE regress_wals_shapes;
