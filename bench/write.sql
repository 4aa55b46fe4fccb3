-- The rows of the model just trained, out with COPY, and into other tables with
-- INSERT .. SELECT and with COPY.  Then the model is dropped.  Variables: run,
-- folder (where the server may write).

CREATE TABLE plain_users (LIKE model_users INCLUDING STORAGE);
CREATE TABLE plain_items (LIKE model_items INCLUDING STORAGE);
CREATE TABLE keyed_users (LIKE model_users INCLUDING STORAGE, PRIMARY KEY (version, id));
CREATE TABLE keyed_items (LIKE model_items INCLUDING STORAGE, PRIMARY KEY (version, id));
CREATE TABLE copied_users (LIKE model_users INCLUDING STORAGE, PRIMARY KEY (version, id));
CREATE TABLE copied_items (LIKE model_items INCLUDING STORAGE, PRIMARY KEY (version, id));
SELECT format('COPY (SELECT * FROM model_users) TO %L (FORMAT binary)', :'folder' || '/users.copy') AS users_out,
	format('COPY (SELECT * FROM model_items) TO %L (FORMAT binary)', :'folder' || '/items.copy') AS items_out,
	format('COPY copied_users FROM %L (FORMAT binary)', :'folder' || '/users.copy') AS users_in,
	format('COPY copied_items FROM %L (FORMAT binary)', :'folder' || '/items.copy') AS items_in \gset

INSERT INTO measure
SELECT 'train', :run, 'copy out', seconds(:'users_out') + seconds(:'items_out');
CHECKPOINT;
INSERT INTO measure
SELECT 'train', :run, 'insert plain',
	seconds('INSERT INTO plain_users SELECT * FROM model_users')
	+ seconds('INSERT INTO plain_items SELECT * FROM model_items');

SELECT pg_current_wal_insert_lsn() AS wal_before \gset
SELECT seconds('INSERT INTO keyed_users SELECT * FROM model_users')
	+ seconds('INSERT INTO keyed_items SELECT * FROM model_items') AS insert \gset
SELECT pg_current_wal_insert_lsn() AS wal_after \gset
INSERT INTO measure
VALUES ('train', :run, 'insert', :insert),
	('train', :run, 'wal of insert', pg_wal_lsn_diff(:'wal_after', :'wal_before'));

SELECT pg_current_wal_insert_lsn() AS wal_before \gset
SELECT seconds(:'users_in') + seconds(:'items_in') AS copy \gset
SELECT pg_current_wal_insert_lsn() AS wal_after \gset
INSERT INTO measure
VALUES ('train', :run, 'copy in', :copy),
	('train', :run, 'wal of copy', pg_wal_lsn_diff(:'wal_after', :'wal_before'));

DROP TABLE plain_users, plain_items, keyed_users, keyed_items, copied_users, copied_items;
SET client_min_messages = warning;
SELECT wals_drop('model') AS dropped \gset
