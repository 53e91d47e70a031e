// One upload in pieces: the file that stays open from one request to the next, and who may write to it now.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "file_actions.h"
#include "slipway/share.h"

namespace slipway::httpd {

// What is open as long as bytes are missing. What goes first is last.
struct TusWork {
  std::unique_ptr<ShareVisit> visit;  // whose use is given back when the upload comes to nothing; null without a share
  SharedSession session;
  std::unique_ptr<File> file;
  std::optional<std::uint64_t> spoiled_from;  // where bytes begin that must not stay

  TusWork() = default;
  TusWork(TusWork&&) = default;
  TusWork& operator=(TusWork&&) = delete;
  ~TusWork();  // without a finished file the upload is abandoned, as upload_mode says
};

// Thread-safe. A client that lost its connection comes back on another one, often before this server has noticed; so
// each request that writes takes a turn, and the newest turn wins.
class TusUpload {
 public:
  struct Facts {
    std::string id;
    std::string user, share_id;  // one of them is set: whose upload it is
    std::string metadata;        // as the client sent it
    VPath target;
    std::optional<Timestamp> modified;
    std::uint64_t length = 0;
    bool can_go_back = false;  // the storage takes bytes anew where it has some: pieces may come to be checked
  };
  TusUpload(Facts facts, TusWork work);
  TusUpload(const TusUpload&) = delete;
  TusUpload& operator=(const TusUpload&) = delete;

  const Facts& facts() const noexcept { return facts_; }

  struct State {
    std::uint64_t offset = 0;  // bytes that have arrived and count
    bool is_complete = false;  // the file is there
    bool is_gone = false;      // abandoned
  };
  State state() const;
  // When it is given up unless somebody asks for it before; nothing for one that has ended.
  std::optional<std::chrono::system_clock::time_point> expires_at() const;

  enum class Counts : std::uint8_t {
    AtOnce,    // what is written is there
    OnAccept,  // what is written is there once accept() has said so
  };
  // A request that writes, from the look at the offset to its end. Others that come meanwhile may take over.
  class Turn {
   public:
    // Conflict: the upload is somewhere else. NotFound: it is gone.
    static Result<Turn> take(std::shared_ptr<TusUpload> upload, std::uint64_t offset, std::string_view command,
                             Counts counts = Counts::AtOnce);
    Turn(Turn&&) noexcept = default;
    Turn& operator=(Turn&&) = delete;
    ~Turn();
    // Behind what was written before. TooLarge beyond the length; Conflict: somebody took over; NotFound: it is gone.
    // Other errors are those of the file, and the end of the upload.
    Status write(std::span<const std::byte> data);
    // The offset moves behind what was written. Conflict, NotFound as of write().
    Status accept();
    // What was written and not accepted is taken back; the upload is where the turn found it. Best effort: what cannot
    // be removed is overwritten by the next piece, and never counts.
    void discard();
    // Once everything is here; nothing happens when it was done before. An error is the end of the upload.
    Status finish();

   private:
    Turn(std::shared_ptr<TusUpload> upload, std::uint64_t number, Counts counts)
        : upload_(std::move(upload)), number_(number), counts_(counts) {}
    std::shared_ptr<TusUpload> upload_;
    const std::uint64_t number_;
    const Counts counts_;
  };

  // Somebody looks after it, which keeps it.
  void touch();
  // Gives it up now, or as soon as the piece that is being written is.
  void abandon();
  // What nobody has asked for too long, or whose session was closed, is given up; true: it may be forgotten.
  bool sweep(std::chrono::steady_clock::time_point now);

 private:
  enum class Step : std::uint8_t { Piece, UncountedPiece, TakeBack, Last };
  Status work_on(std::uint64_t turn, Step kind, std::uint64_t size,
                 const std::function<Status(TusWork&, std::uint64_t at)>& step);
  std::unique_ptr<TusWork> release_if_over();  // under mutex_

  const Facts facts_;
  const std::chrono::steady_clock::duration kept_for_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable written_;
  std::unique_ptr<TusWork> work_;
  std::uint64_t offset_ = 0, turn_ = 0;
  std::uint64_t uncounted_ = 0;  // bytes behind the offset that the newest turn wrote and that do not count yet
  std::uint64_t reach_ = 0;      // how far bytes were written; beyond the offset they do not count
  std::size_t turns_ = 0;        // requests that are at it
  bool writing_ = false, complete_ = false, gone_ = false;
  std::chrono::steady_clock::time_point touched_ = std::chrono::steady_clock::now();
};

}  // namespace slipway::httpd
