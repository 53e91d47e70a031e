#include "handle_table.h"

#include <array>
#include <cstring>

namespace slipway::sftp {

std::string HandleTable::encode(std::uint32_t index, std::uint32_t uses) {
  const std::array<std::uint32_t, 2> fields{index, uses};
  return {reinterpret_cast<const char*>(fields.data()), sizeof fields};
}

HandleTable::Slot* HandleTable::slot(std::string_view handle) noexcept {
  std::array<std::uint32_t, 2> fields{};
  if (handle.size() != sizeof fields) return nullptr;
  std::memcpy(fields.data(), handle.data(), sizeof fields);
  if (fields[0] >= slots_.size() || slots_[fields[0]].uses != fields[1]) return nullptr;
  return &slots_[fields[0]];
}

OpenFile* HandleTable::writer_of(const VPath& path) noexcept {
  for (auto& slot : slots_) {
    auto* file = std::get_if<OpenFile>(&slot.entry);
    if (file != nullptr && file->writable && file->path == path) return file;
  }
  return nullptr;
}

void HandleTable::erase(std::string_view handle) noexcept {
  auto* found = slot(handle);
  if (found == nullptr || std::holds_alternative<std::monostate>(found->entry)) return;
  found->entry = std::monostate();
  std::uint32_t index = 0;
  std::memcpy(&index, handle.data(), sizeof index);
  free_.push_back(index);
  --open_;
  if (budget_ != nullptr) budget_->give(1);
}

void HandleTable::clear() noexcept {
  slots_.clear();
  free_.clear();
  if (budget_ != nullptr) budget_->give(open_);
  open_ = 0;
}

}  // namespace slipway::sftp
