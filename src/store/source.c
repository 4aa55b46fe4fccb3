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

/*
 * Lock the source.  Whoever was waited for may have exchanged it: then the model
 * has another one from here on.
 */
static void
hold_source(const WalsSourceUse *use)
{
	WalsModel *model = unconstify(WalsModel *, use->model);
	WalsNamedUse named = {model->relation, "source", use->what, use->without};

	model->named = wals_named_hold(
	    &model->naming, wals_relation_owner(model->relation), model->source);
	model->source = model->named.relation;
	if (!OidIsValid(model->source))
		wals_named_missing(&named, &model->naming, &model->named);
}

void
wals_source_need(const WalsSourceUse *use)
{
	const char *model = get_rel_name(use->model->relation);

	if (use->model->named.state == WALS_NAMED_NONE)
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("model \"%s\" has no source", model),
		         errdetail("It is needed to %s, and the factors were imported "
		                   "without one.",
		                   use->what),
		         wals_source_hint(
		             use, psprintf("Name one: SELECT wals_set_source(%s, "
		                           "'...');",
		                           quote_literal_cstr(wals_relation_quoted(
		                               use->model->relation))))));
	hold_source(use);
	wals_source_check_code(use->model->relation, use->model->source,
	                       use->without);
	if (wals_model_is_own(use->model->relation) &&
	    !wals_model_is_own(use->model->source))
		wals_guard_trust(use->model->relation, use->model->version);
}

void
wals_source_find_again(Oid model, const char *option, const WalsNaming *naming,
                       Oid *relation)
{
	WalsNamedUse use = {model, option, "train", ""};
	WalsNamed named;

	if (naming->name[0] == '\0')
		return;
	named = wals_named_need(&use, naming);
	if (named.relation != *relation)
		wals_source_check_code(model, named.relation, "");
	*relation = named.relation;
}

bool
wals_source_is_elsewhere(const WalsModel *model)
{
	static Oid told[16];
	static int next = 0;
	int i;

	if (model->named.state != WALS_NAMED_ELSEWHERE)
		return false;
	for (i = 0; i < (int) lengthof(told); i++)
		if (told[i] == model->relation)
			return true;
	told[next] = model->relation;
	next = (next + 1) % (int) lengthof(told);
	ereport(
	    NOTICE,
	    (errmsg("model \"%s\" answers without its source, %s, which is not "
	            "in this database",
	            get_rel_name(model->relation), model->naming.name),
	     errdetail("What users have seen is not left out, and who is not in "
	               "the model is not folded in."),
	     wals_hint("exclude_seen => false and fold_in => 'never' ask for "
	               "just that; exclude => ... leaves out what you know of. "
	               "To name a source here: SELECT wals_set_source(%s, "
	               "'...');",
	               quote_literal_cstr(wals_relation_quoted(model->relation)))));
	return true;
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
