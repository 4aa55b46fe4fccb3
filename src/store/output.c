/*-------------------------------------------------------------------------
 *
 * output.c
 *	  Tables of the user's to which jobs that commit write what they find.
 *
 * Such a job has nowhere else to leave it: a procedure returns no rows.  The table
 * is typed, so that its columns are those we write; it belongs to whoever runs the
 * job, because the triggers, rules and policies of somebody else's would run with
 * the rights of the one who writes; and it is no part of a model, for tunings
 * come before models, and their rows are kept as long as somebody wants to look.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/hint.h"
#include "store/model.h"
#include "store/output.h"
#include "store/query.h"

static void
check_table(const WalsOutputForm *form, Oid relation)
{
	if (wals_table_kind(relation, NULL) != form->kind)
		ereport(ERROR,
		        (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		         errmsg("relation \"%s\" exists and is not %s",
		                get_rel_name(relation), form->what),
		         wals_hint("Choose another name: %s() creates the table.",
		                   form->call)));
	if (!wals_model_is_own(relation))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE,
		               get_rel_name(relation));
}

void
wals_output_open(const WalsOutputForm *form, const char *name,
                 WalsOutput *output)
{
	RangeVar *range = makeRangeVarFromNameList(wals_qualified_name_list(name));

	memset(output, 0, sizeof(*output));
	output->form = form;
	output->relation = RangeVarGetRelid(range, NoLock, true);
	output->name = range->relname;
	if (OidIsValid(output->relation))
		check_table(form, output->relation);
	else
		output->schema = wals_creation_schema(range, form->what,
		                                      psprintf("CALL %s", form->call));
}

void
wals_output_create(WalsOutput *output)
{
	const char *quoted;

	if (OidIsValid(output->relation))
		return;
	quoted = quote_qualified_identifier(get_namespace_name(output->schema),
	                                    output->name);
	wals_query_once(psprintf("CREATE TABLE %s OF %s.%s %s", quoted,
	                         wals_extension_schema(), output->form->type,
	                         output->form->options));
	wals_query_once(psprintf("COMMENT ON TABLE %s IS %s", quoted,
	                         quote_literal_cstr(output->form->what)));
	output->relation = get_relname_relid(output->name, output->schema);
}

char *
wals_output_lock(const WalsOutput *output)
{
	LockRelationOid(output->relation, RowExclusiveLock);
	if (get_rel_name(output->relation) == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("table \"%s\" was dropped while its rows were "
		                       "being found",
		                       output->name),
		                errhint("Start the job again.")));
	check_table(output->form, output->relation);
	return wals_relation_quoted(output->relation);
}
