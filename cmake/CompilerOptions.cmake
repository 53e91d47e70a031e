# Compiler, linker, sanitizer and cache options of everything that is built in this tree.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(SLIPWAY_WERROR "Warnings are errors" OFF)
option(SLIPWAY_FUZZ "Build the libFuzzer targets (clang)" OFF)
set(SLIPWAY_SANITIZER "" CACHE STRING "empty, asan (with UBSan) or tsan")

add_compile_options(-Wall -Wextra -Wpedantic -Wno-missing-field-initializers -fno-omit-frame-pointer)
if(SLIPWAY_WERROR)
  add_compile_options(-Werror)
endif()
if(SLIPWAY_SANITIZER STREQUAL "asan")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
elseif(SLIPWAY_SANITIZER STREQUAL "tsan")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(SLIPWAY_SANITIZER)
  message(FATAL_ERROR "SLIPWAY_SANITIZER must be empty, asan or tsan, not '${SLIPWAY_SANITIZER}'")
endif()
if(SLIPWAY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined)
  add_link_options(-fsanitize=address,undefined)
endif()

# slipway_compile_together(<library> [ALONE <regular expression>...])
#
# Under a sanitizer eight files of the library are one compilation, since most of the time of compiling goes into headers
# (docs/decisions/130). Such files must not give different things one name, not even in unnamed namespaces; those that
# have a reason to match an expression of ALONE.
function(slipway_compile_together library)
  if(NOT SLIPWAY_SANITIZER AND NOT SLIPWAY_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "ALONE" ${ARGN})
  set_target_properties(${library} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The warning is for headers; here it would mean the .cc files that are included.
    target_compile_options(${library} PRIVATE -Wno-subobject-linkage)
  endif()
  get_target_property(sources ${library} SOURCES)
  foreach(pattern IN LISTS ARG_ALONE)
    set(matching ${sources})
    list(FILTER matching INCLUDE REGEX "${pattern}")
    set_source_files_properties(${matching} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endforeach()
endfunction()

find_program(CCACHE ccache)
if(CCACHE)
  # Paths below the source tree are hashed relative to it, so that clones share one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT SLIPWAY_SANITIZER)
  add_link_options(-fuse-ld=mold)
endif()
