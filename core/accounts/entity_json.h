// Entities as JSON: the documents of the REST contract, of the dump, and of the store.
//
// Defined for Folder, FolderMapping, Group, Role, Admin, User, ApiKey, Share, EventAction, EventRule, IpListEntry,
// ServerConfigs, FilesystemConfig and TotpConfig.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "slipway/result.h"

namespace slipway::accounts {

inline constexpr std::size_t kMaxEntityBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxEntityDepth = 32;  // of nested arrays and objects

enum class Rendering {
  Full,          // everything, hashes and sealed secrets included; what is at its default is left out (store, dump)
  Api,           // no password or key hashes; secrets without key and additional_data
  Confidential,  // as Api, with hashes and whole secrets (confidential_data=1)
  Event,         // as Api, without any secret at all (hooks)
};

template <class Entity>
boost::json::object to_json(const Entity&, Rendering);
// Replaces what is in `into`, in its storage.
template <class Entity>
void to_json(const Entity&, Rendering, boost::json::object& into);
template <class Entity>
std::string to_json_text(const Entity&, Rendering);

enum class Unknown { Ignore, Keep };  // members that the entity does not have; Keep: into its `extra`

// InvalidArgument: every problem with its JSON pointer ("/filters/access_time/0/from: expected text, got a number").
// The pointers of unknown members are appended to `unknown` in both cases.
template <class Entity>
Result<Entity> from_json(const boost::json::value&, Unknown, std::vector<std::string>* unknown = nullptr);
// From text within the limits above.
template <class Entity>
Result<Entity> from_json_text(std::string_view, Unknown, std::vector<std::string>* unknown = nullptr);

}  // namespace slipway::accounts
