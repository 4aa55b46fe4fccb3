/*-------------------------------------------------------------------------
 *
 * import.c
 *	  Read factors that were trained elsewhere.
 *
 * A relation has a row per user or item: id, factors (real[] or double
 * precision[]), and if it has them bias (a number; NULL: 0), n, how many entries
 * the row was trained on (an integer; NULL: 0), and likes, how many of them are
 * likes (an integer; NULL: all).  What stands there comes
 * from another program and is believed in nothing.  double precision is rounded
 * to real, real is taken as it is, bit for bit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "store/numbers.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/side.h"

/* State of reading one side. */
typedef struct ImportState
{
	WalsSide *side;
	const char *option;
	Oid relation;
	Oid id_type; /* base type of the column */
	bool is_double; /* factors are */
	bool has_bias; /* the relation has such a column */
	bool has_n;
	bool has_likes;
	WalsShape shape;
	MemoryContext row_context;
} ImportState;

static char *
id_text(const ImportState *state, const WalsRow *row)
{
	return wals_id_to_cstring(
	    state->side->id_type,
	    wals_id_from_datum(state->id_type, row->values[0]));
}

static void
refuse_null(const ImportState *state, const char *id, const char *what)
{
	ereport(ERROR,
	        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
	         id == NULL
	             ? errmsg("%s of a row of %s is NULL", what, state->option)
	             : errmsg("%s of %s in %s is NULL", what, id, state->option),
	         errhint("Leave the row out by a view.")));
}

static void
refuse_number(const ImportState *state, const WalsRow *row, const char *what,
              double number)
{
	ereport(ERROR,
	        (errcode(isfinite(number) ? ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE
	                                  : ERRCODE_DATA_EXCEPTION),
	         errmsg("%s of %s in %s is not a finite real number", what,
	                id_text(state, row), state->option),
	         errdetail("It is %g.", number),
	         errhint("Correct the row, or leave it out by a view.")));
}

/* The array of a row as floats, of the length all rows have. */
static void
read_factors(const ImportState *state, const WalsRow *row, float *to)
{
	ArrayType *array = DatumGetArrayTypeP(row->values[1]);
	int32 k = state->side->factors;
	const char *data = ARR_DATA_PTR(array);
	int32 f;

	if (ARR_NDIM(array) != 1 || ARR_HASNULL(array) || ARR_DIMS(array)[0] != k)
		ereport(ERROR,
		        (errcode(ERRCODE_DATA_EXCEPTION),
		         errmsg("factors of %s in %s cannot be used",
		                id_text(state, row), state->option),
		         ARR_HASNULL(array)     ? errdetail("They have NULL elements.")
		         : ARR_NDIM(array) != 1 ? errdetail("They are not an array of "
		                                            "one dimension with "
		                                            "elements.")
		                                : errdetail("There are %d, the first "
		                                            "row has %d.",
		                                            ARR_DIMS(array)[0], k),
		         errhint("All rows need the same number of factors.")));
	for (f = 0; f < k; f++)
	{
		double number = state->is_double ? ((const float8 *) data)[f]
		                                 : ((const float4 *) data)[f];

		to[f] = (float) number;
		if (!isfinite(to[f]))
			refuse_number(state, row, "a factor", number);
	}
}

/* The first row says how many factors there are. */
static void
set_factors(const ImportState *state, const WalsRow *row)
{
	ArrayType *array = DatumGetArrayTypeP(row->values[1]);
	int32 k = ARR_NDIM(array) == 1 ? ARR_DIMS(array)[0] : 0;

	if (k < WC_FACTORS_MIN || k > WC_FACTORS_MAX)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("factors of %s in %s cannot be used",
		                id_text(state, row), state->option),
		         errdetail("There are %d, a model has %d to %d, in an array of "
		                   "one dimension.",
		                   k, WC_FACTORS_MIN, WC_FACTORS_MAX),
		         errhint("All rows need the same number of factors.")));
	state->side->factors = k;
}

/* A number of entries. */
static int32
read_count(const ImportState *state, const WalsRow *row, int column,
           const char *name)
{
	double count =
	    wals_number_of(state->shape.types[column], row->values[column]);

	if (!(count >= 0 && count <= PG_INT32_MAX))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("%s of %s in %s is out of range", name,
		                       id_text(state, row), state->option),
		                errdetail("It is %g, the range is 0 to %d.", count,
		                          PG_INT32_MAX),
		                errhint("%s; leave the column out if it is not known.",
		                        strcmp(name, "n") == 0
		                            ? "n is the number of a row's entries"
		                            : "likes is the number of a row's likes")));
	return (int32) count;
}

