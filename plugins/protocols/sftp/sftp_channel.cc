#include "sftp_channel.h"

#include <limits>

namespace slipway::sftp {

SftpChannel::SftpChannel(std::unique_ptr<Session> session, const PathResolver& paths, std::stop_token stop,
                         ChannelSettings settings, std::function<void()> wake)
    : session_(std::move(session)),
      paths_(paths),
      settings_(settings),
      wake_(std::move(wake)),
      context_(session_->context()) {
  context_.stop = std::move(stop);
}

SftpChannel::~SftpChannel() {
  long_.reset();
  handles_.clear();
}

std::optional<int> SftpChannel::exit_status() const noexcept {
  return input_ended_ && requests_.empty() && !has_output() ? std::optional(0) : std::nullopt;
}

bool SftpChannel::busy() const noexcept {
  return handles_.size() > 0 || !requests_.empty() || has_output() || !parser_.at_boundary();
}

bool SftpChannel::receive(std::span<const std::byte> input) {
  if (broken_) return true;
  if (full()) return false;
  take(input);
  return true;
}

void SftpChannel::take(std::span<const std::byte> input) {
  while (!input.empty() && !broken_) {
    const auto step = parser_.next(input, requests_.empty() && initialised_);
    input = input.subspan(step.consumed);
    switch (step.event) {
      case PacketParser::Event::NeedMore:
        return;
      case PacketParser::Event::Packet: {
        PacketWriter(requests_).u32(static_cast<std::uint32_t>(step.bytes.size()));
        requests_.append(step.bytes);
        break;
      }
      case PacketParser::Event::WriteBegin:
        begin_write(step.write);
        break;
      case PacketParser::Event::WriteData:
        write_part(step.bytes);
        break;
      case PacketParser::Event::Malformed:
        broken_ = true;
        return;
    }
  }
}

void SftpChannel::begin_write(const PacketParser::Write& write) {
  write_.emplace(StreamedWrite{write.id, handles_.file(write.handle), write.offset, write.length});
  if (write.length == 0) {
    write_done(write.id, write_->file);
    write_.reset();
  }
}

void SftpChannel::write_part(std::span<const std::byte> data) {
  if (write_->file != nullptr) this->write(*write_->file, write_->offset, data);
  write_->offset += data.size();
  write_->left -= data.size();
  if (write_->left > 0) return;
  write_done(write_->id, write_->file);
  write_.reset();
}

void SftpChannel::write(OpenFile& file, std::uint64_t offset, std::span<const std::byte> data) {
  constexpr std::uint64_t kMaxOffset = std::numeric_limits<std::int64_t>::max();
  if (!file.writable || file.failure) return;
  if (offset > kMaxOffset - data.size()) {
    file.failure.emplace(Errc::InvalidArgument, file.path.str(), "write offset too large");
    return;
  }
  if (offset < file.append_from) {
    file.failure.emplace(Errc::InvalidArgument, file.path.str(),
                         "invalid write offset: " + std::to_string(offset) +
                             " minimum valid value: " + std::to_string(file.append_from));
    return;
  }
  if (auto written = file.file->write_at(context_, offset, data); !written) {
    file.failure = std::move(written).error();
    return;
  }
  file.times_stale = true;
}

void SftpChannel::write_done(std::uint32_t id, const OpenFile* file) {
  if (file == nullptr) {
    bad_handle(id);
  } else if (!file->writable) {
    reply(id, StatusCode::Failure, "failure: the file is not open for writing");
  } else if (file->failure) {
    reply(id, *file->failure, Purpose::Write);
  } else {
    reply(id, StatusCode::Ok);
  }
}

void SftpChannel::work() {
  while (!requests_.empty() && !broken_ && replies_.size() < kGather) {
    const auto queue = requests_.data();
    const auto length = FieldReader(queue).u32();
    if (!long_) answer(queue.subspan(4, length));
    if (long_ && !long_->done()) return;
    if (long_) end_long();
    requests_.consume(4 + length);
  }
}

std::span<const std::byte> SftpChannel::to_send() noexcept {
  if (sending_.empty()) sending_.swap(replies_);
  return sending_.data();
}

void SftpChannel::release_memory() noexcept {
  parser_.release_memory();
  for (auto* queue : {&requests_, &replies_, &sending_}) {
    if (queue->empty()) queue->release();
  }
}

}  // namespace slipway::sftp
