/*-------------------------------------------------------------------------
 *
 * wals_set_source.c
 *	  SQL: wals_set_source(model, source, ...) names another source.
 *
 * The options of the training stay as they are, and so do the columns: the new
 * source must have them.  The version that answers, and all others that name the
 * same source, name the new one from now on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/args.h"
#include "base/hint.h"
#include "store/guard.h"
#include "store/ids.h"
#include "store/model.h"
#include "store/named.h"
#include "store/query.h"
#include "store/ratings.h"
#include "store/record.h"
#include "store/stored.h"
#include "store/relation.h"

PG_FUNCTION_INFO_V1(wals_set_source);

static void
check_id_type(const WalsSource *source, const char *column, WalsIdType found,
              WalsIdType stored, Oid model)
{
	if (found != stored)
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("column \"%s\" of relation \"%s\" has ids of type %s",
		                column, get_rel_name(source->relation),
		                wals_id_type_name(found)),
		         errdetail("Model \"%s\" was trained on ids of type %s.",
		                   get_rel_name(model), wals_id_type_name(stored)),
		         errhint("Use a view that casts the column.")));
}

/* A table of weights in the place of the one that the version names. */
static void
set_weights(const WalsRecord *record, Oid model, const char *option, Oid table,
            const char *id_col, WalsIdType id_type)
{
	WalsNaming naming;

	if (!OidIsValid(table))
		return;
	if (!wals_stored_is_text(&record->options, option))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("version %d of model \"%s\" was trained without %s",
		                record->version, get_rel_name(model), option),
		         wals_hint("Train it with them: SELECT wals_train(%s, ..., "
		                   "%s => ...);",
		                   quote_literal_cstr(wals_relation_quoted(model)),
		                   option)));
	wals_weights_check(table, id_col, option, id_type, NULL);
	wals_naming_set(&naming, table);
	wals_version_rename(model, record->version, option, &naming);
}

Datum
wals_set_source(PG_FUNCTION_ARGS)
{
	Oid model;
	Oid row_weights = wals_arg_oid(fcinfo, 2);
	Oid col_weights = wals_arg_oid(fcinfo, 3);
	WalsModel active;
	WalsRecord record;
	WalsSource *source = &record.source;

	wals_arg_need(fcinfo, 1, "source",
	              "Name the relation that has the ratings.");
	model =
	    wals_model_change_begin(wals_arg_model(fcinfo, 0), "wals_set_source()");
	wals_version_hold(model);
	if (!wals_model_find_active(model, &active) ||
	    !wals_record_read(model, active.version, WALS_READ_FRESH, &record))
		wals_model_inactive(model);
	if (!wals_model_has_names(model))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("the tables of model \"%s\" are of an older "
		                       "version of wals",
		                       get_rel_name(model)),
		                errhint("ALTER EXTENSION wals UPDATE;")));
	wals_guard_trust(model, active.version);
	wals_guard_open(model, 0);
	wals_version_name_early(model);
	source->relation = wals_arg_oid(fcinfo, 1);
	wals_source_check(source, get_rel_name(model));
	check_id_type(source, source->user_col, source->user_id_type,
	              active.user_type, model);
	check_id_type(source, source->item_col, source->item_id_type,
	              active.item_type, model);
	wals_version_rename(model, active.version, "source", &source->naming);
	set_weights(&record, model, "row_weights", row_weights, source->user_col,
	            active.user_type);
	set_weights(&record, model, "col_weights", col_weights, source->item_col,
	            active.item_type);
	wals_query_end();
	PG_RETURN_VOID();
}
