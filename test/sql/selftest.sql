-- wals_selftest(): does what serves here work?
\set SHOW_CONTEXT never
SELECT regexp_replace(name, '(openblas).*', '\1') AS name, passed,
	regexp_replace(regexp_replace(detail, '[0-9.]+e-[0-9]+', 'small', 'g'), '\d+', 'N', 'g') ~ (CASE
		WHEN name LIKE 'solving%' THEN '^(largest relative error of a user small, allowed small|not for this processor)$'
		WHEN name LIKE 'searching%' THEN '^(N of N answers differ from scoring every row|not for this processor)$'
		WHEN name LIKE 'eigenvectors, openblas' THEN '^(largest error small, allowed small|.*\.)$'
		WHEN name LIKE 'eigenvectors%' THEN '^largest error small, allowed small$'
		WHEN name = 'threads' THEN '^N of N, the session''s own included$'
		WHEN name = 'shared files' THEN '^N kB were written, mapped and compared$'
		WHEN name = 'versions' THEN '^library N.N.N, SQL objects N.N.N$'
		ELSE '.' END) AS worded
FROM wals_selftest();

-- the kernel that runs everywhere was really tried
SELECT detail LIKE 'largest%' AS tried FROM wals_selftest() WHERE name = 'solving, portable';
-- nothing stays behind
SELECT count(*) FROM pg_ls_tmpdir() WHERE name LIKE '%selftest%';

-- what is off
SET wals.threads = 1;
SET wals.cache_share = 'never';
SET wals.max_memory = 0;
SET track_activities = off;
SELECT passed, regexp_split_to_table(detail, '; ') AS detail FROM wals_selftest() WHERE name = 'settings';
RESET track_activities;
SET wals.threads = 4;
SELECT detail FROM wals_selftest() WHERE name = 'threads';
RESET ALL;

-- anybody, and in a transaction that only reads
CREATE ROLE regress_selftest;
SET ROLE regress_selftest;
BEGIN READ ONLY;
SELECT bool_and(passed) AS passed FROM wals_selftest();
COMMIT;
RESET ROLE;
DROP ROLE regress_selftest;

-- it can fail: a library that is newer than the SQL objects
-- (test/t/015_selftest.pl has files that cannot be written)
BEGIN;
UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'wals';
SELECT name, passed, regexp_replace(detail, 'library [0-9.]+', 'library N') AS detail FROM wals_selftest() WHERE NOT passed;
ROLLBACK;
