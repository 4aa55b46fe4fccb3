/*-------------------------------------------------------------------------
 *
 * factors.h
 *	  The factor tables of a model: bulk write, bulk read, one row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_FACTORS_H
#define WALS_STORE_FACTORS_H

#include "store/model.h"
#include "store/query.h"

/* One side of a trained model, as it is written. */
typedef struct WalsFactorRows
{
	WalsIdType id_type;
	const WcIdMap *ids; /* count ids in order */
	int32 count;
	int32 factors; /* k */
	const float *data; /* count x factors */
	const float *bias; /* count, or NULL */
	const int64 *start; /* count + 1: entries per row by difference */
	const int32 *likes; /* count, each -1 where it is not known */
	const float *weight; /* given by the user, count, or NULL: 1 */
} WalsFactorRows;

/*
 * Name of a factor table's column of likes; an expression that is NULL where the
 * database has not been updated since 0.1.0, which had none.
 */
extern const char *wals_factors_likes(Oid table);

extern void wals_factors_write(Oid table, int32 version,
                               const WalsFactorRows *rows);

/*
 * The vector of an array of exactly k finite float4: a pointer into the datum,
 * or into a detoasted copy in the current context.  NULL when the array is
 * anything else; reason then says what.
 */
extern const float *wals_factors_vector(Datum array, int32 k,
                                        const char **reason);

/* Raise XX001 for a damaged row. */
_Noreturn extern void wals_factors_damaged(Oid table, const char *id,
                                           const char *reason);

/*
 * Factors and bias of one user or item of a version; false when there is none,
 * 55000 when there is none of anybody.  result has room for model->factors.
 */
extern bool wals_factors_find(const WalsModel *model, WcSide side, Datum id,
                              float *result, float *bias);

/* The weight a row was given by the training's row_weights, 1 without. */
extern float wals_factors_weight(Oid table, WalsIdType id_type, int32 version,
                                 Datum id);

/*
 * Factors and biases of a version's rows, put at the indexes of their ids.
 * Rows of ids that are not among ids are passed over, and so are vectors of
 * nothing but zeros; what is not found is left as it is.  factors has
 * count x k, bias count numbers or is NULL.  Returns how many were found.
 */
extern int32 wals_factors_read(Oid table, WalsIdType id_type, int32 version,
                               int32 k, const WcIdMap *ids, float *factors,
                               float *bias);

/*
 * Delete the rows of a version: all, or those that are not in a table of the
 * version's, which goes as a whole.
 */
extern void wals_factors_delete(Oid table, int32 version, bool all);

/* Delete the rows of these ids of a version; 0: of all versions. */
extern void wals_factors_remove(Oid table, int32 version, WalsIdType id_type,
                                const WcIdMap *ids);

/* Whether a version has the rows it should have (complete.c). */

/* 55000 unless so many rows of a side, which were all there are, are enough. */
extern void wals_complete_check(const WalsModel *model, WcSide side,
                                int64 found);

/* 55000 unless there is any row of a side; each version is asked once. */
extern void wals_complete_check_any(const WalsModel *model, WcSide side,
                                    WalsSnapshot snapshot);

/* Whether a version has all rows of both sides: they are counted. */
extern bool wals_complete_is(const WalsModel *model);

#endif /* WALS_STORE_FACTORS_H */
