/*-------------------------------------------------------------------------
 *
 * board.h
 *	  What a running statement has done so far, visible from other sessions:
 *	  the iterations of a training, the trials of a tuning.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_BOARD_H
#define WALS_BASE_BOARD_H

typedef struct WalsBoard WalsBoard;

/* Room for the options of a trial with its end; longer ones are cut. */
#define WALS_BOARD_OPTIONS_BYTES 512

/* Every kind of row begins with its number, from 1; 0: nothing is written. */
typedef struct WalsBoardTrial
{
	int32 trial;
	int32 iterations;
	double value; /* NaN: none */
	double error;
	double seconds;
	char options[WALS_BOARD_OPTIONS_BYTES];
} WalsBoardTrial;

typedef struct WalsBoardIteration
{
	int32 iteration;
	double loss;
	double seconds;
} WalsBoardIteration;

/*
 * A board with room for so many rows of one kind, and its handle for other
 * sessions.  It is taken away with the current memory context, through commits.
 * NULL and handle 0 when the server has no shared memory to give.
 */
extern WalsBoard *wals_board_open(int32 rows, Size row_size, uint32 *handle);

/* Write or replace a row, at the place of its number. */
extern void wals_board_put(WalsBoard *board, const void *row);
extern void wals_board_close(WalsBoard *board);

/*
 * The rows on the board of session pid, in their order; none when it is gone or
 * has another kind of rows.  *rows is allocated in the current context.
 */
extern int wals_board_read(uint32 handle, int32 pid, Size row_size,
                           void **rows);

#endif /* WALS_BASE_BOARD_H */
