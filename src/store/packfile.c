/*-------------------------------------------------------------------------
 *
 * packfile.c
 *	  Packs in files that all sessions map.
 *
 * The files lie in the server's folder for temporary files, under names the
 * server itself takes for temporary: it removes them when it starts and after a
 * crash, and leaves them out of base backups.  Nothing is lost with them; any
 * session makes a new one from the table.  A standby has its own.
 *
 *		base/pgsql_tmp/
 *			pgsql_tmp_wals_<database>_<model>_<table>_<version_id>_<hash>
 *
 * The hash is of the whole key, so that two models, or two things that are said
 * of one version, never take each other's files for damaged ones.
 *
 * A file appears complete or not at all: it is written under a name of the
 * writing process, then renamed.  It is not flushed to disk, because it does not
 * outlive the server.  What is mapped is checked first (wc_pack_open), so a
 * damaged file is made anew; of one that nobody has changed since it was written,
 * as its time of change says, only the header: the rest of a million items takes 10
 * ms, for which all sessions would wait when a new version comes.  Removing a file that others have mapped is
 * harmless: it takes its space until the last of them unmaps it.
 *
 * Whoever writes removes what is of no use any more: files of the same model and
 * table whose identity no version has, of tables and databases that are gone, then
 * those that were opened longest ago (opening a file sets its time of access) until all fit
 * into wals.cache_file_limit.  So an older version that is made active again has
 * its files still.  Of the files that no version has the one that was opened last
 * stays: who writes may be about to commit another identity, and until then all
 * others ask for that one.
 *
 * What a refresh changes is a small file, a delta, to the large one of an earlier
 * identity (core/answer/pack_delta.c).  That one goes on under a second name, which
 * is made of the new key, so that it stays when its first name is of no use any
 * more; it is one file, and counts once.
 *
 * One process at a time makes a file, and has a lock on another one beside it
 * meanwhile.  The kernel gives that back when the process ends, however it ends.
 *
 * Only the server's own user may read the files.  Who may see their content is
 * not decided here: cache.c has asked before.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_perm.h"
#include "common/file_utils.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/job.h"
#include "base/settings.h"
#include "store/packfile.h"

#define FOLDER "base/" PG_TEMP_FILES_DIR
#define PREFIX PG_TEMP_FILE_PREFIX "_wals_"
#define SEAL_SECONDS 1000000000 /* of a time of change; September 2001 */
#define SEAL_RANGE 1000000000
#define PIECE (1024 * 1024) /* bytes written between looks for interrupts */
#define HEX_LEN (2 * UUID_LEN)

void
wals_packfile_identity(const WalsPackKey *key, uint8 identity[WC_PACK_IDENTITY])
{
	StaticAssertStmt(sizeof(WalsPackKey) == 9 * sizeof(int32) + UUID_LEN,
	                 "padding has no place in an identity");
	StaticAssertStmt(sizeof(WalsPackKey) + sizeof(Oid) <= WC_PACK_IDENTITY,
	                 "an identity holds the whole key");
	memset(identity, 0, WC_PACK_IDENTITY);
	memcpy(identity, key, sizeof(*key));
	memcpy(identity + sizeof(*key), &MyDatabaseId, sizeof(Oid));
}

static void
file_path(const WalsPackKey *key, char path[MAXPGPATH])
{
	uint8 identity[WC_PACK_IDENTITY];
	char version[HEX_LEN + 1];
	int i;

	wals_packfile_identity(key, identity);
	for (i = 0; i < UUID_LEN; i++)
		snprintf(version + 2 * i, 3, "%02x", key->version_id.data[i]);
	snprintf(path, MAXPGPATH, FOLDER "/" PREFIX "%u_%u_%u_%s_%08x",
	         MyDatabaseId, key->model, key->table, version,
	         hash_bytes(identity, WC_PACK_IDENTITY));
}

/* ------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------ */

/*
 * The time of change that the writer gives a file.  Whatever changes it later
 * gives it another, so one that has this is as it was written.
 */
