# The demo command does what it promises: builds, starts its own server, trains
# on the bundled data and on a file, answers, and leaves nothing behind.

use strict;
use warnings;
use Cwd qw(getcwd);
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Pages;
use PostgreSQL::Test::Utils;
use Test::More;

my $demo = getcwd() . '/demo/run';
plan skip_all => 'no demo/run here' unless -x $demo;

# a home of its own, so that nobody's running demo is replaced
my $folder = PostgreSQL::Test::Utils::tempdir_short();
local $ENV{TMPDIR} = $folder;

sub demo
{
	my ($stdout, $stderr);
	my $ok = IPC::Run::run([ $demo, @_ ], '<', \undef, '>', \$stdout, '2>', \$stderr);
	return ($ok, $stdout, $stderr);
}

sub left_behind
{
	return join ' ', glob "$folder/wals-demo-*";
}

# the bundled data, for two who begin at the same time: one waits for the other
my ($other_out, $other_err) = ('', '');
my $other = IPC::Run::start([$demo], '<', \undef, '>', \$other_out, '2>', \$other_err);
my ($ok, $out, $err) = demo();
ok($ok, 'demo/run succeeds') or diag("$out\n$err");
ok($other->finish, 'so does another at the same time') or diag("$other_out\n$other_err");
like($out, qr/^\s*98653 \| 32710 \|\s+285$/m, 'all visits are loaded');
like($out, qr/NOTICE:  model "web" version 1: 32710 users, 285 items/, 'the model says what it is');
my ($model, $popularity) = $out =~ /^ recall\@10\s+\| (\S+) \|\s+(\S+)/m;
cmp_ok($model, '>', $popularity + 0.1, 'the model is better than popularity');
is(() = $out =~ /\| fold_in\s*$/mg, 5, 'a new visitor is folded in');
is(() = $out =~ /\| popular\s*$/mg, 5, 'an unknown one gets what is popular');

# what README.md shows of it
my ($shown) = map { $_->{text} } grep { $_->{heading} eq 'Try it' && $_->{tag} eq 'text' }
  blocks('README.md', slurp_file('README.md'));
ok(is_table($shown), 'README.md shows tables');
ok(shown($shown, $out), 'README.md shows what is printed') or diag($out);

# the map, which README.md shows as well
my ($map) = $out =~ /^\s+(\S+map\.svg)$/m;
my @titles = sort map { s/: .*//r } slurp_file($map // '/dev/null') =~ /<circle[^>]*><title>([^<]*)/g;
is(scalar @titles, 100, 'a hundred areas are on the map it names');
is_deeply([ sort map { s/: .*//r } slurp_file('docs/images/web.svg') =~ /<circle[^>]*><title>([^<]*)/g ],
	\@titles, 'docs/images/web.svg has the same');

like($out, qr/--stop/, 'it says how to end it');

# the server goes on, and psql reaches it
($ok, $out) = demo('--psql', '-Atc', 'SELECT count(*) FROM wals_recommend(77, 5)');
is($out, "5\n", 'psql on the demo answers');

# a second demo, with a file: quoted names and values, text ids, an amount
append_to_file("$folder/plays.csv", qq{"who","what, exactly",times\n});
for my $user (0 .. 29)
{
	for my $item (0 .. 19)
	{
		append_to_file("$folder/plays.csv",
			sprintf qq{"user ""%d""",song %d,%d\n}, $user, $item, 1 + $user * $item % 5)
		  if ($user * 7 + $item * 3) % 4 < 2;
	}
}
($ok, $out, $err) = demo('--table', "$folder/plays.csv");
ok($ok, 'demo/run --table succeeds') or diag("$out\n$err");
like($out, qr/users +"who".*items +"what, exactly".*values +"times"/s, 'it says what is where');
like($out, qr/built before/, 'nothing is built a second time');
like($out, qr/30 users, 20 items/, 'the file is trained on');
like($out, qr/\| model\s*$/m, 'and answers');
like($out, qr/^ recall\@2 .*^The model is /ms, 'and is compared with popularity');

# mistakes are told
($ok, $out, $err) = demo('--table', "$folder/missing.csv");
ok(!$ok, 'a missing file fails');
like($err, qr/can't read .*missing\.csv/, 'and is named');

($ok, $out) = demo('--stop');
ok($ok, 'demo/run --stop succeeds');
is(left_behind(), '', 'nothing is left');

done_testing();
