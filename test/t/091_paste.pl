# Does README.md work as it stands?  A newcomer pastes its SQL from top to bottom
# into psql, in the demo's database or in an empty one, and sees what the page
# shows.  Sections that begin with CREATE EXTENSION work by themselves, too.
use strict;
use warnings;
use Cwd ();
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Pages;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my @blocks = blocks('README.md', slurp_file("$root/README.md"));

# The superuser is not called like the one who runs this, who may be called like
# a role of ours.
local $ENV{PGUSER} = 'regress_wals_superuser';
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--username', $ENV{PGUSER} ]);
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE regress_wals_newcomer LOGIN');

cmp_ok(-s "$root/README.md", '<=', 15 * 1024, 'README.md is short');

sub fresh_database
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name OWNER regress_wals_newcomer");
	return $name;
}

# Run blocks in one session, all at once, as if they were pasted, and compare what
# is printed with the block of text after each.
sub paste
{
	my ($database, $what, @run) = @_;
	my $role = $database eq 'demo' ? $ENV{PGUSER} : 'regress_wals_newcomer';
	my ($script, $out, $err) = ('');
	my $compared = 0;

	for my $i (0 .. $#run)
	{
		$script .= "\\echo [block $i]\n$run[$i]{text}" if $run[$i]{tag} eq 'sql';
	}
	my $ok = IPC::Run::run(
		[
			'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-U', $role,
			'-d', $node->connstr($database)
		],
		'<', \$script, '>', \$out, '2>', \$err);

	ok($ok, "$what: runs") or diag($err);
	my ($before, %printed) = split /^\[block (\d+)\]\n/m, $out;
	for my $i (0 .. $#run)
	{
		next unless $run[$i]{tag} eq 'text' && $i > 0 && $run[ $i - 1 ]{tag} eq 'sql';
		ok(is_table($run[$i]{text}), "README.md:$run[$i]{line}: shows a table");
		ok(shown($run[$i]{text}, $printed{ $i - 1 } // ''),
			"$what: prints what README.md:$run[$i]{line} shows")
		  or diag($printed{ $i - 1 });
		$compared++;
	}
	return $compared;
}

# what would be noticed
ok(!shown("a\n---\n 2\n", " a \n---\n 1\n(1 row)\n"), 'a wrong table is noticed');
ok(!shown("a\n---\n 1\n", " a \n---\n 1\n 2\n(2 rows)\n"), 'a table cut short is noticed');
ok(shown(" a\n---\n 1\n", " a \n---\n 1\n(1 row)\n"), 'a right one is right');

# the demo's database, as demo/run leaves it: a superuser's
my $demo = 'demo';
$node->safe_psql('postgres', "CREATE DATABASE $demo");
my $folder = PostgreSQL::Test::Utils::tempdir();
for my $name ('areas', 'visits')
{
	system_or_bail('sh', '-c', "gzip -dc '$root/demo/data/msweb/$name.tsv.gz' >'$folder/$name.tsv'");
}
my ($out, $err);
ok( IPC::Run::run(
		[
			'psql', '-X', '-q', '-d', $node->connstr($demo), '-f',
			Cwd::abs_path("$root/demo/msweb.sql")
		],
		init => sub { chdir $folder },
		'>', \$out, '2>', \$err),
	'the demo runs') or diag($err);
is(paste($demo, 'in the demo', @blocks), 6, 'results are compared');

my $empty = fresh_database('empty');
paste($empty, 'in an empty database', @blocks);
$node->safe_psql($empty, 'DROP EXTENSION wals');
is( $node->safe_psql($empty,
		"SELECT count(*) FROM pg_class WHERE relowner = 'regress_wals_newcomer'::regrole"),
	0, 'it cleans up after itself');
paste($empty, 'once more', @blocks);

my ($number, %by_heading, @headings) = (0);
for my $block (@blocks)
{
	push @headings, $block->{heading} unless $by_heading{ $block->{heading} };
	push @{ $by_heading{ $block->{heading} } }, $block;
}
for my $heading (@headings)
{
	my @of_section = @{ $by_heading{$heading} };
	my ($first) = grep { $_->{tag} eq 'sql' } @of_section;

	next unless $first && $first->{text} =~ /\ACREATE EXTENSION/;
	ok(paste(fresh_database('section_' . ++$number), "\"$heading\" alone", @of_section) > 0,
		"\"$heading\" shows a result");
}
is($number, 4, 'sections that stand for themselves are found');

$node->stop;
done_testing();
