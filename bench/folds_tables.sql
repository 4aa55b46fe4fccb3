-- ML-100K with its own five folds u1 to u5.

CREATE TABLE folds (user_id int, item_id int, rating real, rated_at bigint, fold int,
	ua_test int, ub_test int);
CREATE TABLE folds_result (label text, seed int, fold int, rmse double precision,
	mae double precision, unknown bigint, seconds double precision, target text);
