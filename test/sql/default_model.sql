-- The model that is meant where none is named: what makes another one of it is
-- noticed by a session that has asked before.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA default_model;
SET search_path = default_model, public;
CREATE ROLE regress_wals_one;
CREATE ROLE regress_wals_two;
CREATE ROLE regress_wals_group;
GRANT USAGE, CREATE ON SCHEMA default_model TO regress_wals_one, regress_wals_two, regress_wals_group;
CREATE TABLE books AS
SELECT u AS user_id, 1 + (u * i) % 9 AS item_id FROM generate_series(1, 20) AS u, generate_series(1, 5) AS i;
CREATE VIEW films AS SELECT user_id, item_id + 100 AS item_id FROM books;
CREATE VIEW games AS SELECT user_id, item_id + 200 AS item_id FROM books;
GRANT SELECT ON books, films, games TO PUBLIC;

-- 0: there is none, or nobody knows which
CREATE FUNCTION public.meant() RETURNS text LANGUAGE plpgsql AS
$$
BEGIN
	RETURN (SELECT CASE min(item_id::int) / 100 WHEN 0 THEN 'books' WHEN 1 THEN 'films' ELSE 'games' END FROM wals_popular(NULL));
EXCEPTION WHEN object_not_in_prerequisite_state OR undefined_table OR insufficient_privilege THEN
	RETURN SQLERRM;
END;
$$;
SET ROLE regress_wals_one;
SELECT public.meant();
SELECT wals_train('books_model', 'books', factors => 2, iterations => 1);
SELECT public.meant(), public.meant() AS again;
SELECT wals_train('films_model', 'films', factors => 2, iterations => 1);
SELECT public.meant();
SELECT wals_set_default('films_model');
SELECT public.meant();
-- by hand, in a part that is rolled back, and beside another mark
BEGIN;
SAVEPOINT s;
UPDATE films_model SET is_default = false;
UPDATE books_model SET is_default = true;
SELECT public.meant();
ROLLBACK TO s;
SELECT public.meant();
UPDATE books_model SET is_default = true;
SELECT public.meant();
ROLLBACK;
SELECT public.meant();
-- within one statement, and by the setting
SELECT wals_set_default('books_model'), public.meant();
SELECT public.meant();
SET wals.default_model = 'films_model';
SELECT public.meant();
RESET wals.default_model;
SELECT public.meant();
-- a version that is made active, another that is not
UPDATE films_model SET is_default = true;
UPDATE films_model SET active = false;
SELECT public.meant();
SELECT wals_activate('films_model', 1);
SELECT public.meant();
UPDATE films_model SET is_default = NULL;
SELECT public.meant();
-- each role has its own; rights that come and go
SET ROLE regress_wals_two;
SELECT public.meant();
SELECT wals_train('games_model', 'games', factors => 2, iterations => 1);
SELECT public.meant();
SET ROLE regress_wals_one;
SELECT public.meant();
RESET ROLE;
GRANT regress_wals_one TO regress_wals_two;
SET ROLE regress_wals_two;
SELECT public.meant();
RESET ROLE;
REVOKE regress_wals_one FROM regress_wals_two;
SET ROLE regress_wals_two;
SELECT public.meant();
RESET ROLE;
REVOKE ALL ON SCHEMA default_model FROM regress_wals_two;
SET ROLE regress_wals_two;
SELECT public.meant();
RESET ROLE;
GRANT USAGE, CREATE ON SCHEMA default_model TO regress_wals_two;
SET ROLE regress_wals_two;
SELECT public.meant();
-- dropped, renamed, another schema, another owner, the table of another type
SET ROLE regress_wals_one;
ALTER TABLE books_model RENAME TO "a model";
SELECT public.meant();
ALTER TABLE "a model" NOT OF;
SELECT public.meant();
ALTER TABLE "a model" OF wals_model;
SELECT public.meant();
BEGIN;
SELECT wals_drop('"a model"');
SELECT public.meant();
ROLLBACK;
SELECT public.meant();
SELECT wals_drop('"a model"');
SELECT public.meant();
RESET ROLE;
ALTER TABLE games_model OWNER TO regress_wals_one;
SET ROLE regress_wals_one;
SELECT public.meant();
SELECT wals_drop('films_model');
SELECT public.meant();

RESET ROLE;
SET client_min_messages = error;
DROP SCHEMA default_model CASCADE;
DROP FUNCTION public.meant();
DROP ROLE regress_wals_one, regress_wals_two, regress_wals_group;
