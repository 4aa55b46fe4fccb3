-- ML-1M as pairs with the split of the NCF paper (He et al. 2017): the last
-- interaction of each user is the test item, ranked among 99 items the paper's
-- authors drew.

CREATE TABLE ncf_interactions (user_id int, movie_id int, item_id int, is_test int);
CREATE TABLE ncf_test (user_id int, item_id int, rating real, rated_at bigint);
CREATE TABLE ncf_negatives (user_id int, items text);
CREATE TABLE ncf_result (label text, seed int, hits double precision, ndcg double precision,
	seconds double precision, target text);
