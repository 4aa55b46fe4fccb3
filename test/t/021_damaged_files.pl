# A file of shared rows that is truncated while sessions have it in memory is an
# error of the call that needs what is gone, 58030, and of no other: no answer
# comes from what is not there, the next call reads the table, and the server
# knows nothing of it.  Without care it is SIGBUS, and all sessions are lost.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "wals.cache_share = 'always'\nwals.threads = 3\njit = off");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wals;
	SET client_min_messages = warning;
	CREATE TABLE ratings AS
	SELECT u AS user_id, (u * 7 + i * i * 13 + u * i) % 700 AS item_id
	FROM generate_series(1, 600) AS u, generate_series(1, 20) AS i;
	CREATE TABLE texts AS
	SELECT 'user ' || user_id AS user_id, repeat(item_id::text, 40) AS item_id FROM ratings;
	CREATE TABLE test AS SELECT u AS user_id, (u * 11) % 700 AS item_id FROM generate_series(1, 600) AS u;
	CREATE TABLE test_text AS
	SELECT 'user ' || user_id AS user_id, repeat(item_id::text, 40) AS item_id FROM test;
	SELECT wals_train('m', 'ratings', factors => 24, iterations => 2);
	SELECT wals_train('t', 'texts', factors => 24, iterations => 2);
});

my $folder = $node->data_dir . '/base/pgsql_tmp';
my %questions = (
	m => [
		q{SELECT u, r.* FROM generate_series(1, 50) AS u, wals_recommend(u, 10, 'm', fold_in => 'never') AS r},
		q{SELECT u, r.* FROM generate_series(1, 50) AS u, wals_recommend(u, 10, 'm', fold_in => 'always') AS r},
		q{SELECT * FROM wals_recommend(7, 50, 'm', diversity => 0.5, popularity_penalty => 0.2)},
		q{SELECT * FROM wals_recommend(7, 50, 'm', explore => 2)},
		q{SELECT * FROM wals_recommend(100000, 10, 'm')},
		q{SELECT * FROM wals_recommend_users(5, 20, 'm')},
		q{SELECT * FROM wals_recommend_all(5, 'm')},
		q{SELECT * FROM wals_recommend_all(300, 'm', users => ARRAY['1', '2', '3'])},
		q{SELECT * FROM wals_similar_items(5, 700, 'm')},
		q{SELECT * FROM wals_similar_users(5, 20, 'm')},
		q{SELECT wals_score(7, i, 'm') FROM generate_series(0, 699) AS i},
		q{SELECT wals_fold_in(ARRAY[1, 2, 3]::bigint[], model => 'm')},
		q{SELECT * FROM wals_explain(7, 5, 10, 'm')},
		q{SELECT * FROM wals_popular(700, 'm')},
		q{SELECT * FROM wals_map('m', 100)},
		q{SELECT md5(wals_map_svg('m', 100))},
		q{SELECT * FROM wals_evaluate('test', 'm')}
	],
	t => [
		q{SELECT u, r.* FROM generate_series(1, 50) AS u, wals_recommend('user ' || u, 10, 't', fold_in => 'never') AS r},
		q{SELECT u, r.* FROM generate_series(1, 50) AS u, wals_recommend('user ' || u, 10, 't', fold_in => 'always') AS r},
		q{SELECT * FROM wals_recommend_users(repeat('5', 40), 20, 't')},
		q{SELECT * FROM wals_recommend_all(5, 't')},
		q{SELECT * FROM wals_similar_items(repeat('5', 40), 700, 't')},
		q{SELECT wals_score('user 7', repeat(i::text, 40), 't') FROM generate_series(0, 699) AS i},
		q{SELECT * FROM wals_popular(700, 't')},
		q{SELECT * FROM wals_map('t', 100)},
		q{SELECT * FROM wals_evaluate('test_text', 't')}
	]);

