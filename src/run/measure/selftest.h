/*-------------------------------------------------------------------------
 *
 * selftest.h
 *	  Does what serves here work as it should?
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_SELFTEST_H
#define WALS_RUN_SELFTEST_H

typedef struct WalsSelftestRow
{
	const char *name;
	bool passed;
	const char *detail;
} WalsSelftestRow;

/* All checks, in the current context. */
extern int wals_selftest_run(WalsSelftestRow **rows);

#endif /* WALS_RUN_SELFTEST_H */
