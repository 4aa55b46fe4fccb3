/*-------------------------------------------------------------------------
 *
 * advice.c
 *	  What is odd about a relation of ratings, and what to do about it.
 *
 * One function per question, in the order in which the answers matter: what
 * would stop a training, what would spoil it, what would make it better.  The
 * thresholds are rules of thumb: advice is for people, and nothing depends on
 * it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "run/train/advice.h"
#include "store/source.h"

#define NEARLY_ALL 0.9 /* of users or items */
#define FEW 10 /* users or rows, too few to judge */
#define MANY 100 /* items, enough to judge */
#define ITEMS_PER_USER 50 /* more than that is odd */

static const char *const user_words[] = {
    "user",  "customer", "client", "member", "visitor", "account",
    "buyer", "listener", "reader", "viewer", "person",  NULL};
static const char *const item_words[] = {
    "item",  "product", "article", "movie", "film", "track", "song",
    "album", "artist",  "book",    "sku",   "page", "offer", NULL};

static void
advise_to_begin(const WalsProfile *profile)
{
	const WalsSource *source = profile->source;
	const WalsSurvey *survey = &profile->survey;

	if (profile->users.rows < 2 || profile->items.rows < 2)
		wals_profile_advise(
		    profile, psprintf("A model needs two users and two items at least, "
		                      "there are %d and %d.",
		                      profile->users.rows, profile->items.rows));
	if (survey->n_bad_value + survey->n_bad_weight + survey->n_bad_time > 0)
		wals_profile_advise(profile,
		                    "wals_train() stops at the first bad value, weight "
		                    "or time: train on a view without such rows.");
	if (wals_max_memory > 0 &&
	    profile->training_bytes > (Size) wals_max_memory * 1024)
		wals_profile_advise(
		    profile,
		    psprintf("Training needs more memory than wals.max_memory allows: "
		             "SET wals.max_memory = '%zuMB', or take fewer factors.",
		             profile->training_bytes / (1024 * 1024) * 9 / 8 + 1));
	if (wals_source_is_filtered(source->relation))
		wals_profile_advise(profile,
		                    "Row-level security applies to the current role: "
		                    "these are the rows it lets you see.");
}

static bool
has_word(const char *name, const char *const *words)
{
	char *lower = pstrdup(name);
	char *c;
	int i;

	for (c = lower; *c != '\0'; c++)
		*c = (char) tolower((unsigned char) *c);
	for (i = 0; words[i] != NULL; i++)
		if (strstr(lower, words[i]) != NULL)
			return true;
	return false;
}

static void
advise_on_ids(const WalsProfile *profile)
{
	const WalsSource *source = profile->source;
	int32 users = profile->users.rows;
	int32 items = profile->items.rows;

	if ((has_word(source->user_col, item_words) &&
	     !has_word(source->user_col, user_words)) ||
	    (has_word(source->item_col, user_words) &&
	     !has_word(source->item_col, item_words)))
		wals_profile_advise(
		    profile,
		    psprintf("Are user_col => '%s' and item_col => '%s' swapped? Their "
		             "names sound so.",
		             source->user_col, source->item_col));
	else if (users > 0 && items >= MANY && items / users >= ITEMS_PER_USER)
		wals_profile_advise(
		    profile,
		    psprintf("There are %d items for each user: are user_col => '%s' "
		             "and item_col => '%s' swapped?",
		             items / users, source->user_col, source->item_col));
}