# What a session prints for a script, without its messages.
sub printed
{
	my ($script) = @_;
	my $out;

	$node->psql(
		'postgres', "\\set VERBOSITY sqlstate\nSET client_min_messages = error;\n$script",
		stdout => \$out, on_error_stop => 0);
	return $out;
}

# Its answers to questions, each with the SQLSTATE behind it.
sub answers
{
	my ($script) = @_;

	return map { s/\s+\z//r } split /^== \d+\n/m, printed($script);
}

my $pid = slurp_file($node->data_dir . '/postmaster.pid');
my $errors = 0;
for my $model (sort keys %questions)
{
	my @all = @{ $questions{$model} };
	my (undef, @right) = answers("SET wals.cache_share = 'never';\n"
		  . join('', map { "\\echo == $_\n$all[$_];\n\\echo :SQLSTATE\n" } 0 .. $#all));

	is(scalar(@right), scalar(@all), "$model: answers without files");
	is(join("", grep { !/00000\z/ || length($_) < 20 } @right), "", "$model: all of them are answers");
	# to nothing, to a page, and to where something lies that is not looked at
	# when a file is opened
	for my $size ('0', '4096', '-s($_) * 0.25', '-s($_) * 0.5', '-s($_) * 0.75', '-s($_) - 4096')
	{
		my $cut = "\\! perl -e 'truncate(\$_, int($size)) for glob(\"$folder/pgsql_tmp_wals_*\")'\n";
		# the first time, a question may find what the one before has not looked at
		my @got = answers(join('', map {
			"\\echo == 3\n$all[$_];\n\\echo == 0\n$all[$_];\n\\echo :SQLSTATE\n${cut}"
			  . "\\echo == 1\n$all[$_];\n\\echo :SQLSTATE\n\\echo == 2\n$all[$_];\n\\echo :SQLSTATE\n"
		} 0 .. $#all));
		my (@warm, @wrong, @after);

		shift @got;
		for my $i (0 .. $#all)
		{
			my (undef, $before, $during, $after) = splice(@got, 0, 4);

			push @warm, $all[$i] unless $before eq $right[$i];
			if ($during =~ /\A58030\z/) { $errors++; }
			elsif ($during ne $right[$i]) { push @wrong, "$all[$i]\n" . substr($during, 0, 300); }
			push @after, "$all[$i]\n" . substr($after // 'nothing', 0, 300) unless defined $after && $after eq $right[$i];
		}
		is(join("\n", @warm), '', "$model, cut to $size: right before");
		is(join("\n", @wrong), '', "$model, cut to $size: right or 58030");
		is(join("\n", @after), '', "$model, cut to $size: right afterwards");
	}
}
cmp_ok($errors, '>', 50, 'most answers need what is gone');
is(slurp_file($node->data_dir . '/postmaster.pid'), $pid, 'the server is the one that was started');
unlike(slurp_file($node->logfile), qr/terminated by signal|reinitializing/, 'and has not lost a session');

# --- what the error says ------------------------------------------------------
my ($rc, $out, $err) = $node->psql(
	'postgres', qq{SELECT count(*) FROM wals_recommend_all(1, 'm');
\\! perl -e 'truncate(\$_, 4096) for glob("$folder/pgsql_tmp_wals_*")'
SELECT count(*) FROM wals_recommend_all(1, 'm');});
like($err, qr/could not read file "base.pgsql_tmp.pgsql_tmp_wals_/, 'it names the file');
like($err, qr/HINT:  Try again/, 'and says what to do');

# --- an error of another kind does not leave anything to the next call ----------
$out = printed(qq{SELECT count(*) FROM wals_recommend_all(1, 'm');
\\! perl -e 'truncate(\$_, 4096) for glob("$folder/pgsql_tmp_wals_*")'
DO \$\$ BEGIN PERFORM * FROM wals_recommend_all(1, 'm'); EXCEPTION WHEN OTHERS THEN END \$\$;
\\echo :SQLSTATE
SELECT count(*) FROM wals_recommend_all(1, 'm');});
is($out, "600\n00000\n600", 'after an exception block');

done_testing();
