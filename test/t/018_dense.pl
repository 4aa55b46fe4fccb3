# OpenBLAS comes into a session that has a problem large enough for it, and into no
# other; with no thread of its own, and leaving nothing behind.  Where it is not
# what it should be, or was there before, wals does without it, or says why not.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'needs /proc of Linux' unless -e '/proc/self/task';

my $node = PostgreSQL::Test::Cluster->new('main');

sub prepare
{
	my ($server) = @_;

	$server->init;
	$server->start;
	$server->safe_psql(
		'postgres', q{
		CREATE EXTENSION wals;
		CREATE TABLE ratings AS
		SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 300 AS item_id, i AS value
		FROM generate_series(1, 500) AS u, generate_series(1, 20) AS i;
		CREATE FUNCTION threads() RETURNS bigint LANGUAGE sql
		AS $$SELECT count(*) FROM pg_ls_dir('/proc/self/task')$$;
		CREATE FUNCTION maps() RETURNS boolean LANGUAGE sql
		AS $$SELECT pg_read_file('/proc/self/maps', 0, 10000000) LIKE '%openblas%'$$;
		CREATE FUNCTION signals() RETURNS text LANGUAGE sql
		AS $$SELECT string_agg(line, ' ' ORDER BY line)
			FROM regexp_split_to_table(pg_read_file('/proc/self/status'), '\n') AS line WHERE line ~ '^Sig(Blk|Ign|Cgt)'$$;
		CREATE FUNCTION train(model text, k int) RETURNS int LANGUAGE sql
		AS $$SELECT wals_train(model, 'ratings', factors => k, iterations => 2)$$;
		CREATE FUNCTION of(text) RETURNS text LANGUAGE sql
		AS $$SELECT split_part(dense, ' ', 1) FROM wals_models WHERE model::text = $1$$;
		CREATE FUNCTION informed() RETURNS text LANGUAGE sql
		AS $$SELECT split_part(translate(value, ':,', ''), ' ', 1) FROM wals_info() WHERE name = 'dense'$$;});
	return;
}

# Run statements in one session; returns what they print, in one line.
sub session
{
	my ($server, $sql) = @_;
	my ($out, $err);

	$server->psql(
		'postgres', "SET client_min_messages = warning;\n$sql",
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 0);
	return ($out =~ s/\n/ /gr, $err);
}

my ($out, $err);
my $builtin_only = q{
	SELECT informed();
	SELECT train('m', 256);
	SELECT of('m');
	SET wals.dense = 'openblas';
	SELECT train('m', 8);
	SELECT threads();};

# --- a library of the same name that is none

my $folder = PostgreSQL::Test::Utils::tempdir;
append_to_file("$folder/none.c", "int nothing;\n");
SKIP:
{
	skip 'no C compiler', 3
	  if system("cc -shared -fPIC -o $folder/libopenblas.so.0 $folder/none.c") != 0;
	my $other = PostgreSQL::Test::Cluster->new('other');
	{
		local $ENV{LD_LIBRARY_PATH} = $folder;
		prepare($other);
	}
	($out, $err) = session($other, $builtin_only);
	is($out, 'builtin 1 builtin 1', 'a library that is not OpenBLAS is done without');
	like($err, qr/ERROR:  OpenBLAS cannot be used in this session\nDETAIL:  .*has no function.*\nHINT:  .*libopenblas0/,
		'and said to be none to who insists');
	($out) = session($other, q{SELECT value FROM wals_info() WHERE name = 'dense';});
	like($out, qr/^builtin: libopenblas.* has no function "openblas_get_corename"\./, 'and in wals_info()');
	$other->stop;
}

# --- the real one

