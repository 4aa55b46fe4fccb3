-- The table of bench/run: medians over runs of the medians within each run.
--
-- Nominal flops of a half sweep: sum over its rows of
-- n k (k + 1) + 2 n k + k^3 / 3 + 2 k^2, n entries in the row.  A training
-- solves both sides in each iteration and the users once more at the end.
--
-- The floor of memory: for each side a start per row and, per entry, an index,
-- a target unless all are 1, and a weight if entries differ; and the factors.

CREATE TEMP VIEW by_run AS
WITH m AS (
	SELECT run, name, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS value
	FROM measure GROUP BY run, name
), wide AS (
	SELECT run,
		max(value) FILTER (WHERE name = 'k') AS k,
		max(value) FILTER (WHERE name = 'iterations') AS iterations,
		max(value) FILTER (WHERE name = 'users') AS users,
		max(value) FILTER (WHERE name = 'items') AS items,
		max(value) FILTER (WHERE name = 'entries') AS entries,
		max(value) FILTER (WHERE name = 'entry bytes') AS entry_bytes,
		max(value) FILTER (WHERE name = 'sum') AS sum,
		max(value) FILTER (WHERE name = 'load') AS load,
		max(value) FILTER (WHERE name = 'solve') AS solve,
		max(value) FILTER (WHERE name = 'iteration') AS iteration,
		max(value) FILTER (WHERE name = 'write') AS write,
		max(value) FILTER (WHERE name = 'all') AS total,
		max(value) FILTER (WHERE name = 'copy out') AS copy_out,
		max(value) FILTER (WHERE name = 'insert') AS insert_plain,
		max(value) FILTER (WHERE name = 'insert keyed') AS insert_keyed,
		max(value) FILTER (WHERE name = 'wal') AS wal,
		max(value) FILTER (WHERE name = 'wal keyed') AS wal_keyed,
		max(value) FILTER (WHERE name = 'memory') AS memory,
		max(value) FILTER (WHERE name = 'shared') AS shared,
		max(value) FILTER (WHERE name = 'sgemm') AS sgemm
	FROM m GROUP BY run
), flops AS (
	SELECT *,
		entries * (k * (k + 1) + 2 * k) + users * (k ^ 3 / 3 + 2 * k ^ 2) AS user_flops,
		entries * (k * (k + 1) + 2 * k) + items * (k ^ 3 / 3 + 2 * k ^ 2) AS item_flops
	FROM wide
)
SELECT *,
	total - solve - write AS prepare,
	(iterations * (user_flops + item_flops) + user_flops) / solve / 1e9 AS solve_rate,
	(user_flops + item_flops) / iteration / 1e9 AS iteration_rate,
	2 * entry_bytes * entries + 8 * (users + items + 2) + 4 * k * (users + items) AS plain_bytes,
	(memory - shared) * 1024 AS peak_bytes
FROM flops;

CREATE TEMP VIEW lines (place, part, wals, value, unit, beside, other, ratio) AS
SELECT line.* FROM by_run, LATERAL (VALUES
	(1, 'load', 'read, ids, ratings by user', load, 's',
		'SELECT sum(rating), serial', sum, load / sum),
	(2, 'load', 'the same and ratings by item', prepare, 's',
		'SELECT sum(rating), serial', sum, prepare / sum),
	(3, 'solve', 'all sweeps and losses', solve, 's', NULL, NULL, NULL),
	(4, 'solve', 'all sweeps and losses', solve_rate, 'GFLOP/s',
		'sgemm 1024, one thread', sgemm, solve_rate / sgemm),
	(5, 'solve', 'one iteration with its loss', iteration, 's', NULL, NULL, NULL),
	(6, 'solve', 'one iteration with its loss', iteration_rate, 'GFLOP/s',
		'sgemm 1024, one thread', sgemm, iteration_rate / sgemm),
	(7, 'write', 'factors of users and items', write, 's',
		'COPY out, binary', copy_out, write / copy_out),
	(8, 'write', 'factors of users and items', write, 's',
		'INSERT .. SELECT, no key', insert_plain, write / insert_plain),
	(9, 'write', 'factors of users and items', write, 's',
		'INSERT .. SELECT, with key', insert_keyed, write / insert_keyed),
	(10, 'write', 'WAL of the training', wal / 1048576, 'MB',
		'WAL of that INSERT', wal_keyed / 1048576, wal / wal_keyed),
	(11, 'memory', 'peak without shared buffers', peak_bytes / 1048576, 'MB',
		'both sides and factors', plain_bytes / 1048576, peak_bytes / plain_bytes),
	(12, 'memory', 'peak with them (VmHWM)', memory / 1024, 'MB', NULL, NULL, NULL),
	(13, 'all', 'wals_train', total, 's', NULL, NULL, NULL)) AS line;

\pset footer off
\pset null ''
SELECT part, wals,
	round(percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::numeric, 2) AS value,
	unit, coalesce(beside, '') AS beside,
	round(percentile_cont(0.5) WITHIN GROUP (ORDER BY other)::numeric, 2) AS "value ",
	round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio)::numeric, 2) AS ratio
FROM lines
GROUP BY place, part, wals, unit, beside
ORDER BY place;
