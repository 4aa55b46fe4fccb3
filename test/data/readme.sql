-- The tables that the SQL of README.md and docs/reference/ speaks of.  Made
-- by integer arithmetic, so that they are the same everywhere: most people
-- watch what they like, low numbers are watched more, and everybody has seen
-- something.

CREATE TABLE films (
	id integer PRIMARY KEY,
	title text NOT NULL,
	genre text NOT NULL,
	year integer NOT NULL,
	in_stock boolean NOT NULL
);
INSERT INTO films
SELECT f, 'Film ' || f, (ARRAY['Comedy', 'Drama', 'Horror'])[1 + f % 3],
	1980 + f % 45, f % 4 <> 0
FROM generate_series(1, 120) AS f;

CREATE TABLE users (
	id integer PRIMARY KEY,
	name text NOT NULL,
	country text NOT NULL
);
INSERT INTO users
SELECT u, 'User ' || u, (ARRAY['AT', 'DE', 'FR', 'JP'])[1 + u / 10 % 4]
FROM generate_series(1, 300) AS u;

-- explicit: 1 to 5 stars
CREATE TABLE ratings (
	user_id integer NOT NULL,
	item_id integer NOT NULL,
	rating integer NOT NULL,
	rated_at timestamp with time zone NOT NULL,
	PRIMARY KEY (user_id, item_id)
);
INSERT INTO ratings
SELECT u, f, CASE WHEN u % 3 = f % 3 THEN 3 + dice % 3 ELSE 1 + dice % 3 END,
	timestamptz '2025-01-01 00:00+00' + dice % 365 * interval '1 day'
FROM generate_series(1, 300) AS u,
	generate_series(1, 120) AS f,
	LATERAL (SELECT (u * 7919 + f * 104729 + u * f * 31) % 1009) AS d(dice)
WHERE dice < 600 / (2 + f / 15) / CASE WHEN u % 3 = f % 3 THEN 1 ELSE 6 END;

-- implicit: how often somebody played a track; ids are text
CREATE TABLE plays (
	listener text NOT NULL,
	track text NOT NULL,
	times integer NOT NULL,
	played_on date NOT NULL,
	PRIMARY KEY (listener, track)
);
INSERT INTO plays
SELECT 'listener-' || user_id, 'track-' || item_id, 1 + rating * rating / 3,
	rated_at::date
FROM ratings;

-- implicit: customers are numbers, articles are text, the same pair may come
-- more than once
CREATE TABLE orders (
	customer_id integer NOT NULL,
	sku text NOT NULL,
	quantity integer NOT NULL,
	ordered_at timestamp with time zone NOT NULL
);
INSERT INTO orders
SELECT user_id, 'SKU-' || lpad(item_id::text, 4, '0'), 1 + rating % 3, rated_at
FROM ratings, generate_series(1, 1 + user_id % 2);

-- weights of single users and of films
CREATE TABLE trust (user_id integer PRIMARY KEY, weight real NOT NULL);
INSERT INTO trust SELECT id, CASE WHEN id % 50 = 0 THEN 0.2 ELSE 1 END FROM users;

CREATE TABLE quality (item_id integer PRIMARY KEY, weight real NOT NULL);
INSERT INTO quality SELECT id, 1 + id % 3 FROM films;
