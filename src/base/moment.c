/*-------------------------------------------------------------------------
 *
 * moment.c
 *	  Whether what was true a call ago must still be true.
 *
 * A function that is called for every row of a query asks the same things of
 * the same tables each time.  It may keep the answers as long as asking again
 * could not give others.  Which rows a snapshot sees is decided by the
 * transactions it takes as running and by the commands of its own transaction
 * that it includes; and by which of these were rolled back, which ends a
 * subtransaction.  So two snapshots with the same of all that see the same.
 *
 * Rights are looked up again with every statement of the client, as the server
 * does for the tables of a query.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/moment.h"

bool
wals_moment_now(WalsMoment *moment)
{
	Snapshot snapshot;

	if (!ActiveSnapshotSet())
		return false;
	snapshot = GetActiveSnapshot();
	if (snapshot->snapshot_type != SNAPSHOT_MVCC || snapshot->subxcnt < 0)
		return false;
	moment->statement = GetCurrentStatementStartTimestamp();
	moment->transaction = wals_transaction_number();
	moment->subtransaction = GetCurrentSubTransactionId();
	moment->xmin = snapshot->xmin;
	moment->xmax = snapshot->xmax;
	moment->in_progress =
	    hash_bytes_extended((const unsigned char *) snapshot->xip,
	                        snapshot->xcnt * sizeof(TransactionId),
	                        2 + snapshot->suboverflowed) ^
	    hash_bytes_extended((const unsigned char *) snapshot->subxip,
	                        snapshot->subxcnt * sizeof(TransactionId), 1);
	moment->command = snapshot->curcid;
	GetUserIdAndSecContext(&moment->role, &moment->security_context);
	moment->row_security = row_security;
	return true;
}

bool
wals_moment_equal(const WalsMoment *a, const WalsMoment *b)
{
	return a->statement == b->statement && a->transaction == b->transaction &&
	       a->subtransaction == b->subtransaction && a->xmin == b->xmin &&
	       a->xmax == b->xmax && a->in_progress == b->in_progress &&
	       a->command == b->command && a->role == b->role &&
	       a->security_context == b->security_context &&
	       a->row_security == b->row_security;
}
