/*-------------------------------------------------------------------------
 *
 * test_choose.c
 *	  The number of factors and the regularization of a training without either,
 *	  and what the regularization goes by.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "check.h"

static void
test_factors(void)
{
	int32_t before = 0;

	/* One for ten of the fewer, in steps. */
	CHECK(wc_factors_choose(WC_IMPLICIT, 2, 3) == 64);
	CHECK(wc_factors_choose(WC_IMPLICIT, 799, 5000) == 64);
	CHECK(wc_factors_choose(WC_IMPLICIT, 800, 5000) == 96);
	CHECK(wc_factors_choose(WC_IMPLICIT, 5000, 800) == 96);
	CHECK(wc_factors_choose(WC_IMPLICIT, 1280, 1280) == 128);
	CHECK(wc_factors_choose(WC_WEIGHTED, 2560, 1000000) == 256);
	CHECK(wc_factors_choose(WC_IMPLICIT, 5120, 5120) == 512);
	CHECK(wc_factors_choose(WC_IMPLICIT, INT32_MAX, INT32_MAX) == 512);
	CHECK(wc_factors_choose(WC_EXPLICIT, 5120, 5120) == 64);
	for (int32_t rows = 1; rows < 10000; rows += 7)
	{
		int32_t factors = wc_factors_choose(WC_IMPLICIT, rows, 20000);

		CHECK(factors >= before && factors % WC_FACTORS_STEP == 0);
		CHECK(factors >= WC_FACTORS_LEAST && factors <= WC_FACTORS_MOST);
		before = factors;
	}
}

static void
test_regularization(void)
{
	CHECK_NEAR(wc_regularization_choose(32, 1), 1.25 / 17 / 4, 1e-12);
	CHECK_NEAR(wc_regularization_choose(32, 0.5), 1.25 / 17 / 4, 1e-12);
	CHECK_NEAR(wc_regularization_choose(32, 8), 1.25 / 17 / 8, 1e-12);
	CHECK_NEAR(wc_regularization_choose(1024, 27), 1.25 / 17 / 48, 1e-12);
	/* few of all */
	CHECK_NEAR(wc_regularization_choose(2, 1), 0.03, 1e-15);
	CHECK_NEAR(wc_regularization_choose(1, 0), 0.03, 1e-15);
}

/* The entries of a users x items matrix. */
static void
make_sides(int32_t users, int32_t items, const bool *has, WcCsr *by_user,
           WcCsr *by_item)
{
	WcCoo coo;
	int64_t merged;
	int64_t zero;
	WcError error;

	CHECK(wc_coo_init(&coo, false, false, false, &check_alloc) == WC_OK);
	for (int32_t i = 0; i < users; i++)
		for (int32_t j = 0; j < items; j++)
			if (has[(size_t) i * items + j])
				CHECK(wc_coo_append(&coo, &(WcCoo){.user = &i, .item = &j}, 0,
				                    1, &check_alloc) == WC_OK);
	CHECK(wc_csr_from_coo(&coo, users, items,
	                      (WcMerging){.duplicates = WC_DUP_ERROR}, by_user,
	                      &merged, &zero, &check_alloc, NULL, &error) == WC_OK);
	CHECK(wc_csr_transpose(by_user, by_item, &check_alloc, NULL) == WC_OK);
}

static double
clustering_of(int32_t users, int32_t items, const bool *has)
{
	WcCsr by_user;
	WcCsr by_item;
	double clustering = -1;

	make_sides(users, items, has, &by_user, &by_item);
	CHECK(wc_clustering(&by_user, &by_item, &clustering, &check_alloc, NULL) ==
	      WC_OK);
	wc_csr_free(&by_user, &check_alloc);
	wc_csr_free(&by_item, &check_alloc);
	return clustering;
}

