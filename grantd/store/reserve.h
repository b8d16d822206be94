// SPDX-License-Identifier: Apache-2.0
// The reserve: blocks held so that a revocation can still be written on a full disk. Holds nothing worth
// reading.
#pragma once

#include "store/store.h"

namespace grantd::store {

class reserve_file {
 public:
  void at(std::string path, size_t bytes) {
    path_ = std::move(path);
    bytes_ = bytes;
  }
  // Takes a whole file that is there already; makes none.
  bool adopt() noexcept;
  // Makes the file whole with real blocks; true when it is. Cheap when it is already.
  bool fill() noexcept;
  // Frees the blocks, and waits until they are free. False when there were none.
  bool give_up() noexcept;
  [[nodiscard]] bool whole() const noexcept { return whole_; }
  // The last fill() found no room, and nothing has been tried since.
  [[nodiscard]] bool no_room() const noexcept { return no_room_; }
  [[nodiscard]] size_t bytes() const noexcept { return whole_ ? bytes_ : 0; }

 private:
  std::string path_;
  size_t bytes_ = 0;
  bool whole_ = false;
  bool no_room_ = false;
};

}  // namespace grantd::store
