/*-------------------------------------------------------------------------
 *
 * fixtures.h
 *	  Small problems made by hand, next to the dense matrices they mean.
 *
 * A Fixture holds a WcProblem and, in float64 and for every one of the m x n
 * cells, the weight W, the extra weight C and the target A that core.h says the
 * problem stands for.  They are filled from the specification, not read back
 * from the problem, so a test can hold the core against plain sums over dense
 * matrices.  Nothing here uses problem.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_FIXTURES_H
#define WALS_FIXTURES_H

#include "check.h"

typedef struct FixtureSpec
{
	const char *name;
	int32_t m;
	int32_t n;
	int32_t k;
	double density; /* of the entries */
	bool is_explicit; /* larger first factors */
	bool biases;
	double w0;
	bool popularity; /* unobserved t_j */
	bool values; /* random targets in (-2, 3), else 1 */
	double base_weight; /* 0: plain ALS */
	double weight_max; /* entry weights log-uniform in [1, max]; 0: none */
	double scale_max; /* the same for user and item scales */
	double zero_weights; /* share of entries with weight 0 */
	double lambda;
	bool lambda_varies; /* per row: times (0.1, 2) */
	int32_t empty_user; /* rows and columns without entries, -1: none */
	int32_t empty_item;
} FixtureSpec;

typedef struct Fixture
{
	int32_t m;
	int32_t n;
	int32_t k;
	double *w;
	double *c;
	double *a;
	bool *observed;
	uint64_t *item_hash;
	WcProblem problem;
} Fixture;

static inline void *
fixture_array(size_t count, size_t size)
{
	void *array = calloc(count > 0 ? count : 1, size);

	if (array == NULL)
		abort();
	return array;
}

static inline float
fixture_log_uniform(double max, uint64_t *state)
{
	return (float) exp(check_random(state) * log(max));
}

/* One side of the entries, by_item: transposed. */
static inline WcCsr
fixture_csr(const Fixture *f, const float *value, const float *weight,
            bool by_item)
{
	WcCsr csr = {0};
	int32_t rows = by_item ? f->n : f->m;
	int32_t cols = by_item ? f->m : f->n;
	size_t cells = (size_t) f->m * f->n;
	int64_t e = 0;

	csr.rows = rows;
	csr.cols = cols;
	csr.start = fixture_array((size_t) rows + 1, sizeof(int64_t));
	csr.col = fixture_array(cells, sizeof(int32_t));
	csr.value = value != NULL ? fixture_array(cells, sizeof(float)) : NULL;
	csr.weight = weight != NULL ? fixture_array(cells, sizeof(float)) : NULL;
	for (int32_t row = 0; row < rows; row++)
	{
		for (int32_t col = 0; col < cols; col++)
		{
			size_t cell =
			    by_item ? (size_t) col * f->n + row : (size_t) row * f->n + col;

			if (!f->observed[cell])
				continue;
			csr.col[e] = col;
			if (value != NULL)
				csr.value[e] = value[cell];
			if (weight != NULL)
				csr.weight[e] = weight[cell];
			e++;
		}
		csr.start[row + 1] = e;
	}
	csr.nnz = e;
	return csr;
}

static inline float *
fixture_lambda(int32_t rows, const FixtureSpec *spec, uint64_t *state)
{
	float *lambda = fixture_array((size_t) rows, sizeof(float));

	for (int32_t row = 0; row < rows; row++)
		lambda[row] =
		    (float) (spec->lambda * (spec->lambda_varies
		                                 ? 0.1 + 1.9 * check_random(state)
		                                 : 1.0));
	return lambda;
}

