/*-------------------------------------------------------------------------
 *
 * redirect.c
 *	  Makes tables look as if their rows were elsewhere, for tests.
 *
 * A stand-in for extensions that answer from other servers, other formats or
 * other rows than the table's own: a table "t" is a shell as soon as there is a
 * table "t_elsewhere" of the same columns in its schema, and then every plan reads
 * that one.  The catalog says nothing of it, as with such extensions.
 *
 *	  redirect.mode = 'planner'    planner_hook puts the other table in the place
 *	                               of the shell
 *	  redirect.mode = 'scan'       set_rel_pathlist_hook leaves nothing but a
 *	                               custom scan of the other table
 *	  redirect.mode = 'analyze'    post_parse_analyze_hook adds a condition: of
 *	                               shells, nothing is seen
 *	  redirect.mode = 'none'       shells are what they are
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/restrictinfo.h"
#include "parser/analyze.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_MODULE_MAGIC;

typedef enum Mode
{
	MODE_NONE,
	MODE_PLANNER,
	MODE_SCAN,
	MODE_ANALYZE
} Mode;

static const struct config_enum_entry modes[] = {{"none", MODE_NONE, false},
                                                 {"planner", MODE_PLANNER, false},
                                                 {"scan", MODE_SCAN, false},
                                                 {"analyze", MODE_ANALYZE, false},
                                                 {NULL, 0, false}};

static int mode = MODE_NONE;
static planner_hook_type next_planner = NULL;
static set_rel_pathlist_hook_type next_paths = NULL;
static post_parse_analyze_hook_type next_analyze = NULL;

void _PG_init(void);

/* The table that has the rows of a shell; 0 for what is none. */
static Oid
elsewhere(Oid relation)
{
	char *name = get_rel_name(relation);

	if (name == NULL || get_rel_relkind(relation) != RELKIND_RELATION)
		return InvalidOid;
	return get_relname_relid(psprintf("%s_elsewhere", name),
	                         get_rel_namespace(relation));
}

/* ------------------------------------------------------------------------
 * By planner_hook
 * ------------------------------------------------------------------------ */

static void
replace_shell(Query *query, RangeTblEntry *entry)
{
	Oid other = entry->rtekind == RTE_RELATION ? elsewhere(entry->relid)
	                                           : InvalidOid;

	if (!OidIsValid(other))
		return;
	table_close(table_open(other, AccessShareLock), NoLock);
#if PG_VERSION_NUM >= 160000
	if (entry->perminfoindex > 0)
		getRTEPermissionInfo(query->rteperminfos, entry)->relid = other;
#endif
	entry->relid = other;
}

static bool
replace_shells(Node *node, void *context)
{
	ListCell *cell;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, replace_shells, context);
	foreach (cell, ((Query *) node)->rtable)
		replace_shell((Query *) node, lfirst(cell));
	return query_tree_walker((Query *) node, replace_shells, context, 0);
}

static PlannedStmt *
redirect_planner(Query *parse, const char *query_string, int cursor_options,
                 ParamListInfo params)
{
	if (mode == MODE_PLANNER && parse->commandType == CMD_SELECT)
		(void) replace_shells((Node *) parse, NULL);
	return next_planner != NULL
	           ? next_planner(parse, query_string, cursor_options, params)
	           : standard_planner(parse, query_string, cursor_options, params);
}

/* ------------------------------------------------------------------------
 * By a custom scan
 * ------------------------------------------------------------------------ */

typedef struct RedirectState
{
	CustomScanState css;
	Relation other;
	TableScanDesc scan;
	TupleTableSlot *row;
} RedirectState;

static void
redirect_begin(CustomScanState *node, EState *estate, int flags)
{
	RedirectState *state = (RedirectState *) node;
	Oid other = elsewhere(RelationGetRelid(node->ss.ss_currentRelation));

	state->other = table_open(other, AccessShareLock);
	state->row = table_slot_create(state->other, NULL);
	state->scan = NULL;
}

static TupleTableSlot *
redirect_next(ScanState *node)
{
	RedirectState *state = (RedirectState *) node;
	TupleTableSlot *slot = node->ss_ScanTupleSlot;

	if (state->scan == NULL)
		state->scan = state->other->rd_tableam->scan_begin(
		    state->other, node->ps.state->es_snapshot, 0, NULL, NULL,
		    SO_TYPE_SEQSCAN | SO_ALLOW_STRAT | SO_ALLOW_SYNC |
		        SO_ALLOW_PAGEMODE);
	if (!table_scan_getnextslot(state->scan, ForwardScanDirection, state->row))
		return ExecClearTuple(slot);
	return ExecCopySlot(slot, state->row);
}

