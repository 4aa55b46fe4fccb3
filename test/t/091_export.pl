# A model goes through files as docs/coming-from.md says: its \copy commands, as
# they stand there, write two files and read them in again.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $page = slurp_file("$FindBin::RealBin/../../docs/coming-from.md");
my ($read, $write) = $page =~ /^```pgsql\n(.*?)^```/gms;
like($read, qr/\\copy user_factors FROM/, 'the page reads files');
like($write, qr/\\copy \(SELECT .* TO /, 'and writes them');

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION wals;' . slurp_file("$FindBin::RealBin/../data/readme.sql"));
# two versions: the one that answers is what is written
$node->safe_psql('postgres', q{
	SELECT wals_train('movies', 'ratings', factors => 8, seed => 1, feedback => 'explicit', value_col => 'rating');
	SELECT wals_train('movies', 'ratings', factors => 8, feedback => 'explicit', value_col => 'rating')});

my $folder = PostgreSQL::Test::Utils::tempdir();
chdir $folder or die "$folder: $!";
for my $part ([ 'written', $write ], [ 'read', $read =~ s/\bfactors real\[\]/factors real[], bias real, n integer/gr ])
{
	my ($status, $out, $err) = $node->psql('postgres', $part->[1], on_error_stop => 1);
	is($status, 0, "the files are $part->[0]") or diag($err);
}
like(slurp_file("$folder/users.csv"), qr/\Aid,factors,bias,n\n\d+,"\{[-0-9.e,]+\}",[-0-9.e]+,\d+\n/, 'a file as the page shows it');
is( $node->safe_psql(
		'postgres', q{
		SELECT wals_import('brought', 'user_factors', 'item_factors', source => 'ratings', value_col => 'rating',
			feedback => 'explicit', global_mean => (SELECT global_mean FROM movies WHERE active));
		SELECT count(*) FROM (
			SELECT u, r.* FROM generate_series(1, 50) AS u, wals_recommend(u, 10, 'movies', fold_in => 'never') AS r
			EXCEPT
			SELECT u, r.* FROM generate_series(1, 50) AS u, wals_recommend(u, 10, 'brought', fold_in => 'never') AS r) AS q}),
	"1\n0", 'and the model answers as it did');
$node->stop;
done_testing();