static struct timespec
seal_of(const struct stat *status)
{
	uint64 parts[2] = {(uint64) status->st_ino, (uint64) status->st_size};
	struct timespec seal = {SEAL_SECONDS, 0};

	seal.tv_nsec =
	    hash_bytes((unsigned char *) parts, sizeof(parts)) % SEAL_RANGE;
	return seal;
}

static void
seal_file(int fd)
{
	struct timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
	struct stat status;

	if (fstat(fd, &status) == 0)
		times[1] = seal_of(&status);
	/* without it, whoever opens the file looks at all of it */
	(void) futimens(fd, times);
}

/* Whether an open file is one of ours; sealed: it is as it was written. */
static bool
is_ours(int fd, struct stat *status, bool *sealed)
{
	struct timespec seal;

	if (fstat(fd, status) != 0 || !S_ISREG(status->st_mode) ||
	    status->st_uid != geteuid() ||
	    (status->st_mode & (S_IRWXG | S_IRWXO)) != 0 || status->st_size <= 0)
		return false;
	seal = seal_of(status);
	*sealed = status->st_mtim.tv_sec == seal.tv_sec &&
	          status->st_mtim.tv_nsec == seal.tv_nsec;
	return true;
}

/* Say that a file was used now; a failure makes it look older. */
static void
touch(int fd)
{
	const struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};

	(void) futimens(fd, now);
}

/* Map an open file if it is one of ours. */
static bool
map_file(int fd, const char *path, WalsMapping *map, bool *sealed)
{
	struct stat status;

	return is_ours(fd, &status, sealed) &&
	       wals_mapping_open(map, fd, path, (Size) status.st_size);
}

/* View what is mapped, if it is the pack of that identity and can be read. */
static bool
view_pack(WalsMapping *map, const uint8 identity[WC_PACK_IDENTITY], bool sealed,
          WcPack *pack)
{
	sig_atomic_t damaged_before = wals_mapping_is_damaged;

	if (wc_pack_open(map->address, map->bytes, identity, sealed, pack) &&
	    !map->damaged)
		return true;
	/* nothing was taken from it that an answer could depend on */
	wals_mapping_is_damaged = damaged_before;
	wals_mapping_close(map);
	memset(pack, 0, sizeof(*pack));
	return false;
}

bool
wals_packfile_open(const WalsPackKey *key,
                   const uint8 identity[WC_PACK_IDENTITY], WalsMapping *map,
                   WcPack *pack)
{
	uint8 own[WC_PACK_IDENTITY];
	char path[MAXPGPATH];
	bool mapped;
	bool sealed;
	int fd;

	memset(map, 0, sizeof(*map));
	file_path(key, path);
	fd = BasicOpenFile(path, O_RDONLY | PG_BINARY);
	if (fd < 0)
		return false;
	mapped = map_file(fd, path, map, &sealed);
	touch(fd);
	close(fd);
	if (!mapped)
		return false;
	wals_packfile_identity(key, own);
	if (view_pack(map, identity != NULL ? identity : own, sealed, pack))
		return true;
	ereport(LOG, (errmsg("removing damaged file \"%s\"", path)));
	(void) unlink(path);
	return false;
}

void *
wals_packfile_read(const WalsPackKey *key, const WalsJob *job, Size *bytes)
{
	char path[MAXPGPATH];
	struct stat status;
	char *block = NULL;
	Size done = 0;
	bool sealed;
	int fd;

	file_path(key, path);
	fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	if (fd < 0)
		return NULL;
	/* whoever reads it has no other means to know that it is whole */
	if (is_ours(fd, &status, &sealed) && sealed)
	{
		*bytes = (Size) status.st_size;
		block = wals_job_array(job, status.st_size, 1);
		while (done < *bytes)
		{
			ssize_t n = read(fd, block + done, Min(*bytes - done, PIECE));

			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				break;
			done += n;
		}
		if (done < *bytes)
		{
			wc_free(&job->alloc, block);
			block = NULL;
		}
		touch(fd);
	}
	(void) CloseTransientFile(fd);
	return block;
}

