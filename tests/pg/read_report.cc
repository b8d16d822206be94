// SPDX-License-Identifier: Apache-2.0
// Prints the datagrams that a guest sent, given as hexadecimal lines, as one line of key=value each, tab
// separated.
#include <iostream>
#include <string>
#include <vector>

#include "wire/report.h"

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i + 1 < line.size(); i += 2)
      bytes.push_back(static_cast<uint8_t>(std::stoul(line.substr(i, 2), nullptr, 16)));
    auto r = grantd::wire::decode_report(bytes);
    if (!r) {
      std::cout << "unreadable\n";
      continue;
    }
    std::cout << "outcome=" << int{static_cast<uint8_t>(r->outcome)} << "\treason=" << int{r->reason}
              << "\tproved_by=" << int{r->proved_by} << "\tpoint=" << int{r->point}
              << "\treplication=" << r->replication << "\tgrant=" << r->grant << "\tboot_ns=" << r->boot_ns
              << "\tpid=" << r->pid << "\tname=" << r->name << "\tplace=" << r->place
              << "\tdatabase=" << r->database << "\trole=" << r->role << "\tremote=" << r->remote << "\n";
  }
}
