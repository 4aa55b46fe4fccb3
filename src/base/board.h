/*-------------------------------------------------------------------------
 *
 * board.h
 *	  The trials of a running tuning, visible from other sessions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_BOARD_H
#define WALS_BASE_BOARD_H

typedef struct WalsBoard WalsBoard;

/* Room for the options of a trial with its end; longer ones are cut. */
#define WALS_BOARD_OPTIONS_BYTES 512

typedef struct WalsBoardRow
{
	int32 trial; /* from 1; 0: nothing is written here yet */
	int32 iterations;
	double value; /* NaN: none */
	double error;
	double seconds;
	char options[WALS_BOARD_OPTIONS_BYTES];
} WalsBoardRow;

/* A board with room for so many trials; its handle, for other sessions. */
extern WalsBoard *wals_board_open(int32 trials, uint32 *handle);

/* Write or replace the row of a trial. */
extern void wals_board_put(WalsBoard *board, const WalsBoardRow *row);
extern void wals_board_close(WalsBoard *board);

/*
 * The trials on the board of session pid, in their order; none when it is gone.
 * *rows is allocated in the current context.
 */
extern int wals_board_read(uint32 handle, int32 pid, WalsBoardRow **rows);

#endif /* WALS_BASE_BOARD_H */
