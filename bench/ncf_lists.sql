-- The training rows, and for each user the list to rank.  Some published lists
-- have the test item among the negatives; it is in our lists once.

CREATE TABLE ncf_ratings AS
SELECT user_id, item_id FROM ncf_interactions WHERE is_test = 0;

CREATE TABLE ncf_lists AS
SELECT t.user_id::bigint, t.item_id::bigint AS test_item,
	array_agg(DISTINCT n.item) FILTER (WHERE n.item <> t.item_id) AS negatives,
	count(*) FILTER (WHERE n.item = t.item_id) AS duplicates
FROM ncf_test t
JOIN ncf_negatives USING (user_id),
	unnest(string_to_array(ncf_negatives.items, ' ')::bigint[]) AS n (item)
GROUP BY t.user_id, t.item_id;

CREATE TABLE ncf_candidates AS
SELECT user_id, n.item AS item_id FROM ncf_lists, unnest(negatives) AS n (item);

-- Most popular: the test item's rank counts every negative that is at least as
-- popular.
WITH popular AS (SELECT item_id, count(*) AS n FROM ncf_ratings GROUP BY item_id),
ranked AS (
	SELECT l.user_id,
		1 + count(*) FILTER (WHERE coalesce(p.n, 0) >= coalesce(t.n, 0)) AS rank
	FROM ncf_lists l
	CROSS JOIN unnest(l.negatives) AS n (item)
	LEFT JOIN popular p ON p.item_id = n.item
	LEFT JOIN popular t ON t.item_id = l.test_item
	GROUP BY l.user_id
)
INSERT INTO ncf_result
SELECT 'most popular', 0, avg((rank <= 10)::int),
	avg(CASE WHEN rank <= 10 THEN ln(2) / ln(rank + 1) ELSE 0 END)
FROM ranked;
