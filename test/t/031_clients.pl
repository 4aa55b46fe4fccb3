# The programs in examples/ run, and print what SQL says.  Those whose driver is
# not installed are skipped.
use strict;
use warnings;
use FindBin;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

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

# the dashboard is JSON, and each of its panels asks something that can be asked
my $dashboard = decode_json(slurp_file("$examples/grafana.json"));
my @panels = @{ $dashboard->{panels} };
cmp_ok(scalar @panels, '>=', 5, 'the dashboard has panels');
for my $panel (@panels)
{
	for my $target (@{ $panel->{targets} })
	{
		my $sql = $target->{rawSql} =~ s/\$__timeFilter\(([^)]+)\)/$1 > 'epoch'/gr;
		my ($status, $out, $err);

		$status = $node->psql('postgres', $sql, stdout => \$out, stderr => \$err);
		is($status, 0, "panel $panel->{title}") or diag($err);
		isnt($out, '', "panel $panel->{title} has rows")
		  unless $sql =~ /wals_progress/;
	}
}

$node->stop;
done_testing();
