# slipway_add_storage_conformance(<module> [OPTIONS key=value...] [MODULE_OPTIONS key=value...] [ROOT <directory>])
#
# Registers the storage conformance kit with CTest for <module>, a target of slipway_add_module(... KIND storage), as it
# ships: loaded from its .so. Each test is named <module>.<suite>.<test> and labelled `conformance`.
# OPTIONS are those of the mount, MODULE_OPTIONS those of the module. "{unique}" in a value becomes a text that no other
# test has, so that each test finds an empty place: OPTIONS "key_prefix=kit/{unique}/". ROOT is where the tests keep their
# directories (default: the system's directory for temporary files).
#
# Needs GoogleTest (find_package(GTest)) and enable_testing().
set(SLIPWAY_TESTING_DIR "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "Where the kit's sources are")

# A fake host, a loader and option values, for the tests of any module: slipway::testing.
function(slipway_testing_targets)
  if(TARGET slipway_testing)
    return()
  endif()
  if(NOT TARGET GTest::gtest)
    find_package(GTest REQUIRED)
  endif()
  add_library(slipway_testing STATIC EXCLUDE_FROM_ALL
    "${SLIPWAY_TESTING_DIR}/fake_host.cc" "${SLIPWAY_TESTING_DIR}/loaded_module.cc" "${SLIPWAY_TESTING_DIR}/option_texts.cc")
  add_library(slipway::testing ALIAS slipway_testing)
  target_include_directories(slipway_testing PUBLIC "${SLIPWAY_TESTING_DIR}")
  target_link_libraries(slipway_testing PUBLIC slipway::sdk ${CMAKE_DL_LIBS})

  file(GLOB suites CONFIGURE_DEPENDS "${SLIPWAY_TESTING_DIR}/storage_*_test.cc")
  add_executable(storage_conformance
    "${SLIPWAY_TESTING_DIR}/storage_main.cc" "${SLIPWAY_TESTING_DIR}/storage_fixture.cc" ${suites})
  target_link_libraries(storage_conformance PRIVATE slipway_testing GTest::gtest)
  if(SLIPWAY_SDK_IMPORTED AND SLIPWAY_SANITIZER STREQUAL "asan")
    set(flags -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  elseif(SLIPWAY_SDK_IMPORTED AND SLIPWAY_SANITIZER STREQUAL "tsan")
    set(flags -fsanitize=thread -fno-omit-frame-pointer)
  endif()
  target_compile_options(slipway_testing PUBLIC ${flags})
  target_link_options(slipway_testing PUBLIC ${flags})
endfunction()

function(slipway_add_storage_conformance module)
  cmake_parse_arguments(ARG "" "ROOT" "OPTIONS;MODULE_OPTIONS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS OR NOT TARGET ${module})
    message(FATAL_ERROR "slipway_add_storage_conformance(${module}): no such target, or unknown arguments '${ARG_UNPARSED_ARGUMENTS}'")
  endif()
  slipway_testing_targets()
  include(GoogleTest)

  get_target_property(folder ${module} LIBRARY_OUTPUT_DIRECTORY)
  set(arguments "--module=${folder}/${module}.so")
  if(ARG_ROOT)
    list(APPEND arguments "--root=${ARG_ROOT}")
  endif()
  foreach(option IN LISTS ARG_OPTIONS)
    list(APPEND arguments "--option=${option}")
  endforeach()
  foreach(option IN LISTS ARG_MODULE_OPTIONS)
    list(APPEND arguments "--module-option=${option}")
  endforeach()
  add_dependencies(storage_conformance ${module})
  gtest_discover_tests(storage_conformance TEST_PREFIX "${module}." EXTRA_ARGS ${arguments} DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS conformance TIMEOUT 120)
endfunction()
