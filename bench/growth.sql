-- One training on "source".  Variables: line, run, source, threads, factors,
-- iterations, options.

SET client_min_messages = warning;
SET wals.threads = :threads;

-- brings the table into memory
SELECT seconds(format('SELECT sum(rating) FROM %I', :'source')) AS cold \gset
SELECT wals_train('model', :'source', value_col => 'rating', factors => :factors,
	iterations => :iterations :options) AS version \gset
INSERT INTO measure
SELECT :'line', :run, m.name, m.value
FROM model, LATERAL (VALUES
	('k', factors::double precision),
	('users', n_users),
	('items', n_items),
	('entries', n_entries),
	('iterations', iterations),
	('loss', loss),
	('load', seconds - solve_seconds - write_seconds),
	('solve', solve_seconds)) AS m (name, value);
INSERT INTO measure
SELECT :'line', :run, 'iteration', s FROM model, unnest(iteration_seconds) AS s;
SELECT wals_drop('model') AS dropped \gset
