// SPDX-License-Identifier: Apache-2.0
// Windows that carry a role of another system: published once it is given there, taken back with their end.
// The table shuts first, and never waits for this.
#include <fmt/core.h>

#include <algorithm>

#include "daemon/answers.h"
#include "daemon/core.h"

namespace grantd::daemon {

bool core::load_memberships() {
  auto read = store_->each_membership([&](store::membership&& m) {
    memberships_.load({pool_.put(m.system), pool_.put(m.account), pool_.put(m.role)}, m.given, time_.boot());
    return true;
  });
  return read.has_value();
}

std::string core::words(const membership& m) const {
  return fmt::format("{}: {} as a member of {}", pool_.text(m.system), pool_.text(m.account),
                     pool_.text(m.role));
}

std::set<membership> core::memberships_of(const open_grant& g) const {
  std::set<membership> all;
  for (const scope_ref& s : pool_.scopes(g.scopes)) {
    if (s.member_of != 0) all.insert({s.place, s.role, s.member_of});
  }
  return all;
}

bool core::locked_out(const open_grant& g) const {
  return std::ranges::any_of(locks_.all(), [&](const auto& l) { return locks_.touches(l.second, g); });
}

// From the start of its window to its end, and not while a lock refuses what it opens: its role could be used
// by another window of the same person.
bool core::wants_role(const open_grant& g) const {
  return g.needs_role && g.in_force && g.mapped.start <= time_.boot() && !locked_out(g);
}

// Of every window that wants its role now. Nothing of a store that is not read: then nobody knows what is
// wanted.
void core::want_memberships() {
  if (nothing_loaded()) return;
  std::set<membership> wanted;
  if (any_needs_role_) {
    for (const auto& [number, g] : windows_.open()) {
      if (wants_role(g)) wanted.merge(memberships_of(g));
    }
  }
  memberships_.want(wanted, time_.boot());
  for (const membership& m : memberships_.overdue(time_.boot())) {
    const std::string& why = memberships_.find(m)->error;
    say_recorded(level::alert, fmt::format("LEFT OVER: {}: {}; it is tried again", words(m),
                                           why.empty() ? "not taken back yet" : why));
    keep_note("member-leftover", {{"system", std::string(pool_.text(m.system))},
                                  {"account", std::string(pool_.text(m.account))},
                                  {"role", std::string(pool_.text(m.role))},
                                  {"text", why}});
  }
}

std::expected<void, store::error> core::write_memberships() {
  for (const auto& c : memberships_.unsaved()) {
    const store::membership row{std::string(pool_.text(c.of.system)), std::string(pool_.text(c.of.account)),
                                std::string(pool_.text(c.of.role)), c.given.value_or(false)};
    auto done = c.given ? store_->set_membership(row, time_.utc()) : store_->end_membership(row, time_.utc());
    // One that the store's own rules refuse holds up nobody's end.
    if (!done && done.error() != store::error::not_found && done.error() != store::error::invalid)
      return done;
  }
  return {};
}

// Which windows let somebody in by now. Once they do they go on, whatever becomes of the membership: a live
// session is not cut because another system was set back.
void core::settle_memberships(bool quiet) {
  if (!any_needs_role_) return;
  std::vector<uint64_t> opened;
  windows_.each_open([&](open_grant& g) {
    if (!g.needs_role) return;
    const bool was = g.ready;
    g.ready = wants_role(g) && (was || std::ranges::all_of(memberships_of(g), [&](const membership& m) {
                                  return memberships_.settled(m);
                                }));
    if (g.ready != was) dirty_ = true;
    if (g.ready && !was && !quiet) opened.push_back(g.number);
  });
  for (uint64_t number : opened) {
    const open_grant& g = *windows_.find(number);
    std::string person(pool_.text(g.person));
    say(level::notice, fmt::format("{}: {} has the role for {}, and may use it now", id_of(number), person,
                                   pool_.text(g.resource)));
    events_.push_back({.name = "open", .person = std::move(person), .grant = describe(pool_, time_, g)});
  }
}

std::optional<base::boot_time> core::next_start() const {
  std::optional<base::boot_time> first;
  if (!any_needs_role_) return first;
  for (const auto& [number, g] : windows_.open()) {
    if (!g.needs_role || !g.in_force || g.mapped.start <= time_.boot()) continue;
    first = std::min(first.value_or(g.mapped.start), g.mapped.start);
  }
  return first;
}

uint64_t core::listen_for_work(const std::vector<std::string>& systems) {
  std::set<text_id> known;
  std::string names;
  for (const std::string& s : systems) {
    if (too_strange(s)) continue;
    known.insert(pool_.put(s));
    names += (names.empty() ? "" : ", ") + s;
  }
  say(level::notice, "grantd-provision is connected, for " + names);
  provision_changed_ = true;
  return memberships_.listen(std::move(known));
}

void core::hang_up(uint64_t listener) {
  if (listener == 0 || listener != memberships_.listener()) return;
  say(level::warning, "grantd-provision is gone: no role is given or taken back until it is there again");
  memberships_.hang_up(listener);
}

void core::work_done(uint64_t number) {
  if (memberships_.done(number)) provision_changed_ = true;
}

void core::work_failed(uint64_t number, std::string why) {
  if (memberships_.failed(number, std::move(why))) provision_changed_ = true;
}

// Names are never forgotten: of those that only grantd-provision brings there are not any number.
bool core::too_strange(std::string_view name) {
  if (pool_.has(name) || ++strange_names_ <= max_strange_names) return false;
  say(level::alert,
      "grantd-provision says too many names that nobody knows: what it says of them is not believed");
  return true;
}

void core::work_listed(uint64_t number, const std::vector<std::pair<std::string, std::string>>& part,
                       bool last) {
  if (nothing_loaded()) return;  // it is asked for again when what grants want is known
  std::vector<membership> all;
  for (const auto& [account, role] : part) {
    if (too_strange(account) || too_strange(role)) return;
    all.push_back({0, pool_.put(account), pool_.put(role)});
  }
  const auto strays = memberships_.listed(number, all, last, time_.boot());
  for (const membership& m : strays.found) {
    say_recorded(level::warning, words(m) + ": no grant asks for it, so it is taken back");
    keep_note("member-found", {{"system", std::string(pool_.text(m.system))},
                               {"account", std::string(pool_.text(m.account))},
                               {"role", std::string(pool_.text(m.role))}});
  }
  if (strays.too_long)
    say(level::alert,
        fmt::format("grantd-provision lists more than {} memberships: not believed", most_memberships));
  if (strays.known) provision_changed_ = true;
}

std::vector<core::provision_work> core::take_work() {
  std::vector<provision_work> out;
  for (const auto& w : memberships_.hand_out())
    out.push_back(
        {w.number, w.step, pool_.text(w.of.system), pool_.text(w.of.account), pool_.text(w.of.role)});
  return out;
}

std::string core::why_opening(const open_grant& g, bool may_see) const {
  if (g.ready || !g.in_force || g.mapped.start > time_.boot()) return {};
  if (locked_out(g)) return "it is locked, and has no role until the lock ends: grantctl locks";
  for (const membership& m : memberships_of(g)) {
    if (memberships_.settled(m)) continue;
    std::string what = fmt::format("{} is not a member of {} in {} yet", pool_.text(m.account),
                                   pool_.text(m.role), pool_.text(m.system));
    if (memberships_.listener() == 0) return what + ": grantd-provision is not connected";
    if (!memberships_.knows(m.system))
      return fmt::format("{}: grantd-provision has no [system.{}] in its provision.toml", what,
                         pool_.text(m.system));
    const auto* e = memberships_.find(m);
    if (e == nullptr || e->error.empty()) return what;
    return what + ": " +
           (may_see ? e->error : "that failed, and is tried again; root can read why: grantctl show");
  }
  return "its role is given, and will be published with the next table";
}

}  // namespace grantd::daemon