static bool
redirect_recheck(ScanState *node, TupleTableSlot *slot)
{
	return true;
}

static TupleTableSlot *
redirect_exec(CustomScanState *node)
{
	return ExecScan(&node->ss, redirect_next, redirect_recheck);
}

static void
redirect_end(CustomScanState *node)
{
	RedirectState *state = (RedirectState *) node;

	if (state->scan != NULL)
		table_endscan(state->scan);
	ExecDropSingleTupleTableSlot(state->row);
	table_close(state->other, NoLock);
}

static void
redirect_rescan(CustomScanState *node)
{
	RedirectState *state = (RedirectState *) node;

	if (state->scan != NULL)
		table_rescan(state->scan, NULL);
	ExecScanReScan(&node->ss);
}

static const CustomExecMethods exec_methods = {
    .CustomName = "redirect",
    .BeginCustomScan = redirect_begin,
    .ExecCustomScan = redirect_exec,
    .EndCustomScan = redirect_end,
    .ReScanCustomScan = redirect_rescan};

static Node *
redirect_state(CustomScan *scan)
{
	RedirectState *state = palloc0(sizeof(RedirectState));

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	return (Node *) state;
}

static const CustomScanMethods scan_methods = {
    .CustomName = "redirect", .CreateCustomScanState = redirect_state};

static Plan *
redirect_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path,
              List *targets, List *clauses, List *children)
{
	CustomScan *scan = makeNode(CustomScan);
	Oid shell = planner_rt_fetch(rel->relid, root)->relid;

	/* the plan is no good when the other table goes */
	root->glob->relationOids =
	    lappend_oid(root->glob->relationOids, elsewhere(shell));
	scan->scan.plan.targetlist = targets;
	scan->scan.plan.qual = extract_actual_clauses(clauses, false);
	scan->scan.scanrelid = rel->relid;
	scan->flags = path->flags;
	scan->methods = &scan_methods;
	return &scan->scan.plan;
}

static const CustomPathMethods path_methods = {
    .CustomName = "redirect", .PlanCustomPath = redirect_plan};

static void
redirect_paths(PlannerInfo *root, RelOptInfo *rel, Index index,
               RangeTblEntry *entry)
{
	if (next_paths != NULL)
		next_paths(root, rel, index, entry);
	if (mode == MODE_SCAN && entry->rtekind == RTE_RELATION &&
	    root->parse->commandType == CMD_SELECT &&
	    OidIsValid(elsewhere(entry->relid)))
	{
		CustomPath *path = makeNode(CustomPath);

		path->path.pathtype = T_CustomScan;
		path->path.parent = rel;
		path->path.pathtarget = rel->reltarget;
		path->path.rows = rel->rows;
		path->path.total_cost = 1;
		path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
		path->methods = &path_methods;
		rel->pathlist = NIL;
		rel->partial_pathlist = NIL;
		add_path(rel, &path->path);
	}
}

/* ------------------------------------------------------------------------
 * By post_parse_analyze_hook
 * ------------------------------------------------------------------------ */

static void
redirect_analyze(ParseState *pstate, Query *query, JumbleState *jumble)
{
	ListCell *cell;

	if (next_analyze != NULL)
		next_analyze(pstate, query, jumble);
	if (mode != MODE_ANALYZE || query->commandType != CMD_SELECT)
		return;
	foreach (cell, query->rtable)
	{
		RangeTblEntry *entry = lfirst(cell);

		if (entry->rtekind == RTE_RELATION &&
		    OidIsValid(elsewhere(entry->relid)))
			query->jointree->quals =
			    (Node *) make_and_qual(query->jointree->quals,
			                           makeBoolConst(false, false));
	}
}

void
_PG_init(void)
{
	DefineCustomEnumVariable("redirect.mode", "How shells are redirected.",
	                         NULL, &mode, MODE_NONE, modes, PGC_USERSET, 0,
	                         NULL, NULL, NULL);
	RegisterCustomScanMethods(&scan_methods);
	next_planner = planner_hook;
	planner_hook = redirect_planner;
	next_paths = set_rel_pathlist_hook;
	set_rel_pathlist_hook = redirect_paths;
	next_analyze = post_parse_analyze_hook;
	post_parse_analyze_hook = redirect_analyze;
}
