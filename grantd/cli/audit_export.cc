// SPDX-License-Identifier: Apache-2.0
// grantctl audit export: the audit as a stream on stdout, for machines. Checks nothing: that is audit verify.
#include <fmt/format.h>
#include <sys/utsname.h>

#include "cli/audit_records.h"
#include "cli/chain.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/numbers.h"
#include "cli/times.h"
#include "proof/ecs.h"

namespace grantd::cli {
namespace {

constexpr size_t flush_at = 64 << 10;

constexpr argument takes[] = {
    {argument::kind::option, "--format", "ecs|json|chain",
     "Elastic Common Schema (the default), plain, or bytes"},
    {argument::kind::option, "--since", "TIME", "a time, or a duration back from now: 2d, 09:00"},
    {argument::kind::option, "--after", "N", "only records after this sequence number"},
};

std::string host_name(const context& c) {
  if (!c.opts.host.empty()) {
    auto address = parse_address(c.opts.host);
    return address ? address->host : std::string();
  }
  utsname name{};
  return uname(&name) == 0 ? std::string(name.nodename) : std::string();
}

result<exit_code> write_chain(context& c) {
  auto next = batches_of_daemon(c, 0);
  if (!next) return std::unexpected(std::move(next.error()));
  while (!c.out.gone() && c.out.error() == 0) {
    auto batch = (*next)();
    if (!batch) return std::unexpected(std::move(batch.error()));
    if (!*batch) break;
    c.out.data(**batch);
  }
  return exit_code::done;
}

result<exit_code> run(context& c) {
  std::string format = c.given.has("--format") ? c.given.get("--format") : "ecs";
  if (format != "ecs" && format != "json" && format != "chain") {
    return refuse(exit_code::usage, fmt::format("--format is ecs, json or chain, not \"{}\"", format),
                  "grantctl audit export --help");
  }
  if (format == "chain") {
    if (c.given.has("--since") || c.given.has("--after")) {
      return refuse(exit_code::usage,
                    "a chain begins with its first record: no --since and no --after with it",
                    "grantctl audit export --format chain");
    }
    return write_chain(c);
  }
  value parameters;
  if (auto set = set_number(c, "--after", "after", parameters); !set)
    return std::unexpected(std::move(set.error()));
  auto since = since_of(c);
  if (!since) return std::unexpected(std::move(since.error()));
  const value* after = parameters.find("after");
  std::string host = host_name(c);
  std::string lines;
  auto done = each_record(
      c, after == nullptr ? 0 : static_cast<uint64_t>(*after->integer()),
      [&](const proof::record& r, const proof::digest& d) {
        if (*since && r.utc_us < **since) return true;
        lines += format == "ecs" ? proof::ecs_line(r, d, host)
                                 : print_json(with_times(readable_record(audit_document(r, d)))) + "\n";
        if (lines.size() >= flush_at) c.out.data(std::exchange(lines, {}));
        return !c.out.gone() && c.out.error() == 0;
      });
  c.out.data(lines);
  if (!done) return std::unexpected(std::move(done.error()));
  return exit_code::done;
}

}  // namespace

const command audit_export_command{
    "audit export",
    "the audit as a stream, for other machines",
    "One record a line: ecs as filebeat reads it, json as grantctl audit -o json has its records.\n"
    "chain writes the bytes that are chained, for grantctl audit verify --from on a machine that\n"
    "grantd does not know. Needs the right see or grant, or root.",
    "  grantctl audit export --since 1d >> audit.ndjson\n"
    "  grantctl audit export --format json --after 120 | jq -r .event\n"
    "  grantctl audit export --format chain > audit.chain",
    takes,
    run};

}  // namespace grantd::cli
