/*-------------------------------------------------------------------------
 *
 * named.c
 *	  Relations that a version's row names, and what they are by now.
 *
 * A source or a table of weights is renamed, moved, rebuilt under its name, and
 * dumped and restored elsewhere.  A row keeps the name and the OID, and one rule
 * says which of them counts:
 *
 *		the OID, as long as nothing else has the name (it was renamed);
 *		the name, when another relation has it (it was rebuilt or exchanged),
 *		or when the OID is gone, or is that of another database.
 *
 * An OID means something in one database only, and where it does not belong it
 * may well be somebody else's table.  So the row says which database that was,
 * by the identifier of the server and the OID of the database there: a copy made
 * by dump, template, logical replication or pg_upgrade is another one, a standby
 * is not.
 *
 * A name can be taken by whoever may create in its schema, and what is found
 * under it is read, and its views and policies run, by all who use the model.
 * So a name is followed only to what belongs to somebody who could decide that
 * anyway (is_trusted).  All others are told about, and it is for the model's
 * owner to name them: wals_set_source.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "base/hint.h"
#include "store/named.h"
#include "store/relation.h"

/* "server/database/" of this one. */
static const char *
here(Size *length)
{
	static char prefix[64] = "";
	static int n = 0;

	if (n == 0)
		n = snprintf(prefix, sizeof(prefix), INT64_FORMAT "/%u/",
		             (int64) GetSystemIdentifier(), MyDatabaseId);
	*length = n;
	return prefix;
}

void
wals_naming_set(WalsNaming *naming, Oid relation)
{
	Size ignored;
	char *owner;

	naming->name[0] = naming->identity[0] = '\0';
	if (!OidIsValid(relation))
		return;
	owner = GetUserNameFromId(wals_relation_owner(relation), true);
	strlcpy(naming->name, wals_relation_quoted(relation), sizeof(naming->name));
	snprintf(naming->identity, sizeof(naming->identity), "%s%u/%s",
	         here(&ignored), relation, owner ? owner : "");
}

void
wals_naming_read(WalsNaming *naming, const char *name, const char *identity,
                 Oid by_oid)
{
	Size ignored;

	memset(naming, 0, sizeof(*naming));
	if (get_rel_name(by_oid) != NULL)
		wals_naming_set(naming, by_oid);
	else if (OidIsValid(by_oid))
	{
		/* a number is no name: it is gone */
		snprintf(naming->name, sizeof(naming->name), "%u", by_oid);
		snprintf(naming->identity, sizeof(naming->identity), "%s%u/",
		         here(&ignored), by_oid);
	}
	else if (name != NULL)
	{
		strlcpy(naming->name, name, sizeof(naming->name));
		if (identity != NULL)
			strlcpy(naming->identity, identity, sizeof(naming->identity));
	}
}

/* The OID of an identity, 0 where it does not belong to this database. */
static Oid
identity_oid(const char *identity)
{
	Size length;
	const char *prefix = here(&length);

	if (strncmp(identity, prefix, length) != 0)
		return InvalidOid;
	return (Oid) strtoul(identity + length, NULL, 10);
}

/* The owner's name in an identity, "" where there is none. */
static const char *
identity_owner(const char *identity)
{
	int i;

	for (i = 0; i < 3 && identity != NULL; i++)
	{
		identity = strchr(identity, '/');
		identity = identity != NULL ? identity + 1 : NULL;
	}
	return identity != NULL ? identity : "";
}

/*
 * Whether a relation still has this name, which is asked with every answer; false
 * for one that is gone, whose OID becomes 0.
 */
static bool
is_called(Oid *relation, const char *name)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(*relation));
	Form_pg_class form;
	char *schema;
	bool result;
	Size length;

	if (!HeapTupleIsValid(tuple))
	{
		*relation = InvalidOid;
		return false;
	}
	form = (Form_pg_class) GETSTRUCT(tuple);
	schema = get_namespace_name(form->relnamespace);
	if (schema == NULL)
		schema = "";
	length = strlen(schema);
	/* most names need no quotes */
	result = (strncmp(name, schema, length) == 0 && name[length] == '.' &&
	          strcmp(name + length + 1, NameStr(form->relname)) == 0) ||
	         (strchr(name, '"') != NULL &&
	          strcmp(quote_qualified_identifier(schema, NameStr(form->relname)),
	                 name) == 0);
	ReleaseSysCache(tuple);
	return result;
}