static void
read_row(const WalsRow *row, void *arg)
{
	ImportState *state = arg;
	WalsSide *side = state->side;
	MemoryContext caller = MemoryContextSwitchTo(state->row_context);
	int32 before = wc_idmap_count(side->ids);
	int32 index;
	WcId id;

	if (row->nulls[0])
		refuse_null(state, NULL, "id");
	if (row->nulls[1])
		refuse_null(state, id_text(state, row), "factors");
	id = wals_id_from_datum(state->id_type, row->values[0]);
	if (id.length > WALS_ID_MAX_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("an id in %s is too long", state->option),
		                errdetail("It has %zu bytes, the limit is %d.",
		                          id.length, WALS_ID_MAX_BYTES),
		                errhint("Use shorter ids.")));
	if (side->factors == 0)
		set_factors(state, row);
	index = wals_side_add(side, &id);
	if (index < before)
		ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
		                errmsg("%s stands in more than one row of %s",
		                       id_text(state, row), state->option),
		                errhint("Import one version only: a view with a WHERE "
		                        "clause.")));
	read_factors(state, row, side->data + (Size) index * side->factors);
	if (state->has_bias && !row->nulls[2])
	{
		double bias = wals_number_of(state->shape.types[2], row->values[2]);

		side->bias[index] = (float) bias;
		if (!isfinite(side->bias[index]))
			refuse_number(state, row, "bias", bias);
	}
	if (state->has_n && !row->nulls[3])
		side->entries[index] = read_count(state, row, 3, "n");
	if (state->has_likes && !row->nulls[4])
		side->likes[index] = read_count(state, row, 4, "likes");
	MemoryContextSwitchTo(caller);
	MemoryContextReset(state->row_context);
}

/* A column need not be there: in its place comes an integer. */
static bool
has_column(const ImportState *state, const char *column, Oid *type)
{
	*type = INT4OID;
	if (get_attnum(state->relation, column) <= 0)
		return false;
	*type = wals_number_column_type(state->relation, column, state->option);
	return true;
}

static void
open_columns(ImportState *state)
{
	WalsSide *side = state->side;
	const char *columns[5] = {"id", "factors"};
	int n = 2;
	Oid factors;

	state->id_type = wals_column_type(state->relation, "id", state->option);
	factors = wals_column_type(state->relation, "factors", state->option);
	if (!wals_id_type_of(state->id_type, &side->id_type) ||
	    (factors != FLOAT4ARRAYOID && factors != FLOAT8ARRAYOID))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DATATYPE_MISMATCH),
		     errmsg("relation \"%s\" cannot be imported as %s",
		            get_rel_name(state->relation), state->option),
		     errdetail("Its column id must be an integer, text, varchar or "
		               "uuid, factors real[] or double precision[]; they "
		               "are %s and %s.",
		               format_type_be(state->id_type), format_type_be(factors)),
		     errhint("Use a view that casts them.")));
	state->is_double = factors == FLOAT8ARRAYOID;
	state->shape.n = 5;
	state->shape.types[0] = state->id_type;
	state->shape.types[1] = factors;
	state->has_bias = has_column(state, "bias", &state->shape.types[2]);
	state->has_n = has_column(state, "n", &state->shape.types[3]);
	state->has_likes = has_column(state, "likes", &state->shape.types[4]);
	if (state->has_bias)
		columns[n++] = "bias";
	if (state->has_n)
		columns[n++] = "n";
	if (state->has_likes)
		columns[n++] = "likes";
	if (!wals_may_select(state->relation, n, columns))
		aclcheck_error(ACLCHECK_NO_PRIV,
		               get_relkind_objtype(get_rel_relkind(state->relation)),
		               get_rel_name(state->relation));
}

void
wals_import_read(Oid relation, WcSide which, const char *option, WalsJob *job,
                 WalsSide *side, bool *has_bias)
{
	ImportState state = {side, option, relation};
	char *quoted;

	wals_relation_lock(relation);
	/* an error when it is gone */
	quoted = wals_relation_quoted(relation);
	memset(side, 0, sizeof(*side));
	side->side = which;
	side->job = job;
	open_columns(&state);
	wals_job_check(job, wc_idmap_create(wals_id_kind(side->id_type), &side->ids,
	                                    &job->alloc));
	state.row_context = AllocSetContextCreate(CurrentMemoryContext, "wals rows",
	                                          ALLOCSET_DEFAULT_SIZES);
	wals_query_each(
	    psprintf("SELECT id, factors, %s, %s, %s FROM %s",
	             state.has_bias ? "bias" : "0", state.has_n ? "n" : "0",
	             state.has_likes ? "likes" : "0", quoted),
	    0, NULL, NULL, WALS_READ_FRESH, &state.shape, read_row, &state);
	MemoryContextDelete(state.row_context);
	if (wc_idmap_count(side->ids) == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("relation \"%s\" has no rows to import as %s",
		                       get_rel_name(relation), option),
		                errhint("A model needs users and items.")));
	*has_bias = state.has_bias;
}
