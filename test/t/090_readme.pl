# Is what the documentation says true?  (091_paste.pl has README.md.)
#
# The ```sql blocks of each page are run in order, in a database of their own
# that has the tables of test/data/readme.sql, by a role without special rights;
# the pages of the reference are one text, in the order of its list of contents.
# Each block is a session and must not fail.  Where the next block is ```text
# with lines of NOTICE, WARNING, ERROR, DETAIL or HINT, the server must have said
# these lines, and an ERROR is what must happen; where it is a table, psql must
# have printed it.  A comment "run by a superuser" in the line above a block does
# what it says.  Blocks in other languages are not run.
#
# Then the tables of the reference are compared with the catalog and with the
# codes in the source, and links are followed.
use strict;
use warnings;
use File::Find;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use Pages;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $said = qr/^(?:NOTICE|WARNING|ERROR|DETAIL|HINT):  /;

# 030_pgvector.pl runs its page where pgvector is installed
my @pages = grep { $_ ne 'docs/pgvector.md' }
  map { s{^\Q$root\E/}{}r } sort(glob "$root/docs/*.md"), "$root/examples/README.md";
cmp_ok(scalar @pages, '>', 10, 'pages are found');

# The superuser is not called like the one who runs this, who may be called like
# a role of the pages.
local $ENV{PGUSER} = 'regress_wals_superuser';
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--username', $ENV{PGUSER} ]);
$node->start;
$node->safe_psql('postgres',
	'CREATE ROLE alice LOGIN; CREATE ROLE app; CREATE ROLE analyst; '
	  . 'GRANT analyst TO alice');

my %text = map { $_ => slurp_file("$root/$_") } @pages;

# The reference: its index, then what the numbered list leads to.
my $index = 'docs/reference/README.md';
my %names = map { $_ => 1 } glob "$root/docs/reference/*.md";
my @reference = ($index);
$text{$index} = slurp_file("$root/$index");
for my $name ($text{$index} =~ /^\d+\. \[[^]]+\]\((\w[\w-]*\.md)\)/mg)
{
	my $page = "docs/reference/$name";
	push @reference, $page;
	$text{$page} = slurp_file("$root/$page");
}
is_deeply([ sort map { "$root/$_" } @reference ],
	[ sort keys %names ], 'the index lists every page of the reference once');
push @pages, @reference;

my %sections;
for my $page (@reference)
{
	my %of_page = sections($text{$page});
	is((join ', ', grep { $sections{$_} } sort keys %of_page),
		'', "$page: its headings are on no page before it");
	%sections = (%sections, %of_page);
}

# ---------------------------------------------------------------------------
# The pages run
# ---------------------------------------------------------------------------

sub run_sql
{
	my ($database, $role, $sql) = @_;
	my ($out, $err) = ('', '');
	my $status = $node->psql(
		$database, $sql,
		on_error_die => 0,
		on_error_stop => 1,
		extra_params => [
			'--pset=format=aligned', '--pset=tuples_only=off',
			$role ? ('--username', $role) : ()
		],
		stdout => \$out,
		stderr => \$err);

	return ($status, "$out\n", $err);
}

my ($status, $out, $err) = run_sql('postgres', 'alice', 'SELECT 1; SELECT 1/0');
isnt($status, 0, 'a block that fails is noticed');

