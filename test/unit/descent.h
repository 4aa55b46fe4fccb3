/*-------------------------------------------------------------------------
 *
 * descent.h
 *	  Problems for the solvers that improve what is there, and their opening.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_DESCENT_H
#define WALS_DESCENT_H

#include "fixtures.h"

/* Enough factors for several blocks, and rows longer than one. */
static const FixtureSpec wide_kinds[] = {
    {"implicit", 23, 190, 100, 0.6, false, false, 0.2, true, false, 1.0, 0, 0,
     0, 2.0, true, 3, 5},
    {"linear weights", 23, 190, 130, 0.6, false, false, 1.0, false, false, 1.0,
     40, 4, 0.1, 2.0, true, 3, 5},
    {"explicit, biases", 23, 190, 96, 0.6, true, true, 0, false, true, 1.0, 4,
     0, 0, 5.0, true, 3, 5},
};

#define WIDE_KINDS ((int) (sizeof(wide_kinds) / sizeof(wide_kinds[0])))

static inline WcSolver *
open_solver(Fixture *f, WcMethod method, int32_t steps, int32_t threads,
            const char *kernel)
{
	WcSolverOptions options = {threads, kernel, WC_DENSE_BUILTIN};
	WcSolver *solver = NULL;

	f->problem.objective.params.solver = method;
	f->problem.objective.params.cg_steps = steps;
	if (wc_solver_create(&f->problem, &options, &solver, &check_alloc, NULL) !=
	    WC_OK)
		abort();
	return solver;
}

static inline void
open_all(const FixtureSpec *spec, uint64_t seed, WcMethod method, int32_t steps,
         Fixture *f, WcModel *model, WcSolver **solver)
{
	fixture_create(spec, seed, f);
	fixture_model(f, 0.5, seed, model);
	*solver = open_solver(f, method, steps, 1, NULL);
}

#endif /* WALS_DESCENT_H */
