// SPDX-License-Identifier: Apache-2.0
// grantctl sessions: who is inside, what covers them and until when; first what should not be there.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/known.h"
#include "cli/numbers.h"
#include "cli/table.h"

namespace grantd::cli {
namespace {

constexpr argument takes[] = {
    {argument::kind::option, "--person", "PERSON", "only this person's"},
    {argument::kind::option, "--limit", "N", "at most so many"},
};

struct session {
  std::string person, account, where, access, state, grant, cause, text, from;
  int64_t since_us = 0, heard_us = 0, until_us = 0, left_us = 0;
};

session read(const value& v, problem& bad) {
  fields f(v, bad);
  session s;
  s.person = f.maybe_text("person").value_or("");
  s.account = f.text("account");
  s.where = f.text("login_point");
  s.access = f.text("access");
  s.state = f.text("state");
  s.grant = f.maybe_text("grant").value_or("");
  s.cause = f.maybe_text("cause").value_or("");
  s.text = f.maybe_text("text").value_or("");
  s.from = f.maybe_text("remote").value_or("");
  if (auto tty = f.maybe_text("tty")) s.from += (s.from.empty() ? "" : " ") + *tty;
  s.since_us = f.integer("since_us");
  s.heard_us = f.maybe_integer("heard_us").value_or(0);
  s.until_us = f.maybe_integer("until_us").value_or(0);
  s.left_us = f.maybe_integer("left_us").value_or(0);
  return s;
}

std::string until_text(const session& s, const context& c) {
  auto until = [&] { return print_until({s.until_us}, s.left_us, c.here.now(), c.here.local); };
  if (s.state == "live") return until();
  if (s.state == "ending") return "no window covers it: it is being ended";
  if (s.state == "ungated") return "UNGATED: let in without a grant, is not put out";
  if (s.state == "silent") {
    std::string text = "SILENT: not heard of since " + c.time_text(s.heard_us);
    return s.until_us == 0 ? text : text + "; " + until();
  }
  std::string text = "LEFT OVER since " + c.time_text(s.until_us);
  if (!s.cause.empty()) text += ", " + s.cause;
  if (!s.text.empty()) text += ": " + s.text;
  return text;
}

colour shade_of(const session& s) {
  if (s.state == "live") return colour::good;
  return s.state == "ending" ? colour::plain : colour::bad;
}

// Beside the data: how many are not as they should be, and what to do.
void say_what_is_wrong(const std::vector<session>& all, int64_t total, int64_t missed, context& c) {
  output& out = c.out;
  size_t leftovers = 0, ungated = 0, silent = 0;
  bool reaper = false;
  for (const session& s : all) {
    leftovers += s.state == "leftover" ? 1 : 0;
    ungated += s.state == "ungated" ? 1 : 0;
    silent += s.state == "silent" ? 1 : 0;
    reaper |= s.state == "silent" && s.where.starts_with("pam:");
  }
  if (leftovers != 0) {
    out.say(fmt::format("left over: {} should be gone and are not; they are tried again", leftovers));
    out.help("journalctl -p err -u grantd-reaper, or PostgreSQL's log");
  }
  if (ungated != 0) {
    out.say(
        fmt::format("ungated: {} were let in while the login point asked for no grant, and stay until "
                    "they leave",
                    ungated));
  }
  if (silent != 0) {
    out.say(
        fmt::format("silent: what ends {} of them has not been heard of; they may still be inside", silent));
    out.help(reaper ? look_at("grantd-reaper", c.here)
                    : "psql -c \"select pid from pg_stat_activity where backend_type = 'grantd'\"");
  }
  if (missed > 0) out.say(fmt::format("{} sessions were never heard of", missed));
  if (total > static_cast<int64_t>(all.size()))
    out.say(fmt::format("{} of {} sessions are shown", all.size(), total));
}

result<exit_code> run(context& c) {
  value parameters;
  if (c.given.has("--person")) parameters.set("person", c.given.get("--person"));
  if (auto set = set_number(c, "--limit", "limit", parameters); !set)
    return std::unexpected(std::move(set.error()));
  auto answer = c.ask("Sessions", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  fields f(*answer, bad);
  std::vector<session> all;
  for (const value& v : f.items("sessions")) all.push_back(read(v, bad));
  int64_t missed = f.maybe_integer("missed").value_or(0);
  int64_t total = f.maybe_integer("total").value_or(0);
  if (bad) return bad.refuse();
  if (all.empty()) {
    if (auto known = known_names(c); !known) return std::unexpected(std::move(known.error()));
  }
  if (c.opts.json) {
    c.print_document(*answer);
    return exit_code::done;
  }
  if (all.empty()) {
    c.out.say(c.given.has("--person") ? fmt::format("nobody is inside as {}", c.given.get("--person"))
                                      : "nobody is inside");
  } else {
    table t({"PERSON", "ACCOUNT", "WHERE", "ACCESS", "GRANT", "UNTIL", "FROM"});
    for (const session& s : all) {
      t.add({{s.person},
             {s.account},
             {s.where},
             {s.access},
             {s.grant},
             {until_text(s, c), shade_of(s)},
             {s.from}});
    }
    c.out.data(t.print(c.out.colours()));
  }
  say_what_is_wrong(all, total, missed, c);
  return exit_code::done;
}

}  // namespace

const command sessions_command{
    "sessions",
    "who is inside now, what covers them and until when",
    "Without the right see or grant: your own. What should be gone and is not, and what was let in\n"
    "without a grant, stands first. A session stays while any window covers it; its end moves\n"
    "with an extension.",
    "  grantctl sessions\n"
    "  grantctl sessions --person alice\n"
    "  grantctl sessions -o json | jq '.sessions[] | select(.state == \"leftover\")'",
    takes,
    run};

}  // namespace grantd::cli
