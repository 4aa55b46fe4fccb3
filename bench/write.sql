-- The rows of the model just trained, out with COPY and into another table with
-- INSERT .. SELECT.  Then the model is dropped.  Variable: run.

CREATE TABLE copy_users (LIKE model_users INCLUDING STORAGE);
CREATE TABLE copy_items (LIKE model_items INCLUDING STORAGE);
CREATE TABLE keyed_users (LIKE model_users INCLUDING STORAGE, PRIMARY KEY (version, id));
CREATE TABLE keyed_items (LIKE model_items INCLUDING STORAGE, PRIMARY KEY (version, id));
CHECKPOINT;

INSERT INTO measure
SELECT :run, 'copy out', seconds($$COPY model_users TO '/dev/null' (FORMAT binary)$$)
	+ seconds($$COPY model_items TO '/dev/null' (FORMAT binary)$$);
INSERT INTO measure
SELECT :run, 'insert', seconds('INSERT INTO copy_users SELECT * FROM model_users')
	+ seconds('INSERT INTO copy_items SELECT * FROM model_items');

SELECT pg_current_wal_insert_lsn() AS wal_before \gset
SELECT seconds('INSERT INTO keyed_users SELECT * FROM model_users')
	+ seconds('INSERT INTO keyed_items SELECT * FROM model_items') AS keyed \gset
SELECT pg_current_wal_insert_lsn() AS wal_after \gset
INSERT INTO measure
VALUES (:run, 'insert keyed', :keyed),
	(:run, 'wal keyed', pg_wal_lsn_diff(:'wal_after', :'wal_before'));

DROP TABLE copy_users, copy_items, keyed_users, keyed_items;
SET client_min_messages = warning;
SELECT wals_drop('model') AS dropped \gset
