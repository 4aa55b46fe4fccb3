# wals_retrain commits between its steps: while it solves it holds no snapshot
# and no lock on a table, and what happens to the model meanwhile is noticed.
# One session at a time; whoever comes second has nothing to do.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Job;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE ROLE regress_wals_alice LOGIN;
	CREATE EXTENSION wals;
	CREATE SCHEMA regress_wals_alice AUTHORIZATION regress_wals_alice;
	SET SESSION AUTHORIZATION regress_wals_alice;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 2000 AS item_id
	FROM generate_series(1, 8000) AS u, generate_series(1, 20) AS i;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 1);
	UPDATE m SET options = options || '{"iterations": 1000, "factors": 64, "solver": "cholesky", "max_seconds": null}';
});

sub alice
{
	my ($sql) = @_;
	my ($out, $err);

	$node->psql('postgres', "\\set VERBOSITY verbose\n$sql", stdout => \$out, stderr => \$err,
		extra_params => [ '-U', 'regress_wals_alice' ]);
	return ($out, $err);
}

# Start a retraining that would take much longer than this test; it is cold,
# for the version has fewer factors.
my ($out, $err);

sub start
{
	my ($before) = @_;

	return start_job(
		{
			node => $node, out => \$out, err => \$err, options => [ '-U', 'regress_wals_alice' ],
			until => q{SELECT count(*) = 1 FROM wals_progress WHERE phase LIKE 'solving %' AND iteration >= 1}
		},
		'SET wals.threads = 1', @$before, 'CALL wals_retrain(warm_start => false)');
}

sub stop
{
	my ($psql, $how) = @_;

	$node->safe_psql('postgres', "SELECT $how(pid) FROM wals_progress");
	$psql->finish;
	return;
}

my $state = q{
	SELECT version, active FROM regress_wals_alice.m ORDER BY 1;
	SELECT count(*) FROM regress_wals_alice.m_users; SELECT count(*) FROM regress_wals_alice.m_items;
	SELECT count(*) FROM pg_class; SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';
};
my $before = $node->safe_psql('postgres', $state);

my $psql = start([]);
is($node->safe_psql('postgres', q{SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = (SELECT pid FROM wals_progress)}),
	't', 'it holds no snapshot while it solves');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE pid = (SELECT pid FROM wals_progress) AND locktype = 'relation' AND relation > 16384}),
	'0', 'and no lock on a table');
my (undef, $notice) = alice(q{CALL wals_retrain('m')});
like($notice, qr/NOTICE:  00000: model "m" is not trained again: another session/, 'a second retraining has nothing to do');
(undef, $notice) = alice(q{SELECT wals_train('m', 'ratings')});
like($notice, qr/ERROR:  55P03/, 'a second training is refused');
(undef, $notice) = alice(q{SELECT wals_drop('m')});
like($notice, qr/ERROR:  55P03/, 'so is wals_drop');
stop($psql, 'pg_cancel_backend');
like($err, qr/ERROR:  57014/, 'it can be cancelled');
is($node->safe_psql('postgres', $state), $before, 'and leaves nothing behind');

$psql = start([]);
stop($psql, 'pg_terminate_backend');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'}), 'terminated, it lets go of the model');
is($node->safe_psql('postgres', $state), $before, 'and leaves nothing behind');

(undef, $err) = alice("SET statement_timeout = 1500;\nCALL wals_retrain(warm_start => false)");
like($err, qr/ERROR:  57014.*statement timeout/, 'statement_timeout counts through its transactions');
is($node->safe_psql('postgres', $state), $before, 'and leaves nothing behind');

# the model goes away under it
alice(q{UPDATE m SET options = options || '{"max_seconds": 8}'});
$psql = start([]);
alice('ALTER TABLE m RENAME TO gone');
$psql->finish;
like($err, qr/ERROR:  55000.*model "m" was dropped or renamed/, 'renamed meanwhile: nothing is written');
alice('ALTER TABLE gone RENAME TO m');
is($node->safe_psql('postgres', $state), $before, 'and nothing is left behind');

# a procedure of one's own may call it, a function may not commit
my ($result, $error) = alice(q{
	SET client_min_messages = warning;
	UPDATE m SET options = options || '{"iterations": 1, "factors": 8}';
	DO $$ BEGIN CALL wals_retrain('m'); END $$;
	CREATE FUNCTION nightly() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL wals_retrain('m'); END $$;
	SELECT nightly();
	CALL wals_retrain('m', activate => 'no');
	SELECT version, active FROM m ORDER BY 1;
});
is($error, '', 'it can be called from DO and functions');
is($result, "\n3|t\n4|f", 'each adds a version');

# A gate: what the owner is told, and that the old version goes on answering
# until the decision has fallen.
(undef, my $told) = alice(q{
	SELECT wals_train('g', 'ratings', factors => 8, iterations => 5);
	CALL wals_retrain('g', activate => 'if_better');
});
like($told, qr/NOTICE:  00000: the first factors of model "g" are random: version 1 has seen ratings that are held out now/, 'a gate begins cold');
like($told,
	qr/NOTICE:  00000: version 2 of model "g" answers from now on: version 1 was trained on what is held out now, with the same options/,
	'and works from the first night on');
like($told,
	qr/DETAIL:  Its ndcg\@10 is [\d.]+\. Version 1 has seen what is held out now; its own figure, [\d.]+, flatters it\./,
	'it tells both figures, and what they are worth');
($result, $told) = alice(q{
	SELECT wals_train('g', 'ratings', factors => 8, iterations => 5, holdout => 0.2);
	CALL wals_retrain('g', activate => 'if_better', margin => 1);
});
like($told, qr/NOTICE:  00000: ndcg\@10 of version 3 of model "g" is [\d.]+ on ratings that were held out/, 'a figure without a gate');
like($told, qr/NOTICE:  00000: version 4 of model "g" answers from now on: .*that of version 3/, 'within the margin it answers');
unlike($told, qr/flatters/, 'and the comparison was fair');
# a version whose options were made worse by hand: kept, and not used
($result, $told) = alice(q{
	UPDATE g SET options = options || '{"regularization": 1e9, "chosen": []}' WHERE active;
	CALL wals_retrain('g', activate => 'if_better', warm_start => false);
	SELECT version, active, metrics->'gate'->'activated' FROM g ORDER BY 1;
});
like($told, qr/NOTICE:  00000: version 5 of model "g" does not answer/, 'a worse one does not answer');
is($result, "4|t|true\n5|f|false", 'the one before goes on');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}), '0', 'no lock is left');

$node->stop;

done_testing();
