#include "core/module/manifest.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

namespace slipway::module {
namespace {

namespace json = boost::json;

json::object good() {
  return {{"manifest", 1},
          {"name", "storage-x"},
          {"kind", "storage"},
          {"library", "storage-x.so"},
          {"version", "1.2.3"},
          {"sdk", "0.1"},
          {"provides", json::array{"x", "y.z"}},
          {"autoload", true},
          {"description", "Keeps files"}};
}

Result<Manifest> parse(const json::object& manifest) { return parse_manifest(json::serialize(manifest), "storage-x"); }

void expect_refused(const json::object& manifest, const std::string& words) {
  auto parsed = parse(manifest);
  ASSERT_FALSE(parsed) << words;
  EXPECT_EQ(parsed.code(), Errc::InvalidArgument);
  EXPECT_NE(parsed.error().cause().find(words), std::string::npos) << parsed.error().cause();
}

json::object with(std::string_view key, json::value value) {
  json::object manifest = good();
  manifest[key] = std::move(value);
  return manifest;
}

TEST(Manifest, AllMembersAreRead) {
  auto manifest = parse(good());
  ASSERT_TRUE(manifest) << manifest.error().message();
  EXPECT_EQ(manifest->name, "storage-x");
  EXPECT_EQ(manifest->kind, ModuleKind::Storage);
  EXPECT_EQ(manifest->library, "storage-x.so");
  EXPECT_EQ(manifest->version, "1.2.3");
  EXPECT_EQ(manifest->sdk, "0.1");
  EXPECT_EQ(manifest->provides, (std::vector<std::string>{"x", "y.z"}));
  EXPECT_TRUE(manifest->autoload);
  EXPECT_EQ(manifest->description, "Keeps files");
}

TEST(Manifest, ProvidesAutoloadAndDescriptionMayBeAbsent) {
  json::object manifest = good();
  for (const char* key : {"provides", "autoload", "description"}) manifest.erase(key);
  auto parsed = parse(manifest);
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_TRUE(parsed->provides.empty());
  EXPECT_FALSE(parsed->autoload);
}

TEST(Manifest, EveryOtherMemberIsRequired) {
  for (const char* key : {"manifest", "name", "kind", "library", "version", "sdk"}) {
    json::object manifest = good();
    manifest.erase(key);
    expect_refused(manifest, "the manifest has no \"" + std::string(key) + "\"");
  }
}

TEST(Manifest, UnknownMembersNameTheNearestKnownOne) {
  expect_refused(with("autolaod", true), "unknown member 'autolaod'; did you mean \"autoload\"?");
  expect_refused(with("colour", "red"), "unknown member 'colour'");
}

TEST(Manifest, WrongTypesAreRefused) {
  for (const char* key : {"name", "kind", "library", "version", "sdk", "description"}) {
    expect_refused(with(key, 7), "\"" + std::string(key) + "\" must be a string");
  }
  expect_refused(with("autoload", "yes"), "must be true or false");
  expect_refused(with("provides", "x"), "must be a list of strings");
  expect_refused(with("provides", json::array{1}), "must be a list of strings");
  expect_refused(with("manifest", "1"), "no \"manifest\": 1");
  expect_refused(with("manifest", 2), "manifest format 2 is not known");
}

TEST(Manifest, TheLibraryStaysInItsFolder) {
  for (const char* library : {"../evil.so", "/tmp/evil.so", "a/b.so", "..", ".hidden.so", ""}) {
    expect_refused(with("library", library), "the name of a file in the manifest's own folder");
  }
}

TEST(Manifest, TheNameIsTheFilesNameAndWellFormed) {
  expect_refused(with("name", "storage-y"), "the name 'storage-y' must be that of the file, 'storage-x'");
  for (const char* name : {"", "Storage", "a b", "-x", "x-", "a/b"}) {
    EXPECT_FALSE(parse(with("name", name))) << name;
    EXPECT_FALSE(is_module_name(name)) << name;
  }
  EXPECT_FALSE(is_module_name(std::string(65, 'a')));
  EXPECT_TRUE(is_module_name("storage-s3"));
}

TEST(Manifest, UnknownKindsAndOtherSdksAreRefused) {
  expect_refused(with("kind", "database"), "unknown kind 'database'");
  expect_refused(with("sdk", "0.2"), "built with SDK '0.2', this server needs '0.1'");
}

TEST(Manifest, LimitsHold) {
  EXPECT_FALSE(parse_manifest(std::string(kMaxManifestSize + 1, ' '), "storage-x"));
  expect_refused(with("description", json::string(1025, 'x')), "longer than 1024 bytes");
  expect_refused(with("description", "two\nlines"), "control characters");
  expect_refused(with("provides", json::array(33, json::value("x"))), "more than 32 elements");
  expect_refused(with("provides", json::array{"Über"}), "use lower-case letters");
}

TEST(Manifest, WhatIsNotAJsonObjectIsRefused) {
  for (const char* text : {"", "[]", "1", "{", "{} trailing", "[[[[[[[[[[]]]]]]]]]]", "{\"name\": \"\xff\"}"}) {
    EXPECT_EQ(parse_manifest(text, "storage-x").code(), Errc::InvalidArgument) << text;
  }
}

TEST(Manifest, AFileThatOthersMayWriteIsRefused) {
  std::string folder = (std::filesystem::temp_directory_path() / "slipway-manifest-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::filesystem::path file = std::filesystem::path(folder) / "storage-x.json";
  std::ofstream(file) << json::serialize(good());
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  EXPECT_TRUE(read_manifest(file));
  std::filesystem::permissions(file, std::filesystem::perms(0664));
  auto refused = read_manifest(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.code(), Errc::PermissionDenied);
  EXPECT_EQ(refused.error().subject(), file.string());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace slipway::module