/* The relation that has a name now, or 0; not one of another session's. */
static Oid
find_name(const char *name)
{
	char *copy = pstrdup(name);
	List *words;
	Oid schema;

	if (!SplitIdentifierString(copy, '.', &words) || list_length(words) != 2)
		return InvalidOid;
	schema = get_namespace_oid(linitial(words), true);
	if (!OidIsValid(schema) || isOtherTempNamespace(schema))
		return InvalidOid;
	return get_relname_relid(lsecond(words), schema);
}

static Oid
schema_owner(Oid schema)
{
	HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/*
 * Whether a relation may stand for the one that had its name.  Who owns the
 * schema could have dropped that one, too; who is called as its owner is so in
 * the database that the row comes from.
 */
static bool
is_trusted(Oid relation, const char *identity, Oid was, Oid model_owner)
{
	Oid owner = wals_relation_owner(relation);
	char *name = GetUserNameFromId(owner, true);

	/* tables of weights of 0.1.0 had a name only */
	if (identity[0] == '\0')
		return true;
	return owner == model_owner || superuser_arg(owner) ||
	       (OidIsValid(was) && owner == wals_relation_owner(was)) ||
	       (name != NULL && strcmp(name, identity_owner(identity)) == 0) ||
	       is_member_of_role_nosuper(owner,
	                                 schema_owner(get_rel_namespace(relation)));
}

WalsNamed
wals_named_find(const WalsNaming *naming, Oid owner)
{
	Oid was = identity_oid(naming->identity);
	WalsNamed named = {WALS_NAMED_NONE, InvalidOid, InvalidOid, InvalidOid};
	bool is_here = OidIsValid(was);
	Oid now;

	if (naming->name[0] == '\0')
		return named;
	if (is_here && is_called(&was, naming->name))
		return (WalsNamed){WALS_NAMED_SAME, was, was, InvalidOid};
	named.was = was;
	now = find_name(naming->name);
	if (OidIsValid(now) && now != was &&
	    !is_trusted(now, naming->identity, was, owner))
	{
		named.stranger = now;
		now = InvalidOid;
	}
	named.relation = OidIsValid(now) ? now : was;
	if (!OidIsValid(named.relation))
		named.state = is_here || naming->identity[0] == '\0'
		                  ? WALS_NAMED_GONE
		                  : WALS_NAMED_ELSEWHERE;
	else
		named.state = is_here && named.relation != was ? WALS_NAMED_FOLLOWED
		                                               : WALS_NAMED_SAME;
	return named;
}

WalsNamed
wals_named_hold(const WalsNaming *naming, Oid owner, Oid guess)
{
	Oid held = guess;

	if (OidIsValid(held))
		LockRelationOid(held, AccessShareLock);
	for (;;)
	{
		WalsNamed named = wals_named_find(naming, owner);

		if (named.relation == held)
			return named;
		if (OidIsValid(held))
			UnlockRelationOid(held, AccessShareLock);
		held = named.relation;
		if (!OidIsValid(held))
			return named;
		CHECK_FOR_INTERRUPTS();
		/* whoever is waited for may exchange it: look again */
		LockRelationOid(held, AccessShareLock);
	}
}

/* What an option names, in words. */
static const char *
noun(const char *option)
{
	return strcmp(option, "source") == 0 ? "source"
	                                     : psprintf("table of %s", option);
}

/* The call that names another one. */
static char *
call_to_name(Oid model, const char *option, const char *relation)
{
	char *quoted = quote_literal_cstr(wals_relation_quoted(model));

	return strcmp(option, "source") == 0
	           ? psprintf("SELECT wals_set_source(%s, %s);", quoted, relation)
	           : psprintf("SELECT wals_set_source(%s, '...', %s => %s);",
	                      quoted, option, relation);
}

static char *
owner_name(Oid relation)
{
	char *name = GetUserNameFromId(wals_relation_owner(relation), true);

	return name != NULL ? name : "?";
}

void
wals_named_missing(const WalsNamedUse *use, const WalsNaming *naming,
                   const WalsNamed *named)
{
	const char *model = get_rel_name(use->model);
	const char *space = use->without[0] != '\0' ? " " : "";

	if (OidIsValid(named->stranger) && named->state == WALS_NAMED_GONE)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		     errmsg("the %s of model \"%s\" was dropped, and another role has "
		            "taken its name",
		            noun(use->option), model),
		     errdetail("It is needed to %s. Relation %s belongs to role "
		               "\"%s\", who is neither the owner that it had, nor "
		               "that of the model or the schema.",
		               use->what, naming->name, owner_name(named->stranger)),
		     wals_hint("If it is the right one, the model's owner says so: "
		               "%s%s%s",
		               call_to_name(use->model, use->option,
		                            quote_literal_cstr(naming->name)),
		               space, use->without)));
	if (named->state == WALS_NAMED_ELSEWHERE)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_TABLE),
		         errmsg("the %s of model \"%s\" is not in this database",
		                noun(use->option), model),
		         errdetail("It is needed to %s. The model was trained in "
		                   "another database, on %s.",
		                   use->what, naming->name),
		         OidIsValid(named->stranger)
		             ? wals_hint("The relation of this name belongs to role "
		                         "\"%s\". If it is the right one: %s%s%s",
		                         owner_name(named->stranger),
		                         call_to_name(use->model, use->option,
		                                      quote_literal_cstr(naming->name)),
		                         space, use->without)
		             : wals_hint("Bring it here, or name another relation: "
		                         "%s%s%s",
		                         call_to_name(use->model, use->option, "'...'"),
		                         space, use->without)));
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
	                errmsg("the %s of model \"%s\" no longer exists",
	                       noun(use->option), model),
	                naming->name[0] != '\0'
	                    ? errdetail("It is needed to %s. It was %s.", use->what,
	                                naming->name)
	                    : errdetail("It is needed to %s.", use->what),
	                wals_hint("Name another relation: %s%s%s",
	                          call_to_name(use->model, use->option, "'...'"),
	                          space, use->without)));
}

