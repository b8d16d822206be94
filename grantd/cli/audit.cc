// SPDX-License-Identifier: Apache-2.0
// grantctl audit: the records of the audit chain, oldest first.
#include <fmt/format.h>

#include <charconv>

#include "base/ident.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/numbers.h"
#include "cli/table.h"
#include "cli/times.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::option, "--after", "N", "only records after this sequence number"},
    {argument::kind::option, "--limit", "N", "at most so many"},
};

std::optional<int64_t> number(const value& v) {
  if (v.integer() != nullptr) return *v.integer();
  if (v.text() == nullptr) return {};
  const std::string& text = *v.text();
  int64_t n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return n;
}

// The chained fields are strings of digits; people and scripts get what they know from elsewhere: the id of a
// grant, and times as everywhere. The bytes that are chained: grantctl call Audit.
value readable(const value& fields) {
  value::object out;
  for (const auto& [key, v] : *fields.members()) {
    auto n = key == "grant" || key.ends_with("_us") ? number(v) : std::nullopt;
    if (!n || (key == "grant" && (*n <= 0 || *n > int64_t{1} << 53))) {
      out.emplace_back(key, v);
    } else if (key == "grant") {
      out.emplace_back(key, std::string(base::print_id('g', static_cast<uint64_t>(*n)).view()));
    } else {
      out.emplace_back(key, *n);
    }
  }
  return with_times(out);
}

// "id=g-7k2m person=alice reason=\"ticket 4711\""
std::string words(const value& of) {
  std::string out;
  for (const auto& [key, v] : *of.members()) {
    if (!out.empty()) out += ' ';
    bool plain =
        v.text() != nullptr && !v.text()->empty() && v.text()->find_first_of(" \"=\\") == std::string::npos;
    out += fmt::format("{}={}", key, plain ? *v.text() : print_json(v));
  }
  return out;
}

value readable_record(const value& record) {
  value::object out;
  if (record.members() == nullptr) return out;
  for (const auto& [key, v] : *record.members()) {
    out.emplace_back(key, key == "fields" && v.members() != nullptr ? readable(v) : v);
  }
  return out;
}

result<exit_code> run(context& c) {
  value parameters;
  for (auto [option, key] : {std::pair{"--after", "after"}, std::pair{"--limit", "limit"}}) {
    if (auto set = set_number(c, option, key, parameters); !set)
      return std::unexpected(std::move(set.error()));
  }
  auto answer = c.ask("Audit", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  value::array documents;
  table t({"SEQUENCE", "AT", "EVENT", "FIELDS"});
  for (const value& v : fields(*answer, bad).items("records")) {
    fields r(v, bad);
    t.add({{std::to_string(r.integer("sequence"))},
           {c.time_text(r.integer("at_us"))},
           {r.text("event")},
           {words(readable(r.object("fields")))}});
    documents.push_back(readable_record(v));
  }
  if (bad) return bad.refuse();
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
                            "  grantctl audit --limit 20\n  grantctl audit --after 120 -o json",
                            takes,
                            run};

}  // namespace grantd::cli
