-- What a training chooses by itself, beside what a tuning finds.

CREATE TABLE defaults_rating (user_id bigint, item_id bigint, is_test boolean DEFAULT false);
CREATE TABLE defaults_result (set text, label text, users int, items int, entries bigint, options jsonb,
	recall double precision, ndcg double precision, popular_recall double precision, popular_ndcg double precision,
	seconds double precision, trials bigint);
CREATE VIEW defaults_train AS SELECT user_id, item_id FROM defaults_rating WHERE NOT is_test;
CREATE VIEW defaults_test AS SELECT user_id, item_id FROM defaults_rating WHERE is_test;
