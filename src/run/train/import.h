/*-------------------------------------------------------------------------
 *
 * import.h
 *	  Make a version of factors that were trained elsewhere.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_RUN_IMPORT_H
#define WALS_RUN_IMPORT_H

#include "run/train/train.h"

typedef struct WalsImportRequest
{
	/*
	 * The model's name, source and what the objective was: a NaN in
	 * regularization leaves that open, source.relation may be InvalidOid.
	 */
	WalsTrainRequest train;
	Oid users;
	Oid items;
	double mean;
} WalsImportRequest;

/* Returns the number of the new version. */
extern int32 wals_import_run(WalsImportRequest *request);

#endif /* WALS_RUN_IMPORT_H */
