# What tests of the documentation have in common: the parts of a page in
# Markdown, and whether psql printed what a page shows.
package Pages;

use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(blocks sections rows anchors is_table shown);

# The blocks of code of a page, in order: tag (the language), line, text,
# heading (of the section of level 2), and superuser, whether a comment "run by
# a superuser" stands in the line above.
sub blocks
{
	my ($page, $text) = @_;
	my @blocks;
	my ($block, $before, $heading, $number) = (undef, '', '', 0);

	for my $line (split /\n/, $text)
	{
		$number++;
		if (!$block && $line =~ /^```(\w+)$/)
		{
			$block = {
				tag => $1,
				line => $number,
				heading => $heading,
				superuser => $before eq '<!-- run by a superuser -->',
				text => ''
			};
		}
		elsif ($block && $line eq '```')
		{
			push @blocks, $block;
			$block = undef;
		}
		elsif ($block)
		{
			$block->{text} .= "$line\n";
		}
		else
		{
			die "$page:$number: a block without a language" if $line =~ /^```/;
			$heading = $1 if $line =~ /^## (.*)$/;
			$before = $line;
		}
	}
	die "$page: a block is not closed" if $block;
	return @blocks;
}

# Headings with what stands below each, down to the next heading.
sub sections
{
	my ($text) = @_;
	my %sections;

	$text =~ s/^```.*?^```$//msg;
	for my $section (split /^(?=#+ )/m, $text)
	{
		$sections{$1} = $section if $section =~ /^#+ (.*)$/m;
	}
	return %sections;
}

# The rows of the tables in a section whose first column is called so, as lists
# of cells without the quotes of code.
sub rows
{
	my ($section, $first) = @_;
	my ($wanted, @rows) = (0);

	for my $line (split /\n/, $section)
	{
		if ($line !~ /^\|/)
		{
			$wanted = 0;
			next;
		}
		my @cells = split /\s*(?<!\\)\|\s*/, $line =~ s/^\|\s*//r;
		s/`//g for @cells;
		if ($cells[0] eq $first)
		{
			$wanted = 1;
		}
		elsif ($wanted && $cells[0] !~ /^-/)
		{
			push @rows, \@cells;
		}
	}
	return @rows;
}

# The names by which links reach the headings of a page.
sub anchors
{
	my ($text) = @_;

	$text =~ s/^```.*?^```$//msg;
	return map { lc s/[^\w\s-]//gr =~ s/\s/-/gr } $text =~ /^#+ (.*)$/mg;
}

# Does this part of a page show a table as psql prints one?
sub is_table
{
	return $_[0] =~ /\A.*\n-+(?:\+-+)*\s*$/m;
}

# Are all tables of a block, parted by empty lines, in the output of psql, each
# whole, and in this order?  Trailing blanks do not count.
sub shown
{
	my ($block, $out) = @_;
	my $place = 0;

	$out =~ s/ +$//mg;
	for my $table (split /\n{2,}/, $block =~ s/ +$//mgr)
	{
		$table =~ s/\n+\z//;
		my $found = index "\n$out", "\n$table\n(", $place;
		return 0 if $found < 0;
		$place = $found + 1;
	}
	return 1;
}

1;
