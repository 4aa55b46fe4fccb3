/*-------------------------------------------------------------------------
 *
 * verdict.h
 *	  What earlier gates have written about versions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_VERDICT_H
#define WALS_STORE_VERDICT_H

/* One of them; what it does not say is 0. */
typedef struct WalsVerdict
{
	const char *metric;
	double fraction; /* of the pairs that were held out */
	int64 draw; /* their seed, as wc_is_drawn has it */
	bool activated;
	double behind; /* the best version so far, in the unit of the metric */
	int32 best_version;
	int32 n_differences; /* between versions of the same options */
	double deviation; /* root of their mean square */
} WalsVerdict;

/*
 * The verdict about a version, or with 0 the newest there is; false when there
 * is none, or it is not as wals writes it.  Between wals_query_begin and
 * wals_query_end.
 */
extern bool wals_verdict_read(Oid model, int32 version, WalsVerdict *verdict);

#endif /* WALS_STORE_VERDICT_H */
