-- wals_loss_plot, wals_loss_svg, wals_metric_plot, wals_metric_svg: pictures of
-- numbers that are known, because they are put into the model's table
CREATE SCHEMA plot;
SET search_path = plot, public;
SET client_min_messages = warning;
CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 9) AS u, generate_series(1, 9) AS i
WHERE (u * i) % 3 > 0;
SELECT wals_train('m', 'seen', factors => 2, iterations => 2, keep_versions => 9) AS version;
SELECT wals_train('m', 'seen', factors => 2, iterations => 2, keep_versions => 9) AS version;
SELECT wals_train('m', 'seen', factors => 2, iterations => 2, keep_versions => 9) AS version;
UPDATE m SET losses = ARRAY(SELECT 1000 + 800 / i ^ 2 FROM generate_series(1, 12) AS i),
	iteration_seconds = ARRAY(SELECT i / 4.0 FROM generate_series(1, 12) AS i)
WHERE version = 1;
UPDATE m SET losses = ARRAY(SELECT 10 ^ (7 - i) FROM generate_series(1, 5) AS i) WHERE version = 2;
UPDATE m SET losses = '{3.5}' WHERE version = 3;

-- of characters, as the client can show them
SELECT * FROM wals_loss_plot('m', 1, characters => 'ascii');
SELECT * FROM wals_loss_plot('m', 1, width => 40, height => 5, characters => 'unicode');
SET client_encoding = 'LATIN1';
SELECT count(*) FILTER (WHERE line ~ '[+]') AS lines FROM wals_loss_plot('m', 1) AS line;
RESET client_encoding;
SET client_encoding = 'UTF8';
SELECT count(*) FILTER (WHERE line ~ U&'\2524') AS lines FROM wals_loss_plot('m', 1) AS line;
RESET client_encoding;
-- a loss that falls by powers of ten; one iteration; the active version
SELECT * FROM wals_loss_plot('m', 2, 44, 9, 'ascii');
SELECT * FROM wals_loss_plot('m', 3, 40, 5, 'ascii');
SELECT min(line) FROM wals_loss_plot('m', characters => 'ascii') AS line WHERE line ~ 'version';

-- what cannot be drawn is left out: nothing, infinity, NULL, matrices, too much
UPDATE m SET losses = '{NaN,4,NULL,Infinity,2,-Infinity,1e301,-1e301,6}', iteration_seconds = '{1}' WHERE version = 2;
SELECT * FROM wals_loss_plot('m', 2, 40, 5, 'ascii');
UPDATE m SET losses = '{{1,2},{3,4}}' WHERE version = 2;
SELECT count(*) FROM regexp_matches(wals_loss_svg('m', 2), 'iteration \d+: loss \d', 'g');
UPDATE m SET losses = '{-1e300,1e300,1e-300,0}' WHERE version = 2;
SELECT * FROM wals_loss_plot('m', 2, 40, 5, 'ascii');
UPDATE m SET losses = array_fill(7.0, '{5000}') WHERE version = 2;
SELECT count(*) FROM regexp_matches(wals_loss_svg('m', 2), '<circle', 'g');
UPDATE m SET losses = '{}' WHERE version = 2;
SELECT * FROM wals_loss_plot('m', 2);
SELECT wals_loss_svg('m', 2);
UPDATE m SET losses = NULL WHERE version = 2;
SELECT * FROM wals_loss_plot('m', 2);

-- as SVG
UPDATE m SET losses = '{900,300,100}', iteration_seconds = '{0.5,NULL,0.25}' WHERE version = 2;
SELECT wals_loss_svg('m', 2, 300, 200);
UPDATE m SET losses = ARRAY(SELECT 10 ^ (7 - i) FROM generate_series(1, 5) AS i) WHERE version = 2;
SELECT array_agg(tick[1]) AS ticks FROM regexp_matches(wals_loss_svg('m', 2, 1000, 600), 'anchor="end">([^<]*)<', 'g') AS tick;

