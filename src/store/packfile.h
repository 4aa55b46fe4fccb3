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

#include "base/job.h"
#include "base/mapping.h"
#include "core/core.h"

/* What a file holds of the rows of its key. */
typedef enum WalsPackWhat
{
	WALS_PACK_ROWS, /* a pack of all, or a delta */
	WALS_PACK_BASE, /* what the delta is to: the rows of an earlier identity */
	WALS_PACK_GRAMS /* their WcGrams */
} WalsPackWhat;

/*
 * Which rows a pack holds: all that it is made from.  Name and identity of its
 * file follow from it.  It is compared byte by byte, so there is no padding.
 */
typedef struct WalsPackKey
{
	/* what the version's row says */
	Oid model; /* of this database: another one may say anything */
	Oid table;
	int32 side; /* WcSide */
	int32 version;
	int32 factors;
	int32 id_type; /* WalsIdType */
	pg_uuid_t version_id; /* of the factors of this side */
	/* what the catalog says of the table */
	Oid storage; /* its relfilenode: another one, other rows */
	uint32 layout; /* hash of the columns that are read */
	int32 what; /* WalsPackWhat */
} WalsPackKey;

/* What wc_pack_finish and wc_pack_open are given for a key. */
extern void wals_packfile_identity(const WalsPackKey *key,
                                   uint8 identity[WC_PACK_IDENTITY]);

/*
 * Map the file of a key.  False when there is none, or it cannot be mapped; a
 * damaged one is removed.  identity is that of the pack in it, NULL: of the key.
 */
extern bool wals_packfile_open(const WalsPackKey *key,
                               const uint8 identity[WC_PACK_IDENTITY],
                               WalsMapping *map, WcPack *pack);

/* The bytes of the file of a key, or NULL; in memory of a job. */
extern void *wals_packfile_read(const WalsPackKey *key, const WalsJob *job,
                                Size *bytes);

/*
 * Let the file of one key be that of another one as well, until both are removed:
 * it takes no space of its own.  False when that cannot be.
 */
extern bool wals_packfile_link(const WalsPackKey *from, const WalsPackKey *to);

/*
 * Write a block to the file of a key, complete or not at all, after files that
 * are of no use have been removed: of what the model has of this table, those
 * that are not of the identities kept (n_kept of them, -1: not known, all stay),
 * but for the one used last.  False when it cannot be written, with a warning if
 * tell is set and no interrupt is waiting.
 */
extern bool wals_packfile_write(const WalsPackKey *key, int n_kept,
                                const pg_uuid_t *kept, const void *block,
                                Size bytes, bool tell);

/* Whether there is a file of a model's table, of whichever identity. */
extern bool wals_packfile_exists(Oid model, Oid table);

/*
 * Two kinds of processes make the file of a key, each one at a time: sessions, and
 * a background worker that does it for the first of these.
 */
typedef enum WalsPackTurn
{
	WALS_PACK_ASKER,
	WALS_PACK_WORKER
} WalsPackTurn;

/* The right to make the file of a key. */
typedef struct WalsPackLock
{
	int fd; /* -1: it could not be had, and nobody else can have it */
	char path[MAXPGPATH + 8];
} WalsPackLock;

/*
 * False while another process of the kind has it.  An error gives it back, as does
 * wals_packfile_unlock.
 */
extern bool wals_packfile_lock(const WalsPackKey *key, WalsPackTurn turn,
                               WalsPackLock *lock);
extern void wals_packfile_unlock(WalsPackLock *lock);

/* Whether another process of the kind has it. */
extern bool wals_packfile_is_locked(const WalsPackKey *key, WalsPackTurn turn);

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
