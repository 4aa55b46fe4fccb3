/*-------------------------------------------------------------------------
 *
 * memory.h
 *	  A job by the name it had.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_MEMORY_H
#define WALS_BASE_MEMORY_H

#include "base/job.h"

typedef WalsJob WalsMemory;
#define wals_memory_init wals_job_init

#endif /* WALS_BASE_MEMORY_H */