static void
advise_on_spread(const WalsProfile *profile)
{
	const WcSpread *users = &profile->users;
	const WcSpread *items = &profile->items;

	if (users->rows >= FEW && items->most >= NEARLY_ALL * users->rows)
		wals_profile_advise(
		    profile,
		    psprintf("Item %s is in the rows of %d of %d users: what everybody "
		             "has tells users nothing apart. Consider a view without "
		             "it.",
		             wals_profile_id(profile, WC_ITEMS, items->most_row),
		             items->most, users->rows));
	if (items->rows >= MANY && users->most >= NEARLY_ALL * items->rows)
		wals_profile_advise(
		    profile,
		    psprintf("User %s has rows of %d of %d items: a program or a test "
		             "account? Consider a view without it.",
		             wals_profile_id(profile, WC_USERS, users->most_row),
		             users->most, items->rows));
	if (profile->entries.nnz >= FEW && users->rows > profile->entries.nnz / 2)
		wals_profile_advise(
		    profile,
		    psprintf("There are fewer than two entries a user: %d users have "
		             "one only, and teach nothing about what goes together. "
		             "min_user_rows => 2 leaves them out of the training; they "
		             "are folded in when they ask.",
		             users->singles));
	if (items->singles > items->rows / 2 && items->rows - items->singles >= FEW)
		wals_profile_advise(
		    profile,
		    psprintf(
		        "%d of %d items have one entry only, too few to be told "
		        "apart: min_item_rows => 2 leaves them out of the training, "
		        "which gets smaller and faster.",
		        items->singles, items->rows));
	if (profile->n_duplicates > 0)
		wals_profile_advise(
		    profile,
		    psprintf("Rows that repeat a pair of user and item: " INT64_FORMAT
		             ". Their values are added up with implicit feedback, else "
		             "averaged, or the last one counts where there is a "
		             "time_col. The option duplicates says otherwise.",
		             profile->n_duplicates));
}

static void
advise_on_values(const WalsProfile *profile)
{
	const WcValues *values = &profile->values;

	if (profile->source->value_col == NULL || values->count == 0)
		return;
	if (values->distinct == 1)
		wals_profile_advise(
		    profile,
		    psprintf("Every value is %g, which says no more than that the row "
		             "is there: leave value_col out.",
		             values->min));
	else if (values->distinct != 2)
		wals_profile_advise(
		    profile,
		    psprintf("Values from %g to %g, of which the default uses nothing "
		             "but the sign. To list what users like best: feedback => "
		             "'weighted' where they are ratings, weighting => 'log' "
		             "where they are counts or amounts. To predict a value: "
		             "feedback => 'explicit', whose lists are poor.",
		             values->min, values->max));
	if (values->negative > 0)
		wals_profile_advise(
		    profile,
		    psprintf("Negative values: " INT64_FORMAT ". With implicit "
		             "feedback they are dislikes, with the target 0.",
		             values->negative));
	if (values->zero > 0 && values->distinct > 1)
		wals_profile_advise(profile, psprintf("Values of 0: " INT64_FORMAT
		                                      ". With implicit feedback "
		                                      "their rows are left out.",
		                                      values->zero));
}

static void
advise_on_time(const WalsProfile *profile)
{
	const WalsSource *source = profile->source;
	char *column;

	if (source->time_col != NULL)
	{
		Oid type = source->time_type;

		if (profile->has_times &&
		    (type == TIMESTAMPTZOID || type == TIMESTAMPOID ||
		     type == DATEOID) &&
		    profile->newest > GetCurrentTimestamp() + USECS_PER_DAY)
			wals_profile_advise(
			    profile, "The newest time lies in the future: with half_life, "
			             "ages are counted back from it.");
		return;
	}
	column = wals_source_time_column(source->relation);
	if (column != NULL)
		wals_profile_advise(
		    profile, psprintf("time_col => '%s' would let newer rows count "
		                      "more, with half_life, and the last of several "
		                      "ratings count, with duplicates => 'last'.",
		                      column));
	else
		wals_profile_advise(profile,
		                    "There is no column with a time: half_life and "
		                    "duplicates => 'last' need one.");
}

static void
advise_on_index(const WalsProfile *profile)
{
	const WalsSource *source = profile->source;

	if (!wals_source_can_be_indexed(source->relation) ||
	    wals_source_has_index(source->relation, source->user_col))
		return;
	wals_profile_advise(
	    profile, psprintf("Answers read the rows of one user, and there is no "
	                      "index for that: CREATE INDEX ON %s (%s);",
	                      wals_relation_quoted(source->relation),
	                      quote_identifier(source->user_col)));
}

void
wals_profile_advice(const WalsProfile *profile)
{
	advise_to_begin(profile);
	advise_on_ids(profile);
	advise_on_spread(profile);
	advise_on_values(profile);
	advise_on_time(profile);
	advise_on_index(profile);
}