/* The definition, cell by cell. */
static double
plain_clustering(int32_t users, int32_t items, const bool *has)
{
	double *r = calloc((size_t) users, sizeof(double));
	double *c = calloc((size_t) items, sizeof(double));
	double entries = 0;
	double user_chance = 0;
	double item_chance = 0;
	double sum = 0;

	for (int32_t i = 0; i < users; i++)
		for (int32_t j = 0; j < items; j++)
			if (has[(size_t) i * items + j])
			{
				r[i]++;
				c[j]++;
				entries++;
			}
	for (int32_t i = 0; i < users; i++)
	{
		double weight = r[i] + 16 * entries / users;

		user_chance += r[i] * r[i] / weight / entries;
		r[i] = weight;
	}
	for (int32_t j = 0; j < items; j++)
	{
		double weight = c[j] + 16 * entries / items;

		item_chance += c[j] * c[j] / weight / entries;
		c[j] = weight;
	}
	for (int32_t i = 0; i < users; i++)
		for (int32_t other = 0; other < users; other++)
			for (int32_t j = 0; j < items && other != i; j++)
				for (int32_t k = 0; k < items; k++)
					if (k != j && has[(size_t) i * items + j] &&
					    has[(size_t) i * items + k] &&
					    has[(size_t) other * items + j] &&
					    has[(size_t) other * items + k])
						sum += 1 / (r[i] * r[other] * c[j] * c[k]);
	free(r);
	free(c);
	return sum / (user_chance * user_chance * item_chance * item_chance);
}

static void
test_clustering(void)
{
	enum
	{
		USERS = 600,
		ITEMS = 24
	};
	bool *has = calloc((size_t) USERS * ITEMS, sizeof(bool));
	uint64_t state = 11;

	/* Small ones against the definition. */
	for (int32_t users = 1; users <= 20; users += 3)
	{
		for (int32_t e = 0; e < users * ITEMS; e++)
			has[e] = check_random(&state) < 0.3;
		has[0] = true;
		CHECK_NEAR(clustering_of(users, ITEMS, has),
		           plain_clustering(users, ITEMS, has), 1e-12);
	}
	/* By chance about 1; four groups that share nothing about 4. */
	for (int32_t e = 0; e < USERS * ITEMS; e++)
		has[e] = check_random(&state) < 0.2;
	CHECK_NEAR(clustering_of(USERS, ITEMS, has), 0.8, 0.3);
	for (int32_t e = 0; e < USERS * ITEMS; e++)
		has[e] = e / ITEMS % 4 == e % ITEMS % 4;
	CHECK_NEAR(clustering_of(USERS, ITEMS, has), 4, 1.2);
	/* Two items nobody has together. */
	memset(has, 0, 2 * ITEMS);
	has[0] = true;
	has[ITEMS + 1] = true;
	CHECK(clustering_of(2, ITEMS, has) == 0);
	free(has);
}

static bool
stop_at_once(void *arg)
{
	(void) arg;
	return true;
}

static void
test_clustering_ends(void)
{
	enum
	{
		USERS = 3000,
		ITEMS = 600
	};
	bool *has = calloc((size_t) USERS * ITEMS, sizeof(bool));
	WcHooks hooks = {.should_stop = stop_at_once};
	WcCsr by_user;
	WcCsr by_item;
	double some = 0;
	double all;

	for (int32_t e = 0; e < USERS * ITEMS; e++)
		has[e] = e / ITEMS % 3 == e % ITEMS % 3;
	make_sides(USERS, ITEMS, has, &by_user, &by_item);
	CHECK(wc_clustering(&by_user, &by_item, &some, &check_alloc, &hooks) ==
	      WC_CANCELLED);
	/*
	 * 600,000,000 steps are too many: a part of the users stands for all.  All of
	 * a group are alike, so what is known for all is known for some.
	 */
	CHECK(wc_clustering(&by_user, &by_item, &some, &check_alloc, NULL) ==
	      WC_OK);
	all = 3.0 * (1 - 1.0 / 1000) * (1 - 1.0 / 200);
	CHECK_NEAR(some, all, 1e-9);
	wc_csr_free(&by_user, &check_alloc);
	wc_csr_free(&by_item, &check_alloc);
	free(has);
}

int
main(void)
{
	test_factors();
	test_regularization();
	test_clustering();
	test_clustering_ends();
	return check_report("test_choose");
}
