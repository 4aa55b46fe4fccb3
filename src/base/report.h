/*-------------------------------------------------------------------------
 *
 * report.h
 *	  The only translator from the core's statuses to errors of the server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_BASE_REPORT_H
#define WALS_BASE_REPORT_H

#include "base/job.h"
#include "core/core.h"

/*
 * Raise the error for a status other than WC_OK.  row_name and other_name are
 * the user's ids of error->row and error->other as text, NULL if unknown.
 * memory tells a refused limit from memory that is really out; may be NULL.
 */
_Noreturn extern void wals_report(const WcError *error, const WalsJob *memory,
                                  const char *row_name, const char *other_name);

#endif /* WALS_BASE_REPORT_H */
