-- Reading the table "source", by a training that does little else.  Variables:
-- run, ids, options.

SET client_min_messages = warning;

-- the first brings the table into memory
SELECT seconds('SELECT sum(rating) FROM source') AS cold \gset
INSERT INTO measure
SELECT :'ids', :run, 'scan', seconds('SELECT sum(rating) FROM source')
FROM generate_series(1, 3);

SELECT wals_train('model', 'source', value_col => 'rating', factors => 1,
	iterations => 1 :options) AS version \gset
INSERT INTO measure
SELECT :'ids', :run, m.name, m.value
FROM model, LATERAL (VALUES
	('load', load_seconds),
	('prepare', seconds - solve_seconds - write_seconds)) AS m (name, value);
INSERT INTO measure
SELECT :'ids', :run, 'rows', count(*) FROM source;
SELECT wals_drop('model') AS dropped \gset
