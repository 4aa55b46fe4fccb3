/*-------------------------------------------------------------------------
 *
 * generate.c
 *	  Ratings shaped like MovieLens-20M, as binary COPY data on stdout.
 *
 *		generate SCALE | psql -c "COPY ratings FROM STDIN (FORMAT binary)"
 *
 * bench/run fills its table with this.  Scale 1 has 138,493 users, 26,744 items
 * and 20,000,263 ratings: those are the published counts of MovieLens-20M;
 * nothing else is taken from it.  At scale s there are s times the users and
 * ratings, so that a user's row keeps its length, and sqrt(s) times the items.
 *
 * How many ratings a user has, and how popular an item is, are curves through a
 * few knots.  Users and items get their place on the curve by a permutation, so
 * ids say nothing about it.  A user's items are drawn by popularity without
 * replacement; every item is drawn at least once.  Rows come out in an order
 * that has nothing to do with user or item.  There is no structure of taste in
 * it: the data are good for measuring seconds, not quality.
 *
 * Everything is integer arithmetic on fixed seeds: the same scale gives the same
 * rows everywhere.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FULL_USERS 138493
#define FULL_ITEMS 26744
#define FULL_RATINGS 20000263
#define MILLION 1000000
#define MIN_PER_USER 20
#define ITEM_ID_STEP 4 /* item ids have gaps */

typedef struct Knot
{
	int64_t place; /* millionths of the way from first to last */
	int64_t value;
} Knot;

/* Ratings of a user, fewest first. */
static const Knot user_curve[] = {
    {0, 20},        {100000, 26},   {250000, 39},   {500000, 80},
    {750000, 150},  {900000, 290},  {950000, 440},  {990000, 960},
    {999000, 2300}, {999900, 4700}, {1000000, 9000}};

/* Weight of an item in a draw, most popular first. */
static const Knot item_curve[] = {
    {0, 160000},   {374, 100000},  {1500, 52000}, {3740, 29000}, {11200, 12700},
    {37400, 4300}, {100000, 1150}, {150000, 500}, {250000, 170}, {374000, 58},
    {500000, 21},  {750000, 6},    {1000000, 1}};

typedef struct Rating
{
	int32_t user;
	int32_t item;
	int32_t halves; /* stars times two, 1 to 10 */
} Rating;

static void *
allocate(int64_t count, size_t size)
{
	void *block = calloc((size_t) count, size);

	if (block == NULL)
	{
		fprintf(stderr, "generate: out of memory\n");
		exit(1);
	}
	return block;
}

/* splitmix64 (Steele, Lea and Flood 2014) */
static uint64_t
mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/*
 * A permutation of 0 .. count - 1: steps that can be undone on the next power
 * of two, repeated until the result is in range.
 */
static int64_t
permute(int64_t x, int64_t count)
{
	int bits = 2;
	uint64_t mask;
	uint64_t y = (uint64_t) x;

	while ((INT64_C(1) << bits) < count)
		bits++;
	mask = (UINT64_C(1) << bits) - 1;
	do
	{
		for (int round = 0; round < 3; round++)
		{
			y = (y * UINT64_C(0x9e3779b97f4a7c15) + 12345) & mask;
			y ^= y >> (bits / 2);
		}
	} while (y >= (uint64_t) count);
	return (int64_t) y;
}

/* The curve at place millionths, linear between knots. */
static int64_t
curve_at(const Knot *knot, int64_t place)
{
	while (place > knot[1].place)
		knot++;
	return knot[0].value + (knot[1].value - knot[0].value) *
	                           (place - knot[0].place) /
	                           (knot[1].place - knot[0].place);
}

static int64_t
place_of(int64_t rank, int64_t count)
{
	return count > 1 ? rank * MILLION / (count - 1) : 0;
}

