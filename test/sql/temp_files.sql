-- What a training writes goes through memory, whatever work_mem is: no temporary file
-- stands between solving and storing, and temp_file_limit does not end it there.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA temp_files;
SET search_path = temp_files, public;
CREATE TABLE seen AS
SELECT u AS user_id, 1 + (u * 7 + i * i * 13) % 3000 AS item_id
FROM generate_series(1, 3000) AS u, generate_series(1, 4) AS i;
SET work_mem = '64kB';
SET temp_file_limit = '200kB';
SET wals.cache_share = 'never';
SELECT wals_train('m', 'seen', factors => 64, iterations => 1);
SELECT count(*) > 2000 AS items FROM m_items;
-- short vectors, long ids
CREATE VIEW named AS SELECT user_id, repeat(md5(item_id::text), 30) AS item_id FROM seen;
SELECT wals_train('t', 'named', factors => 1, iterations => 1);
SELECT count(*) > 2000 AS items FROM t_items;
CALL wals_retrain('m');
CREATE TABLE users_in AS SELECT id, factors FROM m_users WHERE version = 2;
CREATE TABLE items_in AS SELECT id, factors FROM m_items WHERE version = 2;
SELECT wals_import('i', users => 'users_in', items => 'items_in');

SET client_min_messages = error;
DROP SCHEMA temp_files CASCADE;
