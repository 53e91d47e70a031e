// One log line as JSON for machines, or as text for people at a terminal.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "slipway/module.h"

namespace slipway::log {

struct Line {
  LogLevel level = LogLevel::Info;
  std::chrono::system_clock::time_point time;
  std::string_view sender;
  std::string_view connection_id;  // empty: left out
  std::string_view message;        // empty: left out
  std::span<const LogField> fields;
};

// "2026-11-20T23:11:05.123", in local time or UTC.
std::string format_time(std::chrono::system_clock::time_point, bool utc);

// {"level":…,"time":…,"sender":…,"connection_id":…,fields…,"message":…}, without a line end. Always valid JSON in valid
// UTF-8: bytes that are not UTF-8 become the text \xNN. A field that is called like one of ours gets a '_' appended.
std::string render_json(const Line&, bool utc);
// Time, level, sender, message, fields as key=value. Nothing in it can control a terminal beside our own colours.
std::string render_text(const Line&, bool utc, bool colour);

}  // namespace slipway::log
