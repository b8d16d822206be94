// SPDX-License-Identifier: Apache-2.0
// Fetches batches. A batch is a third of a megabyte of base64 in one JSON string: it is cut out before the
// rest is parsed, or parsing would cost more than checking.
#include "cli/chain.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/little_endian.h"
#include "base/unique_fd.h"
#include "cli/base64.h"
#include "cli/fields.h"

namespace grantd::cli {
namespace {

constexpr int64_t batch_records = 1000;
constexpr size_t file_chunk = 1 << 20;
constexpr size_t around_record = sizeof(uint32_t) + std::tuple_size_v<proof::digest>;
constexpr uint32_t max_record = 16 << 20;

// The base64 of the answer, taken out of `message`; nothing when it does not stand there in plain.
std::optional<std::string> cut_out(std::string& message) {
  constexpr std::string_view key = "\"batch\":\"";
  size_t at = message.find(key);
  if (at == message.npos) return {};
  size_t begin = at + key.size();
  size_t end = message.find('"', begin);
  if (end == message.npos) return {};
  std::string text = message.substr(begin, end - begin);
  if (text.find('\\') != text.npos) return {};
  message.erase(begin, end - begin);
  return text;
}

struct fetched {
  std::string bytes;
  int64_t last = 0;
};

result<fetched> fetch(client& from, uint64_t after) {
  value parameters;
  if (after != 0) parameters.set("after", static_cast<int64_t>(after));
  parameters.set("limit", batch_records);
  if (auto sent = from.raw().send(print_request("AuditChain", std::move(parameters), false)); !sent)
    return std::unexpected(std::move(sent.error()));
  auto message = from.raw().receive();
  if (!message) return std::unexpected(std::move(message.error()));
  auto base64 = cut_out(*message);
  auto a = read_answer(*message);
  if (!a) return std::unexpected(std::move(a.error()));
  problem bad;
  fields f(a->parameters, bad);
  std::string rest = f.text("batch");
  fetched got;
  got.last = f.maybe_integer("last").value_or(0);
  if (bad) return bad.refuse();
  if (base64 && !rest.empty()) return std::unexpected(bad_answer("\"batch\" stands in it twice"));
  auto bytes = decode_public_base64(base64 ? *base64 : rest);
  if (!bytes) return std::unexpected(bad_answer("\"batch\" is no base64"));
  got.bytes = std::move(*bytes);
  return got;
}

// How many bytes of `text` are whole records. One that claims to be absurdly long counts as whole: it is for
// the reader to say that it is none.
size_t whole_records(std::string_view text) {
  size_t at = 0;
  while (text.size() - at >= sizeof(uint32_t)) {
    auto size = base::load_little<uint32_t>(reinterpret_cast<const uint8_t*>(text.data()) + at);
    if (size > max_record) return text.size();
    if (text.size() - at - sizeof(uint32_t) < size + sizeof(proof::digest)) break;
    at += around_record + size;
  }
  return at;
}

}  // namespace

result<batches> batches_of_daemon(context& c, uint64_t after) {
  auto api = c.api();
  if (!api) return std::unexpected(std::move(api.error()));
  return batches([from = *api, after]() mutable -> result<std::optional<std::string>> {
    auto got = fetch(*from, after);
    if (!got) return std::unexpected(std::move(got.error()));
    if (got->bytes.empty()) return std::optional<std::string>();
    if (got->last <= 0 || static_cast<uint64_t>(got->last) <= after)
      return std::unexpected(bad_answer("\"last\" does not go on"));
    after = static_cast<uint64_t>(got->last);
    return std::optional<std::string>(std::move(got->bytes));
  });
}

result<batches> batches_of_file(const std::string& path) {
  auto fd = std::make_shared<base::unique_fd>(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd->valid()) {
    return refuse(exit_code::usage, fmt::format("cannot open {}: {}", path, std::strerror(errno)),
                  "grantctl audit export --format chain > FILE");
  }
  return batches(
      [fd, path, kept = std::string(), ended = false]() mutable -> result<std::optional<std::string>> {
        while (!ended) {
          size_t had = kept.size();
          kept.resize(had + file_chunk);
          ssize_t n = read(fd->get(), kept.data() + had, file_chunk);
          kept.resize(had + static_cast<size_t>(std::max<ssize_t>(n, 0)));
          if (n < 0 && errno == EINTR) continue;
          if (n < 0)
            return refuse(exit_code::usage, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
          ended = n == 0;
          size_t whole = whole_records(kept);
          if (whole == 0) continue;
          std::string batch = kept.substr(0, whole);
          kept.erase(0, whole);
          return std::optional<std::string>(std::move(batch));
        }
        if (kept.empty()) return std::optional<std::string>();
        return std::optional<std::string>(std::exchange(kept, {}));
      });
}

bool each_chained(
    std::string_view batch,
    const std::function<bool(std::span<const uint8_t> bytes, const proof::digest& stored)>& take) {
  std::span<const uint8_t> rest(reinterpret_cast<const uint8_t*>(batch.data()), batch.size());
  while (!rest.empty()) {
    if (rest.size() < around_record) return false;
    auto size = base::load_little<uint32_t>(rest.data());
    if (rest.size() - around_record < size) return false;
    proof::digest stored;
    std::copy_n(rest.begin() + static_cast<ptrdiff_t>(sizeof size + size), stored.size(), stored.begin());
    if (!take(rest.subspan(sizeof size, size), stored)) return true;
    rest = rest.subspan(around_record + size);
  }
  return true;
}

result<void> each_record(context& c, uint64_t after,
                         const std::function<bool(const proof::record&, const proof::digest&)>& take) {
  auto next = batches_of_daemon(c, after);
  if (!next) return std::unexpected(std::move(next.error()));
  bool go_on = true;
  while (go_on) {
    auto batch = (*next)();
    if (!batch) return std::unexpected(std::move(batch.error()));
    if (!*batch) return {};
    bool understood = true;
    bool whole = each_chained(**batch, [&](std::span<const uint8_t> bytes, const proof::digest& stored) {
      auto r = proof::decode_record(bytes);
      understood = r.has_value();
      go_on = understood && take(*r, stored);
      return go_on;
    });
    if (!whole || !understood) {
      return refuse(exit_code::no, "a record of the audit cannot be read: it was changed",
                    "grantctl audit verify");
    }
  }
  return {};
}

}  // namespace grantd::cli