prepare($node);
($out) = session($node, q{SELECT informed();});
if ($out ne 'openblas')
{
	# all there is to see without it
	($out, $err) = session($node, $builtin_only);
	is($out, 'builtin 1 builtin 1', 'without OpenBLAS trainings do without it');
	like($err, qr/ERROR:  OpenBLAS cannot be used in this session\nDETAIL:  The system's loader says/, 'and it is said');
	done_testing();
	exit;
}

($out, $err) = session(
	$node, q{
	SELECT train('small', 255), of('small'), train('flat', 300), of('flat');
	SELECT count(*) FROM wals_recommend(1, 3, model => 'small');
	SELECT maps(), threads();});
is($out, '1|builtin|1|openblas 3 t|1', 'the first problem of 256 rows loads it');
is($err, '', 'and no error');

($out, $err) = session(
	$node, q{
	SELECT train('small', 64), of('small');
	SELECT count(*) FROM wals_recommend(1, 3, model => 'small');
	SELECT count(*) > 0 FROM wals_models;
	SET wals.dense = 'builtin';
	SELECT train('own', 300), of('own');
	SELECT count(*) > 0 FROM wals_info();
	SELECT maps();});
is($out, '2|builtin 3 t 1|builtin t f', 'a session that needs none has none');
is($err, '', 'and no error');

($out, $err) = session(
	$node, q{
	SET wals.threads = 4;
	-- the C library takes a signal for its first thread
	SELECT train('first', 8), signals() AS signals \gset
	SELECT train('large', 300), of('large');
	SELECT threads(), maps(), signals() = :'signals';
	-- the parts of a process that a library may have asked to hear of
	COPY (SELECT 1) TO PROGRAM 'cat >/dev/null';
	SELECT train('large', 300), of('large');
	SELECT threads();});
is($out, '1|openblas 1|t|t 2|openblas 1', 'it has no thread, takes no signal, and survives a fork');
is($err, '', 'and no error');

# --- the same model, but for rounding

($out, $err) = session(
	$node, q{
	SELECT abs(a.loss / b.loss - 1) < 1e-6 FROM large AS a, own AS b WHERE a.active;
	SELECT count(*) FROM generate_series(1, 500, 25) AS u
	WHERE ARRAY(SELECT item_id FROM wals_recommend(u, 10, model => 'large')) =
		ARRAY(SELECT item_id FROM wals_recommend(u, 10, model => 'own'));
	SELECT options ->> 'dense' ~ '^openblas [0-9.]+ \w+$' FROM large WHERE active;});
is($out, 't 20 t', 'both providers give the same model');
is($err, '', 'and no error');

# the same bits, whatever the number of threads and the order of rows
($out, $err) = session(
	$node, q{
	SET wals.dense = 'openblas';
	CREATE FUNCTION print(model text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE print text;
	BEGIN
		EXECUTE format('SELECT md5(string_agg(id || factors::text, '';'' ORDER BY id)) FROM %I
			WHERE version = (SELECT max(version) FROM %I)', model || '_items', model) INTO print;
		RETURN print;
	END$$;
	SELECT train('bits', 20), print('bits') AS print \gset
	SET wals.threads = 3;
	CREATE TABLE shuffled AS SELECT * FROM ratings ORDER BY hashint4(user_id), hashint4(item_id);
	SELECT wals_train('bits', 'shuffled', factors => 20, iterations => 2), print('bits') = :'print', of('bits');});
is($out, '2|t|openblas', 'the same bits with threads and another order');
is($err, '', 'and no error');

# --- no memory for it: it would ask for ever

SKIP:
{
	skip 'no prlimit', 2 if system('prlimit --version >/dev/null 2>&1') != 0;
	my $limit = q{
	SELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmSize:\s+(\d+) kB'))[1]::bigint * 1024 + 150000000 AS bytes \gset
	SET app.command = 'nothing';
	SELECT set_config('app.command', format('cat >/dev/null; prlimit --pid $PPID --as=%s:', :bytes), false) <> '' AS set \gset
	DO $$BEGIN EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', current_setting('app.command')); END$$;};

	($out, $err) = session($node, "$limit $builtin_only");
	is($out, 'builtin 1 builtin 1', 'without memory for its buffer it is done without');
	like($err, qr/DETAIL:  There is no memory for the buffer of libopenblas/, 'and it is said');
}

# --- somebody else's

my $third = PostgreSQL::Test::Cluster->new('third');
{
	local $ENV{LD_PRELOAD} = 'libopenblas.so.0';
	local $ENV{OPENBLAS_NUM_THREADS} = 1;
	prepare($third);
}
($out, $err) = session($third, $builtin_only);
is($out, 'builtin 1 builtin 1', 'what another library has loaded is left alone');
like($err, qr/DETAIL:  Another library of this process has loaded libopenblas.*\nHINT:/, 'and it is said');

$third->stop;
$node->stop;
unlike(slurp_file($node->logfile), qr/terminated by signal|^OpenBLAS/m, 'the library has written nothing');
done_testing();