my $examples = '';
my %made;
for my $page (@pages)
{
	my $database = lc(($page =~ s{^docs/reference/\K.*}{}r) =~ s/\W+/_/gr);
	my @blocks = blocks($page, $text{$page});
	next unless grep { $_->{tag} eq 'sql' } @blocks;
	if (!$made{$database}++)
	{
		$node->safe_psql('postgres', "CREATE DATABASE $database OWNER alice");
		($status, $out, $err) =
		  run_sql($database, 'alice', slurp_file("$root/test/data/readme.sql"));
		is($status, 0, "$page: the tables are made") or diag($err);
	}

	for my $i (0 .. $#blocks)
	{
		my $block = $blocks[$i];
		my $next = $blocks[ $i + 1 ];
		my $where = "$page:$block->{line}";

		if ($block->{tag} eq 'text'
			&& ($block->{text} =~ /$said/m || is_table($block->{text})))
		{
			ok($i > 0 && $blocks[ $i - 1 ]{tag} eq 'sql',
				"$where: has a block of SQL before it");
		}
		next if $block->{tag} ne 'sql';

		my $shows = $next && $next->{tag} eq 'text' ? $next->{text} : '';
		my @lines = grep { /$said/ } split /\n/, $shows;
		my $fails = grep { /^ERROR/ } @lines;

		$examples .= $block->{text};
		($status, $out, $err) =
		  run_sql($database, $block->{superuser} ? undef : 'alice', $block->{text});
		ok($fails ? $status != 0 : $status == 0,
			"$where: " . ($fails ? 'fails' : 'runs'))
		  or diag($err);
		ok($err =~ /(?:^|: )\Q$_\E$/m, "$where: $_") or diag($err) for @lines;
		ok(shown($shows, $out), "$where: prints what is shown") or diag($out)
		  if is_table($shows);
	}
}

# ---------------------------------------------------------------------------
# The reference is complete and agrees with the catalog
# ---------------------------------------------------------------------------

my $reference = join "\n", @text{@reference};
my $database = 'docs_reference_';

sub query
{
	return map { [ split /\|/, $_, -1 ] }
	  split /\n/, $node->safe_psql($database, $_[0]);
}

for my $row (query("
	SELECT DISTINCT p.proname FROM pg_proc p
	JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	JOIN pg_extension e ON e.oid = d.refobjid
	WHERE d.deptype = 'e' AND e.extname = 'wals' ORDER BY 1"))
{
	my ($function) = @$row;
	like($reference, qr/\b$function\(|^## $function$/m,
		"the reference has $function");
	like($examples, qr/\b$function\(/, "$function has an example")
	  unless $function =~ /_support$/;
}

# The index has a row for whatever SQL can name, and no other, and each leads to
# where it is described.  What begins with an underscore is internal.
sub indexed
{
	my ($first) = @_;
	my @names;

	for my $cells (rows($sections{$first eq 'function' ? 'Functions' : 'Views, types and settings'}, $first))
	{
		my @links = $cells->[0] =~ /\[([\w.]+)\]\(([^)]+)\)/g;
		ok(@links && $cells->[1], "the index has a row for $cells->[0]");
		while (my ($name, $link) = splice @links, 0, 2)
		{
			my ($page, $anchor) = split /#/, $link;
			my %there = sections($text{"docs/reference/$page"} // '');
			my ($heading) = grep { !defined $anchor || (anchors("# $_"))[0] eq $anchor } sort keys %there;

			push @names, $name;
			ok((grep { /\b\Q$name\E\b/ } defined $anchor ? $there{ $heading // '' } // '' : values %there),
				"the index: $link has $name");
		}
	}
	return [ sort @names ];
}

my $ours = "FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'wals'
	WHERE d.deptype = 'e'";
is_deeply(indexed('function'), [ map { $_->[0] } query("
	SELECT DISTINCT proname COLLATE \"C\" FROM pg_proc WHERE proname !~ '^_'
	AND oid IN (SELECT d.objid $ours AND d.classid = 'pg_proc'::regclass) ORDER BY 1") ],
	'the index has every function and procedure');
is_deeply(indexed('view'), [ map { $_->[0] } query("
	SELECT relname COLLATE \"C\" FROM pg_class WHERE relkind <> 'c'
	AND oid IN (SELECT d.objid $ours AND d.classid = 'pg_class'::regclass) ORDER BY 1") ],
	'the index has every view');
is_deeply(indexed('type'), [ map { $_->[0] } query("
	SELECT typname COLLATE \"C\" FROM pg_type
	WHERE oid IN (SELECT d.objid $ours AND d.classid = 'pg_type'::regclass) ORDER BY 1") ],
	'the index has every type');
is_deeply(indexed('setting'), [ map { $_->[0] } query("
	LOAD 'wals';
	SELECT name COLLATE \"C\" FROM pg_settings WHERE name LIKE 'wals.%' ORDER BY 1") ],
	'the index has every setting');

# Name, type and default of each argument, in order.
sub arguments
{
	my ($signature) = @_;
	my @rows = query("
		SELECT a.name, format_type(a.type, NULL),
			coalesce(pg_get_function_arg_default(p.oid, a.place::integer), '-')
		FROM pg_proc p, unnest(p.proargnames, coalesce(p.proallargtypes, p.proargtypes),
			coalesce(p.proargmodes, array_fill('i'::\"char\", ARRAY[p.pronargs::integer])))
			WITH ORDINALITY AS a(name, type, mode, place)
		WHERE p.oid = '$signature'::regprocedure AND a.mode = 'i'
		ORDER BY a.place");

	$_->[2] =~ s/::[\w ]+(?:\[\])?$// for @rows;
	$_->[2] =~ s/^'(-?[\d.]+)'$/$1/ for @rows;
	return [ map { join ' ', @$_ } @rows ];
}

sub documented_arguments
{
	my ($function, $id) = @_;
	my @rows = rows($sections{$function}, 'argument');

	$_->[0] =~ tr/"//d for @rows;
	$_->[1] =~ s/<id>/$id/ for @rows;
	return [ map { join ' ', @$_[ 0, 1 ], $_->[2] eq '' ? '-' : $_->[2] } @rows ];
}

my ($train) = map { $_->[0] } query(
	"SELECT oid::regprocedure FROM pg_proc WHERE proname = 'wals_train'");
is_deeply(documented_arguments('wals_train'),
	arguments($train), 'the arguments of wals_train');
for my $row (rows($sections{wals_train}, 'argument'))
{
	next if $row->[0] =~ /^(?:model|source)$/;
	like($examples, qr/\b$row->[0] => /, "option $row->[0] has an example");
}
for my $id ('bigint', 'text', 'uuid')
{
	my $all = 'wals_recommend_all' . ($id eq 'text' ? '' : "_$id");
	my %signatures = (
		wals_recommend => "wals_recommend($id, bigint, regclass, ${id}[], ${id}[], boolean, double precision, text, text, double precision, double precision, double precision)",
		wals_recommend_for => "wals_recommend_for(${id}[], double precision[], bigint, regclass, ${id}[], ${id}[], boolean, double precision, text, double precision[])",
		wals_explain => "wals_explain($id, $id, bigint, regclass)",
		wals_recommend_all => "$all(bigint, regclass, boolean, ${id}[], ${id}[], double precision)",
		wals_recommend_users => "wals_recommend_users($id, bigint, regclass, ${id}[], boolean)",
		wals_similar_items => "wals_similar_items($id, bigint, regclass, ${id}[], text)",
		wals_similar_users => "wals_similar_users($id, bigint, regclass, ${id}[], text)");

	is_deeply(
		documented_arguments($_, $id), arguments($signatures{$_}),
		"the arguments of $_, $id") for sort keys %signatures;
}

my $lists = 'name, name, name, double precision, boolean, bigint, regclass, bigint, bigint';
is_deeply(documented_arguments('wals_evaluate'),
	arguments("wals_evaluate(regclass, regclass, bigint[], bigint, $lists)"),
	'the arguments of wals_evaluate');
is_deeply(documented_arguments('wals_tune'),
	arguments('wals_tune(regclass, jsonb, name, name, name, name, name, text, text, bigint, bigint, bigint, text, text, double precision, double precision, bigint, bigint)'),
	'the arguments of wals_tune');
is_deeply(documented_arguments('wals_compare'),
	arguments("wals_compare(regclass, regclass, regclass, bigint, bigint, bigint[], $lists, bigint[], bigint[])"),
	'the arguments of wals_compare');

# Name and type of each column.
sub columns
{
	my ($relation) = @_;

	return [
		map { join ' ', @$_ } query("
			SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
			WHERE attrelid = '$relation'::regclass AND attnum > 0
			ORDER BY attnum")
	];
}

sub documented_columns
{
	return [ map { "$_->[0] $_->[1]" } @_ ];
}

is_deeply(documented_columns(rows($sections{$_}, 'column')),
	columns($_), "the columns of $_")
  for 'wals_models', 'wals_training_log', 'wals_progress', 'wals_tune_progress';

# two tables in one section
my @tables = rows($sections{'Tables of a model'}, 'column');
my @factors = splice @tables, -@{columns('wals_factors_bigint')};
is_deeply(documented_columns(@tables), columns('wals_model'),
	'the columns of wals_model');
for my $id ('bigint', 'text', 'uuid')
{
	my @of_type = map { [@$_] } @factors;

	like($of_type[1][1], qr/\b$id\b/, "ids may be $id");
	$of_type[1][1] = $id;
	is_deeply(documented_columns(@of_type), columns("wals_factors_$id"),
		"the columns of wals_factors_$id");
}

my %settings = map { $_->[0] => $_ } rows($sections{Settings}, 'setting');
my @settings = query("
	LOAD 'wals';
	SELECT s.name, CASE WHEN s.unit IS NULL THEN s.boot_val ELSE current_setting(s.name) END,
		s.context
	FROM pg_settings s WHERE s.name LIKE 'wals.%'");
is_deeply([ sort keys %settings ], [ sort map { $_->[0] } @settings ],
	'the settings');
for my $row (@settings)
{
	my ($name, $default, $context) = @$row;

	is($settings{$name}[2], $default eq '' ? 'empty' : $default,
		"the default of $name");
	is($settings{$name}[4], $context eq 'user' ? 'everybody' : $context,
		"who may set $name");
	like($examples, qr/\b\Q$name\E\b/, "$name has an example");
}

# ---------------------------------------------------------------------------
# Errors
# ---------------------------------------------------------------------------

my $errcodes = slurp_file(
	$node->config_data('--includedir-server') . '/utils/errcodes.h');
my (%raised, @messages);

for my $file (glob "$root/src/*/*.c $root/src/*/*/*.c")
{
	my $source = slurp_file($file);

	while ($source =~ /errcode\(\s*(ERRCODE_\w+)/g)
	{
		my $name = $1;
		$errcodes =~ /#define $name MAKE_SQLSTATE\(((?:'\w',?){5})\)/
		  or die "$file: unknown code $name";
		$raised{ $1 =~ tr/a-zA-Z0-9//cdr } = 1;
	}
	while ($source =~ /errmsg\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)/g)
	{
		my $format = join '', $1 =~ /"((?:[^"\\]|\\.)*)"/g;

		$format =~ s/\\(.)/$1/g;
		push @messages, join '.+', map { quotemeta } split /%\w+/, $format, -1;
	}
}

my %documented = map { $_->[0] =~ /^(\w{5}) \w+$/ ? ($1 => $_->[1]) : () }
  rows($sections{Errors}, 'SQLSTATE');
cmp_ok(scalar keys %raised, '>', 20, 'codes are found in the source');
ok($documented{$_}, "the reference has SQLSTATE $_") for sort keys %raised;
ok( $raised{$_} || $documented{$_} =~ /\(from the server\)/,
	"SQLSTATE $_ is raised")
  for sort keys %documented;

# A heading of Troubleshooting that begins with a small letter is what is said: by
# us, or as an example in its section shows.  What the system says in the course
# of an installation can't be shown.
my %troubles = sections($text{'docs/troubleshooting.md'} =~ s/^## Installing\n.*?^(?=## )//msr);
my %shown = map { $_->{text} =~ /^ERROR:  (.*)$/ ? ($1 => 1) : () }
  blocks('docs/troubleshooting.md', $text{'docs/troubleshooting.md'});
my @sayings = grep { /^[a-z]/ } sort keys %troubles;
cmp_ok(scalar @sayings, '>', 5, 'messages are found');
for my $heading (@sayings)
{
	ok($shown{$heading} || (grep { $heading =~ /^$_$/ } @messages),
		"the server says: $heading");
}

# ---------------------------------------------------------------------------
# Links lead somewhere, and to every page
# ---------------------------------------------------------------------------

my @documents;
find(
	{
		no_chdir => 1,
		wanted => sub {
			return $File::Find::prune = 1 if m{/(?:\.git|build-unit|tmp_check|results|output)$};
			push @documents, $File::Find::name =~ s{^\Q$root\E/}{}r if /\.md$/;
		}
	},
	$root);
my %leads_to;

for my $page (sort @documents)
{
	my $folder = $page =~ m{^(.*/)} ? $1 : '';

	for my $link (slurp_file("$root/$page") =~ /\]\(([^)\s]+)\)/g)
	{
		next if $link =~ /^https?:/;
		my ($path, $anchor) = split /#/, $link, 2;
		my $target = $path eq '' ? $page : "$folder$path";

		1 while $target =~ s{[^/]+/\.\./}{};
		push @{ $leads_to{$page} }, $target;
		ok(-e "$root/$target", "$page: $link is there") or next;
		ok((grep { $_ eq $anchor } anchors(slurp_file("$root/$target"))),
			"$page: $link has its heading")
		  if defined $anchor;
	}
}

my %reached = ('README.md' => 1);
my @ahead = ('README.md');
while (my $page = shift @ahead)
{
	push @ahead, grep { !$reached{$_}++ } @{ $leads_to{$page} // [] };
}
ok($reached{$_}, "README.md leads to $_") for grep { m{^docs/.+\.md$} } sort @documents;

$node->stop;
done_testing();