static int64_t
square_root(int64_t x)
{
	int64_t low = 0;
	int64_t high = INT64_C(3000000000);

	while (low < high)
	{
		int64_t middle = (low + high + 1) / 2;

		if (middle * middle <= x)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* Ratings per user, from the curve, stretched so that they add up to total. */
static int32_t *
user_counts(int64_t users, int64_t items, int64_t total)
{
	int32_t *count = allocate(users, sizeof(int32_t));
	int64_t most = items / 2;
	int64_t above = 0;
	int64_t sum = 0;

	for (int64_t u = 0; u < users; u++)
		above += curve_at(user_curve, place_of(u, users)) - MIN_PER_USER;
	for (int64_t u = 0; u < users; u++)
	{
		int64_t rank = permute(u, users);
		int64_t n = curve_at(user_curve, place_of(rank, users)) - MIN_PER_USER;

		n = MIN_PER_USER + n * (total - MIN_PER_USER * users) / above;
		count[u] = (int32_t) (n < most ? n : most);
		sum += count[u];
	}
	for (int64_t u = 0; sum < total; u = (u + 1) % users)
	{
		/* Never the shortest rows: their length is part of the shape. */
		if (count[u] > MIN_PER_USER && count[u] < most)
		{
			count[u]++;
			sum++;
		}
	}
	return count;
}

/* Draw until the user's row is full.  seen[item] is the last user who had it. */
static Rating *
draw_row(int64_t user, int64_t users, int64_t items, int32_t wanted,
         const uint64_t *cumulated, int32_t *seen, Rating *to)
{
	uint64_t state = mix((uint64_t) user);
	uint64_t total = cumulated[items - 1];
	int64_t given = user; /* items every user in turn is given */

	while (wanted > 0)
	{
		int64_t item = given;
		uint64_t taste;

		state = mix(state);
		if (given < items)
			given += users;
		else
		{
			uint64_t ticket = ((state >> 32) * total) >> 32;
			int64_t high = items - 1;

			item = 0;
			while (item < high)
			{
				int64_t middle = (item + high) / 2;

				if (cumulated[middle] > ticket)
					high = middle;
				else
					item = middle + 1;
			}
		}
		if (seen[item] == user + 1)
			continue;
		seen[item] = (int32_t) (user + 1);
		taste = 2 + mix((uint64_t) item) % 4 + mix(~(uint64_t) user) % 4 +
		        (state & 3);
		to->user = (int32_t) user;
		to->item = (int32_t) item;
		to->halves = (int32_t) (taste <= 10 ? taste : 10);
		to++;
		wanted--;
	}
	return to;
}

static void
put_big_endian(unsigned char **to, uint32_t value, int bytes)
{
	for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
		*(*to)++ = (unsigned char) (value >> shift);
}

static void
put_field(unsigned char **to, uint32_t value)
{
	put_big_endian(to, 4, 4);
	put_big_endian(to, value, 4);
}

/* The file format of COPY (FORMAT binary): user int4, item int4, rating float4 */
static void
write_ratings(const Rating *ratings, int64_t total)
{
	static const unsigned char head[19] = "PGCOPY\n\377\r\n";
	unsigned char row[32];
	unsigned char *end;

	fwrite(head, 1, sizeof(head), stdout);
	for (int64_t i = 0; i < total; i++)
	{
		const Rating *rating = &ratings[permute(i, total)];
		float stars = (float) rating->halves / 2;
		uint32_t image;

		memcpy(&image, &stars, sizeof(image));
		end = row;
		put_big_endian(&end, 3, 2);
		put_field(&end, (uint32_t) rating->user + 1);
		put_field(&end, (uint32_t) (rating->item * ITEM_ID_STEP + 1 +
		                            rating->item % ITEM_ID_STEP));
		put_field(&end, image);
		fwrite(row, 1, (size_t) (end - row), stdout);
	}
	end = row;
	put_big_endian(&end, UINT16_MAX, 2);
	fwrite(row, 1, (size_t) (end - row), stdout);
}

/* A decimal fraction in millionths, 0 if it is none. */
static int64_t
parse_scale(const char *text)
{
	int64_t value = 0;
	int64_t unit = MILLION;

	for (; *text >= '0' && *text <= '9' && value < 100 * MILLION; text++)
		value = value * 10 + (*text - '0') * MILLION;
	if (*text == '.')
	{
		for (text++; *text >= '0' && *text <= '9'; text++)
		{
			unit /= 10;
			value += (*text - '0') * unit;
		}
	}
	return *text == '\0' ? value : 0;
}

int
main(int argc, char **argv)
{
	int64_t scale = argc == 2 ? parse_scale(argv[1]) : 0;
	int64_t users;
	int64_t items;
	int64_t total;
	int32_t *count;
	int32_t *seen;
	uint64_t *cumulated;
	uint64_t sum = 0;
	Rating *ratings;
	Rating *to;

	if (scale < MILLION / 1000 || scale > 20 * MILLION)
	{
		fprintf(stderr, "usage: generate SCALE, from 0.001 to 20\n");
		return 2;
	}
	users = FULL_USERS * scale / MILLION;
	items = square_root((int64_t) FULL_ITEMS * FULL_ITEMS * scale / MILLION);
	total = FULL_RATINGS * scale / MILLION;

	count = user_counts(users, items, total);
	cumulated = allocate(items, sizeof(uint64_t));
	seen = allocate(items, sizeof(int32_t));
	ratings = allocate(total, sizeof(Rating));
	for (int64_t j = 0; j < items; j++)
	{
		int64_t place = place_of(permute(j, items), items);

		sum += (uint64_t) curve_at(item_curve, place);
		cumulated[j] = sum;
	}
	to = ratings;
	for (int64_t u = 0; u < users; u++)
		to = draw_row(u, users, items, count[u], cumulated, seen, to);
	write_ratings(ratings, total);
	if (fflush(stdout) != 0 || ferror(stdout))
	{
		fprintf(stderr, "generate: can't write\n");
		return 1;
	}
	free(count);
	free(cumulated);
	free(seen);
	free(ratings);
	return 0;
}
