/*-------------------------------------------------------------------------
 *
 * board.c
 *	  The trials of a running tuning, visible from other sessions.
 *
 * A tuning is one statement, and nobody sees what it writes to tables before it
 * ends.  So it writes each trial to a segment of the server's dynamic shared
 * memory, whose handle stands among its counters of progress (progress.c).
 * Rows are written and copied under a spinlock.  The segment belongs to the
 * statement: the server takes it away when that ends, however it ends, and from
 * who looks at it when he has looked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/dsm.h"
#include "storage/spin.h"

#include "base/board.h"

#define BOARD_MAGIC 0x57414c42

/* What the segment begins with. */
typedef struct Board
{
	uint32 magic;
	int32 pid; /* whose tuning it is */
	int32 trials; /* rows there is room for */
	slock_t lock; /* of the rows */
	WalsBoardRow rows[FLEXIBLE_ARRAY_MEMBER];
} Board;

struct WalsBoard
{
	dsm_segment *segment;
	Board *board;
};

static Size
board_size(int32 trials)
{
	return offsetof(Board, rows) + sizeof(WalsBoardRow) * (Size) trials;
}

WalsBoard *
wals_board_open(int32 trials, uint32 *handle)
{
	WalsBoard *result = palloc(sizeof(WalsBoard));
	Board *board;

	result->segment = dsm_create(board_size(trials), 0);
	result->board = board = dsm_segment_address(result->segment);
	memset(board, 0, board_size(trials));
	board->pid = MyProcPid;
	board->trials = trials;
	SpinLockInit(&board->lock);
	board->magic = BOARD_MAGIC;
	*handle = dsm_segment_handle(result->segment);
	return result;
}

void
wals_board_put(WalsBoard *board, const WalsBoardRow *row)
{
	Board *shared = board->board;

	Assert(row->trial >= 1 && row->trial <= shared->trials);
	SpinLockAcquire(&shared->lock);
	shared->rows[row->trial - 1] = *row;
	SpinLockRelease(&shared->lock);
}

void
wals_board_close(WalsBoard *board)
{
	dsm_detach(board->segment);
	pfree(board);
}

/* Copy the rows that have been written. */
static int
copy_rows(Board *board, Size size, int32 pid, WalsBoardRow **rows)
{
	int n = 0;
	int32 i;

	if (size < offsetof(Board, rows) || board->magic != BOARD_MAGIC ||
	    board->pid != pid || size < board_size(board->trials))
		return 0;
	*rows = palloc(sizeof(WalsBoardRow) * Max(board->trials, 1));
	for (i = 0; i < board->trials; i++)
	{
		WalsBoardRow *row = &(*rows)[n];

		SpinLockAcquire(&board->lock);
		*row = board->rows[i];
		SpinLockRelease(&board->lock);
		n += row->trial != 0;
	}
	return n;
}

int
wals_board_read(uint32 handle, int32 pid, WalsBoardRow **rows)
{
	/* a tuning may look at itself */
	dsm_segment *own = dsm_find_mapping(handle);
	dsm_segment *segment = own != NULL ? own : dsm_attach(handle);
	int n;

	if (segment == NULL)
		return 0;
	n = copy_rows(dsm_segment_address(segment), dsm_segment_map_length(segment),
	              pid, rows);
	if (own == NULL)
		dsm_detach(segment);
	return n;
}
