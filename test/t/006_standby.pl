# A streaming standby answers as its primary does, follows new versions, and
# trains once it is promoted.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 100 AS item_id
	FROM generate_series(1, 300) AS u, generate_series(1, 20) AS i;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 16, iterations => 2);
});
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

my $answers = q{
	SELECT u, r.* FROM generate_series(1, 310) AS u, LATERAL wals_recommend(u, 10) AS r;
	SELECT * FROM wals_popular(10);
	SELECT wals_score(1, 2), wals_score('1', '2'), wals_score(305, 2, fold_in => 'auto');
	SELECT * FROM wals_recommend_for(ARRAY[1, 2]);
	SELECT * FROM wals_explain(305, 3);
	SELECT * FROM wals_evaluate('ratings', 'm', max_users => 50, negatives => 20);
	SELECT model, is_default, versions, active_version, loss FROM wals_models;
	SELECT model, version, iteration, loss FROM wals_training_log ORDER BY 2, 3;
};

sub check_same
{
	my ($when) = @_;

	$primary->wait_for_catchup($standby);
	my $there = $standby->safe_psql('postgres', $answers);
	cmp_ok(length($there), '>', 10000, "$when: the standby answers");
	ok($there eq $primary->safe_psql('postgres', $answers), "$when: as the primary does");
	return;
}
check_same('at first');

# a user the version does not know is folded in from rows that arrived since
$primary->safe_psql('postgres', q{INSERT INTO ratings VALUES (305, 1), (305, 2), (305, 7)});
check_same('after rows of a new user');
is( $standby->safe_psql('postgres', 'SELECT DISTINCT basis FROM wals_recommend(305, 5)'),
	'fold_in', 'the standby folds in');

# what changes models is refused
for my $call (
	q{wals_train('m', 'ratings')}, q{wals_train('new', 'ratings')},
	q{wals_activate('m', 1)}, q{wals_prune('m')},
	q{wals_set_default('m')}, q{wals_drop('m')}, q{wals_set_metrics('m', 1, '{}')})
{
	my ($rc, $out, $err) = $standby->psql('postgres', "\\set VERBOSITY verbose\nSELECT $call");
	like($err, qr/ERROR:  25006/, "refused on the standby: $call");
}

# changes arrive, seen items and versions alike
$primary->safe_psql('postgres', q{INSERT INTO ratings SELECT 1, item_id FROM wals_recommend(1, 3)});
check_same('after new ratings');
$primary->safe_psql(
	'postgres', q{
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 16, iterations => 2, seed => 1)});
check_same('after a new version');
$primary->safe_psql('postgres', q{SELECT wals_activate('m', 1)});
check_same('after going back');
$primary->safe_psql('postgres', q{SELECT wals_activate('m', 2); SELECT wals_prune('m', 1); VACUUM m, m_users, m_items});
check_same('after pruning and vacuum');

# a session that has its items cached follows too
my $one_session = $standby->safe_psql(
	'postgres', q{
	SELECT count(*) FROM wals_recommend(2, 3);
	BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
	SELECT count(*) FROM wals_recommend(2, 3);
	COMMIT;
	SELECT count(*) FROM wals_recommend(2, 3)});
is($one_session, "3\n3\n3", 'within a transaction on the standby');

$standby->promote;
is( $standby->safe_psql(
		'postgres', q{
		SET client_min_messages = warning;
		SELECT wals_train('m', 'ratings', factors => 16, iterations => 2);
		SELECT count(*) FROM wals_recommend(2, 3);}),
	"3\n3",
	'after promotion it trains');
$standby->stop;
$primary->stop;

done_testing();
