-- One training by a fresh backend, so that its peak of memory is this
-- training's.  Variables: run, threads, factors, iterations, options.

SET client_min_messages = warning;
SET wals.threads = :threads;

-- the floor of reading; the first brings the table into memory
SELECT seconds('SELECT sum(rating) FROM ratings') AS cold \gset
INSERT INTO measure
SELECT 'train', :run, 'sum', seconds('SELECT sum(rating) FROM ratings')
FROM generate_series(1, 3);

CHECKPOINT;
SELECT pg_current_wal_insert_lsn() AS wal_before, clock_timestamp() AS before \gset
SELECT wals_train('model', 'ratings', value_col => 'rating', factors => :factors,
	iterations => :iterations :options) AS version \gset
SELECT pg_current_wal_insert_lsn() AS wal_after, clock_timestamp() AS after \gset

INSERT INTO measure
SELECT 'train', :run, m.name, m.value
FROM model, LATERAL (VALUES
	('wal', pg_wal_lsn_diff(:'wal_after', :'wal_before')::double precision),
	('memory', memory_kb('VmHWM')),
	('shared', memory_kb('RssShmem')),
	('k', factors),
	('iterations', iterations),
	('users', n_users),
	('items', n_items),
	('entries', n_entries),
	('value bytes', CASE feedback WHEN 'implicit' THEN 0 ELSE 4 END),
	('weight bytes', CASE WHEN options ->> 'weighting' IN ('linear', 'log') THEN 4 ELSE 0 END),
	('load', load_seconds),
	('solve', solve_seconds),
	('write', write_seconds),
	('all', seconds),
	('committed', extract(epoch FROM :'after'::timestamptz - :'before'))) AS m (name, value);
INSERT INTO measure
SELECT 'train', :run, 'iteration', s FROM model, unnest(iteration_seconds) AS s;
