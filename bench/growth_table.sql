-- A part of the ratings as the table "source": of the entries, all users and
-- items keep some of theirs; of the users, some keep all of theirs.  Variables:
-- part, eighths.

SELECT format('CREATE UNLOGGED TABLE source AS SELECT * FROM ratings WHERE %s & 7 < %s',
	CASE :'part'
		WHEN 'entries' THEN 'hashint8(user_id::bigint << 32 | item_id)'
		WHEN 'users' THEN 'hashint4(user_id)'
	END, :eighths)
\gexec
VACUUM ANALYZE source;
