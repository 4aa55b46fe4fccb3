/*-------------------------------------------------------------------------
 *
 * space.c
 *	  Whether the disk has room for a version, before it is solved.
 *
 * How large a version is going to be is known as soon as its rows are read;
 * solving them may take hours.  The file system of the tablespace is asked for
 * what it has free.  What cannot be told is no reason to stop: a file system that
 * gives no answer, quotas, what others write meanwhile.  WAL is not counted, for
 * how much of it is kept is the server's affair.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>
#include <sys/statvfs.h>

#include "access/htup_details.h"
#include "access/itup.h"
#include "catalog/pg_tablespace_d.h"
#include "commands/tablespace.h"
#include "miscadmin.h"
#include "storage/bufpage.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/uuid.h"

#include "base/debug.h"
#include "base/hint.h"
#include "store/relation.h"
#include "store/space.h"

#define MEGABYTE (1024.0 * 1024.0)

/* Bytes of n pieces of a size, side by side in pages. */
static double
pages_of(double n, Size piece)
{
	Size room = BLCKSZ - SizeOfPageHeaderData;

	return ceil(n / Max(room / (piece + sizeof(ItemIdData)), 1)) * BLCKSZ;
}

double
wals_space_needed(int32 count, int32 factors, WalsIdType id_type)
{
	/* a text is taken to be as long as a uuid */
	Size id = id_type == WALS_ID_BIGINT ? sizeof(int64) : UUID_LEN;
	Size numbers = 6 * sizeof(int32); /* the other columns */
	Size vector = ARR_OVERHEAD_NONULLS(1) + (Size) factors * sizeof(float4);
	Size row =
	    MAXALIGN(MAXALIGN(SizeofHeapTupleHeader) + numbers + id + vector);
	Size key = MAXALIGN(sizeof(IndexTupleData) + sizeof(int64) + id);

	return pages_of(count, row) + pages_of(count, key);
}

/* Tablespace of a table, or of a new one; 0: that of the database. */
static Oid
tablespace_of(Oid table)
{
	Oid tablespace =
	    OidIsValid(table)
	        ? get_rel_tablespace(table)
	        : GetDefaultTablespace(RELPERSISTENCE_PERMANENT, false);

	return OidIsValid(tablespace) ? tablespace : MyDatabaseTableSpace;
}

/* What is free there, in bytes; false when that cannot be told. */
static bool
find_free(Oid tablespace, double *bytes)
{
	struct statvfs disk;
	const char *path = tablespace == MyDatabaseTableSpace ? DatabasePath
	                   : tablespace == DEFAULTTABLESPACE_OID
	                       ? "base"
	                       : psprintf("pg_tblspc/%u", tablespace);

	if (statvfs(path, &disk) != 0 || disk.f_blocks == 0)
		return false;
	*bytes = (double) disk.f_bavail * disk.f_frsize;
	if (wals_debug_fails("disk"))
		*bytes = 0;
	return true;
}

static void
check_one(const WalsTarget *target, Oid tablespace, double needed)
{
	double bytes;

	if (!find_free(tablespace, &bytes) || needed <= bytes)
		return;
	ereport(
	    ERROR,
	    (errcode(ERRCODE_DISK_FULL),
	     errmsg("not enough free disk space for the factors of model \"%s\"",
	            target->name),
	     errdetail("They need %.1f MB, tablespace \"%s\" has %.1f MB free.",
	               needed / MEGABYTE, get_tablespace_name(tablespace),
	               bytes / MEGABYTE),
	     OidIsValid(target->relation)
	         ? wals_hint(
	               "Make room, for instance with SELECT wals_prune(%s, "
	               "keep => 1); or ask for fewer factors.",
	               quote_literal_cstr(wals_relation_quoted(target->relation)))
	         : errhint("Make room, SET default_tablespace to another one, or "
	                   "ask for fewer factors.")));
}

void
wals_space_check(const WalsTarget *target, double users, double items)
{
	Oid users_space = tablespace_of(target->users_table);
	Oid items_space = tablespace_of(target->items_table);

	if (users_space == items_space)
		check_one(target, users_space, users + items);
	else
	{
		check_one(target, users_space, users);
		check_one(target, items_space, items);
	}
}
