# Definitions change while a call waits for the lock: every kind of change to
# every relation a function reads, and every function that reads.
#
# What a function has looked up before it waited (columns, types, storage) need
# not hold when it has the lock.  It must answer as before the change or as
# after it, or say clearly why it cannot; never crash, never fail inside, never
# answer from what is neither.
#
# A round is one change to one relation: a transaction makes it and keeps it
# open, all functions are called, each in a session of its own, until every call
# has ended or waits for a lock; then the change is committed and the calls end.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 80\nautovacuum = off\nrestart_after_crash = on");
$node->start;

# Each writer has a model of its own, or they would exclude each other.
my @writers = qw(retrained refreshed touched forgotten queued other);
my $world = q{
DROP SCHEMA IF EXISTS w CASCADE;
CREATE SCHEMA w;
CREATE TABLE source AS
SELECT u AS user_id, i AS item_id, (1 + (u * 3 + i) % 5)::real AS value, timestamptz '2026-01-01' + u * interval '1 hour' AS at,
	123456789012 + i AS large, 'item ' || i AS word, md5(i::text)::uuid AS uid
FROM generate_series(1, 12) AS u, generate_series(1, 10) AS i WHERE (u * u + i + u * i) % 3 > 0;
CREATE INDEX source_pair ON source (user_id, item_id);
CREATE TABLE words AS SELECT 'u' || user_id AS user_id, 'i' || item_id AS item_id, value, large, word, uid FROM source;
CREATE INDEX words_pair ON words (user_id, item_id);
CREATE TABLE row_w AS SELECT u AS user_id, (1 + u % 2)::real AS weight, 'w' || u AS word FROM generate_series(1, 12) AS u;
CREATE TABLE col_w AS SELECT i AS item_id, (1 + i % 2)::real AS weight, 'w' || i AS word FROM generate_series(1, 10) AS i;
CREATE TABLE labels AS SELECT i AS id, 'label ' || i AS name, 4096::bigint AS large FROM generate_series(1, 10) AS i;
CREATE TABLE test AS SELECT user_id, item_id, value, large, word FROM source WHERE (user_id + item_id) % 4 = 0;
SELECT wals_train(m, 'source', value_col => 'value', factors => 2, iterations => 1)
FROM unnest(ARRAY['model', } . join(', ', map { "'$_'" } @writers) . q{]) AS m;
SELECT wals_train('texts', 'words', value_col => 'value', factors => 2, iterations => 1);
SELECT wals_queue_enable('touched');
UPDATE source SET value = 2 WHERE user_id = 2;
VACUUM source, words;
};

