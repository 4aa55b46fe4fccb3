/*-------------------------------------------------------------------------
 *
 * source.c
 *	  The source a version was trained on, as it is now.
 *
 * A version names its source and its columns; both live on without it.  Whoever
 * reads the source again (to leave out what was seen, to fold in, to evaluate)
 * first asks here whether it is still what was trained on, whether the caller may
 * read it, and whose code that runs.  A view's functions run as whoever reads it,
 * and who asks a model has not named the view.  A superuser's call never runs the
 * code of others; everybody else's does, as any SELECT from their views.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/hint.h"
#include "store/guard.h"
#include "store/relation.h"
#include "store/source.h"

int
wals_source_hint(const WalsSourceUse *use, const char *advice)
{
	return use->without[0] == '\0' ? wals_hint("%s", advice)
	                               : wals_hint("%s %s", advice, use->without);
}

void
wals_source_need(const WalsSourceUse *use)
{
	const char *model = get_rel_name(use->model->relation);

	if (!OidIsValid(use->model->source))
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("model \"%s\" has no source", model),
		         errdetail("It is needed to %s, and the factors were imported "
		                   "without one.",
		                   use->what),
		         wals_source_hint(use, "Import them with source => '...'.")));
	wals_relation_lock(use->model->source);
	if (get_rel_name(use->model->source) == NULL)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_UNDEFINED_TABLE),
		     errmsg("the source of model \"%s\" no longer exists", model),
		     errdetail("It is needed to %s.", use->what),
		     wals_source_hint(use, "Train the model on another relation.")));
	wals_source_check_code(use->model->relation, use->model->source,
	                       use->without);
	if (wals_model_is_own(use->model->relation) &&
	    !wals_model_is_own(use->model->source))
		wals_guard_trust(use->model->relation, use->model->version);
}

void
wals_source_check_code(Oid model, Oid source, const char *without)
{
	Oid strange = wals_relation_with_strange_code(source);
	char *role;

	if (!OidIsValid(strange))
		return;
	role = GetUserNameFromId(wals_relation_owner(strange), true);
	ereport(
	    ERROR,
	    (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	     errmsg("reading \"%s\" would run code of role \"%s\" as a superuser",
	            get_rel_name(source), role ? role : "?"),
	     errdetail("Model \"%s\" names it, this call does not, and \"%s\" is a "
	               "view or a foreign table, or has indexes, constraints or "
	               "statistics with functions.",
	               get_rel_name(model), get_rel_name(strange)),
	     wals_hint(
	         wals_model_is_own(model)
	             ? "Let role %s train the model, or train on a relation of "
	               "your own.%s%s"
	             : "Use SET ROLE %s first.%s%s",
	         role ? quote_identifier(role) : "that owns it",
	         without[0] != '\0' ? " " : "", without)));
}

void
wals_source_need_column(const WalsSourceUse *use, const char *column)
{
	Oid source = use->model->source;

	if (get_attnum(source, column) <= 0)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_COLUMN),
		         errmsg("column \"%s\" of relation \"%s\" no longer exists",
		                column, get_rel_name(source)),
		         errdetail("Model \"%s\" was trained on it.",
		                   get_rel_name(use->model->relation)),
		         wals_source_hint(use, "Train the model again.")));
}

Oid
wals_source_id_column(const WalsSourceUse *use, const char *column,
                      WalsIdType id_type)
{
	Oid source = use->model->source;
	WalsIdType found;
	Oid type;

	wals_source_need_column(use, column);
	type = getBaseType(get_atttype(source, get_attnum(source, column)));
	if (!wals_id_type_of(type, &found) || found != id_type)
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("column \"%s\" of relation \"%s\" has changed its type "
		                "to %s",
		                column, get_rel_name(source), format_type_be(type)),
		         errdetail("Model \"%s\" was trained on ids of type %s.",
		                   get_rel_name(use->model->relation),
		                   wals_id_type_name(id_type)),
		         wals_source_hint(use, "Train the model again.")));
	return type;
}

void
wals_source_check_rights(const WalsSourceUse *use, int n, const char **columns)
{
	if (!wals_may_select(use->model->source, n, columns))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		                errmsg("permission denied for relation %s",
		                       get_rel_name(use->model->source)),
		                errdetail("It is needed to %s.", use->what),
		                wals_source_hint(use, "GRANT SELECT on it.")));
}
