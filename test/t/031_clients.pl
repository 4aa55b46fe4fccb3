# The programs in examples/ and docs/drivers.md run, and print what SQL says.
# Those whose driver is not installed are skipped, each by its name.  The messages
# of docs/drivers.md are what the server says.
use strict;
use warnings;
use FindBin;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;

my $examples = "$FindBin::RealBin/../../examples";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION wals;'
	  . slurp_file("$FindBin::RealBin/../data/readme.sql")
	  . "SELECT wals_train('movies', 'ratings', factors => 8);");

$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGDATABASE} = 'postgres';
$ENV{PGUSER} = $node->safe_psql('postgres', 'SELECT current_user');

my @best = map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres',
	"SELECT item_id, round(score::numeric, 2) FROM wals_recommend(42, 5, 'movies') ORDER BY rank");
my @in_stock = split /\n/, $node->safe_psql('postgres',
	"SELECT item_id FROM wals_recommend(42, 3, 'movies', candidates => '{1,2,3,5,6,7,9,10,11}') ORDER BY rank");
my @titles = split /\n/, $node->safe_psql('postgres',
	"SELECT f.title FROM wals_recommend(42, 5, 'movies') AS r JOIN films AS f ON f.id = r.item_id ORDER BY r.rank");

# What a program printed, undef when it failed.
sub run_program
{
	my ($name, @command) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run \@command, '>', \$out, '2>', \$err;

	ok($ok, "$name runs") or diag($err);
	return $out;
}

