-- Numbers in a model's tables that no training writes are compared, not reckoned
-- with: what overflows would be due never, or have a number twice.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA damaged_numbers;
SET search_path = damaged_numbers, public;
CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 12) AS u, generate_series(1, 8) AS i WHERE (u + i) % 3 = 0;
SELECT wals_train('m', 'seen', factors => 2, iterations => 1);

-- fewer rows than none: due
UPDATE m SET n_rows = -9223372036854775808;
CALL wals_retrain('m', min_new_rows => 1000);
-- more than there are: due, as after a deletion
UPDATE m SET n_rows = 9223372036854775807 WHERE active;
CALL wals_retrain('m', min_new_rows => 1000);
-- as many: not due
CALL wals_retrain('m', min_new_rows => 1000);

-- rows of a version that has no row in the model, and the last number there is
INSERT INTO m_items SELECT 2147483646, id, factors, bias, n, norm, weight FROM m_items WHERE version = 3;
SELECT wals_train('m', 'seen', factors => 2, iterations => 1);
SELECT wals_train('m', 'seen', factors => 2, iterations => 1);
SELECT version, active FROM m ORDER BY version;

DROP SCHEMA damaged_numbers CASCADE;
