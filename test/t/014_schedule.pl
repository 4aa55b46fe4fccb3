# pg_cron retrains as the model's owner: its failures are seen, two jobs for
# one model do not get into each other's way.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $share = `pg_config --sharedir`;
chomp $share;
plan skip_all => 'pg_cron is not installed'
  unless -e "$share/extension/pg_cron.control";

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;

# jobs connect through the socket, as whom they belong to
$node->append_conf(
	'postgresql.conf', qq{
shared_preload_libraries = 'pg_cron'
cron.database_name = 'postgres'
cron.host = '@{[ $node->host ]}'
});
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE ROLE regress_wals_alice LOGIN;
	CREATE ROLE regress_wals_bob LOGIN;
	CREATE EXTENSION wals;
	CREATE EXTENSION pg_cron;
	GRANT USAGE ON SCHEMA cron TO regress_wals_alice, regress_wals_bob;
	CREATE SCHEMA regress_wals_alice AUTHORIZATION regress_wals_alice;
	GRANT USAGE ON SCHEMA regress_wals_alice TO regress_wals_bob;
	SET SESSION AUTHORIZATION regress_wals_alice;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 500 AS item_id
	FROM generate_series(1, 2000) AS u, generate_series(1, 10) AS i;
	SET client_min_messages = warning;
	SELECT wals_train('m', 'ratings', factors => 8, iterations => 2);
	SELECT wals_train('idle', 'ratings', factors => 8, iterations => 2);
	SELECT wals_train('slow', 'ratings', factors => 64, iterations => 1);
	UPDATE slow SET options = options || '{"iterations": 1000, "max_seconds": 5}';
});

# Two jobs take the slow model at the same time; regress_wals_bob may not take any.
my $hold = q{CALL wals_retrain('regress_wals_alice.slow', warm_start => false)};
for my $job (
	[ 'regress_wals_alice', 'nightly', q{CALL wals_retrain('regress_wals_alice.m')} ],
	[ 'regress_wals_alice', 'not due', q{CALL wals_retrain('regress_wals_alice.idle', if_older_than => '1 day')} ],
	[ 'regress_wals_alice', 'first', $hold ],
	[ 'regress_wals_alice', 'second', $hold ],
	[ 'regress_wals_bob', 'stranger', q{CALL wals_retrain('regress_wals_alice.m')} ])
{
	my ($role, $name, $command) = @$job;
	$node->safe_psql('postgres',
		"SET SESSION AUTHORIZATION $role; SELECT cron.schedule('$name', '* * * * *', \$\$$command\$\$)");
}

my $runs = q{SELECT j.jobname, r.status FROM cron.job_run_details AS r JOIN cron.job AS j USING (jobid)};
ok( $node->poll_query_until('postgres',
		"SELECT count(DISTINCT jobname) = 5 FROM ($runs) AS r WHERE status IN ('succeeded', 'failed')"),
	'every job has run');
$node->safe_psql('postgres', 'UPDATE cron.job SET active = false');
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM ($runs) AS r WHERE status NOT IN ('succeeded', 'failed')")
  or die 'jobs do not end';
is($node->safe_psql('postgres', "SELECT DISTINCT jobname, status FROM ($runs) AS r ORDER BY 1, 2"),
	"first|succeeded\nnightly|succeeded\nnot due|succeeded\nsecond|succeeded\nstranger|failed",
	'a job that has nothing to do has not failed, one without rights has');
like( $node->safe_psql('postgres', q{SELECT DISTINCT return_message FROM cron.job_run_details WHERE status = 'failed'}),
	qr/must be owner of model "m"/,
	'the log of the jobs says why');
is($node->safe_psql('postgres', q{SELECT trained_by, count(*) > 0 FROM regress_wals_alice.m WHERE version > 1 GROUP BY 1}),
	'regress_wals_alice|t', 'the owner has trained');
is($node->safe_psql('postgres', q{SELECT count(*) FROM regress_wals_alice.m WHERE active}), '1', 'one version is active');
is( $node->safe_psql('postgres', q{
		SELECT count(*) > 0, bool_and(began >= ended) FROM (
			SELECT version, trained_at AS began,
				lag(trained_at + make_interval(secs => load_seconds + solve_seconds)) OVER (ORDER BY version) AS ended
			FROM regress_wals_alice.slow) AS trainings
		WHERE version > 1}),
	't|t', 'the slow model was trained by one job at a time');

$node->stop;

done_testing();
