#include <algorithm>
#include <unordered_set>

#include "core/vfs/guard_impl.h"

namespace slipway::vfs {
namespace {

// Mount points first, then what is stored, without what is hidden and what a mount point covers.
class GuardCursor final : public DirCursor {
 public:
  GuardCursor(std::shared_ptr<GuardState> state, VPath directory, std::unique_ptr<DirCursor> stored)
      : state_(std::move(state)),
        directory_(std::move(directory)),
        names_(state_->policy.patterns.names_in(directory_)),
        stored_(std::move(stored)) {
    for (std::string& name : state_->mounts.names_below(directory_)) {
      covered_.insert(name);
      if (Access::verdict(names_, name) != PatternVerdict::Hidden) mounts_.push_back(std::move(name));
    }
  }

  Result<bool> next(const OpContext& ctx, std::size_t max, std::vector<FileInfo>& out) override {
    if (max == 0) return true;
    const std::size_t start = out.size();
    for (; at_ < mounts_.size() && out.size() - start < max; ++at_) {
      FileInfo& entry = out.emplace_back(mounts_[at_], FileType::Directory);
      entry.mode = 0755;
    }
    // A page that is hidden as a whole must not look like the end.
    while (stored_ && out.size() == start) {
      if (ctx.stop.stop_requested()) return cancelled(directory_);
      auto more = about(directory_, stored_->next(ctx, max, out));
      if (!more) return more;
      if (!*more) stored_.reset();
      const auto hidden = [&](const FileInfo& entry) {
        return covered_.contains(entry.name) || Access::verdict(names_, entry.name) == PatternVerdict::Hidden;
      };
      out.erase(std::remove_if(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), hidden), out.end());
    }
    return at_ < mounts_.size() || stored_ != nullptr;
  }

 private:
  const std::shared_ptr<GuardState> state_;
  const VPath directory_;
  const PatternRules::Names names_;
  std::unordered_set<std::string> covered_;
  std::vector<std::string> mounts_;
  std::size_t at_ = 0;
  std::unique_ptr<DirCursor> stored_;
};

}  // namespace

Result<std::unique_ptr<DirCursor>> Guard::list(const OpContext& ctx, const VPath& path) {
  const GuardState& s = *s_;
  SLIPWAY_TRY(s.access.require_on(Permission::List, path));
  SLIPWAY_TRY(s.access.visible(path));
  const Place place = s.place(path);
  auto stored = about(path, place.fs().list(ctx, place.path));
  const bool nothing_stored = stored.code() == Errc::NotFound || stored.code() == Errc::NotDirectory;
  if (!stored && !(nothing_stored && is_parent_of_mount(path))) return stored;
  return std::make_unique<GuardCursor>(s_, path, stored ? *std::move(stored) : nullptr);
}

}  // namespace slipway::vfs