/* ------------------------------------------------------------------------
 * Removing
 * ------------------------------------------------------------------------ */

/* A file of ours, as its name and its status tell. */
typedef struct PackFile
{
	Oid database;
	Oid model;
	Oid table;
	pg_uuid_t version_id;
	char path[MAXPGPATH];
	Size bytes;
	struct timespec used;
} PackFile;

/* Take apart the name of a file; false when it is none of ours. */
static bool
parse_name(const char *name, PackFile *file)
{
	char version[HEX_LEN + 1];
	uint32 hash;
	int end = 0;
	int i;

	if (sscanf(name, PREFIX "%u_%u_%u_%32[0-9a-f]_%8x%n", &file->database,
	           &file->model, &file->table, version, &hash, &end) != 5 ||
	    name[end] != '\0' || strlen(version) != HEX_LEN)
		return false;
	for (i = 0; i < UUID_LEN; i++)
	{
		unsigned int byte = 0;

		(void) sscanf(version + 2 * i, "%2x", &byte);
		file->version_id.data[i] = (unsigned char) byte;
	}
	return true;
}

/* The files that there are, those being written left out. */
static List *
list_files(void)
{
	List *result = NIL;
	DIR *folder = AllocateDir(FOLDER);
	struct dirent *entry;

	if (folder == NULL)
		return NIL;
	while ((entry = ReadDirExtended(folder, FOLDER, LOG)) != NULL)
	{
		PackFile file;
		struct stat status;

		memset(&file, 0, sizeof(file));
		if (!parse_name(entry->d_name, &file))
			continue;
		snprintf(file.path, MAXPGPATH, FOLDER "/%s", entry->d_name);
		if (lstat(file.path, &status) != 0)
			continue;
		/* what has several names is counted once */
		file.bytes = (Size) status.st_size / Max(status.st_nlink, 1);
		file.used = status.st_atim;
		result =
		    lappend(result, memcpy(palloc(sizeof(file)), &file, sizeof(file)));
	}
	FreeDir(folder);
	return result;
}

/* Nobody will ask for a file whose database, model or table is gone. */
static bool
is_orphan(const PackFile *file)
{
	if (file->database == MyDatabaseId)
		return !SearchSysCacheExists1(RELOID, ObjectIdGetDatum(file->table)) ||
		       !SearchSysCacheExists1(RELOID, ObjectIdGetDatum(file->model));
	return !SearchSysCacheExists1(DATABASEOID,
	                              ObjectIdGetDatum(file->database));
}

static bool
is_of_table(const PackFile *file, Oid table)
{
	return file->database == MyDatabaseId && file->table == table;
}

static bool
is_of_version(const PackFile *file, const pg_uuid_t *version_id)
{
	return memcmp(&file->version_id, version_id, UUID_LEN) == 0;
}

/* One of what the key's model has of its table, whose identity no version has. */
static bool
is_outdated(const PackFile *file, const WalsPackKey *key, int n_kept,
            const pg_uuid_t *kept)
{
	int i;

	if (n_kept < 0 || !is_of_table(file, key->table) ||
	    file->model != key->model || is_of_version(file, &key->version_id))
		return false;
	for (i = 0; i < n_kept; i++)
		if (is_of_version(file, &kept[i]))
			return false;
	return true;
}

static bool
was_used_before(const PackFile *file, const PackFile *other)
{
	return file->used.tv_sec != other->used.tv_sec
	           ? file->used.tv_sec < other->used.tv_sec
	           : file->used.tv_nsec < other->used.tv_nsec;
}

static int
compare_used(const ListCell *a, const ListCell *b)
{
	const PackFile *left = lfirst(a);
	const PackFile *right = lfirst(b);

	return was_used_before(left, right) ? -1 : was_used_before(right, left);
}

/*
 * The setting whose limit a file alone passes, or NULL.  temp_file_limit is for
 * what one session has at a time; a shared file belongs to none, so that their
 * sum has a limit of its own, which is a superuser's as well.
 */
