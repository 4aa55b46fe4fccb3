/*-------------------------------------------------------------------------
 *
 * heap.h
 *	  The n best scores so far: a heap with the worst on top.
 *
 * Descending score, then ascending index: no two rows are equal.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_CORE_HEAP_H
#define WALS_CORE_HEAP_H

#include "core/answer/answer.h"
#include "core/ground/internal.h"

static inline bool
wc_is_better(const WcScored *a, const WcScored *b)
{
	return a->score > b->score || (a->score == b->score && a->index < b->index);
}

/* Let moving sink from the root; above it, everything is worse. */
static inline void
wc_heap_sink(WcScored *heap, int32_t count, WcScored moving)
{
	int32_t place = 0;

	while (place < count / 2)
	{
		int32_t child = 2 * place + 1;

		if (child + 1 < count && wc_is_better(&heap[child], &heap[child + 1]))
			child++;
		if (!wc_is_better(&moving, &heap[child]))
			break;
		heap[place] = heap[child];
		place = child;
	}
	heap[place] = moving;
}

/* Let moving rise from the end of a heap of count, which becomes count + 1. */
static inline void
wc_heap_rise(WcScored *heap, int32_t count, WcScored moving)
{
	int32_t place = count;

	while (place > 0)
	{
		int32_t parent = (place - 1) / 2;

		if (!wc_is_better(&heap[parent], &moving))
			break;
		heap[place] = heap[parent];
		place = parent;
	}
	heap[place] = moving;
}

/*
 * Let one more take part in the n best, of which there are *count.  True when
 * n are there and the worst of them may have changed.
 */
static inline bool
wc_heap_offer(WcScored *heap, int32_t n, int32_t *count, WcScored offered)
{
	if (*count < n)
	{
		wc_heap_rise(heap, (*count)++, offered);
		return *count == n;
	}
	if (!wc_is_better(&offered, &heap[0]))
		return false;
	wc_heap_sink(heap, n, offered);
	return true;
}

/* Best first: the worst goes to the end, again and again. */
static inline bool
wc_heap_sort(WcScored *heap, int32_t count, WcPace *pace)
{
	for (int32_t left = count - 1; left > 0; left--)
	{
		WcScored worst = heap[0];

		if (wc_pace(pace, 8))
			return false;
		wc_heap_sink(heap, left, heap[left]);
		heap[left] = worst;
	}
	return true;
}

#endif /* WALS_CORE_HEAP_H */
