// SPDX-License-Identifier: Apache-2.0
// Any bytes on api.sock: cut into messages, decoded, their parameters taken out. What was understood is
// printed and must be understood again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/parameters.h"
#include "daemon/varlink.h"

using namespace grantd::daemon;

namespace {

void take(const json::value& object) {
  parameters p(object);
  (void)p.text("person");
  (void)p.text("reason", 500);
  (void)p.integer("for_us", 1, INT64_MAX);
  (void)p.flag("all");
  (void)p.required("id");
  if (auto bad = p.fault()) (void)encode(*bad);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  framer f(4096);
  while (!bytes.empty()) {
    size_t piece = 1 + (static_cast<unsigned char>(bytes.front()) % 64);
    f.add(bytes.substr(0, piece));
    bytes.remove_prefix(bytes.size() < piece ? bytes.size() : piece);
    while (auto message = f.next()) {
      if (auto any = json::parse(*message); any) {
        std::string once = any->print();
        auto again = json::parse(once);
        // Numbers beyond 64 bits print as null; everything else comes back as it was.
        if (!again || again->print() != once) std::abort();
      }
      if (auto c = decode_call(*message); c) take(c->parameters);
    }
    if (f.too_long()) break;
  }
  return 0;
}
