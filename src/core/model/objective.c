/*-------------------------------------------------------------------------
 *
 * objective.c
 *	  Say in one line what a training minimizes, with its numbers.
 *
 * The line goes into the NOTICE of a training and into the row of its model, so
 * that whoever reads it knows the meaning of every option, those chosen from
 * the data included.  Symbols are those of problem.c; a symbol is explained
 * only if the line uses it.
 *
 *-------------------------------------------------------------------------
 */
#include "core/model/formula.h"

/* A line being written; what does not fit is cut off. */
typedef struct Line
{
	char *text;
	size_t size;
	size_t used;
} Line;

__attribute__((format(printf, 2, 3))) static void
add(Line *line, const char *format, ...)
{
	va_list args;
	size_t left = line->size - line->used;
	int length;

	if (left <= 1)
		return;
	va_start(args, format);
	length = vsnprintf(line->text + line->used, left, format, args);
	va_end(args);
	if (length > 0)
		line->used += (size_t) length < left ? (size_t) length : left - 1;
}

/* "R_i^0.5", "R_i" for an exponent of 1. */
static void
add_power(Line *line, const char *symbol, double exponent)
{
	add(line, "%s", symbol);
	if (exponent != 1.0)
		add(line, "^%g", exponent);
}

static void
add_penalty(Line *line, const WcObjective *objective, WcSide side)
{
	double bias_lambda = objective->params.bias_regularization[side];
	const char *factor = side == WC_USERS ? "U" : "V";
	char i = side == WC_USERS ? 'i' : 'j';

	if (objective->params.regularization != 0)
	{
		if (objective->params.biases == 1 && bias_lambda < 0)
			add(line, " + sum of lambda_%c (|%s_%c|^2 + b_%c^2)", i, factor, i,
			    i);
		else
			add(line, " + sum of lambda_%c |%s_%c|^2", i, factor, i);
	}
	if (objective->params.biases == 1 && bias_lambda >= 0)
		add(line, " + %.4g sum of b_%c^2", bias_lambda, i);
}

static void
add_loss(Line *line, const WcObjective *objective)
{
	static const char *const feedback[] = {"implicit", "explicit", "weighted"};

	add(line, "%s feedback: minimize sum over %s cells of W (A - %sU V')^2",
	    feedback[objective->params.feedback],
	    objective->params.unobserved_weight > 0 ? "all" : "observed",
	    objective->params.biases == 1 ? "b_i - b_j - " : "");
	add_penalty(line, objective, WC_USERS);
	add_penalty(line, objective, WC_ITEMS);
}

static void
add_targets(Line *line, const WcObjective *objective)
{
	bool all_cells = objective->params.unobserved_weight > 0;

	switch (objective->params.feedback)
	{
		case WC_IMPLICIT:
			if (objective->disliked)
				add(line, "A = 1 where the value is > 0 and 0 elsewhere");
			else
				add(line, "A = 1%s",
				    all_cells ? " on observed cells and 0 elsewhere" : "");
			break;
		case WC_EXPLICIT:
			add(line, "A = value - mean, mean = %.6g", objective->mean);
			break;
		case WC_WEIGHTED:
			add(line, "A = value%s",
			    all_cells ? " on observed cells and 0 elsewhere" : "");
			break;
	}
	if (objective->params.biases == 1)
		add(line, ", b_i and b_j = bias of user i and item j");
	if (objective->params.half_life > 0 && all_cells)
		add(line, ", faded by the factor 1 - (1 - f) w0%s / W",
		    wc_by_popularity(&objective->params) ? " t_j" : "");
}

/* "R_i^0.5 C_j^0.3", whichever of the two there is. */
static void
add_powers(Line *line, const WcParams *params)
{
	double p = params->row_weight_exponent;
	double q = params->col_weight_exponent;

	if (p != 0)
		add_power(line, "R_i", p);
	if (p != 0 && q != 0)
		add(line, " ");
	if (q != 0)
		add_power(line, "C_j", q);
}

