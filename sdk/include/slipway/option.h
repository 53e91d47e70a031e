// How a module declares its options, and how it reads them back: validated, defaulted, overlaid by the environment.
//
// One constexpr table is all there is: validation, defaults, redaction in logs and dumps, `slipway modules describe`
// and the reference documentation come from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace slipway {

enum class OptionType : std::uint8_t {
  String,
  Integer,
  Number,
  Boolean,
  Bytes,       // an integer, or text with a unit: "64M" = 64 * 2^20
  Duration,    // an integer of milliseconds, or text with a unit: "30s"
  Path,        // relative paths are resolved against the configuration directory
  Secret,      // never logged, printed or dumped
  StringList,  // in the environment: separated by commas
  SecretList,  // a StringList that is never logged, printed or dumped
};

struct OptionSpec {
  // "timeout"; "cors.enabled" for a member of an object; "bindings[].port" for a member of each element of a list of
  // objects. An element that names no member takes its default. "bindings[]", of type Integer, speaks of the list
  // itself: its default is the number of elements when nothing is configured (0 without such a spec), its range their
  // number.
  const char* name;
  OptionType type;
  // As it would be written in the configuration file: "15", "true", "64M", "a,b". Null: the option is required.
  const char* default_value;
  const char* help;                  // one sentence; the reference documentation is made of it
  std::int64_t minimum = INT64_MIN;  // of Integer, Number, Bytes and Duration
  std::int64_t maximum = INT64_MAX;
  const char* choices = nullptr;  // the accepted texts of a String or of StringList elements, comma separated
  bool advanced = false;          // listed last in the documentation
};

// Options as a module sees them. Valid as long as the call it was passed to, unless that call says otherwise.
// Asking for a name that the table does not declare is a programming error: it asserts, and answers with an empty
// value. Thread-safe.
class OptionView {
 public:
  // Whether the value comes from the file or the environment, not from the default.
  virtual bool is_set(std::string_view name) const = 0;
  virtual std::string_view string(std::string_view name) const = 0;  // also Path and Secret
  virtual std::int64_t integer(std::string_view name) const = 0;     // also Bytes (bytes) and Duration (milliseconds)
  virtual double number(std::string_view name) const = 0;
  virtual bool flag(std::string_view name) const = 0;
  // Elements of a StringList, or of a list of objects: count("bindings"), then integer("bindings[0].port").
  virtual std::size_t count(std::string_view list) const = 0;
  virtual std::string_view item(std::string_view list, std::size_t index) const = 0;

 protected:
  ~OptionView() = default;
};

}  // namespace slipway