# Calls by the function they are of; {} is a relation of the model.
my @calls = (
	[ wals_recommend => q{SELECT * FROM wals_recommend(3, 5, 'model')} ],
	[ wals_recommend => q{SELECT * FROM wals_recommend(3, 5, 'model', fold_in => 'always')} ],
	[ wals_recommend => q{SELECT * FROM wals_recommend(99, 5, 'model')} ],
	[ wals_recommend => q{SELECT * FROM wals_recommend('u3', 5, 'texts')} ],
	[ wals_recommend_users => q{SELECT * FROM wals_recommend_users(3, 5, 'model')} ],
	[ wals_recommend_for => q{SELECT * FROM wals_recommend_for('{2,3}'::bigint[], '{1,2}', 5, 'model')} ],
	[ wals_recommend_all => q{SELECT * FROM wals_recommend_all(2, 'texts')} ],
	[ wals_recommend_all_bigint => q{SELECT * FROM wals_recommend_all_bigint(2, 'model')} ],
	[ wals_score => q{SELECT u, wals_score(u, 3, 'model') FROM generate_series(1, 12) AS u} ],
	[ wals_score => q{SELECT u, wals_score(u, 3, 'model', 'always') FROM generate_series(1, 12) AS u} ],
	[ _wals_score_stored => q{SELECT u, _wals_score_stored(u, 3, 'model') FROM generate_series(1, 12) AS u} ],
	[ _wals_model_bytes => q{SELECT _wals_model_bytes('touched', 'touched_users', 'source') > 0} ],
	[ _wals_queue_state => q{SELECT _wals_queue_state('touched', 'source', 'user_id', 'item_id') IS NULL} ],
	[ wals_explain => q{SELECT * FROM wals_explain(3, 5, 5, 'model')} ],
	[ wals_explain => q{SELECT * FROM wals_explain('u3', 'i5', 5, 'texts')} ],
	[ wals_user_factors => q{SELECT wals_user_factors(3, 'model')} ],
	[ wals_user_factors => q{SELECT wals_user_factors(3, 'model', 'always')} ],
	[ wals_fold_in => q{SELECT wals_fold_in('{2,3}'::bigint[], '{1,2}', NULL, 'model')} ],
	[ wals_similar_items => q{SELECT * FROM wals_similar_items(3, 5, 'model')} ],
	[ wals_warm => q{SELECT wals_warm('model')} ],
	[ wals_similar_users => q{SELECT * FROM wals_similar_users(3, 5, 'model')} ],
	[ wals_popular => q{SELECT * FROM wals_popular(5, 'texts')} ],
	[ wals_popular_bigint => q{SELECT * FROM wals_popular_bigint(5, 'model')} ],
	[ wals_map => q{SELECT * FROM wals_map('texts', 5)} ],
	[ wals_map_bigint => q{SELECT * FROM wals_map_bigint('model', 5)} ],
	[ wals_map_svg => q{SELECT wals_map_svg('model', 5, 'labels')} ],
	[ wals_evaluate => q{SELECT * FROM wals_evaluate('test', 'model')} ],
	[ wals_compare => q{SELECT * FROM wals_compare('test', 'other', 'model')} ],
	[ wals_loss_plot => q{SELECT * FROM wals_loss_plot('model')} ],
	[ wals_loss_svg => q{SELECT wals_loss_svg('model')} ],
	[ wals_metric_plot => q{SELECT * FROM wals_metric_plot('ndcg@10', 'model')} ],
	[ wals_metric_svg => q{SELECT wals_metric_svg('ndcg@10', 'model')} ],
	[ _wals_model_rows => q{SELECT model, versions FROM wals_models WHERE model::text = 'model'} ],
	[ _wals_log_list => q{SELECT model, version, loss FROM wals_training_log WHERE model::text = 'model'} ],
	[ wals_profile => q{SELECT property, value FROM wals_profile('source') WHERE property LIKE '%rows%'} ],
	# and those that change something, which are not asked again
	[ wals_tune => q{SELECT count(*) FROM wals_tune('source', '{"factors": 2, "iterations": 1}', value_col => 'value', trials => 1)}, 1 ],
	[ wals_tune_into => q{CALL wals_tune_into('trials', 'source', '{"factors": 2, "iterations": 1}', value_col => 'value', model => 'tuned')}, 1 ],
	[ wals_evaluate_into => q{CALL wals_evaluate_into('figures', 'test', 'model')}, 1 ],
	[ wals_train => q{SELECT wals_train('new', 'source', value_col => 'value', factors => 2, iterations => 1, row_weights => 'row_w', col_weights => 'col_w')}, 1 ],
	[ wals_train => q{SELECT wals_train('new_texts', 'words', value_col => 'value', factors => 2, iterations => 1)}, 1 ],
	[ wals_retrain => q{CALL wals_retrain('retrained')}, 1 ],
	[ wals_refresh => q{SELECT wals_refresh('refreshed', since => '-infinity')}, 1 ],
	[ wals_refresh => q{SELECT wals_refresh('touched')}, 1 ],
	[ wals_forget => q{SELECT wals_forget(5, 'forgotten', items => 'all')}, 1 ],
	[ wals_set_source => q{SELECT wals_set_source('queued', 'source')}, 1 ],
	[ wals_import => q{SELECT wals_import('imported', 'other_users', 'other_items', source => 'source')}, 1 ],
	[ wals_queue_enable => q{SELECT wals_queue_enable('queued')}, 1 ]);
# What reads no relation, or only what it changes itself under its own lock.
my %exempt = map { $_ => 1 } qw(_wals_guard wals_version wals_info wals_selftest wals_holdout wals_cache_info _wals_progress_list _wals_progress_log
  _wals_tune_progress_list wals_queue_disable wals_queue_touched wals_activate wals_prune wals_drop wals_set_default
  wals_set_metrics _wals_score_support _wals_recommend_support _wals_recommend_all_support wals_recommend_all_uuid wals_popular_uuid wals_map_uuid);

# Changes to columns of a relation with ids and words and numbers beside them.
sub column_changes
{
	my ($relation, $column, @others) = @_;
	my @changes = (
		[ "$column to text" => "ALTER TABLE $relation ALTER $column TYPE text USING 'x' || $column" ],
		[ "$column to numeric" => "ALTER TABLE $relation ALTER $column TYPE numeric USING 7" ],
		[ "$column dropped" => "ALTER TABLE $relation DROP COLUMN $column" ]);

	push @changes, [ "$column is $_ now" => "ALTER TABLE $relation RENAME $column TO old; ALTER TABLE $relation RENAME $_ TO $column" ] for @others;
	return @changes;
}

