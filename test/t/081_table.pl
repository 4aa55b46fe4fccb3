# demo/run --table reads what programs write: which columns it takes, what it makes
# of the values, what it says when it can't.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $program = "$FindBin::RealBin/../../demo/read-table";
plan skip_all => 'no demo/read-table here' unless -x $program;

my $folder = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;

my $number = 0;

# Write the bytes to a file, run the program on it.
sub run_program
{
	my ($action, $bytes, @options) = @_;
	my $file = "$folder/" . ++$number . '.csv';
	my ($out, $err);

	open my $handle, '>:raw', $file or die $!;
	print $handle $bytes;
	close $handle;
	my $ok = IPC::Run::run([ $program, $action, $file, @options ],
		'<', \undef, '>', \$out, '2>', \$err);
	return ($ok, $out, $err);
}

# What is chosen, as "user item value time" (column or -), and the rows the table
# gets, users, items, values and times parted by blanks.
sub reads
{
	my ($what, $bytes, $choice, $rows, %more) = @_;
	my @options = @{ $more{options} // [] };
	my ($ok, $out, $err) = run_program('check', $bytes, @options);

	ok($ok, "$what: is understood") or diag($err);
	my %chosen = $out =~ /^    (\w+)s +"(.*)", /mg;
	is(join(' ', map { $chosen{$_} // '-' } 'user', 'item', 'value', 'time'), $choice, "$what: columns");
	like($out, $more{says}, "$what: what is said of it") if $more{says};

	($ok, $out, $err) = run_program('load', $bytes, @options, '--sql', "$folder/load.sql");
	ok($ok, "$what: is read") or diag($err);
	like($err, $more{notes}, "$what: what is noted") if $more{notes};
	unlike($err, qr/line|rows have|column/, "$what: nothing is noted") unless $more{notes};
	append_to_file("$folder/load.sql", "SELECT * FROM ratings;\n");
	IPC::Run::run(
		[
			'psql', '-XAtq', '-F', ' ', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'),
			'-c', 'SET client_min_messages = warning',
			'-c', 'DROP TABLE IF EXISTS raw, ratings',
			'-c', 'CREATE TABLE raw (u text, i text, v text, t text)',
			'-c', 'COPY raw FROM STDIN', '-f', "$folder/load.sql"
		],
		'<', \$out, '>', \my $table, '2>', \$err);
	is($table, join('', map { "$_\n" } @$rows), "$what: rows") or diag($err);
}

sub refuses
{
	my ($what, $bytes, $message, @options) = @_;
	my ($ok, $out, $err) = run_program('check', $bytes, @options);

	($ok, $out, $err) = run_program('load', $bytes, @options, '--sql', "$folder/load.sql")
	  if $ok;
	ok(!$ok, "$what: is refused");
	like($err, $message, "$what: the message");
}

# ---------------------------------------------------------------------------
# Which columns
# ---------------------------------------------------------------------------

reads('names in another order', "timestamp,user_id,item_id,rating\n1000000000,1,10,4\n1000000001,2,11,5\n",
	'user_id item_id rating timestamp',
	[ '1 10 4 2001-09-09 01:46:40+00', '2 11 5 2001-09-09 01:46:41+00' ], says => qr/by its name/);
reads('other names', "InvoiceNo,StockCode,Quantity,Customer ID,InvoiceDate\nA1,S1,6,17850,2010-12-01 08:26\n",
	'Customer ID StockCode Quantity InvoiceDate', ['17850 S1 6 2010-12-01 08:26:00+00']);
reads('the better of two names', "title,movieId,userId\nAlien,7,3\n", 'userId movieId - -', ['3 7']);
reads('names nobody knows', "a,b,c\nx,y,2\nz,y,3\n", 'a b c -', [ 'x y 2', 'z y 3' ], says => qr/by its place/);
reads('what is left is no value by chance', "user,item,year,pages\n1,2,1999,300\n", 'user item - -', ['1 2']);
reads('one column is left', "user,item,grade\n1,2,7\n", 'user item grade -', ['1 2 7']);
reads('given', "a,b,c,d\n1,2,3,4\n", 'd c - -', ['4 3'],
	options => [ '--user-col', 'd', '--item-col', 'c', '--value-col', 'none' ]);
reads('given by number, in any case', "a,B,c\n1,2,3\n", 'c B - -', ['3 2'],
	options => [ '--user-col', 3, '--item-col', 'b', '--value-col', 'none' ]);
reads('an index of pandas', ",user,item\n0,7,a\n1,8,b\n", 'user item - -', [ '7 a', '8 b' ]);
reads('an index that was saved twice', "Unnamed: 0,a,b\n0,7,x\n1,8,y\n", 'a b - -', [ '7 x', '8 y' ]);
reads('numbers of rows', "id,a,b\n1,7,x\n2,7,y\n", 'a b - -', [ '7 x', '7 y' ]);
reads('ids that are called so', "id,what\n1,x\n2,y\n", 'id what - -', [ '1 x', '2 y' ]);
reads('a name and a title', "behavior,user-id,game-title\nplay,5,Portal\n", 'user-id game-title - -', ['5 Portal']);
reads('a time in front, without names', "1000000000,7,x\n1000000001,7,y\n", 'column 2 column 3 - column 1',
	[ '7 x 2001-09-09 01:46:40+00', '7 y 2001-09-09 01:46:41+00' ]);
reads('row names of R', "who\twhat\n1\tann\tx\n2\tben\ty\n", 'who what - -', [ 'ann x', 'ben y' ]);

# ---------------------------------------------------------------------------
# Lines
# ---------------------------------------------------------------------------

reads('semicolons, BOM, CRLF', "\xef\xbb\xbfuser;item\r\n1;2\r\n", 'user item - -', ['1 2']);
reads('tabs without names', "196\t242\t3\t881250949\n186\t302\t3\t891717742\n",
	'column 1 column 2 column 3 column 4',
	[ '196 242 3 1997-12-04 15:55:49+00', '186 302 3 1998-04-04 19:22:22+00' ], says => qr/no line with names/);
reads('two colons', "1::1193::5::978300760\n1::661::3::978302109\n", 'column 1 column 2 column 3 column 4',
	[ '1 1193 5 2000-12-31 22:12:40+00', '1 661 3 2000-12-31 22:35:09+00' ]);
reads('bars', "user|item|stars\n1|a, b|5\n2|c|4\n", 'user item stars -', [ '1 a, b 5', '2 c 4' ]);
reads('texts without names', "ann,Alien\nben,Dune\nann,Dune\n", 'column 1 column 2 - -',
	[ 'ann Alien', 'ben Dune', 'ann Dune' ]);
reads('texts without names, told', "ann,Alien\nben,Dune\n", 'column 1 column 2 - -',
	[ 'ann Alien', 'ben Dune' ], options => ['--no-header']);
reads("Excel's first line", "sep=;\r\nuser;item\r\n1;2\r\n", 'user item - -', ['1 2']);
reads('Latin-1', "user,item\nJos\xe9,caf\xe9\n", 'user item - -', ["Jos\xc3\xa9 caf\xc3\xa9"], notes => qr/line 2 is not UTF-8/);
reads('UTF-16', "\xff\xfe" . join('', map { "$_\0" } split //, "user\titem\n1\t2\n"), 'user item - -', ['1 2']);
reads('ends of lines of old', "user,item\r1,2\r3,4\r", 'user item - -', [ '1 2', '3 4' ]);
reads('quotes', qq{"user","what, exactly"\n"a ""b""","x, y"\n"c","two\nlines"\n5" pipe,z\n}, 'user what, exactly - -',
	[ 'a "b" x, y', "c two\nlines", '5" pipe z' ]);
reads('backslashes and tabs', qq{user,item\na\\b,"c\td"\n}, 'user item - -', [qq{a\\b c\td}]);
reads('lines of other lengths', "user,item\n1,2\n3\n4,5,6\n7,8,\n", 'user item - -', [ '1 2', '7 8' ],
	notes => qr/2 lines do not have 2 columns.*line 3/);
{
	my $plain = "user,item\n1,2\n";
	my ($packed, $err) = ('');
	IPC::Run::run([ 'gzip', '-c' ], '<', \$plain, '>', \$packed, '2>', \$err);
	reads('gzip, whatever it is called', $packed, 'user item - -', ['1 2']);
	refuses('half of it', substr($packed, 0, length($packed) - 6), qr/unpacked/);
}

# ---------------------------------------------------------------------------
# Values
# ---------------------------------------------------------------------------

reads('nothing in many words', join("\n", 'user,item,rating', '1,2,NA', '1,3,NULL', '1,4,', 'NA,5,1', '6,,1', '7,8,2.5', ''),
	'user item rating -', [ '1 2 ', '1 3 ', '1 4 ', '7 8 2.5' ], notes => qr/2 rows have no user or no item/);
reads('a quoted NA is a text', qq{user,item\n"NA",1\nx,2\n}, 'user item - -', [ 'NA 1', 'x 2' ]);
reads('decimal commas', "user;item;value\n1;2;13883,50\n1;3;13,883\n1;4;1.234,5\n1;5;7\n1;6;1.500\n", 'user item value -',
	[ '1 2 13883.5', '1 3 13.883', '1 4 1234.5', '1 5 7', '1 6 1500' ], notes => qr/decimal commas/);
reads('commas between thousands', qq{user,item,value\n1,2,"13,883"\n1,3,"1,234,567.5"\n1,4,7.25\n}, 'user item value -',
	[ '1 2 13883', '1 3 1234567.5', '1 4 7.25' ], notes => qr/thousands/);
reads('powers of ten', "user,item,value\n1,2,1e-400\n1,3,2.5E1\n", 'user item value -', [ '1 2 0', '1 3 25' ]);
reads('too large a number', "user,item,value\n1,2,1e39\n", 'user item value -', ['1 2'], notes => qr/'1e39' \(line 2\)/);
reads('no number', "user,item,rating\n1,2,good\n", 'user item rating -', ['1 2'],
	notes => qr/"rating" has 'good' \(line 2\), which is no number, so it is left out/);
reads('numbers that were fractions', "user,item\n1.0,x\n2.0,y\n", 'user item - -', [ '1 x', '2 y' ]);
reads('numbers with zeros in front', "user,item\n007,x\n8,y\n", 'user item - -', [ '007 x', '8 y' ]);
reads('milliseconds', "user,item,timestamp\n1,2,1000000000000\n", 'user item - timestamp', ['1 2 2001-09-09 01:46:40+00']);
reads('dates', "user,item,date\n1,2,2024-02-29\n", 'user item - date', ['1 2 2024-02-29 00:00:00+00']);
reads('a date there is not', "user,item,date\n1,2,2023-02-29\n", 'user item - date', ['1 2'],
	notes => qr/"date" has '2023-02-29' \(line 2\).*left out/);

# ---------------------------------------------------------------------------
# What can't be read
# ---------------------------------------------------------------------------

refuses('an empty file', '', qr/is empty/);
refuses('blank lines', "\n\n", qr/is empty/);
refuses('only names', "user,item\n", qr/names its columns and has no rows/);
refuses('one column', "user\n1\n2\n", qr/one column.*commas, semicolons, tabs/);
refuses('a workbook', "PK\x03\x04....", qr/save the sheet as CSV/);
refuses('no text', "user\0item", qr/not a text file/);
refuses('no such column', "a,b\n1,2\n", qr/--user-col: there is no column "c"; the columns are "a", "b"/, '--user-col', 'c');
refuses('one column for two', "a,b\n1,2\n", qr/"a" is the user column already/, '--user-col', 'a', '--item-col', 'a');
refuses('two columns of a name', "a,b,b\n1,2,3\n", qr/two columns "b"; say which by its number, 2 or 3/, '--item-col', 'b');
refuses('decimal commas between commas', "user,item,rating\n1,2,3,5\n1,3,4,5\n", qr/4 columns, the first names 3; decimal commas/);
refuses('a value that must be one', "user,item,x\n1,2,good\n", qr/--value-col: column "x" has 'good'/, '--value-col', 'x');
refuses('a time that must be one', "user,item,x\n1,2,12\/1\/10\n", qr/--time-col: column "x" has '12\/1\/10'/, '--time-col', 'x');
refuses('a quote without an end', qq{user,item\n1,"2\n3,4\n}, qr/line 2: a quote is not closed/);
refuses('no users', "user,item\nNA,1\nNA,2\n", qr/no row has a user and an item/);

# ---------------------------------------------------------------------------
# What is shown of small and odd tables
# ---------------------------------------------------------------------------

sub shows
{
	my ($what, $bytes, @patterns) = @_;
	my $database = 'shows_' . ++$number;
	my ($ok, $out, $err) = run_program('load', $bytes, '--sql', "$folder/load.sql");

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	append_to_file("$folder/load.sql", slurp_file("$FindBin::RealBin/../../demo/table.sql"));
	$ok = IPC::Run::run(
		[
			'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database),
			'-c', 'CREATE TABLE raw (u text, i text, v text, t text)',
			'-c', 'COPY raw FROM STDIN', '-f', "$folder/load.sql"
		],
		init => sub { chdir $folder },
		'<', \$out, '>', \my $shown, '2>', \$err);
	ok($ok, "$what: is shown") or diag($err);
	like($shown, $_, "$what: $_") or diag($err) for @patterns;
	ok(-s "$folder/map.svg", "$what: has a map");
	unlink "$folder/map.svg";
}

my $block = "user,item,rating,time\n";
for my $user (1 .. 40)
{
	for my $item (1 .. 30)
	{
		$block .= "$user,i$item," . (1 + $item % 5) . ',' . (1600000000 + ($user * 7919 + $item * 104729) % 1000000) . "\n"
		  if $user % 3 == $item % 3 && ($user * 31 + $item * 17) % 5 < 4;
	}
}
shows('three tastes', $block, qr/newest item of each user/, qr/^ recall\@3 /m, qr/^The model is better than popularity\.$/m);
shows('two users', "user,item\n1,2\n1,3\n2,2\n2,3\n", qr/might like/);
shows('hardly anything', "user,item,time\n1,2,2026-01-01\n1,3,2026-01-02\n2,2,2026-01-03\n2,3,2026-01-04\n", qr/too little to hide/);
shows('names that are quoted', qq{user,item\n"a 'b""",":x"\nb,"c\nd"\n"a 'b""","c\nd"\n}, qr/might like/);
shows('values that are missing, and dislikes', "user,item,rating,time\n1,2,NA,NA\n1,3,4,\n1,5,2,\n2,3,-1,1600000000\n2,4,0,1600000001\n2,5,1,1600000002\n",
	qr/might like/, qr/too little to hide/);
shows('all alike', join("\n", 'user,item', map { my $user = $_; map { "$user,$_" } 1 .. 12 } 1 .. 12),
	qr/^The model is not clearly better/m);

$node->stop;
done_testing();
