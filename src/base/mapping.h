/*-------------------------------------------------------------------------
 *
 * mapping.h
 *	  Files in memory that may go bad while they are used.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_MAPPING_H
#define WALS_BASE_MAPPING_H

#include <signal.h>

/* A mapped file; address NULL: none.  It stays where it is while it is mapped. */
typedef struct WalsMapping
{
	void *address;
	Size bytes;
	char path[MAXPGPATH]; /* of the file, for messages and to remove it */
	volatile sig_atomic_t damaged; /* reads as zeros, or is not to be read */
	bool told; /* to whom it concerns */
	struct WalsMapping *next; /* of all mappings of this process */
} WalsMapping;

/*
 * Map bytes of an open file of that path, to be read.  False when that is not
 * possible.  What cannot be read later, because the file was truncated or the
 * disk fails, becomes zeros, and wals_mapping_check raises an error: a reader
 * must come to an end with zeros, at any moment, in any thread.
 */
extern bool wals_mapping_open(WalsMapping *mapping, int fd, const char *path,
                              Size bytes);
extern void wals_mapping_close(WalsMapping *mapping);

/* Whether a mapped file was removed, and takes its space for who has it still. */
extern bool wals_mapping_is_removed(const WalsMapping *mapping);

/*
 * Say that a mapping is being used.  All are closed, and damaged, when the session
 * has not said so for wals.cache_idle_timeout and is in no transaction.
 */
extern void wals_mapping_use(void);

/* Set when a mapping became zeros and nobody was told. */
extern volatile sig_atomic_t wals_mapping_is_damaged;

_Noreturn extern void wals_mapping_fail(void);

/* 58030 if some of what was read since the last call may not have been there. */
static inline void
wals_mapping_check(void)
{
	if (unlikely(wals_mapping_is_damaged))
		wals_mapping_fail();
}

#endif /* WALS_BASE_MAPPING_H */
