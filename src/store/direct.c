/*-------------------------------------------------------------------------
 *
 * direct.c
 *	  Rows of one table, without a statement where that is as good.
 *
 * An answer needs the row of the active version, the factors of one user, and
 * what the user has seen.  Through the server programming interface, with kept
 * plans, these take most of the whole call; read by a scan of the table, of its
 * primary key, and of an index of the source that holds users and items, they
 * take less than half of that.
 *
 * A statement does more than that, so it is left to one wherever the difference
 * could be seen: row-level security for the caller, no right to use the schema,
 * tables that others inherit from than those of a model's versions, relations that are not plain tables or not
 * heaps, columns that are not stored, other sessions' temporary tables, an extension that
 * watches who reads what, a primary key that is not ours (columns, operator
 * classes, not valid), columns that are not there or of other types, and tables
 * that the planner reads in any other way than by a plain scan (planner.h).
 *
 * What the planner says, and where columns and index are, is kept as a path for
 * each table, role and set of columns.  The server tells when a table or index
 * changes, and it does so no later than when the lock is taken: so all of it is
 * looked at under the lock, and names and types once more on every call.
 *
 * Of the source only an index is read, and the table where its pages may hold
 * rows that not everybody sees: as the server's index-only scan.  Where no index
 * has all columns, the planner knows better how to fetch scattered rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/visibilitymap.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "store/direct.h"
#include "store/query.h"
#include "store/relation.h"
#include "store/version_table.h"

/* ------------------------------------------------------------------------
 * Paths
 * ------------------------------------------------------------------------ */

#define PATHS_MAX 4096

typedef struct PathKey
{
	Oid table;
	Oid role; /* extensions may show a role other rows */
	uint32 columns; /* hash of names and types */
} PathKey;

/* How a lookup is done directly, if it is. */
typedef struct Path
{
	PathKey key;
	bool valid; /* nothing has changed since it was made */
	bool direct;
	TransactionId changed_by; /* see wals_storage_check */
	AttrNumber columns[WALS_SHAPE_MAX]; /* of the table */
	AttrNumber keys[WALS_KEYS_MAX];
	Oid index;
	int places[WALS_SHAPE_MAX]; /* of the columns in the index, from 0 */
	RegProcedure equal[WALS_KEYS_MAX];
} Path;

static HTAB *paths = NULL;
static uint64 n_changes = 0; /* that the server told of */

static void
forget_paths(Datum arg, Oid relation)
{
	HASH_SEQ_STATUS all;
	Path *path;

	n_changes++;
	hash_seq_init(&all, paths);
	while ((path = hash_seq_search(&all)) != NULL)
		if (!OidIsValid(relation) || path->key.table == relation ||
		    path->index == relation)
			path->valid = false;
}

