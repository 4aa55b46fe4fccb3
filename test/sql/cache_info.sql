-- wals_cache_info(): what the session keeps to answer from
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA cache_info;
SET search_path = cache_info, public;
CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id
FROM generate_series(1, 60) AS u, generate_series(1, 40) AS i WHERE (u * 7 + i * 13) % 23 < 2;
SELECT wals_train('m', 'seen', factors => 4, iterations => 2, keep_versions => 5);

-- nothing yet; then a load, and hits
SELECT count(*) FROM wals_cache_info();
SELECT count(*) FROM wals_recommend(1, 3, 'm');
SELECT model, version, side, place, bytes > 40 * 4 * 4 AS has_bytes, hits, loads, opens FROM wals_cache_info();
SELECT count(*) FROM wals_recommend(2, 3, 'm');
SELECT count(*) FROM wals_recommend(3, 3, 'm');
SELECT count(*) FROM wals_similar_users(3, 3, 'm');
SELECT version, side, place, hits, loads, opens FROM wals_cache_info();

-- a new version takes the place of the old one
SELECT wals_train('m', 'seen', factors => 4, iterations => 2, keep_versions => 5);
SELECT count(*) FROM wals_recommend(1, 3, 'm');
SELECT version, side, place, hits, loads, opens FROM wals_cache_info() WHERE side = 'items';

-- in a file: the session that makes it has read the table
SET wals.cache_share = 'always';
SELECT wals_train('m', 'seen', factors => 4, iterations => 2, keep_versions => 5);
SELECT count(*) FROM wals_recommend(1, 3, 'm');
SELECT version, place, bytes > 40 * 4 * 4 AS has_bytes, hits, loads, opens FROM wals_cache_info() WHERE side = 'items';
-- another session takes it from there
\c
SET search_path = cache_info, public;
SET wals.cache_share = 'always';
SELECT count(*) FROM wals_recommend(1, 3, 'm');
SELECT count(*) FROM wals_recommend(1, 3, 'm');
SELECT model, version, side, place, hits, loads, opens FROM wals_cache_info();

-- what does not fit is read again and again
\c
SET search_path = cache_info, public;
SET client_min_messages = warning;
SET wals.cache_share = 'never';
CREATE TABLE wide AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 3) AS u, generate_series(1, 6000) AS i WHERE i % 3 <> u;
SELECT wals_train('large', 'wide', iterations => 1);
SET wals.cache_mem = '1MB';
SELECT count(*) FROM wals_recommend(1, 3, 'large');
SELECT count(*) FROM wals_recommend(1, 3, 'large');
SELECT model, version, side, place, bytes, hits, loads, opens FROM wals_cache_info();
RESET wals.cache_mem;

-- only models one may read
CREATE ROLE regress_cache_info;
GRANT USAGE ON SCHEMA cache_info TO regress_cache_info;
GRANT SELECT ON m, m_users, m_items TO regress_cache_info;
SELECT count(*) FROM wals_recommend(1, 3, 'm', exclude_seen => false);
SET ROLE regress_cache_info;
SELECT model FROM wals_cache_info();
RESET ROLE;
REVOKE SELECT ON m_items FROM regress_cache_info;
SET ROLE regress_cache_info;
SELECT model FROM wals_cache_info();
RESET ROLE;
GRANT SELECT ON m_items TO regress_cache_info;
REVOKE SELECT ON m FROM regress_cache_info;
SET ROLE regress_cache_info;
SELECT model FROM wals_cache_info();
RESET ROLE;
GRANT SELECT ON m TO regress_cache_info;
REVOKE USAGE ON SCHEMA cache_info FROM regress_cache_info;
SET ROLE regress_cache_info;
SELECT model FROM wals_cache_info();
RESET ROLE;

-- a model that is gone is not shown; its place is taken by the next
SELECT wals_drop('large');
SELECT model FROM wals_cache_info();
SELECT wals_train('next', 'seen', factors => 4, iterations => 2);
SELECT count(*) FROM wals_recommend(1, 3, 'next');
SELECT model, hits, loads, opens FROM wals_cache_info() ORDER BY 1;

-- the limits
SELECT name FROM wals_info() WHERE name LIKE 'wals.%' ORDER BY 1;

SET client_min_messages = error;
DROP SCHEMA cache_info CASCADE;
DROP ROLE regress_cache_info;
