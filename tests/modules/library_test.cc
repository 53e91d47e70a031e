// What the loader refuses, each with one clear error and without running the module.
#include "core/module/library.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstring>
#include <fstream>

#include "core/base/unique_fd.h"
#include "core/module/elf_check.h"
#include "core/module/file_trust.h"
#include "test_modules.h"

namespace slipway::test {
namespace {

using module::Library;

Result<std::shared_ptr<const Library>> open(const ModuleFolder& folder, const std::string& name,
                                            const std::string& sha256 = {}) {
  return Library::open(folder.manifest(name), folder.path(), sha256);
}

std::string digest_of(const std::filesystem::path& file) {
  auto opened = module::open_trusted(file);
  EXPECT_TRUE(opened);
  return *module::sha256_of(opened->fd.get(), file.string());
}

// The refusal of a fixture that is put in as it was built.
Error refusal(const std::string& fixture, const boost::json::object& changes = {}) {
  ModuleFolder folder;
  folder.add(fixture, changes);
  auto library = open(folder, fixture);
  EXPECT_FALSE(library) << fixture;
  if (library) return {Errc::Ok, {}, {}};
  EXPECT_EQ(library.error().subject(), "module " + fixture);
  return library.error();
}

void expect_says(const Error& error, std::string_view words) {
  EXPECT_NE(error.cause().find(words), std::string::npos) << error.message();
}

bool is_mapped(const std::filesystem::path& file) {
  return read_file("/proc/self/maps").find(file.string()) != std::string::npos;
}

TEST(Library, AGoodModuleOpens) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  auto library = open(folder, "fixture-storage");
  ASSERT_TRUE(library) << library.error().message();
  EXPECT_STREQ((*library)->descriptor().name, "fixture-storage");
  EXPECT_STREQ((*library)->descriptor().version, "1.2.3");
  EXPECT_EQ((*library)->descriptor().kind, ModuleKind::Storage);
  EXPECT_TRUE(is_mapped(folder.library("fixture-storage")));
}

TEST(Library, TheLastOwnerUnmapsIt) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  auto library = open(folder, "fixture-storage");
  ASSERT_TRUE(library);
  *library = nullptr;
  EXPECT_FALSE(is_mapped(folder.library("fixture-storage")));
}

TEST(Library, AMissingFileIsNotFoundAndTheErrorSaysWhatToDo) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  std::filesystem::remove(folder.library("fixture-storage"));
  auto library = open(folder, "fixture-storage");
  ASSERT_FALSE(library);
  EXPECT_EQ(library.code(), Errc::NotFound);
  EXPECT_EQ(library.error().message(), "module fixture-storage: " + folder.library("fixture-storage").string() +
                                           ": the file does not exist, but " +
                                           folder.library("fixture-storage").replace_extension(".json").string() +
                                           " names it: build or install the library, or remove the manifest");
}

TEST(Library, AFileThatIsNotElfIsRefused) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  folder.write("fixture-storage.so", std::string(4096, 'x'));
  auto library = open(folder, "fixture-storage");
  ASSERT_FALSE(library);
  expect_says(library.error(), "no ELF header");
  folder.write("fixture-storage.so", "");
  library = open(folder, "fixture-storage");
  ASSERT_FALSE(library);
  expect_says(library.error(), "it has 0 bytes");
}

TEST(Library, ADirectoryAndAFifoAreRefused) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  const auto path = folder.library("fixture-storage");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_EQ(open(folder, "fixture-storage").code(), Errc::InvalidArgument);
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(open(folder, "fixture-storage").code(), Errc::InvalidArgument);
}

TEST(Library, ALibraryTruncatedAtAnyLengthIsRefusedBeforeItIsOpened) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  const auto path = folder.library("fixture-storage");
  const auto full = std::filesystem::file_size(path);
  ASSERT_GT(full, 10000u);
  std::vector<std::uintmax_t> lengths{1,   4,    15,   63,   64,       65,          120,
                                      511, 4095, 4096, 4097, full / 2, full - 4096, full - 1};
  for (std::uintmax_t length = 0; length < full; length += full / 61) lengths.push_back(length);
  std::sort(lengths.begin(), lengths.end(), std::greater<>());
  for (const auto length : lengths) {
    std::filesystem::resize_file(path, length);
    auto library = open(folder, "fixture-storage");
    ASSERT_FALSE(library) << length << " of " << full;
    EXPECT_EQ(library.code(), Errc::InvalidArgument);
    EXPECT_FALSE(is_mapped(path));
  }
}

void patch(const std::filesystem::path& file, std::size_t offset, const void* bytes, std::size_t size) {
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(offset));
  out.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
}