static void
create_paths(void)
{
	HASHCTL control;

	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(PathKey);
	control.entrysize = sizeof(Path);
	control.hcxt = CacheMemoryContext;
	paths = hash_create("wals paths", 64, &control,
	                    HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(forget_paths, (Datum) 0);
}

/* Keep a path; all others go when there are too many. */
static Path *
keep_path(const Path *path)
{
	HASH_SEQ_STATUS all;
	Path *kept;

	if (hash_get_num_entries(paths) >= PATHS_MAX)
	{
		hash_seq_init(&all, paths);
		while ((kept = hash_seq_search(&all)) != NULL)
			(void) hash_search(paths, &kept->key, HASH_REMOVE, NULL);
	}
	kept = hash_search(paths, &path->key, HASH_ENTER, NULL);
	*kept = *path;
	return kept;
}

static uint32
hash_name(uint32 hash, const char *name, Oid type)
{
	hash = hash_combine(hash, (uint32) type);
	return hash_combine(hash,
	                    DatumGetUInt32(hash_any((const unsigned char *) name,
	                                            (int) strlen(name))));
}

static void
make_key(const WalsLookup *lookup, Oid table, PathKey *key)
{
	uint32 hash = (uint32) lookup->shape.n;
	int i;

	for (i = 0; i < lookup->shape.n; i++)
		hash = hash_name(hash, lookup->columns[i], lookup->shape.types[i]);
	for (i = 0; i < lookup->n_keys; i++)
		hash = hash_name(hash, lookup->keys[i], lookup->key_types[i]);
	memset(key, 0, sizeof(*key));
	key->table = table;
	key->role = GetUserId();
	key->columns = hash;
}

static bool
is_type(Oid found, Oid expected)
{
	return found == expected || getBaseType(found) == expected;
}

/* PostgreSQL 18 has generated columns that are not stored, too. */
static bool
is_stored(Form_pg_attribute attribute)
{
	return attribute->attgenerated == '\0' ||
	       attribute->attgenerated == ATTRIBUTE_GENERATED_STORED;
}

/* Is this the column, stored in the table, and of the type (0: any)? */
static bool
is_column(Relation relation, AttrNumber number, const char *name, Oid type)
{
	Form_pg_attribute attribute =
	    TupleDescAttr(RelationGetDescr(relation), number - 1);

	return strcmp(NameStr(attribute->attname), name) == 0 &&
	       !attribute->attisdropped && is_stored(attribute) &&
	       (!OidIsValid(type) || is_type(attribute->atttypid, type));
}

/* The number of such a column, looked for from the one before; 0: none. */
static AttrNumber
find_column(Relation relation, const char *name, Oid type, AttrNumber before)
{
	int n = RelationGetNumberOfAttributes(relation);
	int i;

	for (i = 0; i < n; i++)
	{
		AttrNumber number = (AttrNumber) ((before + i) % n + 1);

		if (is_column(relation, number, name, type))
			return number;
	}
	return 0;
}

static bool
find_columns(const WalsLookup *lookup, Relation relation, Path *path)
{
	AttrNumber before = 0;
	int i;

	for (i = 0; i < lookup->shape.n; i++)
	{
		before = path->columns[i] = find_column(relation, lookup->columns[i],
		                                        lookup->shape.types[i], before);
		if (before == 0)
			return false;
	}
	for (i = 0; i < lookup->n_keys; i++)
	{
		/* found by value, it must be what the value is; an index sees to that */
		path->keys[i] =
		    find_column(relation, lookup->keys[i],
		                lookup->finding == WALS_FIND_ALL ? lookup->key_types[i]
		                                                 : InvalidOid,
		                0);
		if (path->keys[i] == 0)
			return false;
	}
	return true;
}

/*
 * Does a path still hold, and are its columns those of the lookup?  What a
 * statement does holds for any.
 */
static bool
path_holds(const WalsLookup *lookup, Relation relation, const Path *path)
{
	int i;

	if (!path->valid || !path->direct)
		return path->valid;
	for (i = 0; i < lookup->shape.n; i++)
		if (!is_column(relation, path->columns[i], lookup->columns[i],
		               lookup->shape.types[i]))
			return false;
	return true;
}

/* ------------------------------------------------------------------------
 * Indexes
 * ------------------------------------------------------------------------ */

/* Where an index has a column of its table, from 0; -1 when it has not. */
static int
place_in_index(Relation index, AttrNumber column)
{
	int i;

	for (i = 0; i < index->rd_index->indnatts; i++)
		if (index->rd_index->indkey.values[i] == column)
			return i;
	return -1;
}

/*
 * The function behind the = of an index column and a key, as a statement would
 * use it: of the default operators of the column's type, by its collation.
 */
static RegProcedure
equal_function(Relation relation, Relation index, int place, Oid key_type)
{
	Form_pg_attribute column = TupleDescAttr(
	    RelationGetDescr(relation), index->rd_index->indkey.values[place] - 1);
	Oid type = getBaseType(column->atttypid);
	Oid equal;

	if (index->rd_indcollation[place] != column->attcollation ||
	    index->rd_opfamily[place] !=
	        lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf)
		return InvalidOid;
	equal = get_opfamily_member(index->rd_opfamily[place],
	                            index->rd_opcintype[place], key_type,
	                            BTEqualStrategyNumber);
	return OidIsValid(equal) ? get_opcode(equal) : InvalidOid;
}

/* Can the index return a column as the table has it? */
static bool
returns_column(Relation relation, Relation index, int place, AttrNumber column)
{
	return place >= 0 && index_can_return(index, place + 1) &&
	       TupleDescAttr(RelationGetDescr(index), place)->atttypid ==
	           TupleDescAttr(RelationGetDescr(relation), column - 1)->atttypid;
}

/* Can the index answer, for every row of the table?  Where and how: path. */
static bool
index_fits(const WalsLookup *lookup, Relation relation, Relation index,
           Path *path)
{
	Form_pg_index form = index->rd_index;
	int i;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid ||
	    form->indcheckxmin || form->indnkeyatts < lookup->n_keys ||
	    !heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
		return false;
	for (i = 0; i < lookup->n_keys; i++)
	{
		if (form->indkey.values[i] != path->keys[i])
			return false;
		path->equal[i] =
		    equal_function(relation, index, i, lookup->key_types[i]);
		if (!OidIsValid(path->equal[i]))
			return false;
	}
	for (i = 0; lookup->finding == WALS_FIND_INDEX && i < lookup->shape.n; i++)
	{
		path->places[i] = place_in_index(index, path->columns[i]);
		if (!returns_column(relation, index, path->places[i], path->columns[i]))
			return false;
	}
	path->index = RelationGetRelid(index);
	return true;
}

static bool
find_index(const WalsLookup *lookup, Relation relation, Path *path)
{
	List *indexes = RelationGetIndexList(relation);
	bool found = false;
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index;

		if (lookup->finding == WALS_FIND_KEY &&
		    lfirst_oid(cell) != relation->rd_pkindex)
			continue;
		index = index_open(lfirst_oid(cell), AccessShareLock);
		found = index_fits(lookup, relation, index, path);
		index_close(index, found ? NoLock : AccessShareLock);
		if (found)
			break;
	}
	list_free(indexes);
	return found;
}