# Changes any table may see.
sub table_changes
{
	my ($relation) = @_;

	return (
		[ truncated => "TRUNCATE $relation" ],
		[ dropped => "DROP TABLE $relation CASCADE" ],
		[ 'column added' => "ALTER TABLE $relation ADD COLUMN added text DEFAULT 'x'" ],
		[ moved => "ALTER TABLE $relation SET SCHEMA public" ],
		[ 'another table' => "ALTER TABLE $relation RENAME TO old; CREATE TABLE $relation AS SELECT 'x'::text AS user_id, 7.5 AS item_id, 'y' AS value, 'z' AS weight" ]);
}

# Changes to tables of a model, {} in each of them.
sub model_changes
{
	my ($relation, $type, @swaps) = @_;
	my @changes = (
		[ 'not of' => "ALTER TABLE {} NOT OF" ],
		[ 'no key' => "ALTER TABLE {} DROP CONSTRAINT {}_pkey" ],
		[ truncated => "TRUNCATE {}" ],
		[ dropped => "DROP TABLE {} CASCADE" ],
		[ moved => "ALTER TABLE {} SET SCHEMA public" ],
		[ 'a column dropped' => "ALTER TABLE {} NOT OF; ALTER TABLE {} DROP COLUMN $swaps[0][0]" ],
		[ 'a column added' => "ALTER TABLE {} NOT OF; ALTER TABLE {} ADD COLUMN added text DEFAULT 'x'" ],
		[ 'a column came and went' => "ALTER TABLE {} NOT OF; ALTER TABLE {} ADD COLUMN added bigint DEFAULT 4096;"
			  . " ALTER TABLE {} DROP COLUMN added; ALTER TABLE {} OF $type" ]);

	for my $swap (@swaps)
	{
		my ($a, $b) = @$swap;

		push @changes, [ "$a and $b exchanged" =>
			  "ALTER TABLE {} NOT OF; ALTER TABLE {} RENAME $a TO old; ALTER TABLE {} RENAME $b TO $a; ALTER TABLE {} RENAME old TO $b" ];
		push @changes, [ "$a to text" => "ALTER TABLE {} NOT OF; ALTER TABLE {} ALTER $a TYPE text USING $a\::text" ];
	}
	return map { my ($name, $sql) = @$_; [ $name, join '; ', map { $sql =~ s/\{\}/$_$relation/gr } 'model', @writers ] } @changes;
}

my @rounds;
push @rounds, map { [ 'source', @$_ ] } column_changes('source', 'item_id', qw(large word uid)), column_changes('source', 'user_id', qw(large word)),
  column_changes('source', 'value', qw(word at)), table_changes('source'), [ 'index dropped' => 'DROP INDEX source_pair' ],
  [ 'row security' => 'ALTER TABLE source ENABLE ROW LEVEL SECURITY; ALTER TABLE source FORCE ROW LEVEL SECURITY' ],
  [ 'a child' => 'CREATE TABLE child (word text) INHERITS (source); INSERT INTO child (user_id, item_id) VALUES (3, 5)' ];
push @rounds, map { [ 'words', @$_ ] } column_changes('words', 'item_id', qw(large uid)), column_changes('words', 'user_id', qw(large)), table_changes('words');
push @rounds, map { [ 'row weights', @$_ ] } column_changes('row_w', 'weight', 'word'), column_changes('row_w', 'user_id', 'word'), table_changes('row_w');
push @rounds, map { [ 'column weights', @$_ ] } column_changes('col_w', 'weight', 'word'), table_changes('col_w');
push @rounds, map { [ 'labels', @$_ ] } column_changes('labels', 'name', 'large'), column_changes('labels', 'id', 'name'), table_changes('labels');
push @rounds, map { [ 'test', @$_ ] } column_changes('test', 'item_id', qw(large word)), table_changes('test');
push @rounds, map { [ 'queue', @$_ ] } column_changes('touched_queue', 'item_id', 'user_id'), table_changes('touched_queue'),
  [ 'triggers disabled' => 'ALTER TABLE source DISABLE TRIGGER ALL' ];