TEST(Library, AForeignMachineIsNamed) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  const std::uint16_t sparc = EM_SPARCV9, arm = EM_ARM;
  patch(folder.library("fixture-storage"), offsetof(Elf64_Ehdr, e_machine), &sparc, sizeof(sparc));
  auto library = open(folder, "fixture-storage");
  ASSERT_FALSE(library);
  expect_says(library.error(), "it was built for machine number 43, this server runs on ");
  patch(folder.library("fixture-storage"), offsetof(Elf64_Ehdr, e_machine), &arm, sizeof(arm));
  library = open(folder, "fixture-storage");
  ASSERT_FALSE(library);
  expect_says(library.error(), "it was built for arm, ");
}

TEST(Library, AnotherWordSizeAndAnotherTypeAreRefused) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  const std::uint16_t relocatable = ET_REL;
  patch(folder.library("fixture-storage"), offsetof(Elf64_Ehdr, e_type), &relocatable, sizeof(relocatable));
  auto library = open(folder, "fixture-storage");
  ASSERT_FALSE(library);
  expect_says(library.error(), "not a shared object");
  const char other_class = sizeof(void*) == 8 ? ELFCLASS32 : ELFCLASS64;
  patch(folder.library("fixture-storage"), EI_CLASS, &other_class, 1);
  library = open(folder, "fixture-storage");
  ASSERT_FALSE(library);
  expect_says(library.error(), "word size");
}

TEST(Library, ASegmentThatWrapsAroundIsRefused) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  const std::uint64_t huge = ~std::uint64_t{0} - 10;
  patch(folder.library("fixture-storage"), sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), &huge, sizeof(huge));
  auto library = open(folder, "fixture-storage");
  ASSERT_FALSE(library);
  expect_says(library.error(), "truncated or damaged");
}

TEST(Library, ASharedObjectWithoutTheAbiMarkIsNotAModule) {
  expect_says(refusal("broken-no-mark"), "not a Slipway module: it has no section .slipway.abi");
}

TEST(Library, AWrongAbiMarkIsRefusedBeforeOpeningAndSaysWhichPartDiffers) {
  ModuleFolder folder;
  folder.add("broken-wrong-mark");
  auto library = open(folder, "broken-wrong-mark");
  ASSERT_FALSE(library);
  expect_says(library.error(), "C++ standard library is 'libstdc++99' and should be 'libstdc++");
  EXPECT_FALSE(is_mapped(folder.library("broken-wrong-mark")));
}

TEST(Library, AWrongAbiTagInTheDescriptorSaysWhichPartDiffers) {
  expect_says(refusal("broken-wrong-tag"), "SDK version is 'sdk9.9' and should be 'sdk0.1'");
}

TEST(Library, TheSymbolMustBeThereAndADescriptor) {
  expect_says(refusal("broken-no-symbol"), "exports no slipway_module_v1");
  expect_says(refusal("broken-not-data"), "is not a descriptor");
  expect_says(refusal("broken-too-short"), "its descriptor has 8 bytes instead of ");
}

TEST(Library, WrongMagicAndSizeAreRefused) {
  expect_says(refusal("broken-wrong-magic"), "wrong magic number");
  expect_says(refusal("broken-wrong-size"), "it was built with another SDK");
}

TEST(Library, AnIncompleteDescriptorIsRefused) {
  const boost::json::object changes;
  for (const auto& [fixture, words] : {std::pair{"broken-no-summary", "no version or no summary"},
                                       {"broken-no-destroy", "no create or destroy function"},
                                       {"broken-duplicate-option", "twice: declared twice"}}) {
    ModuleFolder folder;
    folder.add_as(fixture, "broken-descriptor");
    auto library = open(folder, "broken-descriptor");
    ASSERT_FALSE(library);
    expect_says(library.error(), words);
  }
}

TEST(Library, KindAndNameMustBeThoseOfTheManifest) {
  expect_says(refusal("fixture-storage", {{"kind", "auth"}}), "the library is of kind storage, its manifest says auth");
  ModuleFolder folder;
  folder.add_as("fixture-storage", "other-name");
  auto library = open(folder, "other-name");
  ASSERT_FALSE(library);
  expect_says(library.error(), "the library's name is 'fixture-storage', its manifest says 'other-name'");
}

TEST(Library, AnUnresolvedFunctionIsNamed) {
  const Error error = refusal("broken-unresolved");
  expect_says(error, "it cannot be opened");
  expect_says(error, "slipway_test_function_that_does_not_exist");
}

TEST(Library, TheRightDigestOpensInAnySpelling) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  std::string digest = digest_of(folder.library("fixture-storage"));
  EXPECT_TRUE(open(folder, "fixture-storage", digest));
  std::transform(digest.begin(), digest.end(), digest.begin(), [](unsigned char c) { return std::toupper(c); });
  auto library = open(folder, "fixture-storage", digest);
  ASSERT_TRUE(library) << library.error().message();
  EXPECT_STREQ((*library)->descriptor().name, "fixture-storage");
}

