// SPDX-License-Identifier: Apache-2.0
// Walks the roles that one role is a member of. The catalogs of roles are shared: they can be read while the server
// authenticates (pg_hba.conf's own +group is), when no database is open yet.
#include "powers.h"

extern "C"
{
#include <access/xact.h>
#include <catalog/pg_auth_members.h>
#include <catalog/pg_authid.h>
#include <utils/catcache.h>
#include <utils/syscache.h>
}

namespace grantd::pg_hook
{

namespace
{

struct named_role
{
	Oid oid; // the same in every cluster and version
	const char *name;
};

constexpr named_role beyond_the_database[] = {
	{4569, "pg_read_server_files"},
	{4570, "pg_write_server_files"},
	{4571, "pg_execute_server_program"},
};

constexpr const char *unknown = "it could not be looked up";

// NULL, or what the role itself is or has.
const char *
attribute_of(const Form_pg_authid role) noexcept
{
	if (role->rolsuper)
		return "is a superuser";
	return role->rolreplication ? "has the attribute REPLICATION" : nullptr;
}

const char *
power_of(Oid role, bool itself)
{
	for (const named_role &r : beyond_the_database)
		if (r.oid == role)
			return psprintf("it %s \"%s\"", itself ? "is" : "is a member of", r.name);

	const HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	if (!HeapTupleIsValid(tuple))
		return itself ? unknown : nullptr; // a role dropped since gives nothing
	auto *form = reinterpret_cast<Form_pg_authid>(GETSTRUCT(tuple));
	const char *attribute = attribute_of(form);
	const char *why = nullptr;
	if (attribute != nullptr)
		why = itself ? psprintf("it %s", attribute)
					 : psprintf("it is a member of \"%s\", which %s", NameStr(form->rolname), attribute);
	ReleaseSysCache(tuple);
	return why;
}

List *
add_roles_of(List *roles, Oid member)
{
	CatCList *memberships = SearchSysCacheList1(AUTHMEMMEMROLE, ObjectIdGetDatum(member));

	for (int i = 0; i < memberships->n_members; ++i)
	{
		auto *form = reinterpret_cast<Form_pg_auth_members>(GETSTRUCT(&memberships->members[i]->tuple));
		roles = list_append_unique_oid(roles, form->roleid);
	}
	ReleaseSysCacheList(memberships);
	return roles;
}

} // namespace

const char *
too_powerful(Oid role)
{
	const char *why = nullptr;

	if (!OidIsValid(role) || !IsTransactionState())
		return unknown;
	List *roles = list_make1_oid(role);
	for (int i = 0; i < list_length(roles) && why == nullptr; ++i)
	{
		const Oid reached = list_nth_oid(roles, i);
		why = power_of(reached, i == 0);
		roles = add_roles_of(roles, reached);
	}
	list_free(roles);
	return why;
}

} // namespace grantd::pg_hook
