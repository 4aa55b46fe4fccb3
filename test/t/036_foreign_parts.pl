# A source with a queue gets a foreign partition: PostgreSQL lets no statement write
# to that beside triggers that read what has changed, so the queue stops itself at
# the next refresh and goes on when the partition is gone.  And a foreign source is
# locked no longer than a local one, on its own server.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
plan skip_all => 'needs postgres_fdw'
  if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'}) eq '0';

my $connection = sprintf q{host '%s', port '%d', dbname 'postgres'}, $node->host, $node->port;
$node->safe_psql(
	'postgres', qq{
	CREATE EXTENSION wals;
	CREATE EXTENSION postgres_fdw;
	CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS ($connection);
	CREATE USER MAPPING FOR CURRENT_USER SERVER far;
	CREATE TABLE clicks (user_id int, item_id int, day int) PARTITION BY LIST (day);
	CREATE TABLE day_1 PARTITION OF clicks FOR VALUES IN (1);
	INSERT INTO clicks SELECT u, i, 1 FROM generate_series(1, 30) AS u, generate_series(1, 12) AS i WHERE (u * u + i) % 3 = 0;
	CREATE TABLE elsewhere (user_id int, item_id int, day int);
	INSERT INTO elsewhere VALUES (31, 2, 2), (31, 3, 2);
	SET client_min_messages = warning;
	SELECT wals_train('m', 'clicks', factors => 4, iterations => 2);
	SELECT wals_queue_enable('m');
	CREATE FOREIGN TABLE day_2 PARTITION OF clicks FOR VALUES IN (2) SERVER far OPTIONS (table_name 'elsewhere');
});

# what happened, with SQLSTATEs
sub said
{
	my ($sql) = @_;
	my ($out, $err);

	$node->psql('postgres', "\\set VERBOSITY verbose\n$sql", stdout => \$out, stderr => \$err);
	return "$out|" . join ' ', map { s/^psql:\S* //r } grep { /(?:ERROR|WARNING|NOTICE):/ } split /\n/, $err;
}

my $insert = q{INSERT INTO clicks VALUES (32, 4, 2)};
my $queue = q{SELECT queue FROM wals_models};
my $triggers = q{SELECT count(*) FROM pg_trigger WHERE tgrelid = 'clicks'::regclass};

# servers that do not refuse it lose the rows of the triggers instead
my $before = said($insert);
note "beside the triggers: $before";
like(said($queue), qr/^stopped: "day_2" below "clicks" is a foreign table\|$/, 'it is shown before the next refresh');
like(said(q{SELECT users_added > 0 FROM wals_refresh('m')}), qr/^t\|WARNING:.*the queue of model "m" has stopped/, 'which stops the queue, says so, and looks at all rows');
is($node->safe_psql('postgres', $triggers), '0', 'the triggers are gone');
is(said($insert), '|', 'writes go through');
like(said($queue), qr/^stopped: "day_2" below/, 'it is shown');
like(said(q{SELECT users_added + users_updated > 0 FROM wals_refresh('m')}), qr/^t\|WARNING:/, 'each refresh looks at all rows');
$node->safe_psql('postgres', 'ALTER TABLE clicks DETACH PARTITION day_2');
like(said(q{SELECT users_removed FROM wals_refresh('m')}), qr/^[12]\|WARNING:.*may have missed changes/, 'without it the triggers are put back');
is($node->safe_psql('postgres', $triggers), '4', 'all of them');
is(said($queue), 'on, nothing waits|', 'and the queue goes on');

# a foreign source: nothing is locked on the other server when the call has ended,
# though its transaction goes on
like(
	said(
		q{BEGIN;
		SELECT wals_train('f', 'day_2', factors => 2, iterations => 2);
		SELECT count(*) FROM pg_locks WHERE relation = 'elsewhere'::regclass;
		COMMIT;}),
	qr/^1\n0\|NOTICE/,
	'a foreign source is not kept locked where it is');

$node->stop;
done_testing();
