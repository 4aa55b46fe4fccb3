# Values for the fuzzer: of SQL types, of arguments by their names, of columns.
# Most arguments are sensible, or no call would come far; most values of columns
# are not.  What is random comes from Perl's rand.
package Values;

use strict;
use warnings;

use Exporter 'import';
our @EXPORT = qw(pick chance quote models sources relations column_value argument user_id item_id);

sub pick { return $_[ int rand @_ ] }
sub chance { return rand() < $_[0] }

sub quote
{
	my ($value) = @_;

	return 'NULL' unless defined $value;
	return "'" . $value =~ s/'/''/gr . "'";
}

# Models of world.sql and of what may be trained later, with their type of ids.
# new is never there at first, and copy only if somebody made one
my %id_type = (
	(map { $_ => 'bigint' } qw(mi mx mb mp mv mw mm copy new)),
	mt => 'text',
	mu => 'uuid');
my @models = sort keys %id_type;
my @sources = qw(s_int s_big s_text s_uuid s_part s_view few);
my @relations = (
	@models, @sources, (map { ("${_}_users", "${_}_items") } @models),
	qw(row_w col_w labels imp_users imp_items mi_queue mt_queue s_part_0 s_part_1 mi_pkey mi_items_pkey
	s_int_pair pg_class pg_statistic wals_models aside.elsewhere));

# some of them only at times
sub models { return grep { !/^(copy|new)$/ || chance(0.15) } @models }
sub sources { return @sources }
sub relations { return @relations }

sub user_id
{
	my ($type) = @_;
	my $n = 1 + int rand(chance(0.02) ? 70 : 60);

	return $type eq 'bigint' ? $n : $type eq 'text' ? "u$n" : "md5('u$n')::uuid";
}

sub item_id
{
	my ($type) = @_;
	my $n = 1 + int rand(chance(0.02) ? 40 : 25);

	return $type eq 'bigint' ? $n : $type eq 'text' ? "i$n" : "md5('i$n')::uuid";
}

sub _id_literal
{
	my ($type, $side) = @_;
	my $id = $side eq 'user' ? user_id($type) : item_id($type);

	return $type eq 'text' ? quote($id) : $id;
}

my %odd = (
	integer => [qw(NULL 0 1 -1 2 3 4 5 8 9 64 1024 1025 2147483647 -2147483648)],
	bigint => [qw(NULL 0 1 -1 7 1000 4294967296 9223372036854775807 -9223372036854775808)],
	real => [qw(NULL 0 1 -1 0.5 3e38 -3e38 1e-45), map { "'$_'" } qw(NaN Infinity -Infinity -0)],
	'double precision' => [qw(NULL 0 1 -1 0.5 2 1e300 -1e300 1e-320), map { "'$_'" } qw(NaN Infinity -Infinity)],
	boolean => [qw(NULL true false)],
	text => ['NULL', map { quote($_) } ('', 'x', 'implicit', 'explicit', 'weighted', "\xc3\xa9'\"", 'a' x 3000)],
	name => ['NULL', map { quote($_) } ('', qw(user_id item_id value weight at alt txt uid ctid tableoid xmin id version factors twice),
		'user_id = 1 OR true --', 'x' x 63)],
	uuid => ['NULL', 'gen_random_uuid()', quote('00000000-0000-0000-0000-000000000000'),
		map { "(SELECT version_id FROM $_ LIMIT 1)" } qw(mi mx mt)],
	'timestamp with time zone' => ['NULL', map { quote($_) } qw(infinity -infinity epoch), 'now()', "'2026-01-05'"],
	interval => ['NULL', map { quote($_) } ('0', '1 day', '-1 day', '1 month', '178000000 years', '1 microsecond')],
	'real[]' => [],
	'double precision[]' => ['NULL', map { quote($_) } '{}', '{1,2}', '{{1,2},{3,NaN}}', '{NULL}', '[5:6]={1,-1}', '{Infinity,1e308}'],
	jsonb => [
		'NULL',
		map { quote($_) } '{}', '[]', 'null', '"x"', '1', '{"factors": -1}', '{"feedback": "explicit"}', '{"chosen": 7}',
		'{"weighting": "log", "alpha": "NaN"}', '{"regularization": [1]}', '{"ndcg@10": {"value": 1e300}}', '{"": null}',
		'{"metrics": {"ndcg@10": "NaN"}}', '{"a": ' . ('[' x 50) . (']' x 50) . '}'
	]);

