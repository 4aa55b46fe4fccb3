-- The model that bench/soak retrains, and the check its readers make.
CREATE TABLE ratings AS
SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 3000 AS item_id
FROM generate_series(1, 6000) AS u, generate_series(1, 20) AS i;
CREATE INDEX ON ratings (user_id, item_id);
VACUUM ANALYZE ratings;

CREATE FUNCTION dot(a real[], b real[]) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT sum(x::double precision * y) FROM unnest(a, b) AS p(x, y)';

SET client_min_messages = warning;
SELECT wals_train('m', 'ratings', iterations => 5) IS NOT NULL AS trained \gset
