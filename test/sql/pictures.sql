-- What pictures show besides the numbers: a first iteration left out, intervals,
-- popularity, colours.
CREATE SCHEMA pictures;
SET search_path = pictures, public;
SET client_min_messages = warning;
CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 12) AS u, generate_series(1, 30) AS i
WHERE (u * i + u) % 4 < 2;
SELECT wals_train('m', 'seen', factors => 3, iterations => 2, keep_versions => 9) AS version;
SELECT wals_train('m', 'seen', factors => 3, iterations => 2, keep_versions => 9) AS version;

-- the first iteration takes most of the fall
UPDATE m SET losses = '{5000,1100,1050,1020,1010,1005}', iteration_seconds = NULL WHERE version = 1;
SELECT * FROM wals_loss_plot('m', 1, 40, 6, 'ascii');
SELECT point[1] FROM regexp_matches(wals_loss_svg('m', 1), '<title>(iteration[^<]*)<', 'g') AS point;
SELECT wals_loss_svg('m', 1) ~ '>iteration 1: 5000, above the picture<' AS told;
-- it does not, there are too few others, or the axis is logarithmic
UPDATE m SET losses = '{1500,1200,1050,1020,1010,900}' WHERE version = 1;
SELECT count(*) FROM regexp_matches(wals_loss_svg('m', 1), '<circle', 'g');
UPDATE m SET losses = '{5000,1100,1050}' WHERE version = 1;
SELECT count(*) FROM regexp_matches(wals_loss_svg('m', 1), '<circle', 'g');
UPDATE m SET losses = '{100000,1100,1050,1040,1030}' WHERE version = 1;
SELECT count(*) FROM regexp_matches(wals_loss_svg('m', 1), '<circle', 'g');
-- numbers as large as can be drawn
UPDATE m SET losses = '{1e300,-1e300,-1e300,-1e300,-1e300}' WHERE version = 1;
SELECT count(*) FROM regexp_matches(wals_loss_svg('m', 1), '<circle', 'g');

-- a metric with its errors and with popularity
SELECT wals_set_metrics('m', 1, '{"ndcg@10": 0.5, "ndcg@5": 0.4, "std_error": {"ndcg@10": 0.02, "ndcg@5": 0.03}, "popular_baseline": {"ndcg@10": 0.3, "ndcg@5": 0.25}}');
SELECT wals_set_metrics('m', 2, '{"ndcg@10": 0.6, "std_error": {"ndcg@10": 0.01}, "popular_baseline": {"ndcg@10": 0.35}}');
SELECT * FROM wals_metric_plot('ndcg@10', 'm', width => 40, height => 8, characters => 'ascii');
SELECT * FROM wals_metric_plot('ndcg', 'm', 1, width => 40, height => 8, characters => 'ascii');
SELECT point[1] FROM regexp_matches(wals_metric_svg('ndcg@10', 'm'), '<title>(version[^<]*)<', 'g') AS point;
SELECT point[1] FROM regexp_matches(wals_metric_svg('ndcg', 'm', 1), '<title>(k [^<]*)<', 'g') AS point;
SELECT wals_metric_svg('ndcg@10', 'm') ~ 'stroke-dasharray', wals_metric_svg('ndcg@10', 'm') ~ '>bars: 95 % intervals; dashes: popularity<';
SELECT xmlparse(DOCUMENT wals_metric_svg('ndcg@10', 'm')) IS DOCUMENT AS is_xml;
-- one version: the line goes across
SELECT wals_set_metrics('m', 1, NULL);
SELECT array_length(regexp_split_to_array(points[1], ' '), 1) FROM regexp_matches(wals_metric_svg('ndcg@10', 'm'), 'dasharray="6 4" points="([^"]*)"') AS points;
-- what an owner may have written there instead
SELECT wals_set_metrics('m', 2, '{"ndcg@10": 0.6, "std_error": {"ndcg@10": "high"}, "popular_baseline": [1]}');
SELECT point[1] FROM regexp_matches(wals_metric_svg('ndcg@10', 'm'), '<title>(version[^<]*)<', 'g') AS point;
SELECT wals_set_metrics('m', 2, '{"ndcg@10": 0.6, "std_error": {"ndcg@10": -1}, "popular_baseline": {"ndcg@10": 1e400}}');
SELECT point[1] FROM regexp_matches(wals_metric_svg('ndcg@10', 'm'), '<title>(version[^<]*)<', 'g') AS point;
SELECT wals_set_metrics('m', 2, '{"ndcg@10": 1e300, "std_error": {"ndcg@10": 1e299}, "popular_baseline": {"ndcg@10": -1e300}}');
SELECT xmlparse(DOCUMENT wals_metric_svg('ndcg@10', 'm')) IS DOCUMENT AS is_xml;
SELECT wals_set_metrics('m', 2, '{"std_error": 3, "popular_baseline": 4}');
SELECT point[1] FROM regexp_matches(wals_metric_svg('std_error', 'm'), '<title>(version[^<]*)<', 'g') AS point;

-- of a training with a hold-out
UPDATE m SET metrics = '{"ndcg@10": 0.6, "holdout": {"fraction": 0.1, "std_error": 0.01, "n_users": 60}}' WHERE version = 2;
SELECT point[1] FROM regexp_matches(wals_metric_svg('ndcg@10', 'm'), '<title>(version[^<]*)<', 'g') AS point;
UPDATE m SET metrics = metrics || '{"mrr": 0.3}' WHERE version = 2;
SELECT point[1] FROM regexp_matches(wals_metric_svg('mrr', 'm'), '<title>(version[^<]*)<', 'g') AS point;
UPDATE m SET metrics = '[{"mrr": 1}]' WHERE version = 2;
SELECT count(*) FROM wals_metric_plot('mrr', 'm');

-- colours: by the groups with most of the items, others grey
CREATE TABLE films AS
SELECT i AS id, 'Film ' || i AS name, CASE WHEN i % 5 = 0 THEN NULL WHEN i <= 20 THEN 'genre ' || i % 2 ELSE '<' || i || '>' END AS genre
FROM generate_series(1, 30) AS i;
SELECT fill[1] AS colour, count(*) FROM regexp_matches(wals_map_svg('m', labels => 'films', color_col => 'genre'), '<circle[^>]*r="(?:3|[6-9]|1\d)[^>]*fill="([^"]*)"', 'g') AS fill
GROUP BY 1 ORDER BY 2 DESC, 1;
SELECT dot[1] FROM regexp_matches(wals_map_svg('m', labels => 'films', color_col => 'genre'), '<title>([^<]*: \d+ items)<', 'g') AS dot;
SELECT point[1] FROM regexp_matches(wals_map_svg('m', 3, labels => 'films', color_col => 'genre'), '<title>(Film[^<]*)<', 'g') AS point ORDER BY 1;
SELECT xmlparse(DOCUMENT wals_map_svg('m', labels => 'films', color_col => 'genre')) IS DOCUMENT AS is_xml;
SELECT wals_map_svg('m', labels => 'films', color_col => 'genre') ~ '>m version 2: the \d+ items with most likes<' AS heading;
-- of any type; narrow; none
SELECT count(*) FROM regexp_matches(wals_map_svg('m', labels => 'films', color_col => 'id', width => 200, height => 200), '<title>[^<]*: \d+ items<', 'g');
SELECT count(*) FROM regexp_matches(wals_map_svg('m', labels => 'films'), '<title>[^<]*: \d+ items<', 'g');
SELECT wals_map_svg('m', labels => 'films', color_col => 'colour');
SELECT wals_map_svg('m', color_col => 'genre');
DROP SCHEMA pictures CASCADE;
