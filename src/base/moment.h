/*-------------------------------------------------------------------------
 *
 * moment.h
 *	  Whether what was true a call ago must still be true.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_MOMENT_H
#define WALS_BASE_MOMENT_H

#include "utils/timestamp.h"

/*
 * What decides which rows a statement of ours would see, and with whose rights:
 * the snapshot, the commands of this transaction it includes, the role, row
 * security; and which statement of the client asks.
 */
typedef struct WalsMoment
{
	TimestampTz statement;
	uint32 transaction;
	SubTransactionId subtransaction;
	TransactionId xmin;
	TransactionId xmax;
	uint64 in_progress; /* hash of the transactions between these */
	CommandId command;
	Oid role;
	int security_context;
	bool row_security;
} WalsMoment;

/* The present moment; false when it cannot be told from others. */
extern bool wals_moment_now(WalsMoment *moment);

extern bool wals_moment_equal(const WalsMoment *a, const WalsMoment *b);

#endif /* WALS_BASE_MOMENT_H */
