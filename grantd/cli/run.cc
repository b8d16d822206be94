// SPDX-License-Identifier: Apache-2.0
// Parses, runs one command, and is the one place where a refusal becomes words.
#include "cli/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "cli/complete.h"
#include "cli/parse.h"

namespace grantd::cli {
namespace {

bool steerable(const surroundings& here, int fd) {
  return isatty(fd) == 1 && here.environment("TERM").value_or("dumb") != "dumb";
}

bool wants_colours(const surroundings& here) {
  return here.environment("NO_COLOR").value_or("").empty() && steerable(here, here.out);
}

exit_code say(const refusal& r, output& out) {
  out.say_lines(r.message);
  out.help(r.help);
  return r.code;
}

}  // namespace

exit_code run(const std::vector<std::string>& args, const surroundings& here) {
  output out(here.out, here.err, wants_colours(here));
  out.in_place(steerable(here, here.err));
  if (!args.empty() && args.front() == "complete") {  // its words are not ours to parse
    out.data(complete(std::span(args).subspan(1), here));
    return exit_code::done;
  }
  auto parsed = parse_arguments(args, here);
  if (!parsed) return say(parsed.error(), out);
  exit_code code = exit_code::done;
  if (const auto* text = std::get_if<notice>(&*parsed)) {
    out.data(text->text);
  } else {
    const auto& call = std::get<invocation>(*parsed);
    context c(here, call.globals, call.given, out);
    auto done = call.what->run(c);
    if (!done) {
      refusal r = std::move(done.error());
      if (r.help.empty() && r.code == exit_code::usage)
        r.help = fmt::format("grantctl {} --help", call.what->name);
      return say(r, out);
    }
    code = *done;
  }
  if (out.error() != 0) {
    out.say(fmt::format("cannot write the answer: {}", std::strerror(out.error())));
    return exit_code::no;
  }
  return code;
}

}  // namespace grantd::cli
