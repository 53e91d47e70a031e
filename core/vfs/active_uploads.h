// The uploads of one session that are under way, so that operations by path reach the file that is being written.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "slipway/filesystem.h"

namespace slipway::vfs {

// Thread-safe.
class ActiveUploads {
  struct Slot;

 public:
  // Keeps the upload from ending while somebody uses its file.
  class Use {
   public:
    Use() = default;
    explicit Use(std::shared_ptr<Slot> slot) : slot_(std::move(slot)) {}
    Use(Use&&) noexcept = default;
    Use& operator=(Use&&) = delete;
    ~Use();
    explicit operator bool() const noexcept { return slot_ != nullptr; }
    File* operator->() const noexcept;

   private:
    std::shared_ptr<Slot> slot_;
  };

  // An upload that can be found. end(), or the destructor, waits for its users; after that nobody finds it.
  class Registration {
   public:
    Registration() = default;
    ~Registration() { end(); }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    void end() noexcept;

   private:
    friend class ActiveUploads;
    ActiveUploads* uploads_ = nullptr;
    std::multimap<std::string, std::shared_ptr<Slot>>::iterator at_;
  };

  // `file` must outlive the registration, and this registry too.
  void add(const VPath& path, File& file, Registration& registration);
  // The latest upload to `path`; empty when there is none.
  Use find(const VPath& path);

 private:
  std::mutex mutex_;
  std::multimap<std::string, std::shared_ptr<Slot>> slots_;
};

}  // namespace slipway::vfs