/* ------------------------------------------------------------------------
 * Opening
 * ------------------------------------------------------------------------ */

/* SELECT columns FROM table WHERE key = $1 AND ...; the prefix may be ONLY. */
static char *
statement_of(const WalsLookup *lookup, const char *prefix, Oid table)
{
	StringInfoData sql;
	int i;

	initStringInfo(&sql);
	for (i = 0; i < lookup->shape.n; i++)
		appendStringInfo(&sql, "%s%s", i == 0 ? "SELECT " : ", ",
		                 quote_identifier(lookup->columns[i]));
	appendStringInfo(&sql, " FROM %s%s", prefix, wals_relation_quoted(table));
	for (i = 0; i < lookup->n_keys; i++)
		appendStringInfo(&sql, " %s %s OPERATOR(pg_catalog.=) $%d",
		                 i == 0 ? "WHERE" : "AND",
		                 quote_identifier(lookup->keys[i]), i + 1);
	return sql.data;
}

/* Settle how a lookup is done, for the relation as it is now. */
static void
make_path(const WalsLookup *lookup, Relation relation, const PathKey *key,
          Path *path)
{
	memset(path, 0, sizeof(*path));
	path->key = *key;
	path->changed_by = InvalidTransactionId;
	path->direct =
	    find_columns(lookup, relation, path) &&
	    (lookup->finding == WALS_FIND_ALL ||
	     find_index(lookup, relation, path)) &&
	    (!wals_planner_is_hooked() ||
	     wals_planner_scans(statement_of(lookup, "ONLY ", key->table),
	                        lookup->n_keys, lookup->key_types, key->table,
	                        lookup->shape.n, path->columns, lookup->n_keys,
	                        path->keys));
}

/*
 * The path of a lookup, made if it has none that is valid.  What changes while it
 * is made does not count for this call, as for a statement planned before, but
 * for the next.
 */
static Path *
find_path(const WalsLookup *lookup, Relation relation)
{
	PathKey key;
	Path *path;
	Path made;
	uint64 before;

	if (paths == NULL)
		create_paths();
	if (wals_planner_changed())
		forget_paths((Datum) 0, InvalidOid);
	make_key(lookup, RelationGetRelid(relation), &key);
	path = hash_search(paths, &key, HASH_FIND, NULL);
	if (path != NULL && path_holds(lookup, relation, path))
		return path;
	before = n_changes;
	make_path(lookup, relation, &key, &made);
	made.valid = before == n_changes;
	return keep_path(&made);
}

/*
 * Is the table one that can be read directly, whatever is looked up?  What
 * inherits from it is another matter.
 */
static bool
is_readable(Relation relation)
{
	Form_pg_class form = relation->rd_rel;

	return form->relkind == RELKIND_RELATION &&
	       form->relam == HEAP_TABLE_AM_OID && !form->relhasrules &&
	       !RELATION_IS_OTHER_TEMP(relation) &&
	       (!form->relrowsecurity ||
	        check_enable_rls(RelationGetRelid(relation), InvalidOid, true) !=
	            RLS_ENABLED) &&
	       wals_namespace_aclcheck(RelationGetNamespace(relation), GetUserId(),
	                               ACL_USAGE) == ACLCHECK_OK;
}

/*
 * How to read the table directly, and the index for it, opened, if there is one;
 * false where a statement must do it.  The lock on an index may tell of a change;
 * a path made after that has had the lock.
 */
