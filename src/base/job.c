/*-------------------------------------------------------------------------
 *
 * job.c
 *	  What a job's calls into the core have in common when they fail.
 *
 * memory.c has the allocator and the hooks, report.c the words.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/job.h"

void
wals_job_fail(const WalsJob *job, WcStatus status)
{
	WcError error = job->error;
	char *row = NULL;
	char *other = NULL;

	if (error.status != status)
		error = (WcError){status, WC_USERS, -1, -1, ""};
	if (job->namer != NULL && error.row >= 0)
		row = job->namer(job->named, error.side, error.row);
	if (job->namer != NULL && error.other >= 0)
		other = job->namer(job->named, 1 - error.side, error.other);
	wals_report(&error, job, row, other);
}

void *
wals_job_array(const WalsJob *job, int64 count, Size size)
{
	void *result = wc_alloc_array(&job->alloc, (size_t) count, size);

	if (result == NULL)
		wals_job_fail(job, WC_NO_MEMORY);
	return result;
}

void *
wals_job_resize(const WalsJob *job, void *array, int64 count, Size size)
{
	void *result = wc_resize_array(&job->alloc, array, (size_t) count, size);

	if (result == NULL)
		wals_job_fail(job, WC_NO_MEMORY);
	return result;
}
