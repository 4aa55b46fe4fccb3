-- wals_map and wals_map_svg, on factors that are put into the model's table so
-- that everything is known
CREATE SCHEMA map;
SET search_path = map, public;
SET client_min_messages = warning;
CREATE TABLE seen AS
SELECT u AS user_id, i AS item_id FROM generate_series(1, 9) AS u, generate_series(1, 8) AS i
WHERE (u + i) % 3 > 0;
SELECT wals_train('m', 'seen', factors => 3) AS version;

-- six items in three directions, four and two of them opposite; one without a
-- direction; lengths do not matter
UPDATE m_items SET n = 10 - id, likes = NULL, factors = CASE id
	WHEN 1 THEN '{0,2,0}' WHEN 2 THEN '{0,-5,0}' WHEN 3 THEN '{0.8,0,0.6}' WHEN 4 THEN '{0,0.5,0}'
	WHEN 5 THEN '{8,0,-6}' WHEN 6 THEN '{0,-1,0}' WHEN 7 THEN '{0,0,0}' ELSE '{4,0,3}' END::real[];
SELECT wals_activate('m', 1);
SELECT item_id, round(x::numeric, 3) + 0 AS x, round(y::numeric, 3) + 0 AS y, n_entries FROM wals_map('m');
SELECT item_id, round(x::numeric, 3) + 0 AS x FROM wals_map_bigint('m', 2);
SELECT count(*) FROM wals_map('m', NULL);
SELECT count(*) FROM wals_map('m', 0);
SELECT * FROM wals_map('m', -1);
SELECT * FROM wals_map_uuid('m');

-- as SVG: a circle for each, labels for those there is room for
SELECT count(*) FROM regexp_matches(wals_map_svg('m'), '<circle', 'g');
SELECT point[1] FROM regexp_matches(wals_map_svg('m'), '<circle[^>]*><title>([^<]*)<', 'g') AS point;
SELECT label[1] FROM regexp_matches(wals_map_svg('m', 3), 'middle">([^<]*)<', 'g') AS label;
SELECT radius[1] FROM regexp_matches(wals_map_svg('m', 3), ' r="([^"]*)"', 'g') AS radius;
SELECT xmlparse(DOCUMENT wals_map_svg('m')) IS DOCUMENT AS is_xml;

-- labels from a relation; the least of several, the id where there is none
CREATE TABLE films (id smallint, name text, "the Title" jsonb);
INSERT INTO films VALUES (1, 'Zulu', '"a"'), (1, 'Alpha', '"b"'), (2, '<b>&"''' || chr(1) || chr(27), NULL), (3, NULL, NULL),
	(4, '', NULL), (5, repeat('x', 1000), NULL), (6, U&'\7535\5F71\7535\5F71', NULL), (77, 'not in the model', NULL);
SELECT point[1] FROM regexp_matches(wals_map_svg('m', labels => 'films'), '<circle[^>]*><title>([^<]*)<', 'g') AS point;
SELECT label[1] FROM regexp_matches(wals_map_svg('m', labels => 'films'), 'middle">([^<]*)<', 'g') AS label ORDER BY 1;
SELECT xmlparse(DOCUMENT wals_map_svg('m', labels => 'films')) IS DOCUMENT AS is_xml;
SELECT point[1] FROM regexp_matches(wals_map_svg('m', 1, 'films', label_col => 'the Title'), '<circle[^>]*><title>([^<]*)<', 'g') AS point;

-- text and uuid
CREATE TABLE words AS SELECT 'u' || user_id AS user_id, md5(item_id::text)::uuid AS item_id FROM seen;
SELECT wals_train('w', 'words', factors => 3) AS version;
SELECT count(*) FROM wals_map_uuid('w');
CREATE VIEW named AS SELECT DISTINCT item_id AS key, 'item ' || left(item_id::text, 4) AS word FROM words;
SELECT count(*) FROM regexp_matches(wals_map_svg('w', 5, 'named', 'key', 'word'), 'item \w{4} \(', 'g');
CREATE TABLE texts AS SELECT user_id, 'i' || item_id AS item_id FROM seen;
SELECT wals_train('t', 'texts', factors => 1) AS version;
SELECT count(*), count(*) FILTER (WHERE y = 0) AS flat FROM wals_map('t');
CREATE TABLE codes (id varchar(9), name varchar(20));
INSERT INTO codes VALUES ('i1', 'one'), ('i2', 'two');
SELECT count(*) FROM regexp_matches(wals_map_svg('t', labels => 'codes'), '(one|two) \(i', 'g');
SELECT * FROM wals_map_bigint('t');

-- more items than fit into memory that is reused at once
CREATE TABLE wide_seen AS SELECT u AS user_id, i AS item_id FROM generate_series(1, 3) AS u, generate_series(1, 9000) AS i;
SELECT wals_train('wide', 'wide_seen', factors => 2, iterations => 1) AS version;
SELECT count(*), count(DISTINCT item_id), min(item_id), max(item_id), max(abs(x)) < 10 AS near FROM wals_map_bigint('wide', NULL);
SELECT count(DISTINCT item_id) FROM wals_map('wide', NULL);

-- nothing but zeros
UPDATE m_items SET factors = '{0,0,0}';
SELECT wals_activate('m', 1);
SELECT count(*) FROM wals_map('m');
SELECT wals_map_svg('m', width => 300, height => 200);
-- all alike
UPDATE m_items SET factors = '{1,2,2}';
SELECT wals_activate('m', 1);
SELECT min(x), max(x), min(y), max(y) FROM wals_map('m');
SELECT xmlparse(DOCUMENT wals_map_svg('m')) IS DOCUMENT AS is_xml;

-- rights: on the model's tables, and on the labels
CREATE ROLE regress_map_reader;
GRANT USAGE ON SCHEMA map TO regress_map_reader;
GRANT SELECT ON m, m_users TO regress_map_reader;
SET ROLE regress_map_reader;
SELECT count(*) FROM wals_map('m');
RESET ROLE;
GRANT SELECT ON m_items TO regress_map_reader;
SET ROLE regress_map_reader;
SELECT count(*) FROM wals_map('m');
SELECT wals_map_svg('m', labels => 'films');
RESET ROLE;
GRANT SELECT (id, name) ON films TO regress_map_reader;
SET ROLE regress_map_reader;
SELECT length(wals_map_svg('m', labels => 'films')) > 1000 AS drawn;
RESET ROLE;

-- errors
SELECT wals_map_svg('seen');
SELECT wals_map_svg('m', labels => 'films', label_col => 'title');
SELECT wals_map_svg('m', labels => 'films', id_col => 'key');
SELECT wals_map_svg('m', labels => 'codes');
SELECT wals_map_svg('m', 0);
SELECT wals_map_svg('m', 2001);
SELECT wals_map_svg('m', width => 199);
SELECT wals_map_svg('m', height => 4001);

DROP SCHEMA map CASCADE;
DROP ROLE regress_map_reader;