TEST(Library, TheWrongDigestIsRefusedBeforeOpening) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  auto library = open(folder, "fixture-storage", std::string(64, '0'));
  ASSERT_FALSE(library);
  EXPECT_EQ(library.code(), Errc::PermissionDenied);
  expect_says(library.error(), "the configuration demands " + std::string(64, '0'));
  EXPECT_FALSE(is_mapped(folder.library("fixture-storage")));
  EXPECT_EQ(open(folder, "fixture-storage", "abc").code(), Errc::InvalidArgument);
}

TEST(Library, TwoModulesWithDigestsAreTwoModules) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  folder.add("fixture-auth");
  for (int round = 0; round < 3; ++round) {  // descriptors are used again: a name of one must not become the other
    auto storage = open(folder, "fixture-storage", digest_of(folder.library("fixture-storage")));
    ASSERT_TRUE(storage);
    *storage = nullptr;
    auto auth = open(folder, "fixture-auth", digest_of(folder.library("fixture-auth")));
    ASSERT_TRUE(auth) << auth.error().message();
    EXPECT_STREQ((*auth)->descriptor().name, "fixture-auth");
  }
}

TEST(Library, AReplacedFileIsTheNewCodeOnceTheOldOneHasGone) {
  ModuleFolder folder;
  folder.add("fixture-storage");
  auto library = open(folder, "fixture-storage");
  ASSERT_TRUE(library);
  std::filesystem::remove(folder.library("fixture-storage"));
  folder.add("fixture-storage");
  auto too_early = open(folder, "fixture-storage");
  ASSERT_FALSE(too_early);
  EXPECT_EQ(too_early.code(), Errc::Conflict);
  expect_says(too_early.error(), "was replaced while the old library is still in memory");
  *library = nullptr;
  EXPECT_TRUE(open(folder, "fixture-storage"));
}

TEST(Library, FilesAndFoldersThatOthersMayWriteAreRefused) {
  namespace fs = std::filesystem;
  ModuleFolder folder;
  folder.add("fixture-storage");
  const auto manifest = folder.manifest("fixture-storage");
  const auto refused = [&](std::string_view words) {
    auto library = Library::open(manifest, folder.path(), {});
    ASSERT_FALSE(library);
    EXPECT_EQ(library.code(), Errc::PermissionDenied);
    expect_says(library.error(), words);
  };
  fs::permissions(folder.library("fixture-storage"), fs::perms(0775));
  refused("the file may be written by its group; run chmod go-w on it");
  fs::permissions(folder.library("fixture-storage"), fs::perms(0757));
  refused("the file may be written by everybody");
  fs::permissions(folder.library("fixture-storage"), fs::perms(0755));
  fs::permissions(folder.path(), fs::perms(0770));
  refused("its folder " + folder.path().string() + " may be written by its group");
  fs::permissions(folder.path(), fs::perms(0700));
  EXPECT_TRUE(Library::open(manifest, folder.path(), {}));
}

TEST(Library, ASymbolicLinkIsJudgedByItsTarget) {
  namespace fs = std::filesystem;
  ModuleFolder folder, open_to_all;
  folder.add("fixture-storage");
  open_to_all.add("fixture-storage");
  const auto manifest = folder.manifest("fixture-storage");
  fs::permissions(open_to_all.path(), fs::perms(0777));
  fs::remove(folder.library("fixture-storage"));
  fs::create_symlink(open_to_all.library("fixture-storage"), folder.library("fixture-storage"));
  auto library = Library::open(manifest, folder.path(), {});
  ASSERT_FALSE(library);
  EXPECT_EQ(library.code(), Errc::PermissionDenied);
  fs::permissions(open_to_all.path(), fs::perms(0755));
  EXPECT_TRUE(Library::open(manifest, folder.path(), {}));
}

TEST(FileTrust, ForeignOwnersAreRefused) {
  struct stat status {};
  status.st_mode = S_IFREG | 0755;
  status.st_uid = 1001;
  auto refused = module::check_owner_and_mode(status, 1000, "x.so", "the file");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "x.so: the file belongs to user 1001; it must belong to root or to user 1000, as whom the server runs");
  EXPECT_TRUE(module::check_owner_and_mode(status, 1001, "x.so", "the file"));
  status.st_uid = 0;
  EXPECT_TRUE(module::check_owner_and_mode(status, 1000, "x.so", "the file"));
}

TEST(ElfCheck, AbiDifferencesAreNamedPartByPart) {
  const std::string ours = "sdk0.1/libstdc++12/cxx11abi1/plain/none";
  EXPECT_EQ(module::explain_abi_difference(ours, ours), "");
  EXPECT_EQ(
      module::explain_abi_difference("sdk0.1/libstdc++13/cxx11abi1/plain/asan", ours),
      "C++ standard library is 'libstdc++13' and should be 'libstdc++12', sanitizer is 'asan' and should be 'none'");
  EXPECT_EQ(module::explain_abi_difference("gibberish\n", ours),
            "its tag is 'gibberish\\x0a' and should be '" + ours + "'");
}

}  // namespace
}  // namespace slipway::test