my @option_names = qw(factors iterations regularization reg_exponent unobserved_weight unobserved_weighting popularity_exponent
  weighting alpha epsilon row_weight_exponent col_weight_exponent weight_normalize row_weights col_weights half_life duplicates
  min_user_rows min_item_rows biases tolerance max_seconds seed solver cg_steps holdout holdout_seed holdout_seen chosen warm_start w0);
my @option_values = ('null', '0', '1', '-1', '2', '1e308', '-1e-308', '"NaN"', '"Infinity"', 'true', '"x"', '[]', '{}', '"log"', '"linear"',
	'"popularity"', '"s_text"', '"row_w"', '"pg_authid"', '"1 day"', '"explicit"', '1e400', '99999999999999999999');

sub _vector
{
	my ($k) = @_;

	return quote('{' . join(',', map { pick(0, 1, -1, 0.5, int(rand 100) / 100) } 1 .. $k) . '}');
}

# A value for a column of a model's tables: anything its type can hold.
sub column_value
{
	my ($type, $column) = @_;

	if ($type eq 'real[]')
	{
		return pick('NULL', _vector(pick(0 .. 9, 1024, 1100)), _vector(pick(3 .. 8)),
			map { quote($_) } '{}', '{{1,2},{3,4}}', '{{1,2,3,4}}', '{1,NULL,3,4}', '{1,NaN,3,4}', '{1,2,Infinity,4}',
			'[0:3]={1,2,3,4}', '{3e38,3e38,3e38,3e38}', '{1e-45,0,-0,1e-40}', '{0,0,0,0}');
	}
	if ($type eq 'regclass')
	{
		return pick(0, 4294967295, 1, 'NULL', map { quote(pick(@relations)) } 1 .. 8);
	}
	if ($type eq 'jsonb' && $column eq 'options' && chance(0.75))
	{
		my $name = pick(@option_names);

		return "options - '$name'" if chance(0.1);
		return "jsonb_set(options, '{$name}', " . quote(pick(@option_values)) . ')';
	}
	return pick(@{ $odd{$type} // ['NULL'] });
}

my %words = (
	cold_start => [qw(popular none error)],
	fold_in => [qw(auto always never)],
	feedback => [qw(implicit explicit weighted)],
	solver => [qw(auto cholesky cg block)],
	activate => [qw(yes no if_better)],
	trials_table => [qw(tried tried figures)],
	results_table => [qw(figures figures tried)],
	characters => [qw(auto unicode ascii)],
	weighting => [qw(constant linear log counts none)],
	unobserved_weighting => [qw(uniform popularity)],
	duplicates => [qw(sum max avg last error)],
	holdout => [qw(hash leave_last last)],
	search => [qw(auto grid random halving model)],
	metric => [qw(ndcg recall@5 precision map@3 auc rmse mae ndcg@10 loss)]);
# no refresh and no forgetting has other words
my @item_words = qw(new touched rated all);

# Small, or a call would take too long; the others are anything.
my %small = (
	factors => [ 1 .. 9, 0, -1 ],
	iterations => [ 1, 2, 1, 2, 0 ],
	trials => [ 1, 2, 3, 0 ],
	n => [ 0, 1, 3, 10, 10, 30, 'NULL', -1, 2147483647 ],
	k => [ 1, 5, 10 ],
	version => [ 1, 2, 2, 3, 'NULL', -5 ],
	version_a => [ 1, 2, 'NULL' ],
	version_b => [ 1, 2, 'NULL' ],
	keep => [ 1, 2, 3, 0 ],
	keep_versions => [ 1, 2, 3, 2, 0 ],
	max_users => [ 1, 10, 10000, 0 ],
	negatives => [ 1, 10, 100, 'NULL', 0 ],
	min_user_rows => [ 1, 1, 2, 1000 ],
	min_item_rows => [ 1, 1, 2, 1000 ],
	cg_steps => [ 1, 3, 0 ],
	max_seconds => [ 'NULL', 1, 0 ],
	width => [ 72, 100, 200, 300, 640, 10, 100000 ],
	height => [ 12, 20, 100, 240, -1 ],
	seed => [ 0, 1, -1 ],
	min_new_rows => [ 0, 1, 100000 ]);
my %numbers = (
	fraction => [ 0.1, 0.5, 0, 1 ],
	margin => [ 0, 0.1, -1 ],
	holdout => [ 'NULL', 0.1, 0.3 ],
	explore => [ 0, 0.1, 5 ],
	diversity => [ 0, 0.5, 1 ],
	popularity_penalty => [ 0, 0.2, 3 ],
	regularization => [ 'NULL', 0.1, 2, 0 ],
	min_score => [ 'NULL', 0, 0.1, -10 ]);
my %columns = (
	user_col => ['user_id'],
	item_col => ['item_id'],
	value_col => [ 'value', 'value', undef ],
	weight_col => [ 'weight', undef, undef ],
	time_col => [ 'at', undef, undef ],
	id_col => ['id'],
	label_col => [ 'name', 'other' ]);

sub _array
{
	my ($element, $one) = @_;
	my @elements = map { $one->() } 1 .. pick(1, 2, 3, 5, 8);

	push @elements, 'NULL' if chance(0.1);
	push @elements, $elements[0] if chance(0.1);
	return "NULL::${element}[]" if chance(0.1);
	return "ARRAY[]::${element}[]" if chance(0.1);
	return "ARRAY[[$elements[0]], [$elements[-1]]]::${element}[]" if chance(0.04);
	return "array_fill($elements[0]::$element, '{3000}')" if chance(0.02);
	return 'ARRAY[' . join(', ', @elements) . "]::${element}[]";
}

# An argument for a function asked about a model with these ids.
sub argument
{
	my ($name, $type, $model, $id_type, $for) = @_;
	my $side = $name =~ /^user/ ? 'user' : 'item';

	return 'NULL' if chance(0.03);
	if ($type =~ /^(bigint|text|uuid)$/ && $name =~ /^(user_id|item_id)$/)
	{
		return pick(grep { !/random/ } @{ $odd{$type} }) . "::$type" if chance(0.02);
		return _id_literal($id_type, $side) . "::$type" if $type eq $id_type || $type eq 'text';
		return _id_literal($type, $side) . "::$type";
	}
	if ($type =~ /^(bigint|text|uuid)\[\]$/)
	{
		my $element = $1;

		return _array($element, sub { _id_literal($element eq 'text' ? $id_type : $element, $side) });
	}
	if ($type eq 'real[]')
	{
		return _array('real', sub { chance(0.05) ? pick(@{ $odd{real} }) : pick(1, 2, 0.5, 5, 0) });
	}
	if ($type eq 'integer[]')
	{
		return pick("'{10}'", "'{1,5}'", "'{}'", "'{NULL}'", "'{{1},{2}}'", "'{0}'", "'{2147483647}'");
	}
	if ($type eq 'regclass' || ($name eq 'model' && $type eq 'text'))
	{
		my @good =
			$name =~ /^model/ ? ($model)
		  : $name eq 'source' ? (@sources)
		  : $name eq 'test' ? (qw(few few s_int s_text s_uuid))
		  : $name eq 'users' ? ("${model}_users", 'imp_users')
		  : $name eq 'items' ? ("${model}_items", 'imp_items')
		  : $name =~ /weights/ ? (qw(NULL row_w col_w))
		  : (qw(labels few NULL));
		my $relation = chance(0.1) ? pick(@relations) : pick(@good);

		return 'NULL' if $relation eq 'NULL';
		return quote($relation) if $type eq 'text';
		return pick(0, 4294967295) . '::oid::regclass' if chance(0.02);
		return quote($relation) . '::regclass';
	}
	return quote(chance(0.1) ? pick(qw(alt txt uid nothing tableoid)) : pick(@{ $columns{$name} })) . '::name'
	  if $type eq 'name' && $columns{$name};
	return pick(@{ $small{$name} }) . "::$type" if $small{$name} && $type =~ /^(integer|bigint)$/ && !chance(0.03);
	return pick(@{ $numbers{$name} }) . "::$type" if $numbers{$name} && $type =~ /^(real|double precision)$/ && !chance(0.1);
	if ($type eq 'text')
	{
		return quote(pick(@item_words)) if $name eq 'items';
		return quote(pick(qw(cosine dot euclidean together))) if $name eq 'metric' && $for =~ /similar/ && !chance(0.05);
		return quote(pick(@{ $words{$name} })) if $words{$name} && !chance(0.05);
		return pick(@{ $odd{text} });
	}
	if ($type eq 'jsonb' && $name eq 'grid')
	{
		return quote(pick('{"factors": [2, 4], "iterations": 1}', '{"factors": 3, "iterations": 2, "regularization": {"min": 0.01, "max": 1}}',
				'{"factors": 2, "iterations": 1, "weighting": ["log", "linear"]}', '[]', '{"factors": 0}'));
	}
	return pick(@{ $odd{$type} // ['NULL'] }) . "::$type";
}

1;
