// SPDX-License-Identifier: Apache-2.0
// Follows one request. Events only say "look again": what is true is asked for (ShowRequest), so that one
// that came before the watch, or while grantd was away, is not missed.
#include "cli/wait.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/fields.h"

namespace grantd::cli {
namespace {

constexpr int64_t tick_us = base::us_per_s;             // how often the time that is left is shown anew
constexpr int64_t look_again_us = 20 * base::us_per_s;  // even when no event came
constexpr int64_t poll_us = 5 * base::us_per_s;   // the same where grantd lets this account watch no more
constexpr int64_t retry_us = base::us_per_s / 4;  // between attempts to reach grantd

int64_t now_us() { return base::boot_now().ns / base::ns_per_us; }

class waiting {
 public:
  waiting(const access_request& r, context& c) : c_(c), id_(r.id), latest_(r), last_heard_us_(now_us()) {}

  result<value> run() {
    show();
    for (;;) {
      auto ended = follow();
      if (ended || ended.error().code != exit_code::unreachable) return ended;
      // It went away: restarted, most likely. What it knew of the request it still knows afterwards.
      if (now_us() - last_heard_us_ >= c_.here.restart_patience_us) return ended;
      c_.forget();
      if (!c_.opts.json) c_.out.progress(fmt::format("{}: grantd is away, trying again", id_), "");
      (void)poll(nullptr, 0, static_cast<int>(std::min(retry_us, c_.here.restart_patience_us) / 1000));
    }
  }

 private:
  // Until the request has ended, or grantd is gone.
  result<value> follow() {
    auto watch = c_.connect();
    if (!watch) return std::unexpected(std::move(watch.error()));
    if (auto sent = watch->raw().send(print_request("Watch", {}, true)); !sent)
      return std::unexpected(std::move(sent.error()));
    int64_t looked = 0;
    bool watching = true;
    bool soon = true;  // whether the watch stood before the first look nobody tells: look once more
    for (bool look = true;;) {
      if (look) {
        auto ended = ask();
        if (!ended) return std::unexpected(std::move(ended.error()));
        if (*ended) return std::move(**ended);
        look = false;
        looked = now_us();
      }
      show();
      if (!watching) (void)poll(nullptr, 0, tick_us / 1000);
      if (!watching || !watch->raw().heard_within(tick_us)) {
        look = soon || now_us() - looked >= (watching ? look_again_us : poll_us);
        soon = false;
        continue;
      }
      auto event = watch->raw().receive();
      if (!event) return std::unexpected(std::move(event.error()));
      auto a = read_answer(*event);
      if (!a && a.error().code == exit_code::unreachable) return std::unexpected(std::move(a.error()));
      if (!a) {
        watching = false;
        continue;
      }
      look = names(a->parameters);
      if (!a->continues) return refuse(exit_code::unreachable, "grantd ended the watch", "grantctl requests");
    }
  }

  [[nodiscard]] bool names(const value& event) const {
    const value* r = event.find("request");
    const value* id = r == nullptr ? nullptr : r->find("id");
    return id != nullptr && id->text() != nullptr && *id->text() == id_;
  }

  result<std::optional<value>> ask() {
    value parameters;
    parameters.set("id", id_);
    auto answer = c_.ask("ShowRequest", std::move(parameters));
    if (!answer) return std::unexpected(std::move(answer.error()));
    problem bad;
    auto r = read_request(fields(*answer, bad).object("request"));
    if (bad) return bad.refuse();
    if (!r) return std::unexpected(std::move(r.error()));
    latest_ = std::move(*r);
    left_read_us_ = last_heard_us_ = now_us();
    if (latest_.pending()) return std::optional<value>();
    c_.out.end_progress();
    return std::optional<value>(std::move(*answer));
  }

  void show() {
    if (c_.opts.json) return;
    int64_t left = std::max<int64_t>(latest_.left_us - (now_us() - left_read_us_), 0);
    c_.out.progress(fmt::format("{}: {}", id_, outcome_text(latest_)),
                    fmt::format(", {} left", base::print_duration(left).view()));
  }