static inline void
fixture_create(const FixtureSpec *spec, uint64_t seed, Fixture *f)
{
	size_t cells = (size_t) spec->m * spec->n;
	uint64_t state = seed * 2 + 1;
	WcProblem *p = &f->problem;
	float *value = NULL;
	float *weight = NULL;

	memset(f, 0, sizeof(*f));
	f->m = spec->m;
	f->n = spec->n;
	f->k = spec->k;
	f->w = fixture_array(cells, sizeof(double));
	f->c = fixture_array(cells, sizeof(double));
	f->a = fixture_array(cells, sizeof(double));
	f->observed = fixture_array(cells, sizeof(bool));
	f->item_hash = fixture_array((size_t) spec->n, sizeof(uint64_t));
	if (spec->values)
		value = fixture_array(cells, sizeof(float));
	if (spec->weight_max > 0 || spec->zero_weights > 0)
		weight = fixture_array(cells, sizeof(float));

	p->objective.params.factors = spec->k;
	p->objective.params.feedback =
	    spec->is_explicit ? WC_EXPLICIT : WC_IMPLICIT;
	p->objective.params.seed = (int64_t) seed;
	p->objective.params.bias_regularization[WC_USERS] = WC_BIAS_AS_ROW;
	p->objective.params.bias_regularization[WC_ITEMS] = WC_BIAS_AS_ROW;
	p->spread = 1;
	p->biases = spec->biases;
	p->w0 = spec->w0;
	p->base_weight = (float) spec->base_weight;
	p->objective.mean = spec->is_explicit ? 3.5 : 0.0;
	p->user_lambda = fixture_lambda(spec->m, spec, &state);
	p->item_lambda = fixture_lambda(spec->n, spec, &state);
	if (spec->scale_max > 0)
	{
		p->user_scale = fixture_array((size_t) spec->m, sizeof(float));
		p->item_scale = fixture_array((size_t) spec->n, sizeof(float));
		for (int32_t i = 0; i < spec->m; i++)
			p->user_scale[i] = fixture_log_uniform(spec->scale_max, &state);
		for (int32_t j = 0; j < spec->n; j++)
			p->item_scale[j] = fixture_log_uniform(spec->scale_max, &state);
	}
	if (spec->popularity)
	{
		p->unobserved = fixture_array((size_t) spec->n, sizeof(float));
		for (int32_t j = 0; j < spec->n; j++)
			p->unobserved[j] = (float) (0.2 + 1.6 * check_random(&state));
	}

	for (int32_t j = 0; j < spec->n; j++)
		f->item_hash[j] = (uint64_t) j * UINT64_C(0x2545f4914f6cdd1d) + 7;
	for (size_t cell = 0; cell < cells; cell++)
	{
		int32_t i = (int32_t) (cell / (size_t) spec->n);
		int32_t j = (int32_t) (cell % (size_t) spec->n);

		f->w[cell] = spec->w0;
		if (p->unobserved != NULL)
			f->w[cell] *= p->unobserved[j];
		if (i == spec->empty_user || j == spec->empty_item ||
		    check_random(&state) >= spec->density)
			continue;

		f->observed[cell] = true;
		f->a[cell] = 1;
		f->c[cell] = p->base_weight;
		if (value != NULL)
		{
			value[cell] = (float) (5 * check_random(&state) - 2);
			f->a[cell] = value[cell];
		}
		if (weight != NULL)
		{
			weight[cell] = spec->weight_max > 0
			                   ? fixture_log_uniform(spec->weight_max, &state)
			                   : 1.0f;
			if (check_random(&state) < spec->zero_weights)
				weight[cell] = 0;
			f->c[cell] *= weight[cell];
		}
		if (p->user_scale != NULL)
			f->c[cell] *= (double) p->user_scale[i] * p->item_scale[j];
		f->w[cell] += f->c[cell];
	}
	p->by_user = fixture_csr(f, value, weight, false);
	p->by_item = fixture_csr(f, value, weight, true);
	free(value);
	free(weight);
}

static inline void
fixture_free(Fixture *f)
{
	WcCsr *sides[2] = {&f->problem.by_user, &f->problem.by_item};

	for (int side = 0; side < 2; side++)
	{
		free(sides[side]->start);
		free(sides[side]->col);
		free(sides[side]->value);
		free(sides[side]->weight);
	}
	free(f->problem.user_scale);
	free(f->problem.item_scale);
	free(f->problem.unobserved);
	free(f->problem.user_lambda);
	free(f->problem.item_lambda);
	free(f->w);
	free(f->c);
	free(f->a);
	free(f->observed);
	free(f->item_hash);
}

/* A model with random factors, and biases if the problem has them. */
static inline void
fixture_model(const Fixture *f, double range, uint64_t seed, WcModel *model)
{
	uint64_t state = seed * 2 + 1;

	if (wc_model_init(&f->problem, f->item_hash, model, &check_alloc) != WC_OK)
		abort();
	for (size_t p = 0; p < (size_t) f->m * f->k; p++)
		model->user_factors[p] =
		    (float) (range * (2 * check_random(&state) - 1));
	for (size_t p = 0; p < (size_t) f->n * f->k; p++)
		model->item_factors[p] =
		    (float) (range * (2 * check_random(&state) - 1));
	if (!f->problem.biases)
		return;
	for (int32_t i = 0; i < f->m; i++)
		model->user_bias[i] = (float) (check_random(&state) - 0.5);
	for (int32_t j = 0; j < f->n; j++)
		model->item_bias[j] = (float) (check_random(&state) - 0.5);
}