WalsNamed
wals_named_need(const WalsNamedUse *use, const WalsNaming *naming)
{
	WalsNamed named =
	    wals_named_hold(naming, wals_relation_owner(use->model), InvalidOid);

	if (!OidIsValid(named.relation))
		wals_named_missing(use, naming, &named);
	return named;
}

void
wals_named_tell(Oid model, const char *option, const WalsNaming *naming,
                const WalsNamed *named)
{
	if (named->state == WALS_NAMED_FOLLOWED)
		ereport(
		    NOTICE,
		    (errmsg("the %s of model \"%s\" is another relation now: %s was "
		            "made anew",
		            noun(option), get_rel_name(model), naming->name),
		     OidIsValid(named->was)
		         ? errdetail("The one that it was trained on is called %s by "
		                     "now.",
		                     wals_relation_quoted(named->was))
		         : errdetail("The one that it was trained on was dropped."),
		     OidIsValid(named->was)
		         ? wals_hint(
		               "If that one is meant: %s",
		               call_to_name(model, option,
		                            quote_literal_cstr(
		                                wals_relation_quoted(named->was))))
		         : 0));
	else if (OidIsValid(named->stranger))
		ereport(
		    WARNING,
		    (errmsg("the %s of model \"%s\" is %s, not the relation %s of "
		            "role \"%s\"",
		            noun(option), get_rel_name(model),
		            wals_relation_quoted(named->relation), naming->name,
		            owner_name(named->stranger)),
		     errdetail("A name is followed to a relation of the owner of the "
		               "model, of the one that had the name, or of the "
		               "schema."),
		     wals_hint("If it is the right one: %s",
		               call_to_name(model, option,
		                            quote_literal_cstr(naming->name)))));
}
