/*-------------------------------------------------------------------------
 *
 * planner.c
 *	  What the planner makes of a statement that reads one table.
 *
 * Extensions make a table mean something else by hooks: Citus answers from other
 * servers what the coordinator's table does not hold, others decompress, mask or
 * cache.  The catalog says nothing of it.  The planner does: it is given the
 * statement that would be run, and what comes back is either a scan of the table,
 * or it is not.
 *
 * Hooks of the executor are not asked.  Those that many servers have
 * (pg_stat_statements, auto_explain) count and time statements; which rows there
 * are was settled by the plan.  The executor's check of rights is looked at by
 * direct.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "optimizer/planner.h"
#include "parser/analyze.h"
#include "parser/parsetree.h"
#include "utils/plancache.h"

#include "store/direct.h"

/* What the parts of a plan are compared with. */
typedef struct Expected
{
	Index relation; /* place of the table in the range table */
	const List *index_columns; /* of an index-only scan: what it returns */
	int n_keys;
	const AttrNumber *keys;
} Expected;

/* The column of the table that an expression is; 0 if it is none. */
static AttrNumber
column_of(const Expected *expected, const Node *node)
{
	const Var *var = (const Var *) node;

	if (!IsA(node, Var))
		return 0;
	if (var->varno == INDEX_VAR && var->varattno > 0 &&
	    var->varattno <= list_length(expected->index_columns))
	{
		const TargetEntry *entry =
		    list_nth(expected->index_columns, var->varattno - 1);

		var = (const Var *) entry->expr;
		if (!IsA(var, Var))
			return 0;
	}
	return var->varno == expected->relation ? var->varattno : 0;
}

/* True when there is more to a condition than key columns and values. */
static bool
is_foreign(Node *node, void *arg)
{
	const Expected *expected = arg;
	AttrNumber column;
	int i;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
			column = column_of(expected, node);
			for (i = 0; i < expected->n_keys; i++)
				if (column == expected->keys[i])
					return false;
			return true;
		case T_List:
		case T_OpExpr:
		case T_RelabelType:
		case T_Const:
			return expression_tree_walker(node, is_foreign, arg);
		case T_Param:
			return ((Param *) node)->paramkind != PARAM_EXTERN;
		default:
			return true;
	}
}

static bool
conditions_fit(Expected *expected, List *by_index, List *others)
{
	return list_length(by_index) + list_length(others) <= expected->n_keys &&
	       !is_foreign((Node *) by_index, expected) &&
	       !is_foreign((Node *) others, expected);
}

/* Is it an ordinary scan of the one relation there is? */
static bool
scan_fits(const Plan *plan, Expected *expected)
{
	switch (nodeTag(plan))
	{
		case T_SeqScan:
			return conditions_fit(expected, NIL, plan->qual);
		case T_IndexScan:
			return ((const IndexScan *) plan)->indexorderby == NIL &&
			       conditions_fit(expected,
			                      ((const IndexScan *) plan)->indexqualorig,
			                      plan->qual);
		case T_IndexOnlyScan:
			expected->index_columns =
			    ((const IndexOnlyScan *) plan)->indextlist;
			return ((const IndexOnlyScan *) plan)->indexorderby == NIL &&
			       conditions_fit(expected,
			                      ((const IndexOnlyScan *) plan)->indexqual,
			                      plan->qual);
		case T_BitmapHeapScan:
			return conditions_fit(
			    expected, ((const BitmapHeapScan *) plan)->bitmapqualorig,
			    plan->qual);
		default:
			return false;
	}
}

static bool
plan_fits(const PlannedStmt *statement, Oid table, int n,
          const AttrNumber *columns, Expected *expected)
{
	const Plan *plan = statement->planTree;
	const RangeTblEntry *entry;
	const ListCell *cell;
	int i = 0;

	if (statement->commandType != CMD_SELECT || statement->subplans != NIL ||
	    statement->rowMarks != NIL || list_length(statement->rtable) != 1)
		return false;
	expected->relation = 1;
	entry = rt_fetch(1, statement->rtable);
	if (entry->rtekind != RTE_RELATION || entry->relid != table ||
	    entry->tablesample != NULL || !scan_fits(plan, expected) ||
	    ((const Scan *) plan)->scanrelid != expected->relation ||
	    plan->initPlan != NIL || list_length(plan->targetlist) != n)
		return false;
	foreach (cell, plan->targetlist)
		if (column_of(expected,
		              (Node *) lfirst_node(TargetEntry, cell)->expr) !=
		    columns[i++])
			return false;
	return true;
}

bool
wals_planner_scans(const char *sql, int n_args, const Oid *types, Oid table,
                   int n, const AttrNumber *columns, int n_keys,
                   const AttrNumber *keys)
{
	Expected expected = {0, NIL, n_keys, keys};
	SPIPlanPtr plan;
	CachedPlan *cached;
	bool result;

	wals_query_begin();
	plan = SPI_prepare(sql, n_args, unconstify(Oid *, types));
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s",
		     SPI_result_code_string(SPI_result));
	cached = SPI_plan_get_cached_plan(plan);
	result = cached != NULL && list_length(cached->stmt_list) == 1 &&
	         plan_fits(linitial_node(PlannedStmt, cached->stmt_list), table, n,
	                   columns, &expected);
	if (cached != NULL)
		ReleaseCachedPlan(cached, NULL);
	wals_query_end();
	return result;
}

bool
wals_planner_changed(void)
{
	static bool asked = false;
	static planner_hook_type planner = NULL;
	static set_rel_pathlist_hook_type paths = NULL;
	static get_relation_info_hook_type info = NULL;
	static create_upper_paths_hook_type upper_paths = NULL;
	static post_parse_analyze_hook_type analyze = NULL;

	if (asked && planner == planner_hook && paths == set_rel_pathlist_hook &&
	    info == get_relation_info_hook &&
	    upper_paths == create_upper_paths_hook &&
	    analyze == post_parse_analyze_hook)
		return false;
	asked = true;
	planner = planner_hook;
	paths = set_rel_pathlist_hook;
	info = get_relation_info_hook;
	upper_paths = create_upper_paths_hook;
	analyze = post_parse_analyze_hook;
	return true;
}

bool
wals_planner_is_hooked(void)
{
	return planner_hook != NULL || set_rel_pathlist_hook != NULL ||
	       get_relation_info_hook != NULL || create_upper_paths_hook != NULL ||
	       post_parse_analyze_hook != NULL;
}
