/*-------------------------------------------------------------------------
 *
 * similar.h
 *	  Items like an item, users like a user.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_SIMILAR_H
#define WALS_RUN_SIMILAR_H

#include "base/args.h"
#include "run/answer/answer.h"

extern const WalsChoice wals_metric_choices[];

typedef struct WalsSimilarRequest
{
	WcSide side;
	Oid model; /* InvalidOid: the default */
	Oid id_type; /* type of all ids below: int8, text or uuid */
	Datum id;
	int32 n;
	bool has_candidates;
	int n_candidates;
	Datum *candidates;
	WcMetric metric;
} WalsSimilarRequest;

/*
 * The rows most like one, without itself, in descending order, ties by id,
 * allocated in the current context.  P0002 for an id the version does not have.
 */
extern int32 wals_similar_run(const WalsSimilarRequest *request,
                              WalsAnswer **result);

#endif /* WALS_RUN_SIMILAR_H */
