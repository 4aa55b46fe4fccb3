/*-------------------------------------------------------------------------
 *
 * pack_codes.c
 *	  The factors of a pack, their codes and their bounds.
 *
 * pack.c says what they are for and has the order of the rows.  Most of the time
 * that a pack takes is spent here, fetching rows that arrived in another order; so
 * it is done by several threads, in pieces that depend on the pack alone.  Each
 * writes what nobody else does, and what has an order, the bounds of all blocks
 * behind one, is put together in it afterwards.  So the pack has the same bits with
 * any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/answer/pack.h"
#include "core/ground/parallel.h"

#define PIECE_BLOCKS 64 /* blocks, and their rows, that are one piece */

/* What the threads share. */
typedef struct Filling
{
	const WcPackBuilder *builder;
	const WcPack *pack; /* not for norms */
	float c;
} Filling;

static WcStatus
share(int32_t blocks, WcChunk piece, Filling *filling, const WcJob *job)
{
	WcThreads threads = {job->threads > 1 ? job->threads : 1, pthread_create};

	return wc_parallel(&threads, (blocks + PIECE_BLOCKS - 1) / PIECE_BLOCKS,
	                   piece, filling, job->hooks);
}

/* ------------------------------------------------------------------------
 * Norms
 * ------------------------------------------------------------------------ */

static double
norm_of(int32_t k, const float *vector)
{
	double sums[4] = {0};
	int32_t f = 0;

	for (; f + 4 <= k; f += 4)
	{
		for (int i = 0; i < 4; i++)
			sums[i] += (double) vector[f + i] * vector[f + i];
	}
	for (; f < k; f++)
		sums[0] += (double) vector[f] * vector[f];
	return sqrt(sums[0] + sums[1] + sums[2] + sums[3]);
}

static WcStatus
measure_piece(void *arg, int32_t thread, int64_t piece, WcPace *pace)
{
	const WcPackBuilder *builder = ((const Filling *) arg)->builder;
	int64_t rows = wc_idmap_count(builder->ids);
	int64_t begin = piece * PIECE_BLOCKS * WC_PACK_BLOCK;
	int64_t end = begin + PIECE_BLOCKS * WC_PACK_BLOCK;

	(void) thread;
	for (int64_t row = begin; row < end && row < rows; row++)
	{
		if (wc_pace(pace, builder->factors))
			return WC_CANCELLED;
		builder->norms[row] =
		    norm_of(builder->factors,
		            builder->data + (size_t) row * (size_t) builder->factors);
	}
	return WC_OK;
}

WcStatus
wc_pack_measure(const WcPackBuilder *builder, const WcJob *job)
{
	Filling filling = {builder, NULL, 0};
	int64_t rows = wc_idmap_count(builder->ids);

	return share((int32_t) ((rows + WC_PACK_BLOCK - 1) / WC_PACK_BLOCK),
	             measure_piece, &filling, job);
}

/* ------------------------------------------------------------------------
 * Factors, codes and bounds
 * ------------------------------------------------------------------------ */

/* Bounds of a block while its rows are coded. */
typedef struct Bounds
{
	double hat;
	double ratio;
	double scale;
	double bias;
	double norm_max;
	double norm_min;
	double bias_max;
	double key_max;
} Bounds;

static const Bounds no_bounds = {0, 0, 0, 0, 0, INFINITY, -INFINITY, -INFINITY};

/* Adding it and taking it away rounds a small float to a whole number. */
#define ROUNDER 12582912.0f /* 1.5 * 2^23 */

/*
 * Put a vector into whole numbers of scale, as floats; the squares of what they
 * stand for, and of what they leave, are summed in lanes.
 */
static void
code_vector(int32_t k, const float *vector, float scale, float *codes,
            double *hat, double *rest)
{
	float inverse = 1 / scale;
	double hats[WC_PACK_CHUNK] = {0};
	double rests[WC_PACK_CHUNK] = {0};

	for (int32_t f = 0; f < k; f++)
	{
		float code = vector[f] * inverse + ROUNDER - ROUNDER;

		codes[f] = code > WC_PACK_CODE_MAX    ? WC_PACK_CODE_MAX
		           : code < -WC_PACK_CODE_MAX ? -WC_PACK_CODE_MAX
		                                      : code;
	}
	for (int32_t f = k; f % WC_PACK_CHUNK != 0; f++)
		codes[f] = 0;
	for (int32_t f = 0; f < k; f += WC_PACK_CHUNK)
	{
		for (int i = 0; i < WC_PACK_CHUNK; i++)
		{
			double coded = (double) scale * (double) codes[f + i];
			double left = (f + i < k ? vector[f + i] : 0) - coded;

			hats[i] += coded * coded;
			rests[i] += left * left;
		}
	}
	*hat = hats[0] + hats[1] + hats[2] + hats[3];
	*rest = rests[0] + rests[1] + rests[2] + rests[3];
}

