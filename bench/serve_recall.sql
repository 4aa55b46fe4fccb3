-- Share of the ten best items that pgvector's index finds, over 500 users.

SET enable_seqscan = off;
WITH u AS (SELECT id, v FROM user_vectors ORDER BY md5(id::text) LIMIT 500)
SELECT round(avg((r.item_id IS NOT NULL)::int), 3)
FROM u, LATERAL (SELECT id FROM vectors ORDER BY v <#> u.v LIMIT 10) AS found
	LEFT JOIN LATERAL (SELECT item_id
		FROM wals_recommend(u.id, 10, 'model', exclude_seen => false)) AS r
	ON r.item_id = found.id;
