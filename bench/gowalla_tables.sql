-- Gowalla check-ins with the split of the papers on NGCF and LightGCN.

CREATE TABLE gowalla_train (user_id int, item_id int);
CREATE TABLE gowalla_test (user_id int, item_id int);
CREATE TABLE gowalla_result (label text, seed int, recall double precision, ndcg double precision,
	popular_recall double precision, popular_ndcg double precision, seconds double precision,
	target text);
