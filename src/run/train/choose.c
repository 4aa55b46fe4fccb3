/*-------------------------------------------------------------------------
 *
 * choose.c
 *	  How many factors a training has, if nobody said.
 *
 * The rule is core/model/choose.c's.  Here is what limits it, wals.max_memory, and
 * what is told: more factors cost time, memory and disk, and who pays for them
 * wants to know, before and not after.  What is told is reckoned by formulas, so
 * that it is the same on every machine.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "base/hint.h"
#include "run/train/steps.h"

/* So many times more or fewer factors than the data ask for are worth a word. */
#define WORTH_TELLING 2

double
wals_choose_labour(const WalsChooser *chooser, int32 factors)
{
	int32 numbers[2] = {factors, WC_FACTORS_LEAST};
	double work[2];
	int i;

	for (i = 0; i < 2; i++)
	{
		WcLabour labour;

		wals_job_check(chooser->job,
		               wc_labour(chooser->by_user, numbers[i], &labour,
		                         &chooser->job->alloc, &wals_hooks));
		work[i] = labour.users + labour.items + labour.dense + labour.eigen;
	}
	return work[0] / work[1];
}

static void
tell_choice(const WalsChooser *chooser, int32 factors, int32 wanted)
{
	const WcCsr *csr = chooser->by_user;
	double rows = (double) csr->rows + csr->cols;
	double megabytes = rows * factors * sizeof(float) / (1024 * 1024);

	if (factors < wanted)
		ereport(
		    NOTICE,
		    (errmsg("model \"%s\" gets %d factors, not the %d its data ask "
		            "for, to stay within wals.max_memory",
		            chooser->model, factors, wanted),
		     errhint("Raise wals.max_memory for more, or say factors => %d.",
		             factors)));
	else if (factors > WC_FACTORS_LEAST)
		ereport(
		    NOTICE,
		    (errmsg("model \"%s\" gets %d factors for its %d users and %d "
		            "items",
		            chooser->model, factors, csr->rows, csr->cols),
		     errdetail("An iteration takes about %.1f times the work it takes "
		               "with %d factors, and the vectors of a version take "
		               "%.1f MB of memory and of disk.",
		               wals_choose_labour(chooser, factors), WC_FACTORS_LEAST,
		               megabytes),
		     errhint("factors => %d is cheaper and may find less.",
		             WC_FACTORS_LEAST)));
}

void
wals_choose_factors(const WalsChooser *chooser, int32 *factors)
{
	int32 wanted = wc_factors_choose(chooser->feedback, chooser->by_user->rows,
	                                 chooser->by_user->cols);
	int32 chosen = Min(wanted, chooser->most);

	if (*factors == WC_FACTORS_AUTO)
	{
		*factors = chosen;
		tell_choice(chooser, chosen, wanted);
	}
	else if (chosen >= WORTH_TELLING * *factors ||
	         *factors >= WORTH_TELLING * chosen)
		ereport(
		    NOTICE,
		    (errmsg("model \"%s\" keeps the %d factors it has, its data "
		            "now ask for %d",
		            chooser->model, *factors, chosen),
		     errdetail("An iteration with %d takes about %.1f times the work "
		               "it takes with %d factors.",
		               chosen, wals_choose_labour(chooser, chosen),
		               WC_FACTORS_LEAST),
		     wals_hint("CALL wals_retrain(%s, factors => %d);",
		               quote_literal_cstr(quote_identifier(chooser->model)),
		               chosen)));
}