/* Code the row at a position and widen the bounds of its block. */
static void
code_row(const WcPack *pack, int32_t p, float c, Bounds *bounds)
{
	int32_t k = pack->factors;
	const float *vector = pack->data + (size_t) p * (size_t) k;
	size_t row_bytes =
	    (size_t) wc_pack_chunks(k) * WC_PACK_CHUNK; /* codes of a row */
	uint8_t *to = (uint8_t *) pack->codes +
	              (size_t) (p / WC_PACK_GROUP) * WC_PACK_GROUP * row_bytes +
	              (size_t) (p % WC_PACK_GROUP) * WC_PACK_CHUNK;
	float codes[WC_FACTORS_MAX];
	double norm = pack->norm[p];
	float bias = pack->bias[p];
	float largest = WC_PACK_TINY;
	double hat;
	double rest;
	float scale;

	for (int32_t f = 0; f < k; f++)
		largest = fabsf(vector[f]) > largest ? fabsf(vector[f]) : largest;
	scale = largest / WC_PACK_CODE_MAX;
	code_vector(k, vector, scale, codes, &hat, &rest);
	for (int32_t f = 0; f < k; f += WC_PACK_CHUNK)
	{
		for (int i = 0; i < WC_PACK_CHUNK; i++)
			to[i] = (uint8_t) (WC_PACK_ZERO + (int32_t) codes[f + i]);
		to += WC_PACK_GROUP * WC_PACK_CHUNK;
	}
	((float *) pack->scale)[p] = scale;

	bounds->hat = fmax(bounds->hat, sqrt(hat));
	bounds->scale = fmax(bounds->scale, scale);
	bounds->ratio =
	    fmax(bounds->ratio, (sqrt(rest) + wc_dot_error(k) * norm) / scale);
	bounds->bias = fmax(bounds->bias, fabs(bias));
	bounds->norm_max = fmax(bounds->norm_max, norm);
	bounds->norm_min = fmin(bounds->norm_min, norm);
	bounds->bias_max = fmax(bounds->bias_max, bias);
	bounds->key_max = fmax(bounds->key_max, bias + (double) c * norm);
}

/* Norms were rounded to float32, sums of squares in float64. */
#define SLACK (1 + 1e-7)

static void
round_bounds(const Bounds *bounds, WcPackBlock *block)
{
	block->hat = wc_round_up(bounds->hat * SLACK);
	block->ratio = wc_round_up(bounds->ratio * SLACK);
	block->size =
	    wc_round_up(bounds->hat * SLACK + bounds->scale * block->ratio);
	block->bias = wc_round_up(bounds->bias);
	block->norm_max = wc_round_up(bounds->norm_max * SLACK);
	block->norm_min = wc_round_down(bounds->norm_min / SLACK);
	block->bias_max = wc_round_up(bounds->bias_max);
	block->key_max = wc_round_up(bounds->key_max * SLACK);
	if (bounds->key_max < 0)
		block->key_max = wc_round_up(bounds->key_max / SLACK);
}

/*
 * Rows, codes and bounds of one block, whatever stands behind it.  All of its rows
 * are fetched first: the processor waits for many at a time.
 */
static void
fill_block(const Filling *filling, int32_t b)
{
	const WcPackBuilder *builder = filling->builder;
	const WcPack *pack = filling->pack;
	size_t k = (size_t) pack->factors;
	size_t bytes =
	    (size_t) wc_pack_chunks(pack->factors) * WC_PACK_CHUNK * WC_PACK_BLOCK;
	int64_t begin = (int64_t) b * WC_PACK_BLOCK;
	int64_t end = begin + WC_PACK_BLOCK;
	int64_t rows = end < pack->count ? end : pack->count;
	Bounds bounds = no_bounds;

	for (int64_t p = begin; p < rows; p++)
	{
		int32_t row = builder->arrival[pack->index[p]];

		memcpy((float *) pack->data + (size_t) p * k,
		       builder->data + (size_t) row * k, k * sizeof(float));
		((float *) pack->bias)[p] = builder->bias[row];
	}
	memset((uint8_t *) pack->codes + (size_t) b * bytes, WC_PACK_ZERO, bytes);
	for (int64_t p = begin; p < rows; p++)
		code_row(pack, (int32_t) p, filling->c, &bounds);
	for (int64_t p = rows; p < end; p++)
	{
		((float *) pack->bias)[p] = -INFINITY;
		((float *) pack->scale)[p] = 0;
	}
	round_bounds(&bounds, (WcPackBlock *) &pack->blocks[b]);
}

static WcStatus
fill_piece(void *arg, int32_t thread, int64_t piece, WcPace *pace)
{
	const Filling *filling = arg;
	int32_t blocks = wc_pack_blocks(filling->pack);
	int32_t begin = (int32_t) piece * PIECE_BLOCKS;

	(void) thread;
	for (int32_t b = begin; b < begin + PIECE_BLOCKS && b < blocks; b++)
	{
		if (wc_pace(pace,
		            (int64_t) WC_PACK_BLOCK * 10 * filling->pack->factors))
			return WC_CANCELLED;
		fill_block(filling, b);
	}
	return WC_OK;
}

WcStatus
wc_pack_fill_rows(const WcPackBuilder *builder, const WcPack *pack, float c,
                  const WcJob *job)
{
	WcPackBlock *blocks = (WcPackBlock *) pack->blocks;
	Filling filling = {builder, pack, c};
	WcStatus status = share(wc_pack_blocks(pack), fill_piece, &filling, job);

	if (status != WC_OK)
		return status;
	for (int32_t b = wc_pack_blocks(pack) - 2; b >= 0; b--)
	{
		blocks[b].bias = fmaxf(blocks[b].bias, blocks[b + 1].bias);
		blocks[b].norm_max = fmaxf(blocks[b].norm_max, blocks[b + 1].norm_max);
		blocks[b].norm_min = fminf(blocks[b].norm_min, blocks[b + 1].norm_min);
		blocks[b].bias_max = fmaxf(blocks[b].bias_max, blocks[b + 1].bias_max);
		blocks[b].key_max = fmaxf(blocks[b].key_max, blocks[b + 1].key_max);
	}
	return WC_OK;
}
