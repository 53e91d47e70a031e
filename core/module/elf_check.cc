#include "core/module/elf_check.h"

#include <elf.h>
#include <link.h>
#include <sys/stat.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/module/file_trust.h"

namespace slipway::module {
namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);
using Section = ElfW(Shdr);

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr unsigned kMachine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr unsigned kMachine = EM_PPC64;
#elif defined(__s390x__)
constexpr unsigned kMachine = EM_S390;
#else
#error "add this machine's ELF number"
#endif
constexpr unsigned char kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr unsigned char kByteOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
constexpr std::string_view kMarkSection = ".slipway.abi";
constexpr std::size_t kMaxMark = 256;
constexpr std::size_t kMaxSectionNames = 1024 * 1024;

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_386:
      return "i386";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "arm";
    case EM_AARCH64:
      return "aarch64";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390";
    default:
      return "machine number " + std::to_string(machine);
  }
}

class Reader {
 public:
  Reader(int fd, std::uint64_t size, const std::string& subject) : fd_(fd), size_(size), subject_(subject) {}

  Error refuse(std::string cause) const { return {Errc::InvalidArgument, subject_, std::move(cause)}; }

  Status within(std::uint64_t offset, std::uint64_t length, std::string_view what) const {
    if (offset <= size_ && length <= size_ - offset) return ok();
    return refuse("it is truncated or damaged: " + std::string(what) + " lies beyond the file's " +
                  std::to_string(size_) + " bytes");
  }

  template <class T>
  Status read(std::uint64_t offset, std::span<T> out, std::string_view what) const {
    SLIPWAY_TRY(within(offset, out.size_bytes(), what));
    SLIPWAY_ASSIGN(const std::size_t got, read_at(fd_, offset, std::as_writable_bytes(out), subject_));
    if (got != out.size_bytes()) return refuse("it is truncated: " + std::string(what) + " could not be read whole");
    return ok();
  }

  Status header(Header& header) const {
    if (size_ < sizeof(Header)) return refuse("it is not a shared object: it has " + std::to_string(size_) + " bytes");
    SLIPWAY_TRY(read(0, std::span(&header, 1), "the header"));
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return refuse("it is not a shared object (no ELF header)");
    if (header.e_ident[EI_CLASS] != kClass || header.e_ident[EI_DATA] != kByteOrder) {
      return refuse("it was built for another word size or byte order than this server");
    }
    if (header.e_machine != kMachine) {
      return refuse("it was built for " + machine_name(header.e_machine) + ", this server runs on " +
                    machine_name(kMachine));
    }
    if (header.e_type != ET_DYN) return refuse("it is an ELF file, but not a shared object");
    if (header.e_ident[EI_VERSION] != EV_CURRENT || header.e_ehsize != sizeof(Header)) {
      return refuse("its ELF header is damaged");
    }
    return ok();
  }

  Status segments(const Header& header) const {
    if (header.e_phnum == 0 || header.e_phnum == PN_XNUM || header.e_phentsize != sizeof(Segment)) {
      return refuse("its segment table is damaged");
    }
    std::vector<Segment> table(header.e_phnum);
    SLIPWAY_TRY(read(header.e_phoff, std::span(table), "the segment table"));
    bool dynamic = false, load = false;
    for (const Segment& segment : table) {
      SLIPWAY_TRY(within(segment.p_offset, segment.p_filesz, "a segment"));
      if (segment.p_type == PT_LOAD) {
        load = true;
        if (segment.p_filesz > segment.p_memsz) return refuse("its segment table is damaged");
      }
      dynamic = dynamic || segment.p_type == PT_DYNAMIC;
    }
    if (!dynamic || !load) return refuse("it is an ELF file, but not a shared object");
    return ok();
  }

  Result<std::string> mark(const Header& header) const {
    if (header.e_shnum == 0 || header.e_shentsize != sizeof(Section) || header.e_shstrndx >= header.e_shnum) {
      return refuse("its section table is missing or damaged");
    }
    std::vector<Section> table(header.e_shnum);
    SLIPWAY_TRY(read(header.e_shoff, std::span(table), "the section table"));
    for (const Section& section : table) {
      if (section.sh_type != SHT_NOBITS) SLIPWAY_TRY(within(section.sh_offset, section.sh_size, "a section"));
    }
    const Section& names_section = table[header.e_shstrndx];
    if (names_section.sh_type == SHT_NOBITS || names_section.sh_size > kMaxSectionNames) {
      return refuse("its section table is damaged");
    }
    std::string names(names_section.sh_size, '\0');
    SLIPWAY_TRY(read(names_section.sh_offset, std::span(names), "the names of the sections"));
    for (const Section& section : table) {
      if (section.sh_name >= names.size() || section.sh_type == SHT_NOBITS) continue;
      if (std::string_view(names.c_str() + section.sh_name) != kMarkSection) continue;
      std::string text(std::min<std::uint64_t>(section.sh_size, kMaxMark), '\0');
      SLIPWAY_TRY(read(section.sh_offset, std::span(text), "the ABI tag"));
      text.resize(std::strlen(text.c_str()));
      return text;
    }
    return std::string();
  }

 private:
  int fd_;
  std::uint64_t size_;
  const std::string& subject_;
};

}  // namespace

Result<ElfFacts> inspect_elf(int fd, const std::string& subject) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return error_from_errno(errno, subject);
  const Reader reader(fd, static_cast<std::uint64_t>(status.st_size), subject);
  Header header{};
  SLIPWAY_TRY(reader.header(header));
  SLIPWAY_TRY(reader.segments(header));
  ElfFacts facts;
  SLIPWAY_ASSIGN(facts.abi_mark, reader.mark(header));
  return facts;
}

std::string explain_abi_difference(const std::string& module_tag, const std::string& host_tag) {
  if (module_tag == host_tag) return {};
  constexpr std::array<std::string_view, 5> kParts{"SDK version", "C++ standard library", "std::string ABI",
                                                   "container checks", "sanitizer"};
  const auto theirs = split(module_tag, '/');
  const auto ours = split(host_tag, '/');
  std::string text;
  if (theirs.size() == ours.size() && ours.size() == kParts.size()) {
    for (std::size_t i = 0; i < ours.size(); ++i) {
      if (theirs[i] == ours[i]) continue;
      if (!text.empty()) text += ", ";
      text += std::string(kParts[i]) + " is '" + printable(theirs[i]) + "' and should be '" + ours[i] + "'";
    }
  } else {
    text = "its tag is '" + printable(module_tag) + "' and should be '" + host_tag + "'";
  }
  return text;
}

}  // namespace slipway::module