static const char *
limit_passed(Size bytes)
{
	Size kilobytes = bytes / 1024;

	if (wals_cache_file_limit >= 0 && kilobytes >= (Size) wals_cache_file_limit)
		return "wals.cache_file_limit";
	if (temp_file_limit >= 0 && kilobytes >= (Size) temp_file_limit)
		return "temp_file_limit";
	return NULL;
}

/* Make room for a new file. */
static void
make_room(const WalsPackKey *key, int n_kept, const pg_uuid_t *kept, Size bytes)
{
	Size limit = (Size) wals_cache_file_limit * 1024;
	Size used = bytes;
	List *files = list_files();
	PackFile *last = NULL; /* of the outdated ones; all of its identity stay */
	ListCell *cell;

	foreach (cell, files)
	{
		PackFile *file = lfirst(cell);

		if (is_outdated(file, key, n_kept, kept) &&
		    (last == NULL || was_used_before(last, file)))
			last = file;
	}
	foreach (cell, files)
	{
		PackFile *file = lfirst(cell);

		if (is_orphan(file) || (is_outdated(file, key, n_kept, kept) &&
		                        !is_of_version(file, &last->version_id)))
		{
			(void) unlink(file->path);
			files = foreach_delete_current(files, cell);
		}
		else
			used += file->bytes;
	}
	list_sort(files, compare_used);
	foreach (cell, files)
	{
		PackFile *file = lfirst(cell);

		if (wals_cache_file_limit < 0 || used <= limit)
			break;
		(void) unlink(file->path);
		used -= file->bytes;
	}
}

bool
wals_packfile_exists(Oid model, Oid table)
{
	ListCell *cell;

	foreach (cell, list_files())
	{
		PackFile *file = lfirst(cell);

		if (is_of_table(file, table) && file->model == model)
			return true;
	}
	return false;
}

void
wals_packfile_remove(Oid table)
{
	ListCell *cell;

	foreach (cell, list_files())
	{
		PackFile *file = lfirst(cell);

		if (is_of_table(file, table))
			(void) unlink(file->path);
	}
}

/* ------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------ */

/* Write all of it, unless an interrupt or an error comes first. */
static bool
write_all(int fd, const char *from, Size bytes)
{
	while (bytes > 0)
	{
		ssize_t written;

		if (wals_hooks.should_stop(NULL))
			return false;
		written = write(fd, from, Min(bytes, PIECE));
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
		{
			/* a write of nothing without a reason means a full disk */
			if (written == 0)
				errno = ENOSPC;
			return false;
		}
		from += written;
		bytes -= written;
	}
	return true;
}

static bool
write_file(const char *path, const char *name_for_now, const void *block,
           Size bytes)
{
	int fd;
	bool done;
	int error;

	(void) MakePGDirectory(FOLDER); /* the server makes it when it needs it */
	(void) unlink(name_for_now); /* of an earlier process with this number */
	fd =
	    BasicOpenFilePerm(name_for_now, O_WRONLY | O_CREAT | O_EXCL | PG_BINARY,
	                      S_IRUSR | S_IWUSR);
	if (fd < 0)
		return false;
	done = write_all(fd, block, bytes);
	error = errno;
	seal_file(fd);
	if (close(fd) != 0 && done)
	{
		done = false;
		error = errno;
	}
	if (done && rename(name_for_now, path) != 0)
	{
		done = false;
		error = errno;
	}
	if (!done)
		(void) unlink(name_for_now);
	errno = error;
	return done;
}