-- a metric of all versions, or of one by k
SELECT wals_set_metrics('m', 1, '{"ndcg@10": 0.25, "ndcg@5": 0.2, "ndcg@20": 0.4, "ndcg": 9, "ndcg@x": 1, "ndcg@1.5": 1, "recall@10": 0.5, "ndcg@7": "high", "ndcg@8": null, "ndcg@9": 1e400}');
SELECT wals_set_metrics('m', 3, '{"ndcg@10": 0.75, "rmse": 2}');
SELECT * FROM wals_metric_plot('ndcg@10', 'm', width => 40, height => 5, characters => 'ascii');
SELECT * FROM wals_metric_plot('ndcg', 'm', 1, 40, 5, 'ascii');
SELECT point[1] FROM regexp_matches(wals_metric_svg('ndcg@10', 'm'), '<title>(version[^<]*)<', 'g') AS point;
SELECT point[1] FROM regexp_matches(wals_metric_svg('ndcg', 'm', 1), '<title>(k[^<]*)<', 'g') AS point;
SELECT * FROM wals_metric_plot('mrr', 'm');
SELECT * FROM wals_metric_plot('nd%', 'm', 1);
UPDATE m SET metrics = '[1, 2]' WHERE version = 3;
SELECT point[1] FROM regexp_matches(wals_metric_svg('ndcg@10', 'm'), '<title>(version[^<]*)<', 'g') AS point;
SELECT * FROM wals_metric_plot('ndcg', 'm', 3);

-- names and metrics that mean something to XML or to a terminal
ALTER TABLE m RENAME TO "<b>""&' ]]> </title>";
SELECT line FROM regexp_split_to_table(wals_loss_svg('"<b>""&'' ]]> </title>"', 1), '\n') AS line WHERE line ~ 'loss: ' AND line !~ 'circle';
SELECT xmlparse(DOCUMENT wals_loss_svg('"<b>""&'' ]]> </title>"', 1)) IS DOCUMENT AS is_xml;
SELECT xmlparse(DOCUMENT wals_metric_svg(E'a<b>&"''\x01\x1b\n', '"<b>""&'' ]]> </title>"')) IS DOCUMENT AS is_xml;
SELECT * FROM wals_metric_plot(E'a\x1b[31m\nb', '"<b>""&'' ]]> </title>"');
ALTER TABLE "<b>""&' ]]> </title>" RENAME TO m;
SELECT xmlparse(DOCUMENT wals_metric_svg(U&'\FFFE\FFFF\0085\+01F3AC', 'm')) IS DOCUMENT AS is_xml;

-- rights are those of the model's table; nothing else is asked for
CREATE ROLE regress_plot_reader;
GRANT USAGE ON SCHEMA plot TO regress_plot_reader;
SET ROLE regress_plot_reader;
SELECT * FROM wals_loss_plot('m', 3);
RESET ROLE;
GRANT SELECT ON m TO regress_plot_reader;
SET ROLE regress_plot_reader;
SELECT count(*) FROM wals_loss_plot('m', 3);
RESET ROLE;

-- errors
SELECT * FROM wals_loss_plot('m', 7);
SELECT wals_loss_svg('m', 0);
SELECT wals_metric_svg('ndcg', 'm', -1);
SELECT * FROM wals_loss_plot('seen');
SELECT * FROM wals_loss_plot('m', width => 39);
SELECT * FROM wals_loss_plot('m', height => 101);
SELECT wals_loss_svg('m', width => 4001);
SELECT wals_loss_svg('m', height => 149);
SELECT * FROM wals_loss_plot('m', characters => 'runes');
SELECT wals_metric_svg(NULL, 'm');
UPDATE m SET active = false;
SELECT wals_loss_svg('m');

DROP SCHEMA plot CASCADE;
DROP ROLE regress_plot_reader;