/* The factors of c_ij, " * " between them; 1 if there are none. */
static void
add_entry_weight(Line *line, const WcObjective *objective,
                 bool has_weight_column)
{
	const WcParams *params = &objective->params;
	size_t begin = line->used;
	const char *times = "";

	if (wc_by_value(params->weighting))
	{
		char words[100];

		wc_g_words(params, sizeof(words), words);
		add(line, "%s", words);
		times = " * ";
	}
	if (has_weight_column)
	{
		add(line, "%sweight", times);
		times = " * ";
	}
	if (params->half_life > 0)
	{
		add(line, "%sf", times);
		times = " * ";
	}
	if (objective->weighted[WC_USERS])
	{
		add(line, "%suser weight", times);
		times = " * ";
	}
	if (objective->weighted[WC_ITEMS])
	{
		add(line, "%sitem weight", times);
		times = " * ";
	}
	if (params->row_weight_exponent != 0 || params->col_weight_exponent != 0)
	{
		add(line, "%s", times);
		add_powers(line, params);
		if (params->weight_normalize)
			add(line, " / s");
	}
	if (line->used == begin)
		add(line, "1");
}

static void
add_weights(Line *line, const WcObjective *objective, bool has_weight_column)
{
	const char *unobserved =
	    wc_by_popularity(&objective->params) ? "w0 t_j" : "w0";

	if (objective->params.weighting == WC_WEIGHT_NONE)
		add(line, ", W = %s", unobserved);
	else if (objective->params.unobserved_weight > 0)
	{
		add(line, ", W = %s + ", unobserved);
		add_entry_weight(line, objective, has_weight_column);
		add(line, " on observed cells and %s elsewhere", unobserved);
	}
	else
	{
		add(line, ", W = ");
		add_entry_weight(line, objective, has_weight_column);
	}
}

/* What the symbols in the weights stand for. */
static void
add_legend(Line *line, const WcObjective *objective)
{
	const WcParams *params = &objective->params;
	bool popularity = objective->params.unobserved_weight > 0 &&
	                  wc_by_popularity(&objective->params);
	bool weighted = params->weighting != WC_WEIGHT_NONE;
	bool has_r = weighted && params->row_weight_exponent != 0;
	bool has_c = weighted && params->col_weight_exponent != 0;

	if (objective->params.unobserved_weight > 0)
		add(line, ", w0 = %.4g", objective->params.unobserved_weight);
	if (popularity)
	{
		add(line, ", t_j = ");
		add_power(line, "C_j", params->popularity_exponent);
		add(line, " / its mean over the items");
	}
	if (weighted && wc_by_value(params->weighting))
		add(line, ", r = value");
	if (params->half_life > 0)
		add(line, ", f = 2^(-age / half_life)");
	if (has_r && (has_c || popularity))
		add(line, ", R_i and C_j = entries of user i and of item j");
	else if (has_r)
		add(line, ", R_i = entries of user i");
	else if (has_c || popularity)
		add(line, ", C_j = entries of item j");
	if ((has_r || has_c) && params->weight_normalize)
	{
		add(line, ", s = mean of ");
		add_powers(line, params);
		add(line, " over the observed cells");
	}
}

static void
add_regularization(Line *line, const WcObjective *objective)
{
	const WcParams *params = &objective->params;

	if (params->regularization == 0)
		add(line, ", no regularization%s",
		    objective->params.biases == 1 &&
		            params->bias_regularization[WC_USERS] >= 0 &&
		            params->bias_regularization[WC_ITEMS] >= 0
		        ? " of factors"
		        : "");
	else if (params->reg_exponent == 0)
		add(line, ", lambda of a row = %.4g", params->regularization);
	else
	{
		add(line, ", lambda of a row = %.4g * (sum of its weights)",
		    params->regularization);
		if (params->reg_exponent != 1)
			add(line, "^%g", params->reg_exponent);
	}
}

void
wc_objective_text(const WcObjective *objective, bool has_weight_column,
                  size_t size, char *text)
{
	Line line = {text, size, 0};

	if (size == 0)
		return;
	text[0] = '\0';
	add_loss(&line, objective);
	add(&line, ", where ");
	add_targets(&line, objective);
	add_weights(&line, objective, has_weight_column);
	add_legend(&line, objective);
	add_regularization(&line, objective);
}
