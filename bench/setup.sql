-- What bench/run measures with: one number per run and name (several for
-- some), a stopwatch, and the memory of this backend.

CREATE TABLE measure (run int, name text, value double precision);

CREATE FUNCTION seconds(statement text) RETURNS double precision
LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz := clock_timestamp();
BEGIN
	EXECUTE statement;
	RETURN extract(epoch FROM clock_timestamp() - started);
END $$;

-- NULL where there is no /proc.
CREATE FUNCTION memory_kb(what text) RETURNS double precision
LANGUAGE sql AS $$
	SELECT substring(pg_read_file('/proc/self/status', 0, 65536, true)
		FROM what || ':\s+(\d+)')::double precision
$$;
