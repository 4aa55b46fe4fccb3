/*-------------------------------------------------------------------------
 *
 * test_variety.c
 *	  Models that tell items and users apart, and those that do not.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"

#define USERS_MAX 500
#define ITEMS_MAX 40
#define K 3

static float user_factors[USERS_MAX * K];
static float item_factors[ITEMS_MAX * K];
static float item_bias[ITEMS_MAX];

static WcVariety
look(int32_t users, int32_t items, bool biases)
{
	WcModel model = {.users = users, .items = items, .factors = K};
	WcVariety variety;

	model.user_factors = user_factors;
	model.item_factors = item_factors;
	model.item_bias = biases ? item_bias : NULL;
	CHECK(wc_model_variety(&model, &variety, NULL) == WC_OK);
	return variety;
}

static void
fill_random(uint64_t seed)
{
	for (int i = 0; i < USERS_MAX * K; i++)
		user_factors[i] = (float) check_random(&seed) - 0.5f;
	for (int j = 0; j < ITEMS_MAX * K; j++)
		item_factors[j] = (float) check_random(&seed) - 0.5f;
	for (int j = 0; j < ITEMS_MAX; j++)
		item_bias[j] = (float) (j % 7);
}

static void
test_kinds(void)
{
	WcVariety v;

	fill_random(3);
	v = look(USERS_MAX, ITEMS_MAX, false);
	CHECK(v.users == 200 && v.flat == 0 && !v.one_list);
	v = look(50, ITEMS_MAX, false);
	CHECK(v.users == 50 && v.flat == 0 && !v.one_list);

	/* factors of 0: nothing to go by, unless there are biases */
	memset(item_factors, 0, sizeof(item_factors));
	v = look(50, ITEMS_MAX, false);
	CHECK(v.users == 50 && v.flat == 50 && v.one_list);
	v = look(50, ITEMS_MAX, true);
	CHECK(v.flat == 0 && v.one_list);

	/* items that are all the same, but for rounding */
	for (int j = 0; j < ITEMS_MAX * K; j++)
		item_factors[j] = 0.7f;
	item_factors[5] = nextafterf(0.7f, 1);
	v = look(50, ITEMS_MAX, false);
	CHECK(v.flat >= 49);

	/* one direction, for which all users are: the same list for each */
	fill_random(5);
	for (int i = 0; i < USERS_MAX; i++)
		for (int p = 0; p < K; p++)
			user_factors[i * K + p] = (float) (i + 1) * (p == 1);
	v = look(USERS_MAX, ITEMS_MAX, false);
	CHECK(v.flat == 0 && v.one_list);

	/* but for one user, who turns the list around */
	user_factors[1] = -1;
	v = look(USERS_MAX, ITEMS_MAX, false);
	CHECK(v.flat == 0 && !v.one_list);
}

/* Few items and users, and so many items that few users are looked at. */
static void
test_sizes(void)
{
	int32_t many = 3000000;
	float *factors = calloc((size_t) many, sizeof(float));
	float user[3] = {1, 2, 3};
	WcModel model = {.users = 3, .items = many, .factors = 1};
	CheckCancel cancel = {2, 0};
	WcHooks hooks = {check_should_stop, NULL, &cancel};
	WcVariety v;

	fill_random(7);
	v = look(2, 2, false);
	CHECK(v.users == 2 && v.flat == 0);
	v = look(1, 1, false);
	CHECK(v.users == 1 && v.flat == 1);

	model.user_factors = user;
	model.item_factors = factors;
	factors[many - 1] = 1;
	CHECK(wc_model_variety(&model, &v, NULL) == WC_OK);
	CHECK(v.users == 2 && v.flat == 0 && v.one_list);
	CHECK(wc_model_variety(&model, &v, &hooks) == WC_CANCELLED);
	free(factors);
}

int
main(void)
{
	test_kinds();
	test_sizes();
	return check_report("test_variety");
}