push @rounds, map { [ 'users', @$_ ] } model_changes('_users', 'wals_factors_bigint', [ 'factors', 'bias' ], [ 'id', 'n' ]);
push @rounds, map { [ 'items', @$_ ] } model_changes('_items', 'wals_factors_bigint', [ 'factors', 'norm' ], [ 'id', 'bias' ], [ 'weight', 'id' ]);
push @rounds, map { [ 'model', @$_ ] } model_changes('', 'wals_model', [ 'factors', 'feedback' ], [ 'version_id', 'options' ], [ 'source', 'losses' ]);

# A clear reason: a wrong type or object, a missing one, no rights, a conflict,
# a model that is not as it should be.
my $reasons = qr/^(?:22\w{3}|23\w{3}|40001|42\w{3}|55000|55P03|XX001|0A000|02000|P0002)$/;

$node->safe_psql('postgres', 'CREATE EXTENSION wals');
my $known = $node->safe_psql('postgres', q{SELECT DISTINCT p.proname FROM pg_proc AS p JOIN pg_depend AS d
	ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'wals')});
my %called = map { $_->[0] => 1 } @calls;
is(join(' ', sort grep { !$called{$_} && !$exempt{$_} } split /\n/, $known), '', 'every function is called, or said to read nothing');

sub session
{
	my ($name) = @_;

	return Session->new(
		psql => $node->installed_command('psql'),
		connection => $node->connstr('postgres') . " options='-c search_path=w,public -c client_min_messages=error'",
		name => $name);
}

sub answer
{
	my ($answer) = @_;

	return $answer->{state} ? "$answer->{state} $answer->{message}" : $answer->{rows};
}

my $owner = session('owner');
my @sessions = map { session($_->[0]) } @calls;
my $pids = join ',', map { $_->backend } @sessions;
my $watcher = session('watcher');
my ($n_calls, $n_waited, %states) = (0, 0);

ROUND:
for my $round (0 .. $#rounds)
{
	my ($relation, $change, $sql) = @{ $rounds[$round] };
	my (@before, @wrong);

	my @drop = map { "public.$_" } qw(source words row_w col_w labels test touched_queue);

	push @drop, map { $_, "${_}_users", "${_}_items" } 'model', @writers;
	$owner->ask('DROP TABLE IF EXISTS ' . join(', ', @drop) . ' CASCADE');
	my $made = $owner->ask($world);
	BAIL_OUT("no models: $made->{text}") if $made->{state} || $made->{ended};

	# every other session has the model's rows at hand, another half in the next round
	for my $i (grep { !$calls[$_][2] } 0 .. $#calls)
	{
		$before[$i] = (($i + $round) % 2 ? $sessions[$i] : $watcher)->ask($calls[$i][1]);
	}
	$made = $owner->ask("BEGIN; $sql");
	is($made->{state}, '', "$relation, $change: the change") or diag $made->{text};
	$sessions[$_]->send($calls[$_][1]) for 0 .. $#calls;

	my $waiting = 0;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my $locked = $watcher->ask("SELECT pid FROM pg_stat_activity WHERE pid IN ($pids) AND wait_event_type = 'Lock'")->{rows};
		my %is_locked = map { $_ => 1 } split /\n/, $locked;

		$waiting = grep { $is_locked{ $_->backend } } @sessions;
		last unless grep { !$is_locked{ $_->backend } && !$_->ready } @sessions;
		sleep 0.05;
	}
	my @waited = map { !$_->ready } @sessions;
	$owner->ask('COMMIT');
	for my $i (0 .. $#calls)
	{
		my $got = $sessions[$i]->receive;
		my $what = "$calls[$i][1] => " . answer($got);

		$n_calls++;
		$n_waited++ if $waited[$i];
		$states{ $got->{state} || 'answered' }++;
		if ($got->{ended} || $got->{late})
		{
			fail("$relation, $change: alive");
			diag($got->{late} ? 'no answer: ' : 'the server crashed: ', $what);
			last ROUND;
		}
		push @wrong, $what if $got->{state} && $got->{state} !~ $reasons;
		next if $got->{state} || $calls[$i][2] || answer($got) eq answer($before[$i]);
		my $after = answer($watcher->ask($calls[$i][1]));
		push @wrong, "$what, but before " . answer($before[$i]) . " and after $after" if answer($got) ne $after;
	}
	is(scalar(@wrong), 0, "$relation, $change: $waiting calls waited, all said what is right") or diag join "\n", @wrong;
}
note "$n_calls calls, $n_waited of them waited for a lock: ", join ', ', map { "$_ $states{$_}" } sort keys %states;
cmp_ok($n_waited, '>', @rounds * 5, 'most changes were waited for');
$_->finish for @sessions, $owner, $watcher;
$node->stop;
done_testing();
