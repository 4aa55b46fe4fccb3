-- Forgetting: a user goes from every version, and the items of his rows are
-- solved without them.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA forget;
SET search_path = forget, public;
SET wals.threads = 1;

CREATE FUNCTION outcome(statement text) RETURNS text
LANGUAGE plpgsql AS
$$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || COALESCE(E'\n  detail: ' || NULLIF(detail, ''), '')
		|| COALESCE(E'\n  hint: ' || NULLIF(hint, ''), '');
END;
$$;

CREATE TABLE rated AS
SELECT 1000 + u AS user_id, i AS item_id
FROM generate_series(1, 40) AS u, generate_series(1, 25) AS i
WHERE (u * u + i * i + u * i) % 7 < 2 OR i <= u % 4;
-- an item that only user 1007 knows
INSERT INTO rated VALUES (1007, 26);

-- Where an id stands in the tables of a model, as text
CREATE FUNCTION traces(model text, id text) RETURNS bigint LANGUAGE plpgsql AS
$$
DECLARE
	relation text;
	n bigint;
	total bigint := 0;
BEGIN
	FOREACH relation IN ARRAY ARRAY[model, model || '_users', model || '_items', model || '_queue'] LOOP
		IF to_regclass(relation) IS NULL THEN
			CONTINUE;
		END IF;
		EXECUTE format('SELECT count(*) FROM %I AS t WHERE t::text ~ (''\m'' || $1 || ''\M'')', relation) INTO n USING id;
		total := total + n;
	END LOOP;
	RETURN total;
END;
$$;

SELECT wals_train('m', 'rated', factors => 4, iterations => 4, keep_versions => 3, seed => v) FROM generate_series(1, 3) AS v;
SELECT traces('m', '1007') AS versions;
CREATE TABLE m_before AS SELECT * FROM m;
CREATE TABLE items_before AS SELECT * FROM m_items;

-- rows that are still there would be learned again
SELECT outcome('SELECT wals_forget(1007)');
SELECT traces('m', '1007');
SELECT outcome('SELECT wals_forget(NULL::bigint)');
-- somebody who is not there
SELECT * FROM wals_forget(99, 'm');

-- who could be recommended to before, by a cache that is kept
SELECT bool_or(user_id = 1007) AS there FROM wals_recommend_users(1, NULL, 'm', exclude_seen => false);
SELECT * FROM wals_forget(1007, delete_rows => true);
SELECT traces('m', '1007') AS traces, (SELECT count(*) FROM rated WHERE user_id = 1007) AS rows;
SELECT bool_or(user_id = 1007) AS there FROM wals_recommend_users(1, NULL, 'm', exclude_seen => false);
-- every version has an identity of its own again; items only of the active one
SELECT bool_and(m.version_id <> b.version_id) AS users, array_agg(m.version ORDER BY m.version) FILTER (WHERE COALESCE(m.items_id, m.version_id) <> b.version_id) AS items,
	array_agg(DISTINCT m.n_users - b.n_users) AS n_users
FROM m JOIN m_before AS b USING (version);
SELECT m.n_users = (SELECT count(*) FROM m_users AS u WHERE u.version = m.version) AS users,
	m.n_items = (SELECT count(*) FROM m_items AS i WHERE i.version = m.version) AS items,
	m.n_entries = (SELECT sum(n) FROM m_users AS u WHERE u.version = m.version) AS entries
FROM m ORDER BY version;
-- the items are those he had rated; who knows them is in agreement with them
SELECT b.id IN (SELECT i FROM generate_series(1, 25) AS i WHERE (7 * 7 + i * i + 7 * i) % 7 < 2 OR i <= 3) AS his,
	count(*), count(*) FILTER (WHERE i.factors IS DISTINCT FROM b.factors) AS changed
FROM items_before AS b LEFT JOIN m_items AS i USING (version, id)
WHERE b.version = 3 GROUP BY 1 ORDER BY 1;
SELECT count(*) AS item_26 FROM m_items WHERE version = 3 AND id = 26;
SELECT count(*) > 500 AS scores, bool_and(abs(s.stored - s.folded) <= 1e-5 * (1 + abs(s.stored))) AS folded
FROM (SELECT wals_score(u, i, fold_in => 'never') AS stored, wals_score(u, i, fold_in => 'always') AS folded
	FROM (SELECT DISTINCT user_id FROM rated WHERE item_id IN (1, 2, 3)) AS x (u), generate_series(1, 25) AS i) AS s;

