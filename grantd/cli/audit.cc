// SPDX-License-Identifier: Apache-2.0
// grantctl audit: the records of the audit chain, oldest first.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "cli/audit_records.h"
#include "cli/chain.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/known.h"
#include "cli/numbers.h"
#include "cli/table.h"
#include "policy/nearest.h"
#include "proof/ecs_words.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::option, "--since", "TIME", "a time, or a duration back from now: 2d, 09:00"},
    {argument::kind::option, "--person", "PERSON",
     "only what they asked for, were given or did, and what came of it"},
    {argument::kind::option, "--event", "EVENT",
     "only this event: grant, approve, revoke, ...; break-glass: the logins, requests and grants"},
    {argument::kind::option, "--after", "N", "only records after this sequence number"},
    {argument::kind::option, "--limit", "N",
     "at most so many: the newest, or with --after the next (1000 where nothing else is said)"},
};

// What is about a person or was done by them; and whatever became of what they asked for or were given, by
// the ids it began with: who approved, what opened, each session under it.
class about {
 public:
  explicit about(std::string person) : person_(std::move(person)) {}
  bool wants(const proof::record& r) {
    if (person_.empty()) return true;
    const bool theirs = r.field("person") == person_;
    bool known = false;
    for (std::string_view key : {"request", "grant"}) {
      if (r.field(key).empty()) continue;
      const std::string id = fmt::format("{} {}", key, r.field(key));
      if (theirs && r.event == key) ids_.insert(id);
      known = known || ids_.contains(id);
    }
    return known || theirs || r.field("by") == person_;
  }

 private:
  std::string person_;
  std::set<std::string> ids_;
};

// "break-glass" is a login without a grant; who looks for it wants what was asked for and opened as such,
// too.
bool is_of(const proof::record& r, std::string_view event) {
  return event.empty() || r.event == event || (event == "break-glass" && !r.field("break_glass").empty());
}

// Of a word that no record has nothing would be found, which reads as if nothing had happened.
result<void> known_event(const std::string& event) {
  const std::vector<std::string_view> known = proof::known_events();
  if (event.empty() || std::ranges::find(known, event) != known.end()) return {};
  return refuse(exit_code::usage,
                fmt::format("the audit has no event \"{}\"{}", event, policy::suggestion(event, known)),
                "grantctl audit --help");
}

constexpr int64_t usual_limit = 1000;

struct excerpt {
  std::optional<int64_t> since;
  std::optional<int64_t> after;  // given: the first ones behind it, else the newest
  std::optional<int64_t> limit;
};

// As method Audit would answer them. Read from the chain's bytes: a long log costs a tenth of what its JSON
// would.
result<value> read(context& c, const excerpt& of) {
  about person(name_of_person(c, c.given.get("--person")));
  std::string event = c.given.get("--event");
  value::array records;
  const size_t most = of.limit ? static_cast<size_t>(*of.limit) : std::numeric_limits<size_t>::max() / 2;
  auto keep_newest = [&](size_t count) {
    if (records.size() > count) records.erase(records.begin(), records.end() - static_cast<ptrdiff_t>(count));
  };
  auto done = each_record(c, static_cast<uint64_t>(of.after.value_or(0)),
                          [&](const proof::record& r, const proof::digest& d) {
                            if (of.after && records.size() == most) return false;
                            if (person.wants(r) && (!of.since || r.utc_us >= *of.since) && is_of(r, event))
                              records.push_back(audit_document(r, d));
                            if (records.size() == 2 * most) keep_newest(most);
                            return true;
                          });
  if (!done) return std::unexpected(std::move(done.error()));
  keep_newest(most);
  value answer;
  answer.set("records", std::move(records));
  return answer;
}

// Of a long log its end need not be looked for: records have the numbers from 1 on.
result<int64_t> before_the_newest(context& c, int64_t count) {
  auto store = c.ask("Store");
  if (!store) return std::unexpected(std::move(store.error()));
  problem bad;
  const int64_t last = fields(*store, bad).integer("sequence");
  if (bad) return bad.refuse();
  return std::max<int64_t>(0, last - count);
}

result<value> ask(context& c) {
  if (auto known = known_event(c.given.get("--event")); !known)
    return std::unexpected(std::move(known.error()));
  value parameters;
  for (auto [option, key] : {std::pair{"--after", "after"}, std::pair{"--limit", "limit"}}) {
    if (auto set = set_number(c, option, key, parameters); !set)
      return std::unexpected(std::move(set.error()));
  }
  auto since = since_of(c);
  if (!since) return std::unexpected(std::move(since.error()));
  auto number = [&](std::string_view key) -> std::optional<int64_t> {
    const value* v = parameters.find(key);
    return v == nullptr ? std::nullopt : std::optional(*v->integer());
  };
  excerpt of{*since, number("after"), number("limit")};
  if (!of.since && !of.after && !c.given.has("--person") && !c.given.has("--event")) {
    of.limit = of.limit.value_or(usual_limit);
    auto after = before_the_newest(c, *of.limit);
    if (!after) return std::unexpected(std::move(after.error()));
    of.after = *after;
  }
  return read(c, of);
}

result<exit_code> run(context& c) {
  auto answer = ask(c);
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  value::array documents;
  table t({"SEQUENCE", "AT", "EVENT", "FIELDS"});
  for (const value& v : fields(*answer, bad).items("records")) {
    fields r(v, bad);
    t.add({{std::to_string(r.integer("sequence"))},
           {print_whole_time({r.integer("at_us")}, c.here.local)},
           {r.text("event")},
           {field_words(readable_fields(r.object("fields")))}});
    documents.push_back(readable_record(v));
  }
  if (bad) return bad.refuse();
  if (t.empty()) {
    if (auto known = known_names(c); !known) return std::unexpected(std::move(known.error()));
  }
  if (c.opts.json) {
    value document;
    document.set("records", std::move(documents));
    c.print_document(document);
  } else if (t.empty()) {
    c.out.say("no records");
  } else {
    c.out.data(t.print(c.out.colours()));
  }
  return exit_code::done;
}

}  // namespace

const command audit_command{"audit",
                            "what was done, by whom",
                            "Needs the right see or grant, or root.",
                            "  grantctl audit --limit 20\n  grantctl audit --since 2d --person alice\n"
                            "  grantctl audit --event approve -o json",
                            takes,
                            run};

}  // namespace grantd::cli