bool
wals_packfile_write(const WalsPackKey *key, int n_kept, const pg_uuid_t *kept,
                    const void *block, Size bytes, bool tell)
{
	const char *limit = limit_passed(bytes);
	char path[MAXPGPATH];
	char name_for_now[MAXPGPATH + 16];

	if (limit != NULL)
	{
		if (!tell)
			return false;
		ereport(
		    WARNING,
		    (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
		     errmsg("rows of \"%s\" do not fit into %s",
		            get_rel_name(key->table), limit),
		     errdetail("They need %zu kB, so each session keeps its own.",
		               bytes / 1024),
		     errhint("Raise %s, or SET wals.cache_share = 'never'.", limit)));
		return false;
	}
	make_room(key, n_kept, kept, bytes);
	file_path(key, path);
	snprintf(name_for_now, sizeof(name_for_now), "%s.%d", path, MyProcPid);
	if (write_file(path, name_for_now, block, bytes))
		return true;
	if (tell && !wals_hooks.should_stop(NULL))
		ereport(WARNING,
		        (errcode_for_file_access(),
		         errmsg("could not write file \"%s\": %m", path),
		         errdetail("It would let all sessions share the rows of "
		                   "\"%s\", %zu kB; each keeps its own instead.",
		                   get_rel_name(key->table), bytes / 1024),
		         errhint("Make room on the disk, or "
		                 "SET wals.cache_share = 'never'.")));
	return false;
}

bool
wals_packfile_link(const WalsPackKey *from, const WalsPackKey *to)
{
	char path[MAXPGPATH];
	char link_path[MAXPGPATH];

	file_path(from, path);
	file_path(to, link_path);
	(void) unlink(link_path);
	return link(path, link_path) == 0;
}

static void
lock_path(const WalsPackKey *key, WalsPackTurn turn, WalsPackLock *lock)
{
	file_path(key, lock->path);
	strlcat(lock->path, turn == WALS_PACK_WORKER ? ".worker" : ".lock",
	        sizeof(lock->path));
}

bool
wals_packfile_lock(const WalsPackKey *key, WalsPackTurn turn,
                   WalsPackLock *lock)
{
	lock_path(key, turn, lock);
	(void) MakePGDirectory(FOLDER);
	/* an error or the end of the transaction closes it */
	lock->fd = OpenTransientFilePerm(lock->path, O_RDWR | O_CREAT | PG_BINARY,
	                                 S_IRUSR | S_IWUSR);
	if (lock->fd < 0 || flock(lock->fd, LOCK_EX | LOCK_NB) == 0 ||
	    errno != EWOULDBLOCK)
		return true;
	(void) CloseTransientFile(lock->fd);
	return false;
}

bool
wals_packfile_is_locked(const WalsPackKey *key, WalsPackTurn turn)
{
	WalsPackLock lock;
	bool result;

	lock_path(key, turn, &lock);
	lock.fd = BasicOpenFile(lock.path, O_RDWR | PG_BINARY);
	if (lock.fd < 0)
		return false;
	result = flock(lock.fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	close(lock.fd);
	return result;
}

void
wals_packfile_unlock(WalsPackLock *lock)
{
	if (lock->fd < 0)
		return;
	/* who has opened it by now finds the pack, and no use for the lock */
	(void) unlink(lock->path);
	(void) CloseTransientFile(lock->fd);
}

bool
wals_packfile_try(const WcPack *pack, const uint8 identity[WC_PACK_IDENTITY],
                  const char **reason)
{
	char path[MAXPGPATH];
	char name_for_now[MAXPGPATH + 16];
	WalsMapping map;
	WcPack view;
	bool same = false;
	int fd;

	/* no name that list_files takes for a pack of a table */
	snprintf(path, sizeof(path), FOLDER "/" PREFIX "selftest.%d", MyProcPid);
	snprintf(name_for_now, sizeof(name_for_now), "%s.new", path);
	if (!write_file(path, name_for_now, pack->block, pack->bytes))
	{
		*reason = psprintf("could not write \"%s\": %m", path);
		return false;
	}
	memset(&map, 0, sizeof(map));
	fd = BasicOpenFile(path, O_RDONLY | PG_BINARY);
	if (fd >= 0)
	{
		bool sealed;

		if (map_file(fd, path, &map, &sealed))
			same = view_pack(&map, identity, false, &view) &&
			       memcmp(view.block, pack->block, pack->bytes) == 0;
		close(fd);
	}
	wals_mapping_close(&map);
	(void) unlink(path);
	if (!same)
		*reason = psprintf("\"%s\" does not hold what was written", path);
	return same;
}
