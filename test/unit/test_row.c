/*-------------------------------------------------------------------------
 *
 * test_row.c
 *	  What the equations of a row begin with.
 *
 *-------------------------------------------------------------------------
 */
#include "check.h"
#include "core/solve/numerics.h"
#include "fixtures.h"

/* The users' side of a fixture, as sweep.c would see it. */
static WcHalf
half_of(const Fixture *f, const WcModel *model, const double *eigen)
{
	const WcProblem *p = &f->problem;
	WcHalf half = {.side = WC_USERS, .factors = f->k};

	half.width = f->k + (p->biases ? 1 : 0);
	half.lambda = p->user_lambda;
	half.rows = wc_rows_of(p, WC_USERS);
	half.rows.all.col_bias = model->item_bias;
	half.eigen = eigen;
	return half;
}

int
main(void)
{
	for (int kind = 0; kind < FIXTURE_KINDS; kind++)
	{
		double eigen[64];
		float shared[64];
		double worst = 0;
		WcModel model;
		WcHalf half;
		Fixture f;

		fixture_create(&fixture_kinds[kind], 31, &f);
		fixture_model(&f, 1.0, 31, &model);
		for (int32_t p = 0; p < f.k; p++)
			eigen[p] = 1.5 * p;
		half = half_of(&f, &model, eigen);
		for (int32_t i = 0; i < f.m; i++)
		{
			WcRow row = wc_row_open(&half, i);

			wc_row_shared(&half, &row, half.width + 3, shared);
			for (int32_t p = 0; p < half.width; p++)
			{
				double d = p < f.k ? row.lambda : row.bias_lambda;

				if (p < f.k && f.problem.w0 != 0)
					d += f.problem.w0 * eigen[p];
				worst = fmax(worst, fabs(shared[p] - d));
			}
			for (int32_t p = half.width; p < half.width + 3; p++)
				CHECK(shared[p] == 1);
		}
		CHECK(worst < 2e-6);
		wc_model_free(&model, &check_alloc);
		fixture_free(&f);
	}
	return check_report("test_row");
}
