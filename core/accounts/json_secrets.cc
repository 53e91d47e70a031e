#include "core/accounts/json_secrets.h"

#include <algorithm>
#include <array>

#include "core/accounts/describe.h"
#include "core/crypto/passwords.h"

namespace slipway::accounts {

namespace json = boost::json;

namespace {

constexpr std::array kSealed = {std::string_view("AES-256-GCM"),   std::string_view("Secretbox"),
                                std::string_view("GCP"),           std::string_view("AWS"),
                                std::string_view("VaultTransit"),  std::string_view("AzureKeyVault"),
                                std::string_view("OracleKeyVault")};
constexpr std::array kMembers = {std::string_view("status"), std::string_view("payload"), std::string_view("key"),
                                 std::string_view("additional_data"), std::string_view("mode")};

bool is_sealed_status(std::string_view status) {
  return std::find(kSealed.begin(), kSealed.end(), status) != kSealed.end();
}

bool is_secret(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return false;
  const auto* status = object->if_contains("status");
  if (status == nullptr || !status->is_string()) return false;
  const std::string_view text(status->get_string().data(), status->get_string().size());
  if (text != "Plain" && text != "Redacted" && !is_sealed_status(text)) return false;
  return std::all_of(object->begin(), object->end(), [](const auto& member) {
    return std::find(kMembers.begin(), kMembers.end(), std::string_view(member.key().data(), member.key().size())) !=
           kMembers.end();
  });
}

Result<crypto::Secret> read_secret(const json::value& value, const std::string& pointer) {
  JsonReader reader;
  crypto::Secret secret;
  read_json(reader, value, secret);
  if (!reader.problems.empty()) {
    const auto& problem = reader.problems.front();
    return Error(Errc::InvalidArgument, pointer + problem.pointer, problem.message);
  }
  return secret;
}

using SecretVisitor = std::function<Status(const JsonPlace&, json::value&)>;

Status walk(json::value& value, const JsonPlace& at, const SecretVisitor& visit) {
  if (is_secret(value)) return visit(at, value);
  if (auto* object = value.if_object()) {
    for (auto& member : *object) {
      if (!member.value().is_structured()) continue;
      SLIPWAY_TRY(walk(member.value(), JsonPlace{&at, {member.key().data(), member.key().size()}}, visit));
    }
  } else if (auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      SLIPWAY_TRY(walk((*array)[i], JsonPlace{&at, {}, i, true}, visit));
    }
  }
  return ok();
}

Result<json::value> parse(const JsonText& document) {
  return parse_json(document.text, {.max_bytes = document.text.size(), .refuse_duplicates = false});
}

// `stored`: what stands in its place; nullptr: nothing does.
void keep(json::value& incoming, const json::value* stored) {
  if (is_secret(incoming)) {
    const auto& status = incoming.get_object().at("status");
    if (status == "Plain") return;
    if (stored != nullptr && is_secret(*stored))
      incoming = *stored;
    else if (status == "Redacted")
      incoming = json::object();
  } else if (auto* object = incoming.if_object()) {
    const auto* old = stored != nullptr ? stored->if_object() : nullptr;
    for (auto& member : *object) keep(member.value(), old != nullptr ? old->if_contains(member.key()) : nullptr);
  } else if (auto* array = incoming.if_array()) {
    const auto* old = stored != nullptr ? stored->if_array() : nullptr;
    for (std::size_t i = 0; i < array->size(); ++i) keep((*array)[i], old != nullptr ? old->if_contains(i) : nullptr);
  }
}

}  // namespace

Status visit_secrets(json::value& document,
                     const std::function<Status(const std::string& pointer, crypto::Secret&)>& visit) {
  return walk(document, {}, [&](const JsonPlace& at, json::value& value) -> Status {
    const std::string pointer = at.pointer();
    SLIPWAY_ASSIGN(auto secret, read_secret(value, pointer));
    SLIPWAY_TRY(visit(pointer, secret));
    JsonWriter writer;
    write_json(writer, value, secret);
    return ok();
  });
}

Status visit_secrets(JsonText& document,
                     const std::function<Status(const std::string& pointer, crypto::Secret&)>& visit) {
  if (document.empty()) return ok();
  SLIPWAY_ASSIGN(auto value, parse(document));
  SLIPWAY_TRY(visit_secrets(value, visit));
  document.text = serialize_json(value);
  return ok();
}

void strip_secrets(json::value& document) {
  if (auto* object = document.if_object()) {
    for (auto it = object->begin(); it != object->end();) {
      if (is_secret(it->value())) {
        it = object->stable_erase(it);
      } else {
        strip_secrets(it->value());
        ++it;
      }
    }
  } else if (auto* array = document.if_array()) {
    for (auto& element : *array) {
      if (is_secret(element))
        element = nullptr;
      else
        strip_secrets(element);
    }
  }
}

void hide_secret_keys(json::value& document) {
  (void)walk(document, {}, [](const JsonPlace&, json::value& value) {
    value.get_object().erase("key");
    value.get_object().erase("additional_data");
    return ok();
  });
}

Status open_secrets(json::value& document, const crypto::SecretKeeper& keeper) {
  return walk(document, {}, [&](const JsonPlace& at, json::value& value) -> Status {
    const std::string pointer = at.pointer();
    SLIPWAY_ASSIGN(const auto secret, read_secret(value, pointer));
    auto plain = keeper.open(secret);
    if (!plain) return Error(plain.code(), pointer, "unable to open the secret: " + plain.error().message());
    value.emplace_string().assign(*plain);
    crypto::wipe(*plain);
    return ok();
  });
}

void keep_stored_secrets(JsonText& incoming, const JsonText& stored) {
  if (incoming.empty()) return;
  auto value = parse(incoming);
  if (!value) return;
  const auto old = stored.empty() ? Result<json::value>(json::value()) : parse(stored);
  keep(*value, old ? &*old : nullptr);
  incoming.text = serialize_json(*value);
}

}  // namespace slipway::accounts