static bool
open_path(const WalsLookup *lookup, Relation relation, Path *path,
          Relation *index)
{
	Path *kept = find_path(lookup, relation);
	Snapshot snapshot = GetActiveSnapshot();

	*index = NULL;
	if (kept->direct && OidIsValid(kept->index))
		*index = index_open(kept->index, AccessShareLock);
	if (!kept->valid)
	{
		if (*index != NULL)
			index_close(*index, NoLock);
		*index = NULL;
		kept = find_path(lookup, relation);
		if (kept->direct && OidIsValid(kept->index))
			*index = index_open(kept->index, AccessShareLock);
	}
	if (kept->direct && (!TransactionIdIsValid(kept->changed_by) ||
	                     XidInMVCCSnapshot(kept->changed_by, snapshot)))
		kept->changed_by =
		    wals_storage_check(RelationGetRelid(relation), snapshot);
	*path = *kept;
	return kept->direct;
}

/* ------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------ */

/* Does a row that was read have the keys?  Their types are passed by value. */
static bool
has_keys(Relation relation, const WalsLookup *lookup, const Path *path,
         TupleTableSlot *slot)
{
	int i;

	for (i = 0; i < lookup->n_keys; i++)
	{
		Form_pg_attribute column =
		    TupleDescAttr(RelationGetDescr(relation), path->keys[i] - 1);
		bool is_null;
		Datum value = slot_getattr(slot, path->keys[i], &is_null);

		if (is_null || !datumIsEqual(value, lookup->key_values[i],
		                             column->attbyval, column->attlen))
			return false;
	}
	return true;
}

static void
hand_over(TupleTableSlot *slot, const WalsLookup *lookup, const Path *path,
          WalsRowFunction each_row, void *arg)
{
	Datum values[WALS_SHAPE_MAX];
	bool nulls[WALS_SHAPE_MAX];
	const WalsRow row = {lookup->shape.n, values, nulls};
	int i;

	for (i = 0; i < row.n; i++)
		values[i] = slot_getattr(slot, path->columns[i], &nulls[i]);
	each_row(&row, arg);
}

