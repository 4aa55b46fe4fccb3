-- The tables of the sections train, write and memory: medians over runs of the
-- medians within each run.  Variable: part, the section.
--
-- A training solves both sides in each iteration and the users once more at the
-- end.  The floor of memory: for each side a start per row and, per entry, an
-- index, a target unless all are 1, and a weight if entries differ; and the
-- factors.  The estimate is that of src/core/ground/memory.c, for ratings with a value.

CREATE TEMP VIEW by_run AS
WITH m AS (
	SELECT run, name, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS value
	FROM measure WHERE line = 'train' GROUP BY run, name
), wide AS (
	SELECT run,
		max(value) FILTER (WHERE name = 'k') AS k,
		max(value) FILTER (WHERE name = 'iterations') AS iterations,
		max(value) FILTER (WHERE name = 'users') AS users,
		max(value) FILTER (WHERE name = 'items') AS items,
		max(value) FILTER (WHERE name = 'entries') AS entries,
		max(value) FILTER (WHERE name = 'value bytes') AS value_bytes,
		max(value) FILTER (WHERE name = 'weight bytes') AS weight_bytes,
		max(value) FILTER (WHERE name = 'sum') AS sum,
		max(value) FILTER (WHERE name = 'load') AS load,
		max(value) FILTER (WHERE name = 'solve') AS solve,
		max(value) FILTER (WHERE name = 'iteration') AS iteration,
		max(value) FILTER (WHERE name = 'write') AS write,
		max(value) FILTER (WHERE name = 'all') AS total,
		max(value) FILTER (WHERE name = 'committed') AS committed,
		max(value) FILTER (WHERE name = 'copy out') AS copy_out,
		max(value) FILTER (WHERE name = 'copy in') AS copy_in,
		max(value) FILTER (WHERE name = 'insert plain') AS insert_plain,
		max(value) FILTER (WHERE name = 'insert') AS insert,
		max(value) FILTER (WHERE name = 'wal') AS wal,
		max(value) FILTER (WHERE name = 'wal of insert') AS wal_insert,
		max(value) FILTER (WHERE name = 'wal of copy') AS wal_copy,
		max(value) FILTER (WHERE name = 'memory') AS memory,
		max(value) FILTER (WHERE name = 'shared') AS shared,
		max(value) FILTER (WHERE name = 'sgemm') AS sgemm
	FROM m GROUP BY run
)
SELECT *,
	total - solve - write AS prepare,
	(iterations * (flops(entries, users, k) + flops(entries, items, k))
		+ flops(entries, users, k)) / solve / 1e9 AS solve_rate,
	(flops(entries, users, k) + flops(entries, items, k)) / iteration / 1e9 AS iteration_rate,
	2 * (4 + value_bytes + weight_bytes) * entries + 8 * (users + items + 2)
		+ 4 * k * (users + items) AS plain_bytes,
	greatest((16 + weight_bytes) * entries + 16 * (users + items),
			(16 + 2 * weight_bytes) * entries + 20 * (users + items) + 4 * items)
		+ 4 * (k + 1) * (users + items) AS estimated_bytes,
	(memory - shared) * 1024 AS peak_bytes
FROM wide;

CREATE TEMP VIEW lines (place, part, wals, value, unit, beside, other, ratio) AS
SELECT line.* FROM by_run, LATERAL (VALUES
	(1, 'train', 'ratings by user', load, 's',
		'SELECT sum(rating), serial', sum, load / sum),
	(2, 'train', 'ratings by user and by item', prepare, 's',
		'SELECT sum(rating), serial', sum, prepare / sum),
	(3, 'train', 'all sweeps and losses', solve, 's', NULL, NULL, NULL),
	(4, 'train', 'all sweeps and losses', solve_rate, 'GFLOP/s',
		'sgemm 1024, one thread', sgemm, solve_rate / sgemm),
	(5, 'train', 'one iteration with its loss', iteration, 's', NULL, NULL, NULL),
	(6, 'train', 'one iteration with its loss', iteration_rate, 'GFLOP/s',
		'sgemm 1024, one thread', sgemm, iteration_rate / sgemm),
	(7, 'train', 'factors written', write, 's', NULL, NULL, NULL),
	(8, 'train', 'wals_train, read to committed', committed, 's',
		'all sweeps and losses', solve, committed / solve),
	(9, 'write', 'factors of users and items', write, 's',
		'COPY out, binary', copy_out, write / copy_out),
	(10, 'write', 'factors of users and items', write, 's',
		'INSERT .. SELECT, no key', insert_plain, write / insert_plain),
	(11, 'write', 'factors of users and items', write, 's',
		'INSERT .. SELECT, with key', insert, write / insert),
	(12, 'write', 'factors of users and items', write, 's',
		'COPY in, binary, with key', copy_in, write / copy_in),
	(13, 'write', 'WAL of the training', wal / 1048576, 'MB',
		'WAL of INSERT .. SELECT, with key', wal_insert / 1048576, wal / wal_insert),
	(14, 'write', 'WAL of the training', wal / 1048576, 'MB',
		'WAL of COPY in, with key', wal_copy / 1048576, wal / wal_copy),
	(15, 'memory', 'peak without shared buffers', peak_bytes / 1048576, 'MB',
		'both sides and factors', plain_bytes / 1048576, peak_bytes / plain_bytes),
	(16, 'memory', 'peak without shared buffers', peak_bytes / 1048576, 'MB',
		'estimate for wals.max_memory', estimated_bytes / 1048576, peak_bytes / estimated_bytes),
	(17, 'memory', 'peak with them (VmHWM)', memory / 1024, 'MB', NULL, NULL, NULL)) AS line;

\pset footer off
\pset null ''
SELECT wals, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::numeric, 2) AS value,
	unit, coalesce(beside, '') AS beside,
	round(percentile_cont(0.5) WITHIN GROUP (ORDER BY other)::numeric, 2) AS "value ",
	round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ratio)::numeric, 2) AS ratio
FROM lines
WHERE part = :'part'
GROUP BY place, wals, unit, beside
ORDER BY place;
