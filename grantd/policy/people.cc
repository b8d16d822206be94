// SPDX-License-Identifier: Apache-2.0
// [person.NAME] sections. Must never give one account to two people.
#include <algorithm>
#include <iterator>

#include "base/names.h"
#include "policy/key_line.h"
#include "policy/nearest.h"
#include "policy/reading.h"

namespace grantd::policy {
namespace {

constexpr std::string_view person_keys[] = {"email", "os", "pg", "dn", "krb", "chat", "keys", "rights"};
constexpr std::string_view known_rights[] = {"grant", "see"};
constexpr size_t longest_email = 254;  // RFC 5321 4.5.3.1.3, without the brackets

bool is_email(std::string_view text) {
  const size_t at = text.find('@');
  return text.size() <= longest_email && at != text.npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == text.npos && text.find_first_of(" \"<>,;") == text.npos &&
         base::is_printable_utf8(text);
}

// Two addresses that differ in case only reach one mailbox everywhere that matters.
std::string fold(std::string_view email) {
  std::string out(email);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

struct account_class {
  std::string_view key;
  std::string_view what;
  std::string_view rule;
  bool (*is_name)(std::string_view) noexcept;
  std::vector<std::string> person::* list;
};
constexpr std::string_view name_rule = "1 to 63 bytes, no /, no leading -, no space at either end";
constexpr std::string_view identity_rule = "1 to 128 bytes, no space at either end";
constexpr account_class classes[] = {
    {"os", "an OS user", name_rule, base::is_account_name, &person::os},
    {"pg", "a database role", name_rule, base::is_account_name, &person::pg},
    {"dn", "a certificate's subject", identity_rule, base::is_identity_name, &person::dn},
    {"krb", "a Kerberos principal", identity_rule, base::is_identity_name, &person::krb},
};

void read_accounts(fields& f, person& p, reading& r) {
  for (const account_class& c : classes) {
    for (const placed_text& t : f.texts(c.key)) {
      std::string account(t.text);
      if (!c.is_name(t.text)) {
        r.found.add(t.at, quoted(t.text) + " in " + std::string(c.key) + " of " + f.what() + " cannot be " +
                              std::string(c.what) + " (" + std::string(c.rule) + ")");
      } else if (r.claim(c.key, account, "account " + std::string(c.key) + ":" + account, p.name, t.at)) {
        (p.*c.list).push_back(std::move(account));
      }
    }
  }
}

void read_email(fields& f, person& p, reading& r) {
  auto t = f.text("email");
  if (!t) return;
  if (!is_email(t->text)) {
    r.found.add(t->at, "email of " + f.what() + " is not an address: " + quoted(t->text) + " (write \"" +
                           p.name + "@example.com\")");
  } else if (r.claim("email", fold(t->text), "e-mail " + quoted(t->text), p.name, t->at)) {
    p.email = t->text;
  }
}

void read_chat(fields& f, person& p, reading& r) {
  for (const placed_text& t : f.texts("chat")) {
    std::string id(t.text);
    if (!base::is_identity_name(t.text)) {
      r.found.add(t.at, quoted(t.text) + " in chat of " + f.what() + " cannot be the id of a chat account (" +
                            std::string(identity_rule) + ")");
    } else if (r.claim("chat", id, "chat account " + quoted(t.text), p.name, t.at)) {
      p.chat.push_back(std::move(id));
    }
  }
}

void read_keys(fields& f, person& p, reading& r) {
  for (const placed_text& t : f.texts("keys")) {
    auto key = parse_key_line(t.text);
    if (!key) {
      r.found.add(t.at, "a key of " + f.what() + " " + key.error());
    } else if (r.claim("key", key->blob, "this " + key->type + " key", p.name, t.at)) {
      p.keys.emplace_back(t.text);
    }
  }
}

void read_rights(fields& f, person& p, reading& r) {
  for (const placed_text& t : f.texts("rights")) {
    if (t.text == "grant") {
      p.may_grant = p.may_see = true;
    } else if (t.text == "see") {
      p.may_see = true;
    } else {
      r.found.add(t.at,
                  "unknown right " + quoted(t.text) + " of " + f.what() + suggestion(t.text, known_rights));
    }
  }
}

}  // namespace

void read_people(const toml_value& table, reading& r) {
  for (const toml_value::member& m : named_tables(table, "person", r)) {
    person p;
    p.name = m.key;
    if (std::ranges::find(reserved_names, m.key) != std::end(reserved_names)) {
      r.found.add(m.at, "[person." + p.name + "]: \"" + p.name +
                            "\" is what the audit calls root's or grantd's own doings: take another name");
      continue;
    }
    fields f(m.value, "[person." + p.name + "]", person_keys, r.found);
    read_email(f, p, r);
    read_accounts(f, p, r);
    read_chat(f, p, r);
    read_keys(f, p, r);
    read_rights(f, p, r);
    std::string name = p.name;
    r.result.people.emplace(std::move(name), std::move(p));
  }
}

}  // namespace grantd::policy
