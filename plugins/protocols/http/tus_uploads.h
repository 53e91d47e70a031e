// The uploads in pieces of this server, by their ids: kept in memory, and given up when nobody asks for them any more.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "tus_upload.h"

namespace slipway::httpd {

// Thread-safe.
class TusUploads {
 public:
  TusUploads();
  ~TusUploads();  // close()

  // 128 bits that nobody guesses.
  static std::string make_id();

  // Unavailable, retryable, when there are too many, of all or of this user or share; Unavailable after close().
  Status check_room(std::string_view user, std::string_view share_id) const;
  // check_room() for the upload; it is abandoned when there is none.
  Status add(const std::shared_ptr<TusUpload>& upload);
  // Null for one that is not known, or gone.
  std::shared_ptr<TusUpload> find(std::string_view id) const;
  void remove(std::string_view id);
  // Takes no more and abandons what is there.
  void close() noexcept;

 private:
  Status room_for(std::string_view user, std::string_view share_id) const;  // under mutex_
  void sweep_now_and_then(const std::stop_token& stop);
  void sweep();

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any wake_;
  std::map<std::string, std::shared_ptr<TusUpload>, std::less<>> uploads_;
  bool closed_ = false;
  std::jthread sweeper_;
};

}  // namespace slipway::httpd
