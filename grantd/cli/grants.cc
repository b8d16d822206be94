// SPDX-License-Identifier: Apache-2.0
// Reads grant objects of untrusted answers and words them.
#include "cli/grants.h"

#include <fmt/format.h>

#include "cli/fields.h"

namespace grantd::cli {
namespace {

grant read(const value& v, problem& bad) {
  fields f(v, bad);
  grant g;
  g.id = f.text("id");
  g.person = f.text("person");
  g.resource = f.text("resource");
  g.access = f.text("access");
  g.state = f.text("state");
  g.not_before_us = f.integer("not_before_us");
  g.not_after_us = f.integer("not_after_us");
  g.left_us = f.maybe_integer("left_us").value_or(0);
  g.made_us = f.maybe_integer("made_us").value_or(0);
  g.made_by = f.maybe_text("made_by").value_or("");
  g.reason = f.maybe_text("reason").value_or("");
  g.ended_us = f.maybe_integer("ended_us");
  g.ended_by = f.maybe_text("ended_by").value_or("");
  g.ended_reason = f.maybe_text("ended_reason").value_or("");
  g.login_points = f.maybe_texts("login_points");
  g.request = f.maybe_text("request").value_or("");
  g.member_of = f.maybe_text("member_of").value_or("");
  g.opening = f.maybe_text("opening").value_or("");
  g.break_glass = f.maybe_boolean("break_glass");
  g.reviewed_by = f.maybe_text("reviewed_by").value_or("");
  g.reviewed_us = f.maybe_integer("reviewed_us");
  g.first_use_us = f.maybe_integer("first_use_us");
  return g;
}

colour shade_of(const grant& g) {
  if (g.state == "open") return colour::good;
  return g.state == "waiting" || g.state == "opening" ? colour::plain : colour::faint;
}

}  // namespace

result<grant> read_grant(const value& v) {
  problem bad;
  grant g = read(v, bad);
  if (bad) return bad.refuse();
  return g;
}

result<std::vector<grant>> read_grants(const value& parameters, std::string_view key) {
  problem bad;
  std::vector<grant> all;
  for (const value& v : fields(parameters, bad).items(key)) all.push_back(read(v, bad));
  if (bad) return bad.refuse();
  return all;
}

std::string window_text(const grant& g, const context& c) {
  base::utc_time now = c.here.now();
  if (g.state == "open") return print_until({g.not_after_us}, g.left_us, now, c.here.local);
  if (g.state == "opening")
    return "not open yet, " + print_until({g.not_after_us}, g.left_us, now, c.here.local);
  if (g.state == "waiting") {
    return fmt::format("from {} {}", c.time_text(g.not_before_us),
                       print_until({g.not_after_us}, 0, now, c.here.local));
  }
  std::string text = "ended " + c.time_text(g.ended_us.value_or(g.not_after_us));
  if (!g.ended_by.empty()) text += fmt::format(", by {}", g.ended_by);
  return text;
}

std::string grants_table(const std::vector<grant>& grants, const context& c) {
  table t({"ID", "PERSON", "RESOURCE", "ACCESS", "STATE", "WINDOW", "REASON"});
  for (const grant& g : grants) {
    t.add({{g.id}, {g.person}, {g.resource}, {g.access}, state_cell(g), {window_text(g, c)}, {g.reason}});
  }
  return t.print(c.out.colours());
}

cell state_cell(const grant& g) {
  if (g.flagged()) return {fmt::format("BREAK-GLASS {}", g.state), colour::bad};
  return {g.state, shade_of(g)};
}

std::string grant_line(const grant& g, const context& c) {
  return fmt::format("{} {} {} {} {}{}", g.id, g.person, g.resource, g.access, window_text(g, c),
                     g.flagged() ? ", BREAK-GLASS not signed off" : "");
}

void print_grant(const grant& g, context& c) {
  c.out.data(paint(grant_line(g, c), g.flagged() ? colour::bad : colour::plain, c.out.colours()) + "\n");
}

result<exit_code> print_ended(const value& answer, std::string_view none, context& c) {
  auto grants = read_grants(answer);
  if (!grants) return std::unexpected(std::move(grants.error()));
  if (c.opts.json) {
    c.print_document(answer);
    return exit_code::done;
  }
  for (const grant& g : *grants) print_grant(g, c);
  if (grants->empty()) c.out.say(none);
  return exit_code::done;
}

}  // namespace grantd::cli
