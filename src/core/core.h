/*-------------------------------------------------------------------------
 *
 * core.h
 *	  The public header of the numbers room: the one that other rooms include.
 *
 * Plain C11: no PostgreSQL, no input or output, no clock.  Every function that
 * can fail returns a WcStatus and, where it takes one, fills a WcError; nothing
 * here jumps.  All memory comes through a WcAlloc, so the caller decides where
 * it lives and who frees it after a failure.
 *
 * Vocabulary (src/README.md has the glossary): m users, n items, k factors,
 * nnz entries.  U is the m x k matrix of user factors, V the n x k matrix of
 * item factors, both row-major with leading dimension k.  A is the matrix of
 * targets, W the matrix of weights:
 *
 *		W_ij = w0 t_j + c_ij	on an observed cell (an entry)
 *		W_ij = w0 t_j			on every other cell, where the target is 0
 *
 * Arguments are ordered: inputs (const), in/out, outputs, allocator, hooks,
 * error; a size comes before the array it describes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_H
#define WALS_CORE_H

#include "core/answer/answer.h"
#include "core/data/data.h"
#include "core/ground/common.h"
#include "core/measure/measure.h"
#include "core/measure/tune.h"
#include "core/model/model.h"
#include "core/picture/picture.h"
#include "core/solve/solve.h"

#endif /* WALS_CORE_H */