sub check_program
{
	my ($name, @command) = @_;
	my $out = run_program($name, @command);
	my @pairs = map { [ split /\t/ ] } grep { /^\d+\t/ } split /\n/, $out;

	is_deeply([ map { $_->[0] } @pairs ], [ map { $_->[0] } @best ],
		"$name: the items");
	ok(!(grep { abs($pairs[$_][1] - $best[$_][1]) > 0.011 } 0 .. $#pairs),
		"$name: the scores");
	like($out, qr/^in stock: @in_stock$/m, "$name: candidates");
	return $out;
}

sub has
{
	my (@command) = @_;

	return eval { IPC::Run::run \@command, '>', \my $out, '2>', \my $err };
}

my $psql = run_program('psql', 'psql', '-X', '-v', 'user=42', '-f', "$examples/psql.sql");
my ($first) = split /^The same/m, $psql;
is_deeply([ $first =~ /^ (Film \d+)/mg ], \@titles, 'psql: the titles');
like($psql, qr/^ rank +\| +user 1 +\| +user 2 +\| +user 42 *$/m, 'psql: side by side');

SKIP:
{
	# Debian's packages belong to Debian's interpreter
	my ($python) = grep { has($_, '-c', 'import psycopg') } '/usr/bin/python3', 'python3';
	skip 'psycopg is not installed', 5 unless $python;
	my $out = check_program('psycopg', $python, "$examples/python_psycopg.py", 42);
	like($out, qr/^factors: 8$/m, 'psycopg: factors');
}

SKIP:
{
	my ($python) = grep { has($_, '-c', 'import psycopg2') } '/usr/bin/python3', 'python3';
	skip 'psycopg2 is not installed', 4 unless $python;
	check_program('psycopg2', $python, "$examples/python_psycopg2.py", 42);
}

SKIP:
{
	skip 'pg for Node is not installed', 5 unless has('node', '-e', 'require("pg")');
	my $out = check_program('node', 'node', "$examples/node_pg.js", 42);
	my $items = join ' ', map { $_->[0] } @best;
	like($out, qr/^untyped: $items$/m, 'node: parameters without a type');
}

# ---------------------------------------------------------------------------
# docs/drivers.md: a program under each heading
# ---------------------------------------------------------------------------

my $page = slurp_file("$FindBin::RealBin/../../docs/drivers.md");
my %programs;
for my $section (split /^(?=##+ )/m, $page)
{
	$programs{$1} = $3 if $section =~ /\A##+ (.*?)\n.*?^```(python|javascript|java|ini)\n(.*?)^```$/ms;
}
cmp_ok(scalar keys %programs, '>=', 10, 'the page has programs');

my $lines = join '', map
{
	my ($what, $sql) = @$_;
	"$what: " . join(' ', split /\n/, $node->safe_psql('postgres', "$sql ORDER BY rank")) . "\n";
} ([ 'shelf', q{SELECT item_id FROM wals_recommend(42, 5, 'movies')} ],
	[ 'in stock', q{SELECT item_id FROM wals_recommend(42, 3, 'movies', candidates => '{1,2,3,5,6,7,9,10,11}', min_score => 0.05)} ],
	[ 'basket', q{SELECT item_id FROM wals_recommend_for(ARRAY[3, 9], weights => ARRAY[1, 0.5], n => 3, model => 'movies')} ]);
like($lines, qr/\Ashelf: (?:\d+ ){4}\d+\nin stock: (?:\d+ ){2}\d+\nbasket: (?:\d+ ){2}\d+\n\z/, 'the lines have items');

my $folder = PostgreSQL::Test::Utils::tempdir();
my ($jar) = grep { -r } '/usr/share/java/postgresql.jar', split /:/, $ENV{CLASSPATH} // '';
my $global = has('npm', 'root', '-g') ? `npm root -g` : '';
chomp $global;
$ENV{NODE_PATH} = join ':', grep { length } $ENV{NODE_PATH} // '', $global;

sub python
{
	my ($modules) = @_;
	my ($python) = grep { has($_, '-c', "import $modules") } '/usr/bin/python3', 'python3';

	return $python ? [ $python, "$folder/program.py" ] : undef;
}

sub javascript
{
	my ($modules) = @_;

	return has('node', '-e', join ';', map { "require('$_')" } split / /, $modules) ? [ 'node', "$folder/program.js" ] : undef;
}

# name in the page, what runs it, or nothing
my %commands = (
	'psycopg 3' => python('psycopg'),
	'psycopg2' => python('psycopg2'),
	'asyncpg' => python('asyncpg'),
	'SQLAlchemy' => python('sqlalchemy, psycopg2'),
	'Django' => python('django.db.backends.postgresql.base'),
	'pg' => javascript('pg'),
	'knex' => javascript('knex pg'),
	'Sequelize' => javascript('sequelize pg'),
	'JDBC' => $jar && has('java', '-version') && has('javac', '-version') ? [ 'java', '-cp', $jar, "$folder/Shelf.java" ] : undef);
is_deeply([ sort grep { $_ ne 'PgBouncer' } keys %programs ], [ sort keys %commands ], 'each is known here');

# Write the program and run it.
sub run_snippet
{
	my ($name, $where) = @_;
	my @command = @{ $commands{$name} };

	unlink $command[-1];
	append_to_file($command[-1], $programs{$name});
	is(run_program("$name$where", @command), $lines, "$name$where: what SQL says");
	return;
}

for my $name (sort keys %commands)
{
	SKIP:
	{
		skip "$name is not installed", 2 unless $commands{$name};
		if ($name eq 'JDBC')
		{
			# it knows no sockets in folders
			$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'");
			$node->stop;
			unless ($node->start(fail_ok => 1))
			{
				$node->append_conf('postgresql.conf', "listen_addresses = ''");
				$node->start;
				skip 'the server cannot listen on 127.0.0.1', 2;
			}
			$ENV{JDBC_URL} = "jdbc:postgresql://127.0.0.1:$ENV{PGPORT}/$ENV{PGDATABASE}?user=$ENV{PGUSER}";
		}
		run_snippet($name, '');
	}
}

# ---------------------------------------------------------------------------
# PgBouncer in transaction mode, by sockets, with the file of the page
# ---------------------------------------------------------------------------

SKIP:
{
	my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } '/usr/sbin', split /:/, $ENV{PATH};
	skip 'PgBouncer is not installed', 3 unless $pgbouncer;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $ini = $programs{PgBouncer};

	$ini =~ s/^\* = .*/* = host=$ENV{PGHOST} port=$ENV{PGPORT}/m;
	$ini =~ s/^listen_addr = .*/unix_socket_dir = $folder/m;
	$ini =~ s/^listen_port = .*/listen_port = $port/m;
	$ini =~ s/^auth_file = .*/auth_file = $folder\/users.txt/m;
	append_to_file("$folder/pgbouncer.ini", $ini);
	append_to_file("$folder/users.txt", qq{"$ENV{PGUSER}" ""\n});

	my $log = '';
	my $pooler = IPC::Run::start([ $pgbouncer, "$folder/pgbouncer.ini" ], '<', \undef, '>', \$log, '2>', \$log);
	local $ENV{PGHOST} = $folder;
	local $ENV{PGPORT} = $port;
	my $there = 0;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		$there = has('psql', '-X', '-c', 'SELECT 1') and last;
		last unless eval { $pooler->pump_nb; $pooler->pumpable };
		Time::HiRes::usleep(100_000);
	}
	ok($there, 'PgBouncer serves') or diag($log);
	for my $name (grep { $commands{$_} && $_ ne 'JDBC' } sort keys %commands)
	{
		# asyncpg prepares statements by name, which this mode forgets
		run_snippet($name, ' by PgBouncer') unless $name eq 'asyncpg';
	}
	run_program('a retraining by PgBouncer', 'psql', '-X', '-c', q{CALL wals_retrain('movies')});
	is(run_program('its answer', 'psql', '-XAt', '-c', q{SELECT count(*), max(version) FROM wals_recommend(42, 5, 'movies'), movies}),
		"10|2\n", 'a retraining by PgBouncer');
	$pooler->signal('INT');
	$pooler->finish;
	$node->safe_psql('postgres', q{SELECT wals_activate('movies', 1)});
}

# ---------------------------------------------------------------------------
# docs/orms.md: Alembic leaves the tables of models alone
# ---------------------------------------------------------------------------

SKIP:
{
	my $python = python('alembic, psycopg2');
	skip 'Alembic is not installed', 3 unless $python;
	my ($snippet) = slurp_file("$FindBin::RealBin/../../docs/orms.md") =~ /^## Alembic\n.*?^```python\n(.*?)^```/ms
	  or die 'the page has no program';
	$node->safe_psql('postgres', q{
		CREATE SCHEMA apart;
		CREATE TABLE public.movies_poster (id integer);
		SELECT wals_train('apart.movies', 'ratings', factors => 2)});
	unlink $python->[1];
	append_to_file($python->[1], $snippet . q{
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine

with create_engine("postgresql+psycopg2://").connect() as connection:
    for name, options in (("all", {}), ("kept", {"include_name": keep_wals(connection)})):
        context = MigrationContext.configure(connection, opts={"include_schemas": True, **options})
        gone = [d[1] for d in compare_metadata(context, MetaData()) if d[0] == "remove_table"]
        print(name, *sorted(f"{t.schema or 'public'}.{t.name}" for t in gone))
});
	my ($all, $kept) = split /\n/, run_program('Alembic', @$python);
	like($all, qr/apart\.movies .*public\.movies public\.movies_items public\.movies_items_1 .*public\.movies_poster public\.movies_users /,
		'Alembic: without the page it wants to drop the tables');
	is($kept, 'kept public.films public.movies_poster public.orders public.plays public.quality public.ratings public.trust public.users',
		'Alembic: with it those that are not of models only');
}

# ---------------------------------------------------------------------------
# What the page says the server says
# ---------------------------------------------------------------------------

my ($table) = $page =~ /^## When a call does not resolve\n(.*?)^## /ms;
my @messages = $table =~ /^\| `([^`]+)` \|/mg;
my @slips = (
	'SELECT wals_recommend(42::numeric)',
	'SELECT wals_recommend(42, 5::numeric)',
	q{SELECT wals_train('movies', 'ratings', iteration => 5)},
	'SET search_path = pg_catalog; SELECT wals_recommend(42)',
	q{PREPARE q AS SELECT * FROM wals_recommend($1) AS r JOIN films AS f ON f.id = r.item_id},
	q{SELECT * FROM wals_explain(42, 204, 'movies')},
	q{SELECT wals_score(42, 'SKU-1')},
	q{SELECT wals_train('movies', 'SELECT * FROM ratings')},
	q{SELECT * FROM wals_recommend_for('1,2')});
for my $i (0 .. $#messages - 1)
{
	my ($status, $out, $err) = $node->psql('postgres', $slips[$i]);
	like($err, qr/ERROR:  \Q$messages[$i]\E$/m, "the server says: $messages[$i]");
}
is($#messages, scalar @slips, 'each message has a call');
SKIP:
{
	my $python = python('asyncpg');
	skip 'asyncpg is not installed', 1 unless $python;
	my $program = $programs{asyncpg} =~ s/\$1::bigint/\$1/r;
	unlink $python->[1];
	append_to_file($python->[1], $program);
	IPC::Run::run $python, '>', \my $out, '2>', \my $err;
	like($err, qr/\Q$messages[-1]\E$/m, "asyncpg says: $messages[-1]");
}

# the dashboard is JSON, and each of its panels asks something that can be asked
$node->safe_psql('postgres', q{SELECT wals_set_metrics('movies', 1, '{"ndcg@10": 0.3, "std_error": {"ndcg@10": 0.01}, "popular_baseline": {"ndcg@10": 0.25}}')});
my $dashboard = decode_json(slurp_file("$examples/grafana.json"));
my %panels = map { $_->{title} => $_ } @{ $dashboard->{panels} };
cmp_ok(scalar keys %panels, '>=', 8, 'the dashboard has panels');
my ($variable) = grep { $_->{name} eq 'model' } @{ $dashboard->{templating}{list} };
like($node->safe_psql('postgres', $variable->{query}), qr/^movies$/m, 'its variable lists the models');
my %answer;
for my $panel (values %panels)
{
	for my $target (@{ $panel->{targets} })
	{
		# as Grafana fills in its variables
		my $sql = $target->{rawSql} =~ s/\$__timeFilter\(([^)]+)\)/$1 > 'epoch'/gr
		  =~ s/\$\{model:sqlstring\}/'movies'/gr =~ s/\$\{model:raw\}/movies/gr;
		my ($status, $out, $err);

		next if $sql =~ /\bcron\./;    # pg_cron is seldom there
		$status = $node->psql('postgres', $sql, stdout => \$out, stderr => \$err);
		is($status, 0, "panel $panel->{title}") or diag($err);
		is($out, '', "panel $panel->{title}: all is well"), next if $panel->{title} =~ /^Alarm/;
		isnt($out, '', "panel $panel->{title} has rows")
		  unless $sql =~ /wals_progress/;
		is($panel->{repeat} // '', $target->{rawSql} =~ /\$\{model/ ? 'model' : '', "panel $panel->{title}: one for each model, if it is of one");
		$answer{ $panel->{title} } = $out;
	}
}

# the alarms of the manual are those of the dashboard
my ($manual) = slurp_file("$FindBin::RealBin/../../docs/monitoring.md") =~ /^## Alarms\n(.*?)^\| alarm /ms;
my %alarm = map { s/\s+/ /gr } $manual =~ /^-- (.+)\n((?:(?!--|```).*\n)+?)(?<=;\n)/mg;
is_deeply(\%alarm,
	{ map { $_->{title} =~ /^Alarm: (.*)/ ? ($1 => "$_->{targets}[0]{rawSql}; ") : () } values %panels },
	'every alarm has its panel');
cmp_ok(scalar keys %alarm, '>=', 10, 'alarms are found');
is_deeply([ $answer{'Loss of $model by iteration'} =~ /^(\d+)\|/mg ], [ 2 .. 15 ], 'iterations are in the order of their numbers');
is($answer{'Quality of the versions that answer'}, 'movies|1|ndcg@10|0.3|0.01|0.25', 'quality beside popularity');
like($answer{'Quality of $model by version'}, qr{\|ndcg\@10\|0\.3$}m, 'and by version');

$node->stop;
done_testing();
