# slipway_room(<name> [DEPENDS <room>...] [LIBRARIES <library>...] [INCLUDES <folder>...] [EXCLUDE <file>...]
#              [ALONE <regular expression>...])
#
# One folder of core: its *.cc become the static library slipway_<name>, its *_test.cc the program <name>_test.
# DEPENDS names the rooms it may include; the lint test checks that the includes agree. ALONE: slipway_compile_together().
function(slipway_room name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES;TEST_LIBRARIES;INCLUDES;EXCLUDE;ALONE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" *.cc)
  list(REMOVE_ITEM sources "" ${ARG_EXCLUDE})
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(TRANSFORM ARG_DEPENDS PREPEND "slipway_" OUTPUT_VARIABLE rooms)

  if(sources)
    add_library(slipway_${name} STATIC ${sources})
    slipway_compile_together(slipway_${name} ALONE ${ARG_ALONE})
    set(scope PUBLIC)
  else()
    add_library(slipway_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(slipway_${name} ${scope} "${PROJECT_SOURCE_DIR}" ${ARG_INCLUDES})
  target_link_libraries(slipway_${name} ${scope} slipway::sdk ${rooms} ${ARG_LIBRARIES} Threads::Threads)

  if(tests)
    add_executable(${name}_test ${tests})
    slipway_test_program(${name}_test ALONE ${ARG_ALONE})
    target_link_libraries(${name}_test PRIVATE slipway_${name} ${ARG_TEST_LIBRARIES} GTest::gtest_main)
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST PROPERTIES LABELS unit TIMEOUT 120)
  endif()
endfunction()
