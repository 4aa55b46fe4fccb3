-- The table of bench/agree: the largest differences as parts of the largest
-- score of the sample.

\pset footer off
\pset null ''
SELECT set AS "data set", feedback, pairs, missing, round(largest::numeric, 3) AS "largest score",
	to_char(folded, '9.9EEEE') AS "folded in", to_char(explained, '9.9EEEE') AS explained
FROM agree_result
ORDER BY feedback DESC, set;