  context& c_;
  std::string id_;
  access_request latest_;
  int64_t last_heard_us_;
  int64_t left_read_us_ = now_us();
};

result<grant> ask_grant(const std::string& id, context& c) {
  value parameters;
  parameters.set("id", id);
  auto answer = c.ask("Show", std::move(parameters));
  if (!answer) return std::unexpected(std::move(answer.error()));
  problem bad;
  auto g = read_grant(fields(*answer, bad).object("grant"));
  if (bad) return bad.refuse();
  return g;
}

void say_break_glass(const access_request& r, const std::string& id, context& c) {
  std::vector<std::string> others = r.notify;
  std::erase(others, r.person);  // nobody signs off their own
  const std::string told = others.empty()       ? "everybody named in the rule is told"
                           : others.size() == 1 ? others.front() + " is told"
                                                : joined(others) + " are told";
  c.out.say(fmt::format("BREAK-GLASS: {} now, and {} stays flagged until {} signed it off", told, id,
                        others.size() == 1 ? "they have" : "one of them has"));
  c.out.help(fmt::format("grantctl give-back {}", id));
}

bool is_usable(const grant& g) { return g.state == "open" || g.state == "waiting" || g.state == "opening"; }

// Approved, but its role in another system is not given yet: until it is, or the window is over.
result<grant> wait_until_open(grant g, context& c) {
  while (g.state == "opening") {
    if (!c.opts.json)
      c.out.progress(fmt::format("{}: {}", g.id, g.opening.empty() ? g.state : g.opening), "");
    (void)poll(nullptr, 0, static_cast<int>(retry_us / 1000));
    auto now = ask_grant(g.id, c);
    if (!now) return now;
    g = std::move(*now);
  }
  c.out.end_progress();
  return g;
}

exit_code print_open(const access_request& r, const grant& g, context& c, bool again = false) {
  bool usable = is_usable(g);
  std::string text = fmt::format("{}{}: {} {}", again ? "already " : "",
                                 usable && g.state != "open" ? "granted" : g.state, g.id, window_text(g, c));
  if (r.first_use && g.state == "waiting")
    text = fmt::format("{}granted: {}, {} from the first login on", again ? "already " : "", g.id,
                       base::print_duration(r.for_us).view());
  colour shade = g.flagged() ? colour::bad : usable ? colour::good : colour::plain;
  c.out.data(paint((g.flagged() ? "BREAK-GLASS " : "") + text, shade, c.out.colours()) + "\n");
  if (g.state == "opening")
    c.out.say(fmt::format("it opens when you have the role {}: grantctl show {}", g.member_of, g.id));
  if (again) {
    c.out.say("that window stands, and no second one was opened; to stay longer, extend it");
    c.out.help(fmt::format("grantctl extend {} --for DURATION", g.id));
  } else if (g.break_glass || r.break_glass) {
    say_break_glass(r, g.id, c);
  }
  return usable ? exit_code::done : exit_code::no;
}

// A request that is over, in words and as an exit code.
result<exit_code> report_end(const value& document, bool wait, context& c) {
  problem bad;
  auto r = read_request(fields(document, bad).object("request"));
  if (bad) return bad.refuse();
  if (!r) return std::unexpected(std::move(r.error()));
  if (c.opts.json) c.print_document(document);
  if (r->state != "granted") {
    return refuse(exit_code::no, fmt::format("{} for {}: {}", r->id, r->resource, outcome_text(*r)),
                  fmt::format("grantctl show {}", r->id));
  }
  if (r->grant.empty()) return std::unexpected(bad_answer("a granted request without its grant"));
  auto g = ask_grant(r->grant, c);
  if (g && wait) g = wait_until_open(std::move(*g), c);
  if (!g) return std::unexpected(std::move(g.error()));
  if (c.opts.json) return is_usable(*g) ? exit_code::done : exit_code::no;
  return print_open(*r, *g, c);
}

}  // namespace

result<value> wait_for_end(const access_request& r, context& c) { return waiting(r, c).run(); }

result<exit_code> report_asked(const value& answer, bool wait, context& c) {
  problem bad;
  fields f(answer, bad);
  auto r = read_request(f.object("request"));
  auto warning = f.maybe_text("warning");
  const bool again = f.maybe_boolean("repeated");
  if (bad) return bad.refuse();
  if (!r) return std::unexpected(std::move(r.error()));
  const value* opened = answer.find("grant");
  if (opened != nullptr && !opened->null()) {
    auto g = read_grant(*opened);
    if (c.opts.json) c.print_document(answer);
    if (g && wait) g = wait_until_open(std::move(*g), c);
    if (!g) return std::unexpected(std::move(g.error()));
    if (c.opts.json) return is_usable(*g) ? exit_code::done : exit_code::no;
    exit_code code = print_open(*r, *g, c, again);
    if (warning) {
      c.out.say(*warning);
      c.out.help("grantctl locks");
    }
    return code;
  }
  if (!r->pending()) return report_end(answer, wait, c);
  if (!c.opts.json) {
    c.out.data(
        paint(fmt::format("{}: {}; {}; ends by itself at {} if nobody answers", r->id,
                          again ? "asked before" : "asked", outcome_text(*r), c.time_text(r->lapses_us)),
              colour::plain, false) +
        "\n");
    if (warning) c.out.say(*warning);
    if (!wait) {
      c.out.say(fmt::format("they approve it with: grantctl approve {}; you see it with: grantctl show {}",
                            r->id, r->id));
    }
  } else if (!wait) {
    c.print_document(answer);
  }
  if (!wait) return exit_code::done;
  auto ended = wait_for_end(*r, c);
  if (!ended) return std::unexpected(std::move(ended.error()));
  return report_end(*ended, true, c);
}

}  // namespace grantd::cli
