// SPDX-License-Identifier: Apache-2.0
// Turns an authentication method and what it proved into identities. Never takes the role alone for the person
// when a map (pg_ident.conf) stood between: a window of one person under a shared role must not let in another
// who was merely mapped to it.
//
//	peer            os:<OS user>; pg:<role> too if both are the same
//	cert            dn:<subject>; pg:<role> too if the name that was matched or mapped (CN, or DN) is the role
//	gss, sspi       krb:<principal>
//	ldap            dn:<DN of the bind>, pg:<role>: LDAP proves the login's own name, no map is asked
//	password, md5, scram-sha-256, pam, bsd, radius
//	                pg:<role>: the role's own secret
//	trust           pg:<role>: nothing was proved, and pg_hba.conf says that this is enough
//	ident, oauth    pg:<role>, only if the name they gave is the role
//	any other       none
//
// PostgreSQL 13 keeps no authn_id: peer and ident without a map prove what they prove above (the names are the
// same then), with a map nothing; cert proves pg:<role> if the CN is the role; ldap proves pg:<role> only.
#include "identity.h"

#include <type_traits>

namespace grantd::pg_hook
{

static_assert(std::is_trivially_destructible_v<proved>);

namespace
{

using decision::identity_class;

std::string_view
authn_id([[maybe_unused]] const Port *port) noexcept
{
#if PG_VERSION_NUM >= 160000
	const char *id = MyClientConnectionInfo.authn_id;
#elif PG_VERSION_NUM >= 140000
	const char *id = port->authn_id;
#else
	// What is known without it. A map that names the role itself is told apart from none by pg_hba.conf alone.
	const char *map = port->hba->usermap;
	const char *id = nullptr;

	if (port->hba->auth_method == uaPeer || port->hba->auth_method == uaIdent)
		id = map == nullptr || map[0] == '\0' ? port->user_name : nullptr;
#ifdef ENABLE_GSS
	else if (port->hba->auth_method == uaGSS && port->gss != nullptr)
		id = port->gss->princ;
#endif
#endif
	return id == nullptr ? std::string_view{} : std::string_view{id};
}

// The name from the certificate that had to match, or be mapped to, the role.
std::string_view
certificate_name(const Port *port) noexcept
{
#if PG_VERSION_NUM >= 140000
	if (port->hba->clientcertname == clientCertDN)
		return authn_id(port);
#endif
	return port->peer_cn == nullptr ? std::string_view{} : std::string_view{port->peer_cn};
}

void
add(proved &to, identity_class by, std::string_view name) noexcept
{
	if (!name.empty() && to.count < 2)
		to.account[to.count++] = {by, name};
}

} // namespace

proved
prove(const Port *port) noexcept
{
	const std::string_view role = port->user_name;
	const std::string_view id = authn_id(port);
	proved out{};

	switch (port->hba->auth_method)
	{
		case uaPeer:
			add(out, identity_class::os, id);
			if (id == role)
				add(out, identity_class::pg, role);
			break;
		case uaCert:
			add(out, identity_class::dn, id);
			if (certificate_name(port) == role)
				add(out, identity_class::pg, role);
			break;
		case uaGSS:
		case uaSSPI:
			add(out, identity_class::krb, id);
			break;
		case uaLDAP:
			add(out, identity_class::dn, id);
			add(out, identity_class::pg, role);
			break;
		case uaTrust:
		case uaPassword:
		case uaMD5:
		case uaSCRAM:
		case uaPAM:
		case uaBSD:
		case uaRADIUS:
			add(out, identity_class::pg, role);
			break;
		case uaIdent:
#if PG_VERSION_NUM >= 180000
		case uaOAuth:
#endif
			if (id == role)
				add(out, identity_class::pg, role);
			break;
		case uaReject:
		case uaImplicitReject:
			break;
	}
	return out;
}

const char *
prefix(identity_class proved_by) noexcept
{
	switch (proved_by)
	{
		case identity_class::os:
			return "os:";
		case identity_class::pg:
			return "pg:";
		case identity_class::dn:
			return "dn:";
		case identity_class::krb:
			return "krb:";
	}
	return "";
}

} // namespace grantd::pg_hook
