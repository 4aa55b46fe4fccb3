# Changes for the fuzzer: what an owner, an administrator or an enemy may do to
# the tables of a model, its source and its session.  A change is
#
#     kind      its family
#     sql       statements, one by one; each may fail
#     linked    models that may now read the tables of others
#     session   they are for the session that asks (settings), not for the owner
#     edits     models whose factors it changes by hand
#     stale     models whose factors may have changed under the identity they had:
#               until it is renewed, old sessions may answer from what they have
#               read.  Their guard renews it where it still is
#     files     do this with the files that sessions share
package Changes;

use strict;
use warnings;

use Exporter 'import';
use Values;
our @EXPORT = qw(change renewal);

my @model_columns = map { [ split /:/ ] } qw(
  version:integer version_id:uuid items_id:uuid active:boolean is_default:boolean format:integer wals_version:text
  trained_by:name source:regclass user_col:name item_col:name value_col:name weight_col:name time_col:name
  users_table:regclass items_table:regclass feedback:text options:jsonb options:jsonb options:jsonb objective:text factors:integer
  biases:boolean n_users:bigint n_items:bigint n_entries:bigint n_rows:bigint n_skipped:bigint started_from:integer
  iterations:integer stop_reason:text metrics:jsonb);
push @model_columns, map { [ $_, 'double precision' ] } qw(global_mean loss load_seconds seconds);
push @model_columns, map { [ $_, 'double precision[]' ] } qw(losses iteration_seconds);
push @model_columns, map { [ $_, 'timestamp with time zone' ] } qw(trained_at refreshed_at);
# what is cached, and where it is read from, hangs on these
push @model_columns, map { [ split /:/ ] } (qw(factors:integer users_table:regclass items_table:regclass)) x 4,
  (qw(version_id:uuid items_id:uuid version:integer source:regclass feedback:text biases:boolean)) x 2;
my @factor_columns = map { [ split /:/ ] } qw(version:integer factors:real[] factors:real[] bias:real n:integer norm:real weight:real likes:integer);
my @source_columns = map { [ split /:/ ] } qw(value:real weight:real user_id:bigint item_id:bigint);

my %type_of_ids = (mt => 'text', mu => 'uuid');
my @types = ('bigint', 'integer', 'smallint', 'text', 'uuid', 'real', 'double precision', 'numeric', 'real[]', 'double precision[]',
	'text[]', 'timestamptz', 'date', 'name', 'small', 'word', 'jsonb', 'boolean', 'oid', '"char"');

