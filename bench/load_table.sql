-- The ratings with ids of another type as the table "source".  Variable: ids.

SELECT format('CREATE UNLOGGED TABLE source AS SELECT %s, rating FROM ratings',
	CASE :'ids'
		WHEN 'integer' THEN 'user_id, item_id'
		WHEN 'text' THEN
			'''user-'' || user_id AS user_id, ''item-'' || item_id AS item_id'
		WHEN 'uuid' THEN
			'md5(''u'' || user_id)::uuid AS user_id, md5(''i'' || item_id)::uuid AS item_id'
	END)
\gexec
VACUUM ANALYZE source;
