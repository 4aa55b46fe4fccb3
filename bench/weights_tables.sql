-- The ratings of one set, and the parts to train on and to rank.  Variables:
-- columns, aside.

SET client_min_messages = warning;
DROP TABLE IF EXISTS weights_rating CASCADE;
CREATE TABLE weights_rating (:columns);

CREATE VIEW weights_fit AS
SELECT * FROM weights_rating
WHERE NOT (:aside > 0 AND wals_holdout(user_id, item_id, :aside))
	AND NOT wals_holdout(user_id, item_id, 0.1, seed => 1);

CREATE VIEW weights_choose AS
SELECT * FROM weights_rating
WHERE NOT (:aside > 0 AND wals_holdout(user_id, item_id, :aside))
	AND wals_holdout(user_id, item_id, 0.1, seed => 1);