sub _ids { return $type_of_ids{ $_[0] } // 'bigint' }
sub _side { return pick('users', 'items') }
sub _factors { my $m = pick(models()); return ($m, $m . '_' . _side()) }

sub _some
{
	my ($table, $key) = @_;

	return '' if chance(0.3);
	return " WHERE ctid = (SELECT ctid FROM $table ORDER BY $key LIMIT 1 OFFSET " . int(rand 40) . ')';
}

# A new identity: every session reads the factors anew.
sub renewal
{
	my ($model) = @_;

	return "UPDATE $model SET version_id = gen_random_uuid(), items_id = NULL";
}

sub _row_of_model
{
	my $model = pick(models());
	my ($column, $type) = @{ pick(@model_columns) };
	my $where = chance(0.6) ? ' WHERE active' : chance(0.5) ? ' WHERE version = 1' : '';

	return { sql => [ "UPDATE $model SET $column = " . column_value($type, $column) . $where ],
		linked => $column =~ /_table$/ ? [$model] : [] };
}

sub _row_of_factors
{
	my ($model, $table) = _factors();
	my ($column, $type) = @{ pick(@factor_columns, [ 'id', _ids($model) ]) };
	my @sql;

	push @sql, "ALTER TABLE $table ALTER $column DROP NOT NULL" if chance(0.3);
	push @sql, "ALTER TABLE $table DROP CONSTRAINT ${table}_pkey" if chance(0.1);
	my $value = column_value($type, $column);
	push @sql, pick(
		("UPDATE $table SET $column = $value" . _some($table, 'id')) x 6,
		"DELETE FROM $table" . _some($table, 'id'),
		"INSERT INTO $table SELECT * FROM $table",
		"INSERT INTO $table SELECT version + 1, id, factors, bias, n, norm, weight, likes FROM $table",
		"INSERT INTO $table (version, id, factors) VALUES (2, " . column_value(_ids($model), 'id') . ', ' . column_value('real[]', 'factors') . ')');
	return { sql => \@sql, edits => [$model] };
}

sub _row_of_source
{
	my $source = pick(sources(), qw(row_w col_w labels imp_users imp_items));
	my ($column, $type) =
		$source =~ /^imp/ ? ('factors', 'real[]')
	  : $source =~ /_w$/ ? ('weight', 'real')
	  : $source eq 'labels' ? ('name', 'text')
	  : @{ pick(@source_columns) };

	return { sql => [ pick(
				("UPDATE $source SET $column = " . column_value($type, $column) . _some($source, 'ctid')) x 3,
				"DELETE FROM $source" . _some($source, 'ctid'),
				"INSERT INTO $source SELECT * FROM $source LIMIT 20",
				'INSERT INTO s_int (user_id, item_id, value) VALUES (' . user_id('bigint') . ', ' . item_id('bigint') . ', 3)',
				"INSERT INTO s_text (user_id, item_id) VALUES ('u5', 'i77'), ('u99', 'i5')") ] };
}

# Columns of other types, dropped, added, exchanged, and the type put on again.
sub _columns
{
	my ($model, $table) = chance(0.3) ? (pick(models())) x 2 : _factors();
	my $columns = $table eq $model ? \@model_columns : [ @factor_columns, ['id'] ];
	my $type = $table eq $model ? 'wals_model' : 'wals_factors_' . _ids($model);
	my ($a) = @{ pick(@$columns) };
	my ($b) = @{ pick(@$columns) };
	my $to = pick(@types);
	my @sql = ("ALTER TABLE $table NOT OF");

	push @sql, @{ pick(
			[ "ALTER TABLE $table ALTER $a TYPE $to USING " . pick('NULL', "$a\::text::$to", "$a\::$to") ],
			[ "ALTER TABLE $table DROP COLUMN $a" ],
			[ "ALTER TABLE $table DROP COLUMN $a", "ALTER TABLE $table ADD COLUMN $a $to" ],
			[ "ALTER TABLE $table ADD COLUMN extra $to" ],
			[ "ALTER TABLE $table ADD COLUMN extra integer DEFAULT 4096", "ALTER TABLE $table DROP COLUMN extra" ],
			[ "ALTER TABLE $table RENAME $a TO swapped", "ALTER TABLE $table RENAME $b TO $a", "ALTER TABLE $table RENAME swapped TO $b" ],
			[ "ALTER TABLE $table RENAME $a TO elsewhere" ],
			[ "ALTER TABLE $table ALTER $a SET DEFAULT NULL" ],
			["ALTER TABLE $table ALTER factors SET STORAGE " . pick('EXTERNAL', 'EXTENDED', 'MAIN'),
				"UPDATE $table SET factors = factors" ]) };
	push @sql, "ALTER TABLE $table OF $type" if chance(0.5);
	push @sql, renewal($model) if chance(0.3);
	return { sql => \@sql, stale => [$model] };
}

# A table whose columns are those of the type but for one that was dropped, or
# that stands elsewhere.
sub _dropped_column
{
	my ($model, $table) = _factors();
	my $ids = _ids($model);
	my $side = $table =~ s/.*_//r;
	my @columns = ('version integer', "id $ids", 'factors real[]', 'bias real', 'n integer', 'norm real', 'weight real', 'likes integer');
	my $other = "odd_$side";

	splice @columns, int rand 9, 0, 'junk ' . pick('bigint', 'text', 'real[]', 'boolean');
	return { sql => [
			"CREATE TABLE $other (" . join(', ', @columns) . ')',
			"INSERT INTO $other (version, id, factors, bias, n, norm, weight, likes) SELECT version, id, factors, bias, n, norm, weight, likes FROM $table",
			"UPDATE $other SET junk = NULL",
			chance(0.7) ? "ALTER TABLE $other ADD PRIMARY KEY (version, id)" : (),
			"ALTER TABLE $other DROP COLUMN junk",
			chance(0.8) ? "ALTER TABLE $other OF wals_factors_$ids" : (),
			"UPDATE $model SET ${side}_table = '$other'" ], linked => [$model] };
}

# Tables dropped and made anew, or made again under another storage.
sub _tables
{
	my ($model, $table) = _factors();
	my $side = $table =~ s/.*_//r;
	my $ids = _ids($model);

	return pick(
		{ sql => [ pick("TRUNCATE $table", "CLUSTER $table USING ${table}_pkey", "VACUUM FULL $table", "VACUUM $table", "ANALYZE $table",
					"ALTER TABLE $table SET UNLOGGED", "ALTER TABLE $table SET LOGGED", "REINDEX TABLE $table",
					"VACUUM FULL $model", "VACUUM FREEZE $table", "TRUNCATE $model", "VACUUM FULL s_int", 'VACUUM s_int', 'TRUNCATE s_int') ] },
		{ sql => [ "CREATE TABLE made OF wals_factors_$ids", "INSERT INTO made TABLE $table", "DROP TABLE $table",
				"ALTER TABLE made RENAME TO $table", chance(0.6) ? "ALTER TABLE $table ADD PRIMARY KEY (version, id)" : (),
				"UPDATE $model SET ${side}_table = '$table'" ] },
		{ sql => [ "DROP TABLE $table" ] },
		{ sql => [ "ALTER TABLE $table RENAME TO renamed_$side" ] },
		{ sql => [ "ALTER TABLE $table SET SCHEMA aside" ] },
		{ sql => [ "ALTER TABLE $table RENAME TO hidden", "CREATE VIEW $table AS SELECT * FROM hidden",
				"UPDATE $model SET ${side}_table = '$table'" ] },
		{ sql => [ "CREATE TABLE parted OF wals_factors_$ids PARTITION BY LIST (version)", 'CREATE TABLE parted_1 PARTITION OF parted DEFAULT',
				"INSERT INTO parted TABLE $table", "UPDATE $model SET ${side}_table = 'parted'" ] },
		# the model itself
		{ sql => [ 'CREATE TABLE copy OF wals_model', "INSERT INTO copy TABLE $model", 'GRANT SELECT ON copy TO fuzz_reader, fuzz_policy' ], stale => ['copy'] },
		{ sql => [ 'CREATE TABLE copy OF wals_model', "INSERT INTO copy TABLE $model", "CREATE TABLE copy_$side OF wals_factors_$ids",
				"INSERT INTO copy_$side SELECT version, id, " . pick('factors', 'factors[1:2]', "factors || '{1,2}'") . ", bias, n, norm, weight, likes FROM $table",
				"ALTER TABLE copy_$side ADD PRIMARY KEY (version, id)", "UPDATE copy SET ${side}_table = 'copy_$side'",
				"GRANT SELECT ON copy, copy_$side TO fuzz_reader, fuzz_policy" ], stale => ['copy'] },
		{ sql => [ "INSERT INTO $model SELECT (x.c).* FROM (SELECT m AS c FROM " . pick(models()) . ' AS m LIMIT 1) AS x' ], stale => [$model] });
}

sub _indexes
{
	my ($model, $table) = _factors();
	my $source = pick(qw(s_int s_text s_big));

	return { sql => pick(
			["ALTER TABLE $table DROP CONSTRAINT ${table}_pkey"],
			[ "ALTER TABLE $table DROP CONSTRAINT ${table}_pkey", "ALTER TABLE $table ADD PRIMARY KEY " . pick('(id, version)', '(version, id)', '(version, id, n)') ],
			[ "ALTER TABLE $table DROP CONSTRAINT ${table}_pkey", "ALTER TABLE $table ADD PRIMARY KEY (version, id) DEFERRABLE" ],
			["REINDEX TABLE $table"],
			[ 'DROP INDEX s_int_pair' ],
			[ 'DROP INDEX s_int_pair', 'CREATE INDEX s_int_pair ON s_int ' . pick('(user_id DESC, item_id)', '(user_id, (item_id + 1))', '(item_id, user_id)',
					'USING hash (user_id)', '(user_id, item_id) WHERE item_id > 5', '(user_id) INCLUDE (item_id, value)', 'USING gist (at)') ],
			[ 'DROP INDEX s_text_pair', 'CREATE INDEX s_text_pair ON s_text ' . pick('(user_id text_pattern_ops, item_id)', '(user_id COLLATE "POSIX", item_id)',
					'USING brin (user_id)', '(user_id, item_id, value, weight, at)', '(lower(user_id), item_id)') ],
			[ "CREATE INDEX late ON $source (user_id, item_id, value)", 'DROP INDEX late' ],
			[ "REINDEX TABLE $source", "VACUUM $source" ]) };
}

sub _families
{
	my ($model, $table) = _factors();
	my $ids = _ids($model);

	return { sql => pick(
			[ 'CREATE TABLE child () INHERITS (s_int)', 'INSERT INTO child (user_id, item_id, value) SELECT user_id, 26, 2 FROM s_int LIMIT 10' ],
			[ 'CREATE TABLE child (weight real, junk text, at timestamptz, value real, item_id integer, user_id integer, uid uuid, txt text, alt bigint)',
				'ALTER TABLE child DROP COLUMN junk', 'ALTER TABLE child INHERIT s_int', 'INSERT INTO child (user_id, item_id) VALUES (5, 7), (6, 30)' ],
			[ 'ALTER TABLE child NO INHERIT s_int' ],
			[ "ALTER TABLE $table NOT OF", 'CREATE TABLE heir () INHERITS (' . $table . ')', "INSERT INTO heir SELECT version, " .
				  ($ids eq 'bigint' ? 'id + 100' : 'id') . ", factors, bias, n, norm, weight, likes FROM $table LIMIT 5" ],
			[ "ALTER TABLE $table NOT OF", "CREATE TABLE heir (likes integer, weight real, norm real, n integer, bias real, factors real[], id $ids NOT NULL, version integer NOT NULL)",
				"ALTER TABLE heir INHERIT $table" ],
			[ 'ALTER TABLE s_part DETACH PARTITION s_part_1' ],
			[ 'DROP TABLE s_part_0' ],
			[ "ALTER TABLE $model NOT OF", "CREATE TABLE heir () INHERITS ($model)", "INSERT INTO heir TABLE ONLY $model" ]),
		stale => [$model] };
}

sub _rules
{
	my ($model, $factors) = _factors();
	my $table = pick($model, $factors, sources());

	return { sql => pick(
			[ "ALTER TABLE $table ENABLE ROW LEVEL SECURITY" ],
			[ "ALTER TABLE $table DISABLE ROW LEVEL SECURITY" ],
			[ "ALTER TABLE $table FORCE ROW LEVEL SECURITY", "ALTER TABLE $table ENABLE ROW LEVEL SECURITY" ],
			[ "CREATE POLICY half ON $factors TO fuzz_reader USING (n % 2 = 0)", "ALTER TABLE $factors ENABLE ROW LEVEL SECURITY" ],
			[ "CREATE RULE nothing AS ON INSERT TO $table DO INSTEAD NOTHING" ],
			[ "CREATE RULE nothing AS ON DELETE TO $table DO INSTEAD NOTHING" ],
			[ "DROP RULE nothing ON $table" ],
			[ "CREATE TRIGGER falsify BEFORE INSERT OR UPDATE ON $factors FOR EACH ROW EXECUTE FUNCTION falsify()" ],
			[ "CREATE TRIGGER swallow BEFORE INSERT OR UPDATE ON $table FOR EACH ROW EXECUTE FUNCTION swallow()" ],
			[ "DROP TRIGGER falsify ON $factors", "DROP TRIGGER swallow ON $table" ],
			[ map { "ALTER TABLE $_ DISABLE TRIGGER ALL" } $model, $factors ],
			[ "REVOKE SELECT ON $table FROM fuzz_reader" ],
			[ "GRANT SELECT ON $table TO fuzz_reader, fuzz_policy, fuzz_nobody" ],
			[ "REVOKE SELECT ON $table FROM fuzz_reader", "GRANT SELECT (user_id, item_id) ON $table TO fuzz_reader" ],
			[ "GRANT ALL ON $table TO fuzz_reader" ],
			[ 'ALTER TABLE ' . $table . ' OWNER TO ' . pick(qw(fuzz_reader fuzz_owner)) ],
			[ 'REVOKE USAGE ON SCHEMA w FROM fuzz_reader' ],
			[ 'GRANT USAGE ON SCHEMA w TO fuzz_reader' ]) };
}

sub _source_columns
{
	my $source = pick(qw(s_int s_int s_text s_uuid s_big few row_w col_w labels s_part));
	my ($a, $b) = $source eq 'row_w' ? ('user_id', 'weight') : $source eq 'col_w' ? ('item_id', 'weight') : $source eq 'labels' ? ('id', 'name') : (pick(qw(user_id item_id value)), pick(qw(item_id value weight at)));
	my $c = pick(qw(alt txt uid));
	my $to = pick(@types);

	return { sql => pick(
			[ "ALTER TABLE $source RENAME $a TO swapped", "ALTER TABLE $source RENAME $b TO $a", "ALTER TABLE $source RENAME swapped TO $b" ],
			([ 'ALTER TABLE s_int RENAME item_id TO item_old', "ALTER TABLE s_int RENAME $c TO item_id" ],
				[ 'ALTER TABLE s_int RENAME user_id TO user_old', "ALTER TABLE s_int RENAME $c TO user_id" ]) x 3,
			[ "ALTER TABLE $source ALTER $a TYPE $to USING " . pick('NULL', "$a\::text::$to", "$a\::$to") ],
			[ 'ALTER TABLE s_int ALTER item_id TYPE ' . pick('bigint', 'smallint', 'small', 'numeric', "text USING 'i' || item_id") ],
			[ "ALTER TABLE $source DROP COLUMN $a" ],
			[ "ALTER TABLE $source DROP COLUMN $a", "ALTER TABLE $source ADD COLUMN $a $to" ],
			[ "ALTER TABLE s_int DROP COLUMN item_id", 'ALTER TABLE s_int ADD COLUMN item_id bigint GENERATED ALWAYS AS (user_id % 20 + 1) STORED' ],
			[ "ALTER TABLE $source ADD COLUMN added $to" ],
			[ "ALTER TABLE s_text ALTER user_id TYPE text COLLATE \"" . pick('C', 'POSIX', 'und-x-icu') . '"' ],
			[ "ALTER TABLE $source RENAME TO elsewhere", "CREATE VIEW $source AS SELECT * FROM elsewhere" ],
			[ "ALTER TABLE $source SET SCHEMA aside" ],
			[ "DROP TABLE $source CASCADE" ],
			[ "CREATE OR REPLACE VIEW s_view AS SELECT user_id, item_id, value / " . pick(1, 0) . '::real AS value, weight, at FROM s_int' ],
			[ "DROP VIEW s_view", 'CREATE MATERIALIZED VIEW s_view AS SELECT user_id, item_id, value, weight, at FROM s_int' ],
			[ 'ALTER TABLE s_int RENAME TO old_int', 'CREATE TABLE s_int AS SELECT item_id::text AS user_id, user_id::bigint AS item_id, value, at FROM old_int' ]) };
}

sub _queue
{
	my $model = pick('mi', 'mt', 'mb', 'mp');

	return { sql => pick(
			["SELECT wals_queue_enable('$model')"],
			["SELECT wals_queue_disable('$model')"],
			["INSERT INTO ${model}_queue (user_id) VALUES (" . pick('NULL', 1, "'u1'", "'x'", "'-5'") . ')'],
			["ALTER TABLE ${model}_queue ALTER user_id TYPE " . pick(@types) . ' USING NULL'],
			["ALTER TABLE ${model}_queue DROP COLUMN item_id"],
			[ "DROP TABLE ${model}_queue CASCADE", "CREATE TABLE ${model}_queue (user_id bigint, item_id " . pick('bigint', 'text') . ', added timestamptz)' ],
			["ALTER TABLE ${model}_queue RENAME item_id TO other"],
			["TRUNCATE ${model}_queue"],
			["CREATE TRIGGER odd AFTER INSERT OR UPDATE OR DELETE ON " . pick(sources()) . ' FOR EACH '
				  . pick('ROW', 'STATEMENT') . ' EXECUTE FUNCTION wals_queue_touched(' . pick('', "'x'", "'mi', 'user_id', 'item_id'", "'mi_queue'") . ')'],
			['ALTER TABLE s_int DISABLE TRIGGER USER']) };
}

sub _settings
{
	return { session => 1,
		sql => [ pick(
				"SET wals.cache_mem = '" . pick('1MB', '2MB', '64MB') . "'",
				'SET wals.cache_share = ' . pick(qw(auto always never always)),
				'SET wals.cache_file_limit = ' . pick("'8kB'", -1, "'64kB'"),
				'SET wals.max_memory = ' . pick("'1MB'", "'64MB'", 0),
				'SET wals.threads = ' . pick(0, 1, 2, 5),
				'SET wals.kernel = ' . pick(qw(auto portable)),
				'SET wals.default_model = ' . quote(pick('mi', 'mt', 'w.mx', '', 'nothing')),
				'SET force_parallel_mode = ' . pick(qw(on off)),
				'SET enable_indexscan = ' . pick(qw(on off)),
				'SET enable_indexonlyscan = ' . pick(qw(on off)),
				'SET enable_seqscan = ' . pick(qw(on off)),
				"SET work_mem = '" . pick('64kB', '4MB') . "'",
				'SET session_replication_role = ' . pick(qw(replica origin)),
				'SET plan_cache_mode = ' . pick(qw(force_generic_plan force_custom_plan auto)),
				'DISCARD ' . pick(qw(PLANS SEQUENCES)),
				'RESET ALL') ] };
}

my @families = (
	[ 7, 'row of a model', \&_row_of_model ],
	[ 4, 'row of factors', \&_row_of_factors ],
	[ 2, 'row of a source', \&_row_of_source ],
	[ 4, 'columns', \&_columns ],
	[ 3, 'dropped column', \&_dropped_column ],
	[ 4, 'tables', \&_tables ],
	[ 2, 'indexes', \&_indexes ],
	[ 2, 'inheritance', \&_families ],
	[ 2, 'rules and rights', \&_rules ],
	[ 4, 'columns of a source', \&_source_columns ],
	[ 1, 'queue', \&_queue ],
	[ 3, 'settings', \&_settings ],
	[ 1, 'files', sub { return { sql => [], files => pick(qw(truncate empty remove garble header longer)) } } ]);

sub change
{
	my $total = 0;

	$total += $_->[0] for @families;
	my $place = rand $total;
	for my $family (@families)
	{
		$place -= $family->[0];
		next if $place >= 0;
		my $change = $family->[2]->();
		$change->{kind} = $family->[1];
		$change->{$_} //= [] for qw(stale edits linked);
		return $change;
	}
	die 'no family';
}

1;