/* All rows, looked through for the keys. */
static void
scan_table(Relation relation, const WalsLookup *lookup, const Path *path,
           WalsRowFunction each_row, void *arg)
{
	TableScanDesc scan = wals_table_beginscan(relation, GetActiveSnapshot());
	TupleTableSlot *slot = table_slot_create(relation, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (has_keys(relation, lookup, path, slot))
			hand_over(slot, lookup, path, each_row, arg);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/* The rows an index finds. */
static void
scan_by_index(IndexScanDesc scan, const WalsLookup *lookup, const Path *path,
              TupleTableSlot *slot, WalsRowFunction each_row, void *arg)
{
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		hand_over(slot, lookup, path, each_row, arg);
	}
}

/*
 * Pages of the visibility map that stay pinned; each tells of so many blocks of
 * the table.  A user's rows may lie anywhere in it.
 */
#define MAPS 8
#define MAP_BLOCKS (BLCKSZ * 4)

/*
 * What an index alone says of them.  As nodeIndexonlyscan.c: where not all rows of
 * a page are visible to everybody, the row is fetched, and where they are, the
 * page is locked against conflicts of serializable transactions.
 */
static void
scan_index_only(IndexScanDesc scan, const WalsLookup *lookup, const Path *path,
                TupleTableSlot *slot, WalsRowFunction each_row, void *arg)
{
	Buffer maps[MAPS] = {InvalidBuffer};
	Datum found[INDEX_MAX_KEYS];
	bool missing[INDEX_MAX_KEYS];
	Datum values[WALS_SHAPE_MAX];
	bool nulls[WALS_SHAPE_MAX];
	const WalsRow row = {lookup->shape.n, values, nulls};
	ItemPointer place;
	int i;

	while ((place = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		BlockNumber block = ItemPointerGetBlockNumber(place);

		CHECK_FOR_INTERRUPTS();
		if (VM_ALL_VISIBLE(scan->heapRelation, block,
		                   &maps[block / MAP_BLOCKS % MAPS]))
			PredicateLockPage(scan->heapRelation, block, scan->xs_snapshot);
		else
		{
			if (!index_fetch_heap(scan, slot))
				continue;
			ExecClearTuple(slot);
		}
		index_deform_tuple(scan->xs_itup, scan->xs_itupdesc, found, missing);
		for (i = 0; i < row.n; i++)
		{
			values[i] = found[path->places[i]];
			nulls[i] = missing[path->places[i]];
		}
		each_row(&row, arg);
	}
	for (i = 0; i < MAPS; i++)
		if (BufferIsValid(maps[i]))
			ReleaseBuffer(maps[i]);
}

static void
scan_index(Relation relation, Relation index, const WalsLookup *lookup,
           const Path *path, WalsRowFunction each_row, void *arg)
{
	bool only = lookup->finding == WALS_FIND_INDEX;
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	ScanKeyData keys[WALS_KEYS_MAX];
	IndexScanDesc scan;
	int i;

	for (i = 0; i < lookup->n_keys; i++)
		ScanKeyEntryInitialize(&keys[i], 0, (AttrNumber) (i + 1),
		                       BTEqualStrategyNumber, lookup->key_types[i],
		                       index->rd_indcollation[i], path->equal[i],
		                       lookup->key_values[i]);
	scan = wals_index_beginscan(relation, index, GetActiveSnapshot(),
	                            lookup->n_keys);
	scan->xs_want_itup = only;
	index_rescan(scan, keys, lookup->n_keys, NULL, 0);
	(only ? scan_index_only : scan_by_index)(scan, lookup, path, slot, each_row,
	                                         arg);
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/* A table that has rows of a lookup, opened, and how it is read. */
typedef struct Part
{
	Relation relation; /* NULL: there is none */
	Relation index;
	Path path;
} Part;

static bool
open_part(const WalsLookup *lookup, Part *part)
{
	return is_readable(part->relation) &&
	       open_path(lookup, part->relation, &part->path, &part->index);
}

/*
 * A factor table's versions have tables of their own, which is where the rows are:
 * what else there may be in the factor table was put there by hand, or by an
 * earlier release.  False when rows may be in other places, too.
 */
static bool
open_version(const WalsLookup *lookup, Relation relation, Part *part)
{
	Oid rows;

	if (!relation->rd_rel->relhassubclass)
		return true;
	if (lookup->finding != WALS_FIND_KEY ||
	    !wals_version_table_find(lookup->table,
	                             DatumGetInt32(lookup->key_values[0]), &rows))
		return false;
	if (!OidIsValid(rows))
		return true;
	part->relation = try_relation_open(rows, AccessShareLock);
	return part->relation != NULL && open_part(lookup, part);
}

static void
read_part(const WalsLookup *lookup, const Part *part, WalsRowFunction each_row,
          void *arg)
{
	if (part->relation == NULL)
		return;
	if (lookup->finding == WALS_FIND_ALL)
		scan_table(part->relation, lookup, &part->path, each_row, arg);
	else if (lookup->finding != WALS_FIND_KEY ||
	         RelationGetNumberOfBlocks(part->relation) > 0)
		scan_index(part->relation, part->index, lookup, &part->path, each_row,
		           arg);
	else
		/* a row that comes later would have been found */
		PredicateLockRelation(part->relation, GetActiveSnapshot());
}

static void
close_part(const Part *part)
{
	if (part->index != NULL)
		index_close(part->index, NoLock);
	if (part->relation != NULL)
		table_close(part->relation, NoLock);
}

/* False, and nothing was done, where a statement must do it. */
static bool
read_directly(const WalsLookup *lookup, WalsRowFunction each_row, void *arg)
{
	Part table = {NULL, NULL};
	Part version = {NULL, NULL};
	bool directly;

	if (lookup->snapshot != WALS_READ_CALLER || !ActiveSnapshotSet() ||
	    !IsMVCCSnapshot(GetActiveSnapshot()) || ExecutorCheckPerms_hook != NULL)
		return false;
	wals_relation_lock(lookup->table);
	table.relation = try_relation_open(lookup->table, NoLock);
	if (table.relation == NULL)
		return false;
	directly = open_version(lookup, table.relation, &version) &&
	           open_part(lookup, &table);
	if (directly)
	{
		read_part(lookup, &version, each_row, arg);
		read_part(lookup, &table, each_row, arg);
	}
	close_part(&version);
	close_part(&table);
	return directly;
}

bool
wals_direct_read(const WalsLookup *lookup, WalsRowFunction each_row, void *arg)
{
	if (read_directly(lookup, each_row, arg))
		return true;
	wals_query_begin();
	wals_query_each(statement_of(lookup, "", lookup->table), lookup->n_keys,
	                lookup->key_types, lookup->key_values, lookup->snapshot,
	                &lookup->shape, each_row, arg);
	wals_query_end();
	return false;
}
