-- Train once and compare three ways to the same scores, for a sample of users
-- and the five with the most rows, with up to ten of their items and ten others
-- each.  Variables: set, feedback, options, users.

SET client_min_messages = warning;

SELECT wals_train('agree', 'agree_rating' :options) AS version \gset
CREATE TEMPORARY TABLE someone AS
(SELECT id AS user_id FROM agree_users ORDER BY n DESC, id LIMIT 5)
UNION
(SELECT id FROM agree_users ORDER BY hashint8extended(id, 0), id LIMIT :users);
CREATE TEMPORARY TABLE pair AS
SELECT user_id, own.item_id
FROM someone, LATERAL (
	SELECT item_id FROM agree_rating AS r WHERE r.user_id = someone.user_id
	GROUP BY item_id ORDER BY hashint8extended(item_id, 0), item_id LIMIT 10) AS own
UNION ALL
SELECT user_id, other.item_id
FROM someone, LATERAL (
	SELECT id AS item_id FROM agree_items AS i
	WHERE NOT EXISTS (
		SELECT FROM agree_rating AS r WHERE r.user_id = someone.user_id AND r.item_id = i.id)
	ORDER BY hashint8extended(id, someone.user_id), id LIMIT 10) AS other;

INSERT INTO agree_result
SELECT :'set', :'feedback', count(*),
	count(*) FILTER (WHERE stored IS NULL OR folded IS NULL OR explained IS NULL),
	max(abs(stored)), max(abs(stored - folded)) / max(abs(stored)),
	max(abs(stored - explained)) / max(abs(stored))
FROM (
	SELECT wals_score(user_id, item_id, 'agree')::double precision AS stored,
		wals_score(user_id, item_id, 'agree', fold_in => 'always')::double precision AS folded,
		(SELECT sum(contribution::double precision)
			FROM wals_explain(user_id, item_id, NULL, 'agree')) AS explained
	FROM pair
	ORDER BY user_id
	OFFSET 0) AS scored;
SELECT wals_drop('agree') AS dropped \gset