/* The score the model stands for, less the mean, in float64. */
static inline double
fixture_prediction(const Fixture *f, const WcModel *model, int32_t i, int32_t j)
{
	double sum = 0;

	for (int32_t p = 0; p < f->k; p++)
		sum += (double) model->user_factors[(size_t) i * f->k + p] *
		       model->item_factors[(size_t) j * f->k + p];
	if (f->problem.biases)
		sum += (double) model->user_bias[i] + model->item_bias[j];
	return sum;
}

/* The objective by its definition, over every cell. */
static inline double
fixture_loss(const Fixture *f, const WcModel *model)
{
	double loss = 0;

	for (int32_t i = 0; i < f->m; i++)
	{
		for (int32_t j = 0; j < f->n; j++)
		{
			size_t cell = (size_t) i * f->n + j;
			double error = f->a[cell] - fixture_prediction(f, model, i, j);

			loss += f->w[cell] * error * error;
		}
	}
	for (int side = 0; side < 2; side++)
	{
		int32_t rows = side == 0 ? f->m : f->n;
		const float *factors =
		    side == 0 ? model->user_factors : model->item_factors;
		const float *bias = side == 0 ? model->user_bias : model->item_bias;
		const float *lambda =
		    side == 0 ? f->problem.user_lambda : f->problem.item_lambda;

		for (int32_t row = 0; row < rows; row++)
		{
			double square = bias != NULL ? (double) bias[row] * bias[row] : 0;

			for (int32_t p = 0; p < f->k; p++)
			{
				double x = factors[(size_t) row * f->k + p];

				square += x * x;
			}
			loss += lambda[row] * square;
		}
	}
	return loss;
}

/* One side of a fixture, for loops that treat both alike. */
typedef struct FixtureSide
{
	WcSide side;
	int32_t rows;
	int32_t cols;
	int32_t width;
	const float *solved;
	const float *solved_bias;
	const float *fixed;
	const float *fixed_bias;
	const float *lambda;
} FixtureSide;

static inline FixtureSide
fixture_side(const Fixture *f, const WcModel *model, WcSide side)
{
	bool users = side == WC_USERS;
	FixtureSide s;

	s.side = side;
	s.rows = users ? f->m : f->n;
	s.cols = users ? f->n : f->m;
	s.width = f->k + (f->problem.biases ? 1 : 0);
	s.solved = users ? model->user_factors : model->item_factors;
	s.solved_bias = users ? model->user_bias : model->item_bias;
	s.fixed = users ? model->item_factors : model->user_factors;
	s.fixed_bias = users ? model->item_bias : model->user_bias;
	s.lambda = users ? f->problem.user_lambda : f->problem.item_lambda;
	return s;
}

static inline size_t
fixture_side_cell(const Fixture *f, const FixtureSide *s, int32_t row,
                  int32_t col)
{
	return s->side == WC_USERS ? (size_t) row * f->n + col
	                           : (size_t) col * f->n + row;
}

/* Column p of the fixed vector of col; the last is 1 with biases. */
static inline double
fixture_side_vector(const Fixture *f, const FixtureSide *s, int32_t col,
                    int32_t p)
{
	return p < f->k ? (double) s->fixed[(size_t) col * f->k + p] : 1.0;
}

static inline double
fixture_side_solution(const Fixture *f, const FixtureSide *s, int32_t row,
                      int32_t p)
{
	return p < f->k ? (double) s->solved[(size_t) row * f->k + p]
	                : (double) s->solved_bias[row];
}

static inline double
fixture_side_target(const Fixture *f, const FixtureSide *s, int32_t row,
                    int32_t col)
{
	double target = f->a[fixture_side_cell(f, s, row, col)];

	return s->fixed_bias != NULL ? target - s->fixed_bias[col] : target;
}

/*
 * The largest |x - reference| / |reference| over the rows of a side.  The
 * reference sees a row of n dense cells with their full weight and target: no
 * Gram matrix, no sparse structure, no difference between kinds of problem.
 */
