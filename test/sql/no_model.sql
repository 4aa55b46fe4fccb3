-- A model that is NULL, as to_regclass() says it of a name that does not exist, or
-- '-', the server's word for the OID 0: functions that change a model neither do
-- nothing in silence nor take it for the default model.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA no_model;
SET search_path = no_model, public;
CREATE FUNCTION outcome(query text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'fine';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || ' HINT: ' || hint;
END;
$$;
CREATE TABLE r AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 30) u, generate_series(1, 12) i WHERE (u * u + i) % 3 = 0;
SELECT wals_train('m', 'r', factors => 4, iterations => 2);
SELECT wals_set_default('m');
CREATE TABLE before AS SELECT * FROM m;
SELECT call, outcome(format('SELECT ' || call, model)) AS outcome
FROM unnest(ARRAY[$$NULL$$, $$to_regclass('typo')$$, $$'-'$$]) WITH ORDINALITY AS a (model, nr), unnest(ARRAY[
	'wals_drop(%s)', 'wals_prune(%s, 1)', 'wals_activate(%s, 1)', 'wals_set_default(%s)', 'wals_set_metrics(%s, 1, NULL)',
	'wals_queue_enable(%s)', 'wals_queue_disable(%s)']) AS b (call)
WHERE nr <> 1 OR call LIKE 'wals_drop%' ORDER BY call, nr;
-- where NULL means the default, '-' does not
SELECT call, outcome(call) AS outcome FROM unnest(ARRAY[
	$$SELECT wals_refresh('-')$$, $$SELECT wals_forget(999, '-')$$, $$CALL wals_retrain('-')$$, $$SELECT * FROM wals_recommend(1, 3, '-')$$,
	$$SELECT wals_train('m', 'r', row_weights => '-', factors => 4, iterations => 2)$$,
	$$SELECT wals_train('m', '-', factors => 4, iterations => 2)$$]) AS call;
SELECT outcome($$SELECT wals_forget(999, NULL)$$);
-- nor are the other arguments
SELECT call, outcome(call) AS outcome FROM unnest(ARRAY[
	$$SELECT wals_prune('m', NULL)$$, $$SELECT wals_activate('m', NULL)$$, $$SELECT wals_set_metrics('m', NULL, NULL)$$,
	$$SELECT wals_forget(NULL::bigint, 'm')$$]) AS call;
SELECT count(*) AS untouched FROM m JOIN before USING (version, version_id, active, is_default);
SELECT wals_drop('m');
DROP SCHEMA no_model CASCADE;
