// SPDX-License-Identifier: Apache-2.0
// Writes and reads the state. A file that says something else than it should is said to be unreadable, whole.
#include "reaper/state.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include "base/names.h"
#include "reaper/file.h"

namespace grantd::reaper {
namespace {

void set(fields& f, const char* key, int64_t value) { f[key] = std::to_string(value); }

std::string text_in(const fields& f, std::string_view key) {
  auto at = f.find(key);
  return at == f.end() ? std::string() : at->second;
}

}  // namespace

std::string print(const fields& f) {
  std::string out;
  for (const auto& [key, value] : f) {
    out += key + ' ';
    for (char c : value) out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    out += '\n';
  }
  return out;
}

std::optional<fields> parse(std::string_view text) {
  fields out;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    const std::string_view line = text.substr(0, end);
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || space == 0) return {};
    if (!out.emplace(line.substr(0, space), line.substr(space + 1)).second) return {};
    text.remove_prefix(end + 1);
  }
  if (out.empty()) return {};
  return out;
}

std::optional<int64_t> number_in(const fields& f, std::string_view key) {
  auto at = f.find(key);
  if (at == f.end()) return {};
  int64_t out = 0;
  const std::string& s = at->second;
  const auto [stop, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  if (error != std::errc{} || stop != s.data() + s.size()) return {};
  return out;
}

int state::save(const std::string& name, const fields& f) const {
  return replace_file(directory_ + "/" + name, print(f));
}

void state::forget(const std::string& name) const { (void)unlink((directory_ + "/" + name).c_str()); }

std::vector<state::entry> state::all(std::string_view beginning) const {
  std::vector<entry> out;
  std::unique_ptr<DIR, close_directory> d(opendir(directory_.c_str()));
  while (const dirent* e = d ? readdir(d.get()) : nullptr) {
    const std::string name = e->d_name;
    if (!name.starts_with(beginning) || name.ends_with(".new")) continue;
    const auto text = read_at(dirfd(d.get()), name.c_str());
    out.push_back({name, text ? parse(*text) : std::nullopt});
  }
  std::ranges::sort(out, {}, &entry::name);
  return out;
}

std::string file_of(const session& s) { return "session-" + std::to_string(s.number); }

fields to_fields(const session& s) {
  fields f;
  set(f, "number", static_cast<int64_t>(s.number));
  f["service"] = s.service;
  f["user"] = s.user;
  f["remote"] = s.remote;
  f["tty"] = s.tty;
  set(f, "leader", s.leader);
  f["cgroup"] = s.group.path();
  set(f, "cgroup-id", static_cast<int64_t>(s.group.id()));
  set(f, "own", s.own ? 1 : 0);
  if (s.owner) set(f, "owner", *s.owner);
  set(f, "since", s.since.ns);
  set(f, "reason", static_cast<int64_t>(s.last.verdict.why));
  set(f, "until", s.last.verdict.until.ns);
  set(f, "given", static_cast<int64_t>(s.last.verdict.given));
  set(f, "grant", static_cast<int64_t>(s.last.verdict.grant));
  set(f, "end-utc", s.last.verdict.end_utc_s);
  set(f, "utc-offset", s.last.verdict.utc_offset_s);
  f["resource"] = std::string(s.last.resource.text, s.last.resource.size);
  set(f, "warned", s.warned);
  set(f, "closed", s.closed ? 1 : 0);
  set(f, "stage", static_cast<int64_t>(s.at));
  set(f, "cause", static_cast<int64_t>(s.cause));
  set(f, "ended", s.ended.ns);
  set(f, "left-over", s.left_over ? 1 : 0);
  return f;
}

std::optional<recalled> from_fields(const fields& f, const hierarchy& groups) {
  int64_t n[17];
  constexpr const char* keys[] = {"number", "leader", "cgroup-id", "own",     "since",      "reason",
                                  "until",  "given",  "grant",     "end-utc", "utc-offset", "warned",
                                  "closed", "stage",  "cause",     "ended",   "left-over"};
  for (size_t i = 0; i < std::size(keys); ++i) {
    const auto value = number_in(f, keys[i]);
    if (!value) return {};
    n[i] = *value;
  }
  recalled out;
  session& s = out.what;
  s.number = static_cast<uint64_t>(n[0]);
  s.service = text_in(f, "service");
  s.user = text_in(f, "user");
  s.remote = text_in(f, "remote");
  s.tty = text_in(f, "tty");
  s.leader = static_cast<pid_t>(n[1]);
  s.own = n[3] == 1;
  if (auto owner = number_in(f, "owner")) s.owner = static_cast<uid_t>(*owner);
  s.since.ns = n[4];
  s.last.verdict.why = static_cast<decision::reason>(n[5]);
  s.last.verdict.until.ns = n[6];
  s.last.verdict.given = static_cast<decision::access>(n[7]);
  s.last.verdict.grant = static_cast<uint64_t>(n[8]);
  s.last.verdict.end_utc_s = n[9];
  s.last.verdict.utc_offset_s = static_cast<int32_t>(n[10]);
  const std::string resource = text_in(f, "resource");
  s.last.resource.size = static_cast<unsigned>(std::min(resource.size(), sizeof s.last.resource.text - 1));
  std::memcpy(s.last.resource.text, resource.data(), s.last.resource.size);
  s.warned = static_cast<unsigned>(n[11]);
  s.closed = n[12] == 1;
  s.cause = static_cast<wire::presence_cause>(n[14]);
  s.ended.ns = n[15];
  s.left_over = n[16] == 1;
  if (n[0] <= 0 || n[5] < 0 || n[5] > 6 || n[7] < 1 || n[7] > 2 || n[13] < 1 || n[13] > 2 || n[14] < 0 ||
      n[14] > 7 || !base::is_account_name(s.user) || !base::is_account_name(s.service))
    return {};
  s.at = static_cast<stage>(n[13]);
  const std::string path = text_in(f, "cgroup");
  const auto id = static_cast<uint64_t>(n[2]);
  if (auto group = groups.open(path, id)) {
    s.group = std::move(*group);
    return out;
  }
  if (!groups.gone(path, id)) return {};  // not enough descriptors: whoever is inside is not forgotten
  out.gone = true;
  return out;
}

}  // namespace grantd::reaper
