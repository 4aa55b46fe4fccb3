-- What bench/run measures with: numbers by section, line of its table, run and
-- name; a stopwatch; and the memory of this backend.

CREATE TABLE measure (line text, run int, name text, value double precision);

-- what another program did in the section implicit, one line per way and run
CREATE TABLE peer (way text, run int, iterations int, seconds double precision,
	loss double precision);

CREATE VIEW medians AS
SELECT line, name, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS value
FROM measure GROUP BY line, name;

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

-- The work of an iteration of two half sweeps if each row were solved in the
-- textbook way: sum over rows of n entries of
-- n k (k + 1) + 2 n k + k^3 / 3 + 2 k^2.
CREATE FUNCTION flops(entries double precision, n_rows double precision, k double precision)
RETURNS double precision
LANGUAGE sql AS $$
	SELECT entries * (k * (k + 1) + 2 * k) + n_rows * (k ^ 3 / 3 + 2 * k ^ 2)
$$;
