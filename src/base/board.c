/*-------------------------------------------------------------------------
 *
 * board.c
 *	  What a running statement has done so far, visible from other sessions.
 *
 * Nobody sees what a statement writes to tables before it ends, and a training
 * has nothing in tables before it is done.  So it writes what it has done, row
 * by row, to a segment of the server's dynamic shared memory, whose handle
 * stands among its counters of progress (progress.c).  Rows are written and
 * copied under a spinlock.
 *
 * The segment belongs to a memory context of the statement, and not to its
 * transaction: a retraining commits on its way.  It goes when the context does,
 * however that comes, or with the process; from who looks at it when he has
 * looked.  After a crash the server takes all such segments away.
 *
 * Nothing depends on a board.  Where the server cannot make the segment, as in
 * containers with little of /dev/shm, there is none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/dsm.h"
#include "storage/spin.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/board.h"

#define BOARD_MAGIC 0x57414c43

/* What the segment begins with. */
typedef struct Board
{
	uint32 magic;
	int32 pid; /* whose it is */
	int32 rows; /* there is room for */
	uint32 row_size;
	slock_t lock; /* of the rows */
	double align; /* of the rows, which follow */
} Board;

struct WalsBoard
{
	dsm_segment *segment; /* NULL once it is closed */
	MemoryContextCallback callback;
};

static char *
row_at(Board *board, int32 row)
{
	return (char *) board + sizeof(Board) + (Size) row * board->row_size;
}

/* dsm_create, NULL where it finds no room; other errors pass. */
static dsm_segment *
segment_create(Size size)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	dsm_segment *volatile segment = NULL;

	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		segment = dsm_create(size, DSM_CREATE_NULL_IF_MAXSEGMENTS);
		if (segment != NULL)
			dsm_pin_mapping(segment);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		int code = geterrcode();

		if (ERRCODE_TO_CATEGORY(code) != ERRCODE_INSUFFICIENT_RESOURCES)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		segment = NULL;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return segment;
}

static void
detach(void *arg)
{
	WalsBoard *board = arg;

	if (board->segment != NULL)
		dsm_detach(board->segment);
	board->segment = NULL;
}

WalsBoard *
wals_board_open(int32 rows, Size row_size, uint32 *handle)
{
	Size size = add_size(sizeof(Board), mul_size(rows, row_size));
	WalsBoard *result = palloc0(sizeof(WalsBoard));
	Board *board;

	*handle = 0;
	result->segment = segment_create(size);
	if (result->segment == NULL)
	{
		pfree(result);
		return NULL;
	}
	result->callback.func = detach;
	result->callback.arg = result;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &result->callback);
	board = dsm_segment_address(result->segment);
	memset(board, 0, size);
	board->pid = MyProcPid;
	board->rows = rows;
	board->row_size = (uint32) row_size;
	SpinLockInit(&board->lock);
	board->magic = BOARD_MAGIC;
	*handle = dsm_segment_handle(result->segment);
	return result;
}

void
wals_board_put(WalsBoard *board, const void *row)
{
	Board *shared;
	int32 number;

	if (board == NULL)
		return;
	shared = dsm_segment_address(board->segment);
	memcpy(&number, row, sizeof(number));
	Assert(number >= 1 && number <= shared->rows);
	SpinLockAcquire(&shared->lock);
	memcpy(row_at(shared, number - 1), row, shared->row_size);
	SpinLockRelease(&shared->lock);
}

void
wals_board_close(WalsBoard *board)
{
	if (board != NULL)
		detach(board);
}

/* Copy the rows that have been written. */
static int
copy_rows(Board *board, Size size, int32 pid, Size row_size, void **rows)
{
	char *copies;
	int n = 0;
	int32 i;

	if (size < sizeof(Board) || board->magic != BOARD_MAGIC ||
	    board->pid != pid || board->row_size != row_size ||
	    (size - sizeof(Board)) / row_size < (Size) board->rows)
		return 0;
	*rows = copies = palloc(row_size * Max(board->rows, 1));
	for (i = 0; i < board->rows; i++)
	{
		char *copy = copies + (Size) n * row_size;
		int32 number;

		SpinLockAcquire(&board->lock);
		memcpy(copy, row_at(board, i), row_size);
		SpinLockRelease(&board->lock);
		memcpy(&number, copy, sizeof(number));
		n += number != 0;
	}
	return n;
}

int
wals_board_read(uint32 handle, int32 pid, Size row_size, void **rows)
{
	/* a statement may look at itself */
	dsm_segment *own = dsm_find_mapping(handle);
	dsm_segment *segment = own != NULL ? own : dsm_attach(handle);
	int n;

	if (segment == NULL)
		return 0;
	n = copy_rows(dsm_segment_address(segment), dsm_segment_map_length(segment),
	              pid, row_size, rows);
	if (own == NULL)
		dsm_detach(segment);
	return n;
}
