-- The factors as vectors of pgvector, for bench/serve.  Variable: k.

CREATE EXTENSION vector;
CREATE TABLE vectors AS SELECT id, factors::vector(:k) AS v FROM model_items;
CREATE TABLE user_vectors AS SELECT id, factors::vector(:k) AS v FROM model_users;
ALTER TABLE vectors ADD PRIMARY KEY (id);
ALTER TABLE user_vectors ADD PRIMARY KEY (id);
VACUUM ANALYZE vectors, user_vectors;