static inline double
fixture_worst_row(const Fixture *f, const WcModel *model, WcSide side)
{
	FixtureSide s = fixture_side(f, model, side);
	size_t cols = (size_t) s.cols;
	size_t width = (size_t) s.width;
	double *vectors = fixture_array(cols * width, sizeof(double));
	double *weights = fixture_array(cols, sizeof(double));
	double *targets = fixture_array(cols, sizeof(double));
	double *x = fixture_array(width, sizeof(double));
	double *work = fixture_array(width * (width + 1), sizeof(double));
	double worst = 0;

	for (int32_t col = 0; col < s.cols; col++)
		for (int32_t p = 0; p < s.width; p++)
			vectors[(size_t) col * width + p] =
			    fixture_side_vector(f, &s, col, p);
	for (int32_t row = 0; row < s.rows; row++)
	{
		double difference = 0;
		double size = 0;

		for (int32_t col = 0; col < s.cols; col++)
		{
			weights[col] = f->w[fixture_side_cell(f, &s, row, col)];
			targets[col] = fixture_side_target(f, &s, row, col);
		}
		if (wc_ref_solve_row(s.width, NULL, 0, s.lambda[row], s.cols, vectors,
		                     weights, weights, targets, x, work) != WC_OK)
			return INFINITY;
		for (int32_t p = 0; p < s.width; p++)
		{
			double d = x[p] - fixture_side_solution(f, &s, row, p);

			difference += d * d;
			size += x[p] * x[p];
		}
		if (size > 0)
			worst = fmax(worst, sqrt(difference / size));
		else if (difference > 0)
			worst = INFINITY;
	}
	free(vectors);
	free(weights);
	free(targets);
	free(x);
	free(work);
	return worst;
}

/*
 * The largest gradient of the objective over the rows of a side, relative to
 * the sizes of the terms it is the sum of.
 */
static inline double
fixture_worst_gradient(const Fixture *f, const WcModel *model, WcSide side)
{
	FixtureSide s = fixture_side(f, model, side);
	double worst = 0;

	for (int32_t row = 0; row < s.rows; row++)
	{
		double square = 0;
		double size = 0;

		for (int32_t p = 0; p < s.width; p++)
		{
			double term = s.lambda[row] * fixture_side_solution(f, &s, row, p);
			double sum = term;

			size += fabs(term);
			for (int32_t col = 0; col < s.cols; col++)
			{
				size_t cell = fixture_side_cell(f, &s, row, col);
				int32_t i = side == WC_USERS ? row : col;
				int32_t j = side == WC_USERS ? col : row;

				term = f->w[cell] *
				       (fixture_prediction(f, model, i, j) - f->a[cell]) *
				       fixture_side_vector(f, &s, col, p);
				sum += term;
				size += fabs(term);
			}
			square += sum * sum;
		}
		if (size > 0)
			worst = fmax(worst, sqrt(square) / size);
	}
	return worst;
}

static inline WcSolver *
fixture_solver(const Fixture *f)
{
	WcSolver *solver = NULL;

	if (wc_solver_create(&f->problem, NULL, &solver, &check_alloc, NULL) !=
	    WC_OK)
		abort();
	return solver;
}

static inline void
fixture_close(WcSolver *solver, WcModel *model, Fixture *f)
{
	wc_solver_free(solver);
	wc_model_free(model, &check_alloc);
	fixture_free(f);
}

/*
 * The kinds of problem the core has to solve.  Sizes are for tests that visit
 * every cell; user 3 and item 5 have no entries.
 */
static const FixtureSpec fixture_kinds[] = {
    {"implicit", 37, 53, 8, 0.15, false, false, 0.1, false, false, 1.0, 0, 0, 0,
     0.3, true, 3, 5},
    {"linear weights", 37, 53, 8, 0.15, false, false, 1.0, false, false, 1.0,
     40, 0, 0, 0.5, false, 3, 5},
    {"explicit, biases", 41, 33, 7, 0.3, true, true, 0, false, true, 1.0, 4, 0,
     0, 0.8, true, 3, 5},
    {"explicit, weights", 41, 33, 7, 0.3, true, false, 0, false, true, 0.5, 8,
     0, 0, 0.4, true, 3, 5},
    {"weighted", 29, 31, 5, 0.2, false, false, 0.05, false, true, 0.01, 0, 9, 0,
     0.2, true, 3, 5},
    {"plain", 23, 19, 4, 0.4, false, false, 1.0, false, true, 0, 0, 0, 0, 0.7,
     false, 3, 5},
    {"popularity", 31, 47, 6, 0.2, false, false, 0.2, true, false, 1.0, 5, 0, 0,
     0.3, true, 3, 5},
    {"zero weights", 31, 47, 6, 0.2, false, false, 0.2, true, true, 1.0, 5, 0,
     0.4, 0.3, true, 3, 5},
};

#define FIXTURE_KINDS ((int) (sizeof(fixture_kinds) / sizeof(fixture_kinds[0])))

#endif /* WALS_FIXTURES_H */
