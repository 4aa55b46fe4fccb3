-- In place of the published test, which then plays no part: for each user one
-- training row, and 99 items without a row.  Both are drawn by hash, for the
-- ratings come without times.

UPDATE ncf_interactions AS i SET is_test = 2
FROM (
	SELECT DISTINCT ON (user_id) user_id, item_id FROM ncf_interactions WHERE is_test = 0
	ORDER BY user_id, hashint8extended(user_id * 1000000::bigint + item_id, 1)) AS one
WHERE (i.user_id, i.item_id) = (one.user_id, one.item_id);

TRUNCATE ncf_test, ncf_negatives;
INSERT INTO ncf_test (user_id, item_id)
SELECT user_id, item_id FROM ncf_interactions WHERE is_test = 2;

CREATE TEMPORARY TABLE drawn AS
SELECT user_id, abs(hashint8extended(user_id * 1000000::bigint + n, 2) % n_items) AS item_id, min(n) AS n
FROM ncf_test, (SELECT max(item_id) + 1 AS n_items FROM ncf_interactions) AS items,
	generate_series(1, 400) AS n
GROUP BY 1, 2;
INSERT INTO ncf_negatives
SELECT user_id, string_agg(item_id::text, ' ')
FROM (
	SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY n) AS place
	FROM drawn
	WHERE NOT EXISTS (SELECT FROM ncf_interactions AS i
		WHERE i.user_id = drawn.user_id AND i.item_id = drawn.item_id)) AS unseen
WHERE place <= 99
GROUP BY user_id;
