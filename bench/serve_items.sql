-- A catalogue of another size for bench/serve: the trained items again and again,
-- each with noise of its own.  Variable: items.

SET client_min_messages = warning;
SELECT setseed(0.5);
CREATE TABLE trained AS
SELECT row_number() OVER (ORDER BY id) - 1 AS place, factors, bias,
	(SELECT 0.17 * sqrt(avg(f * f)) FROM unnest(factors) AS f) AS noise
FROM model_items;
CREATE TABLE many_items AS
SELECT g AS id, t.bias,
	(SELECT array_agg((f + t.noise * (2 * random() - 1))::real)
	 FROM unnest(t.factors) AS f) AS factors
FROM generate_series(1, :items) AS g
JOIN trained AS t ON t.place = g % (SELECT count(*) FROM trained);
CREATE TABLE many_users AS SELECT id, factors, bias FROM model_users;
SELECT wals_import('model', 'many_users', 'many_items', source => 'ratings', keep_versions => 1);
DROP TABLE trained, many_items, many_users;
VACUUM ANALYZE;
