/*-------------------------------------------------------------------------
 *
 * packfile.h
 *	  Packs in files that all sessions map.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_PACKFILE_H
#define WALS_STORE_PACKFILE_H

#include "utils/uuid.h"

#include "core/core.h"

/* Which rows a pack holds: name and identity of its file follow from it. */
typedef struct WalsPackKey
{
	Oid table; /* of this database */
	Oid storage; /* its relfilenode: another one, other rows */
	int32 version;
	pg_uuid_t version_id;
} WalsPackKey;

/* A mapped file; address NULL: none. */
typedef struct WalsPackMap
{
	void *address;
	Size bytes;
} WalsPackMap;

/* What wc_pack_finish and wc_pack_open are given for a key. */
extern void wals_packfile_identity(const WalsPackKey *key,
                                   uint8 identity[WC_PACK_IDENTITY]);

/*
 * Map the file of a key.  False when there is none, or it cannot be mapped; a
 * damaged one is removed.
 */
extern bool wals_packfile_open(const WalsPackKey *key, WalsPackMap *map,
                               WcPack *pack);
extern void wals_packfile_close(WalsPackMap *map);

/*
 * Write a pack to the file of a key, complete or not at all, after files that
 * are of no use have been removed.  False when it cannot be written, with a
 * warning if tell is set and no interrupt is waiting.
 */
extern bool wals_packfile_write(const WalsPackKey *key, const WcPack *pack,
                                bool tell);

/*
 * Write a pack under a name of this process, map it and remove it.  False when
 * that does not work, with a reason; identity is that of the pack.
 */
extern bool wals_packfile_try(const WcPack *pack,
                              const uint8 identity[WC_PACK_IDENTITY],
                              const char **reason);

/* Remove the files of a table, whichever their versions. */
extern void wals_packfile_remove(Oid table);

#endif /* WALS_STORE_PACKFILE_H */
