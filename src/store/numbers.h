/*-------------------------------------------------------------------------
 *
 * numbers.h
 *	  Values, weights and times: SQL types on one side, float4 and int64 on the
 *	  other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef WALS_STORE_NUMBERS_H
#define WALS_STORE_NUMBERS_H

/* A number of a type that wals_number_column_type has let pass. */
extern double wals_number_of(Oid type, Datum datum);

/* How many units of a column of times of this base type make a second. */
extern double wals_time_unit(Oid type);

/* Such a time, in its unit.  False: infinite. */
extern bool wals_time_of(Oid type, Datum datum, int64 *time);

/* 22000 for a number that is not finite, 22003 for one beyond float4. */
_Noreturn extern void wals_number_refuse(double number, const char *what,
                                         const char *user, const char *item);

/* 22000 for a negative weight, 22008 for an infinite time. */
_Noreturn extern void wals_weight_refuse(float weight, const char *user,
                                         const char *item);
_Noreturn extern void wals_time_refuse(const char *user, const char *item);

#endif /* WALS_STORE_NUMBERS_H */
