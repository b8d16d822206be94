// SPDX-License-Identifier: Apache-2.0
// Any bytes as a whole table, looked up in by name; once as they are, once with every checksum made right.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/little_endian.h"
#include "base/unique_fd.h"
#include "table/snapshot.h"

using namespace grantd;
using table::page_size;

namespace {

// One table on a tmpfs, in a directory that goes with the process.
struct place {
  std::string directory = "/dev/shm/grantd-fuzz.XXXXXX";
  std::string path;
  base::unique_fd fd;
  place() {
    if (mkdtemp(directory.data()) == nullptr) std::abort();
    path = directory + "/windows";
    fd.reset(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.valid()) std::abort();
  }
  ~place() {
    unlink(path.c_str());
    rmdir(directory.c_str());
  }
};

void look_up(place& at, const std::vector<uint8_t>& bytes) {
  if (ftruncate(at.fd.get(), static_cast<off_t>(bytes.size())) != 0) std::abort();
  if (pwrite(at.fd.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  table::snapshot s;
  if (s.open(at.path.c_str()) != table::fault::none) return;
  (void)s.not_from_future({1});
  table::found found;
  const decision::account who{decision::identity_class::os, "alice"};
  const table::fault f = s.find(who, found);
  if (f != table::fault::none && found.count != 0) std::abort();
  for (const auto& r : found.all()) {
    if (r.who != who || r.text.size() > 80) std::abort();
  }
  table::snapshot::resource_name name{};
  (void)s.find_resource({decision::point_kind::postgres, "main", "orders"}, name);
  if (name.size > 63) std::abort();
}

void mend(std::vector<uint8_t>& bytes) {
  bytes.resize(std::max<size_t>(2, (bytes.size() + page_size - 1) / page_size) * page_size);
  constexpr uint8_t start[] = {'g', 'r', 'a', 'n', 't', 'd', 'W', 'T', 1, 0, 0, 0};
  std::copy(std::begin(start), std::end(start), bytes.begin());
  const auto pages = static_cast<uint32_t>(bytes.size() / page_size - 1);
  base::store_little(&bytes[table::header_at::page_count], pages);
  bytes[table::header_at::flags + 1] = bytes[table::header_at::flags + 2] =
      bytes[table::header_at::flags + 3] = 0;
  std::fill_n(&bytes[table::header_at::reserved], 40, uint8_t{0});
  base::siphash13 sum({});
  sum.add(bytes.data(), table::header_at::checksum);
  base::store_little(&bytes[table::header_at::checksum], sum.finish());
  const base::siphash_key key{base::load_little<uint64_t>(&bytes[table::header_at::key0]),
                              base::load_little<uint64_t>(&bytes[table::header_at::key1])};
  for (uint32_t i = 0; i < pages; ++i) {
    uint8_t* page = &bytes[(i + 1) * page_size];
    std::copy_n(&bytes[table::header_at::sequence], 8, page + table::page_at::sequence);
    base::store_little(page + table::page_at::index, i);
    base::siphash13 of_page(key);
    of_page.add(page + 8, page_size - 8);
    base::store_little(page, of_page.finish());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static place at;
  if (size > 16 * page_size) return 0;
  std::vector<uint8_t> bytes(data, data + size);
  look_up(at, bytes);
  mend(bytes);
  look_up(at, bytes);
  return 0;
}