-- rows that were deleted before: nobody knows which items they were of
DELETE FROM rated WHERE user_id = 1008;
SET client_min_messages = notice;
SELECT * FROM wals_forget('1008');
SET client_min_messages = warning;
SELECT traces('m', '1008');
-- all items, then: whoever had rated them, they are solved from the rows there are
CREATE TABLE items_then AS SELECT * FROM m_items;
SELECT versions, rows_deleted, items_updated, items_removed,
	users_updated = (SELECT count(*) FROM m_users JOIN m USING (version) WHERE active) AS all_users
FROM wals_forget(1008, 'm', items => 'all');
SELECT count(*) FILTER (WHERE i.factors IS DISTINCT FROM b.factors) = count(*) AS changed, m.active
FROM items_then AS b JOIN m USING (version) LEFT JOIN m_items AS i USING (version, id) GROUP BY m.version, m.active ORDER BY m.version;
SELECT bool_and(i.n = r.n) AS counted FROM m_items AS i JOIN m USING (version)
JOIN (SELECT item_id, count(*) AS n FROM rated GROUP BY 1) AS r ON r.item_id = i.id WHERE m.active;
SELECT count(*) > 500 AS scores, bool_and(abs(s.stored - s.folded) <= 1e-5 * (1 + abs(s.stored))) AS folded
FROM (SELECT wals_score(u, i, fold_in => 'never') AS stored, wals_score(u, i, fold_in => 'always') AS folded
	FROM (SELECT DISTINCT user_id FROM rated) AS x (u), generate_series(1, 25) AS i) AS s;
SELECT outcome($$SELECT wals_forget(1008, 'm', items => 'some')$$);
-- unless a queue saw it
SELECT wals_queue_enable('m');
DELETE FROM rated WHERE user_id IN (1009, 1010);
SELECT * FROM wals_forget(1009);
SELECT traces('m', '1009') AS user_1009, count(*) > 0 AS user_1010_waits FROM m_queue WHERE user_id = 1010;
-- with delete_rows the queue has them, too, and they go
SELECT versions, rows_deleted > 0 AS rows, items_updated > 0 AS items FROM wals_forget(1011, delete_rows => true);
SELECT traces('m', '1011');
-- as if it had never been
BEGIN;
SELECT versions FROM wals_forget(1012, delete_rows => true);
ROLLBACK;
SELECT traces('m', '1012'), (SELECT count(*) > 0 FROM rated WHERE user_id = 1012) AS rows;

-- ids of other types
CREATE TABLE t_rated AS SELECT 'u''' || user_id AS user_id, item_id FROM rated;
SELECT wals_train('t', 't_rated', factors => 2, iterations => 1);
SELECT outcome($$SELECT wals_forget('u''1020', 't')$$);
SELECT versions, rows_deleted > 0 AS rows FROM wals_forget('u''1020', 't', delete_rows => true);
SELECT traces('t', '1020');
CREATE TABLE u_rated AS SELECT md5(user_id::text)::uuid AS user_id, item_id FROM rated;
SELECT wals_train('u', 'u_rated', factors => 2, iterations => 1);
SELECT outcome(format('SELECT wals_forget(%L::uuid, ''u'')', md5('1020')::uuid));
SELECT versions, rows_deleted > 0 AS rows FROM wals_forget(md5('1020')::uuid, 'u', delete_rows => true);
SELECT traces('u', md5('1020')::uuid::text);
SELECT outcome('SELECT wals_forget(1, ''u'')');

-- without the source nothing can be solved
CREATE TABLE lost AS TABLE rated;
SELECT wals_train('l', 'lost', factors => 2, iterations => 1);
DROP TABLE lost;
SELECT outcome($$SELECT wals_forget(1015, 'l', items => 'all')$$);
SELECT traces('l', '1015');
SET client_min_messages = notice;
SELECT versions FROM wals_forget(1015, 'l');
SET client_min_messages = warning;

-- who may
CREATE ROLE regress_wals_forget_reader;
GRANT USAGE ON SCHEMA forget TO regress_wals_forget_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA forget TO regress_wals_forget_reader;
SET ROLE regress_wals_forget_reader;
SELECT split_part(outcome('SELECT wals_forget(1013, ''m'')'), E'\n', 1);
RESET ROLE;
BEGIN READ ONLY;
SELECT outcome('SELECT wals_forget(1013, ''m'')');
ROLLBACK;
-- the owner of the model may not delete from everybody's source
GRANT CREATE ON SCHEMA forget TO regress_wals_forget_reader;
SET ROLE regress_wals_forget_reader;
SELECT wals_train('own', 'rated', factors => 2, iterations => 1);
SELECT outcome('SELECT wals_forget(1013, ''own'', delete_rows => true)');
SELECT traces('own', '1013');
RESET ROLE;

SET client_min_messages = error;
DROP SCHEMA forget CASCADE;
DROP ROLE regress_wals_forget_reader;
