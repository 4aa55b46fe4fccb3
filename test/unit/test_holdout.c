/*-------------------------------------------------------------------------
 *
 * test_holdout.c
 *	  The hashes of tests: published values of their parts, values computed in
 *	  another language, and that they spread.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

static uint64_t
hash_text(const char *text, size_t length)
{
	WcId id = {99, text, length};

	return wc_hash_id(WC_ID_BYTES, &id);
}

/* FNV-1a's own test vectors; integers are themselves. */
static void
test_id(void)
{
	WcId number = {-2, "ignored", 7};

	CHECK(hash_text("", 0) == UINT64_C(0xcbf29ce484222325));
	CHECK(hash_text("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	CHECK(hash_text("foobar", 6) == UINT64_C(0x85944171f73967e8));
	CHECK(hash_text("\0\377", 2) == UINT64_C(0x0831c907b4ea2b60));
	CHECK(wc_hash_id(WC_ID_INT64, &number) == UINT64_MAX - 1);
}

static void
test_pair(void)
{
	CHECK(wc_hash_pair(0, 0, 0) == UINT64_C(0x238275bc38fcbe91));
	CHECK(wc_hash_pair(0, 1, 2) == UINT64_C(0x5def8c1f8a9e3322));
	CHECK(wc_hash_pair(0, 2, 1) == UINT64_C(0x51bf25161a05fb1b));
	CHECK(wc_hash_pair(7, 1, 2) == UINT64_C(0x16e639e2c7aae6e3));
	CHECK(wc_hash_pair(-1, (uint64_t) -5, UINT64_C(1) << 62) ==
	      UINT64_C(0xe89eaba04ded7c3f));
}

static void
test_unit(void)
{
	CHECK(wc_hash_unit(0) == 0);
	CHECK(wc_hash_unit(UINT64_MAX) < 1);
	CHECK(wc_hash_unit(UINT64_C(1) << 63) == 0.5);
	CHECK_NEAR(wc_hash_unit(wc_hash_pair(0, 1, 2)), 0.3669364525800283, 1e-15);
}

/*
 * Tenths of 1000 x 1000 pairs of neighbouring numbers: each is near 100,000
 * (300 is one standard deviation), in every row of a user and for every seed.
 */
static void
test_spread(void)
{
	for (int64_t seed = 0; seed < 3; seed++)
	{
		int64_t tenth[10] = {0};
		int64_t together = 0;

		for (uint64_t user = 0; user < 1000; user++)
		{
			int row = 0;

			for (uint64_t item = 0; item < 1000; item++)
			{
				double x = wc_hash_unit(wc_hash_pair(seed, user, item));
				double y = wc_hash_unit(wc_hash_pair(seed + 1, user, item));

				tenth[(int) (10 * x)]++;
				row += x < 0.1;
				together += x < 0.1 && y < 0.1;
			}
			CHECK(row > 50 && row < 155);
		}
		for (int t = 0; t < 10; t++)
			CHECK_NEAR((double) tenth[t], 100000, 1500);
		/* what one seed holds out says nothing about another */
		CHECK_NEAR((double) together, 10000, 500);
	}
}

int
main(void)
{
	test_id();
	test_pair();
	test_unit();
	test_spread();
	return check_report("test_holdout");
}
