# "A weighting by value, three files", says src/README.md: one is added to a copy of
# the tree by editing the files it names and no other.  The library of the copy
# trains with it, and finds what a column of such weights gives.
use strict;
use warnings;

use Cwd 'abs_path';
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $copy = abs_path(PostgreSQL::Test::Utils::tempdir());
my $config = $ENV{PG_CONFIG} // 'pg_config';

# What is inserted, and behind what.
my %inserted = (
	'core/model/option.h' => [ qr/WC_WEIGHT_LINEAR,[^\n]*\n/, "\tWC_WEIGHT_ROOT,\n" ],
	'core/model/option.c' => [ qr/\{"linear", WC_WEIGHT_LINEAR\},/, ' {"root", WC_WEIGHT_ROOT},' ],
	'core/model/formula.c' => [
		qr/\tswitch \(params->weighting\)\n\t\{\n/,
		"\t\tcase WC_WEIGHT_ROOT:\n\t\t\treturn params->alpha * sqrt(r);\n",
		qr/return weighting == WC_WEIGHT_LINEAR \|\|/,
		' weighting == WC_WEIGHT_ROOT ||',
		qr/alpha\[32\] = "";\n/,
		"\tif (params->weighting == WC_WEIGHT_ROOT)\n\t\treturn snprintf(text, size, \"sqrt(|r|)\");\n"
	],);

my ($list) = slurp_file("$root/src/README.md") =~ /^\*\*A weighting by value\*\*(.*?)\n\n\S+ adds one/ms;
is_deeply([ sort(($list // '') =~ m{`(core/\w+/\w+\.[ch])`}g) ],
	[ sort keys %inserted ], 'the page names these files');

system_or_bail('sh', '-c', "cd '$root' && cp -R src Makefile wals.control '$copy'");
for my $name (sort keys %inserted)
{
	my $text = slurp_file("$copy/src/$name");
	my @edits = @{ $inserted{$name} };

	while (my ($behind, $what) = splice @edits, 0, 2)
	{
		ok($text =~ s/($behind)/$1$what/, "$name has a place for it");
	}
	open my $out, '>', "$copy/src/$name" or die "$name: $!";
	print $out $text;
	close $out;
}

# As fast as it can be compiled; how fast it runs does not matter.
system_or_bail('sh', '-c', "cd '$copy' && sed -i.orig 's/-O3/-O0/' Makefile && find src -name '*.o' -exec rm {} +");
my $output = qx{make -C '$copy' -s PG_CONFIG='$config' with_llvm=no COPT=-O0 wals.so 2>&1};
ok(-e "$copy/wals.so", 'the copy is built') or BAIL_OUT($output);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
# From the next session on the copy is the library; none may have both.
$node->safe_psql('postgres', "CREATE EXTENSION wals;
	UPDATE pg_proc SET probin = '$copy/wals.so' WHERE probin LIKE '%/wals'");
$node->safe_psql('postgres', q{
	CREATE TABLE plays AS
	SELECT u AS user_id, i AS item_id, ((u * 7 + i * 3) % 9 + 1) AS times, 1 AS one,
		sqrt((u * 7 + i * 3) % 9 + 1) AS root
	FROM generate_series(1, 40) AS u, generate_series(1, 30) AS i
	WHERE (u * u + i * i + u * i) % 7 < 3});
$node->safe_psql('postgres', q{
	SELECT wals_train('rooted', 'plays', value_col => 'times', weighting => 'root',
		factors => 8, unobserved_weight => 0.3, regularization => 0.01, row_weight_exponent => 0, col_weight_exponent => 0);
	SELECT wals_train('weighed', 'plays', value_col => 'one', weight_col => 'root',
		factors => 8, unobserved_weight => 0.3, regularization => 0.01, row_weight_exponent => 0, col_weight_exponent => 0)});
is( $node->safe_psql('postgres', q{SELECT options ->> 'weighting', objective ~ 'sqrt\(\|r\|\)' FROM rooted}),
	'root|t', 'the version says how it was weighted');
is( $node->safe_psql('postgres', q{
		SELECT count(*), max(abs(a.factors[k] - b.factors[k])) < 1e-4
		FROM rooted_items AS a JOIN weighed_items AS b USING (id), generate_series(1, 8) AS k}),
	'240|t', 'and has the factors that a column of such weights gives');
isnt( $node->safe_psql('postgres', 'SELECT loss FROM rooted'), '', 'with a loss');
$node->stop;
done_testing();
