// SPDX-License-Identifier: Apache-2.0
// grantctl requests: which requests there are, newest first. Reads and words requests for the others, too.
#include "cli/requests.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/known.h"
#include "cli/numbers.h"

namespace grantd::cli {
namespace {

approval read_approval(const value& v, problem& bad) {
  fields f(v, bad);
  approval a;
  a.person = f.text("person");
  a.at_us = f.integer("at_us");
  a.for_us = f.integer("for_us");
  a.key = f.maybe_text("key").value_or("");
  a.signature = f.maybe_text("signature").value_or("");
  a.text = f.maybe_text("text").value_or("");
  return a;
}

access_request read(const value& v, problem& bad) {
  fields f(v, bad);
  access_request r;
  r.id = f.text("id");
  r.person = f.text("person");
  r.resource = f.text("resource");
  r.role = f.maybe_text("role").value_or("");
  r.access = f.text("access");
  r.break_glass = f.maybe_boolean("break_glass");
  r.reason = f.maybe_text("reason").value_or("");
  r.for_us = f.integer("for_us");
  r.start_us = f.maybe_integer("start_us");
  r.until_us = f.maybe_integer("until_us");
  r.first_use = f.maybe_boolean("first_use");
  r.state = f.text("state");
  r.needs = f.maybe_integer("needs").value_or(0);
  r.is_signed = v.find("signed") == nullptr || f.boolean("signed");
  r.approved_by = f.maybe_texts("approved_by");
  r.uncounted = f.maybe_texts("uncounted");
  r.missing = f.maybe_integer("missing");
  r.approvers = f.maybe_texts("approvers");
  r.notify = f.maybe_texts("notify");
  r.rule = f.maybe_text("rule").value_or("");
  r.made_us = f.maybe_integer("made_us").value_or(0);
  r.made_by = f.maybe_text("made_by").value_or("");
  r.lapses_us = f.maybe_integer("lapses_us").value_or(0);
  r.left_us = f.maybe_integer("left_us").value_or(0);
  r.extends = f.maybe_text("extends").value_or("");
  r.ended_us = f.maybe_integer("ended_us");
  r.ended_by = f.maybe_text("ended_by").value_or("");
  r.ended_reason = f.maybe_text("ended_reason").value_or("");
  r.grant = f.maybe_text("grant").value_or("");
  r.grant_ended = f.maybe_text("grant_ended").value_or("");
  if (v.find("approvals") != nullptr) {
    for (const value& a : f.items("approvals")) r.approvals.push_back(read_approval(a, bad));
  }
  return r;
}

constexpr argument takes[] = {
    {argument::kind::flag, "--to-approve", "", "only those that wait for you"},
    {argument::kind::option, "--person", "PERSON", "only this person's"},
    {argument::kind::option, "--resource", "RESOURCE", "only those for this resource"},
    {argument::kind::flag, "--all", "", "ended ones, too"},
    {argument::kind::option, "--limit", "N", "at most so many"},
};

result<exit_code> run(context& c) {
  value parameters;
  if (c.given.has("--person")) parameters.set("person", c.given.get("--person"));
  if (c.given.has("--resource")) parameters.set("resource", c.given.get("--resource"));
  if (c.given.has("--all")) parameters.set("all", true);
  if (c.given.has("--to-approve")) parameters.set("mine_to_approve", true);
  if (auto set = set_number(c, "--limit", "limit", parameters); !set)
    return std::unexpected(std::move(set.error()));
  auto answer = c.ask("Requests", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  (void)fields(*answer, bad).items("requests");
  if (bad) return bad.refuse();
  auto all = read_requests(*answer);
  if (!all) return std::unexpected(std::move(all.error()));
  if (all->empty()) {
    if (auto known = known_names(c); !known) return std::unexpected(std::move(known.error()));
  }
  if (c.opts.json) {
    c.print_document(*answer);
  } else if (all->empty()) {
    c.out.say(c.given.has("--to-approve") ? "no request waits for you"
              : c.given.has("--all")      ? "no requests"
                                          : "no pending requests; ended ones: grantctl requests --all");
  } else {
    c.out.data(requests_table(*all, c));
  }
  return exit_code::done;
}

}  // namespace

result<access_request> read_request(const value& v) {
  problem bad;
  access_request r = read(v, bad);
  if (bad) return bad.refuse();
  return r;
}

result<std::vector<access_request>> read_requests(const value& parameters) {
  std::vector<access_request> all;
  if (parameters.find("requests") == nullptr) return all;
  problem bad;
  for (const value& v : fields(parameters, bad).items("requests")) all.push_back(read(v, bad));
  if (bad) return bad.refuse();
  return all;
}

namespace {

// What became of the grant: a request that was granted says nothing of today.
std::string ended_text(std::string_view how) {
  if (how.empty()) return {};
  return fmt::format(", {}", how == "given-back" ? "given back" : how);
}

}  // namespace

std::string outcome_text(const access_request& r) {
  if (r.pending()) {
    std::vector<std::string> counted = r.approved_by;
    std::erase_if(counted, [&](const std::string& name) {
      return std::ranges::find(r.uncounted, name) != r.uncounted.end();
    });
    const auto had = static_cast<int64_t>(counted.size());
    std::string text = fmt::format("needs {}", r.missing.value_or(std::max<int64_t>(r.needs - had, 1)));
    if (had != 0) text += " more";
    if (!r.approvers.empty()) text += fmt::format(" of {}", joined(r.approvers));
    if (had != 0) text += fmt::format(" ({} {} approved)", joined(counted), had == 1 ? "has" : "have");
    if (!r.uncounted.empty())
      text += fmt::format(" (approved, but not counted now: {})", joined(r.uncounted));
    return text;
  }
  std::string because = r.ended_reason.empty() ? "" : fmt::format(": {}", r.ended_reason);
  if (r.state == "granted")
    return fmt::format("granted{}{}{}", r.grant.empty() ? "" : ": ", r.grant, ended_text(r.grant_ended));
  if (r.state == "lapsed")
    return r.ended_reason.empty() ? "lapsed: nobody answered in time" : "lapsed" + because;
  if (r.ended_by.empty()) return r.state + because;
  return fmt::format("{} by {}{}", r.state, r.ended_by, because);
}

std::string length_text(const access_request& r, const context& c) {
  if (!r.extends.empty())
    return fmt::format("{}, extends {}", base::print_duration_short(r.for_us).view(), r.extends);
  if (r.until_us) return "until " + c.time_text(*r.until_us);
  return std::string(base::print_duration_short(r.for_us).view());
}

std::string requests_table(const std::vector<access_request>& all, const context& c) {
  table t({"ID", "PERSON", "RESOURCE", "ACCESS", "FOR", "OUTCOME", "LAPSES", "REASON"});
  for (const access_request& r : all) {
    colour shade = r.pending() ? colour::plain : r.state == "granted" ? colour::good : colour::faint;
    t.add({{r.id},
           {r.person},
           {r.role.empty() ? r.resource : fmt::format("{} as {}", r.resource, r.role)},
           {r.break_glass ? fmt::format("BREAK-GLASS {}", r.access) : r.access,
            r.break_glass ? colour::bad : colour::plain},
           {length_text(r, c)},
           {outcome_text(r), shade},
           {r.pending() ? c.time_text(r.lapses_us) : ""},
           {r.reason}});
  }
  return t.print(c.out.colours());
}

std::string request_line(const access_request& r, const context& c) {
  const std::string length = length_text(r, c);
  return fmt::format("{} {} {}{} {} {}{}: {}", r.id, r.person, r.resource,
                     r.role.empty() ? "" : fmt::format(" as {}", r.role), r.access,
                     length.starts_with("until ") ? "" : "for ", length, outcome_text(r));
}

result<exit_code> print_request_answer(const value& answer, context& c) {
  problem bad;
  auto r = read_request(fields(answer, bad).object("request"));
  if (bad) return bad.refuse();
  if (!r) return std::unexpected(std::move(r.error()));
  if (c.opts.json) {
    c.print_document(answer);
  } else {
    c.out.data(paint(request_line(*r, c), colour::plain, false) + "\n");
  }
  return exit_code::done;
}

const command requests_command{
    "requests",
    "requests that wait, and what became of them",
    "Your own, and those you may approve; all of them with the right see or grant.",
    "  grantctl requests\n  grantctl requests --to-approve\n"
    "  grantctl requests --all -o json | jq -r '.requests[] | select(.state == \"denied\").id'",
    takes,
    run};

}  // namespace grantd::cli
