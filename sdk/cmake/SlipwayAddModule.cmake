# slipway_add_module(<name> KIND <protocol|storage|auth|action> SOURCES <file>...
#                    [PROVIDES <id>...] [LIBRARIES <target>...] [VERSION <semver>] [DESCRIPTION <text>]
#                    [AUTOLOAD] [TEST_ONLY])
#
# Builds <name>.so and its manifest <name>.json side by side and installs both into lib/slipway/modules.
# AUTOLOAD: a server without a `modules.load` section loads it. TEST_ONLY: it is neither installed nor listed.
# The same function serves the modules of this repository and those built out of tree; out of tree the cache variable
# SLIPWAY_SANITIZER (empty, asan, tsan) builds modules for a host with that sanitizer.
set(SLIPWAY_MODULE_OUTPUT_DIR "${CMAKE_BINARY_DIR}/modules" CACHE PATH "Where built modules and their manifests go")

function(slipway_add_module name)
  cmake_parse_arguments(ARG "AUTOLOAD;TEST_ONLY" "KIND;VERSION;DESCRIPTION" "SOURCES;PROVIDES;LIBRARIES" ${ARGN})
  if(NOT ARG_KIND MATCHES "^(protocol|storage|auth|action)$")
    message(FATAL_ERROR "slipway_add_module(${name}): KIND must be protocol, storage, auth or action")
  endif()
  if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_SOURCES)
    message(FATAL_ERROR "slipway_add_module(${name}): unknown arguments '${ARG_UNPARSED_ARGUMENTS}' or no SOURCES")
  endif()
  if(NOT ARG_VERSION)
    set(ARG_VERSION "${PROJECT_VERSION}")
  endif()

  add_library(${name} MODULE ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE slipway::sdk ${ARG_LIBRARIES})
  set_target_properties(${name} PROPERTIES
    PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${SLIPWAY_MODULE_OUTPUT_DIR}"
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/module.map")
  if(SLIPWAY_SDK_IMPORTED AND SLIPWAY_SANITIZER)
    if(SLIPWAY_SANITIZER STREQUAL "asan")
      set(flags -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    elseif(SLIPWAY_SANITIZER STREQUAL "tsan")
      set(flags -fsanitize=thread -fno-omit-frame-pointer)
    else()
      message(FATAL_ERROR "SLIPWAY_SANITIZER must be empty, asan or tsan, not '${SLIPWAY_SANITIZER}'")
    endif()
    target_compile_options(${name} PRIVATE ${flags})
    target_link_options(${name} PRIVATE ${flags})
  endif()
  # Only the descriptor leaves the library: no symbol of one module can bind to, or pin, another.
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/module.map" "LINKER:--exclude-libs,ALL" "LINKER:-z,now"
    "$<$<STREQUAL:${SLIPWAY_SANITIZER},>:LINKER:--no-undefined>")

  # The host refuses what its group may write, whatever the umask of the build was.
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND chmod go-w "$<TARGET_FILE:${name}>" "$<TARGET_FILE_DIR:${name}>" VERBATIM)

  set(provides "")
  if(ARG_PROVIDES)
    list(JOIN ARG_PROVIDES "\", \"" provides)
    set(provides "\"${provides}\"")
  endif()
  set(autoload false)
  if(ARG_AUTOLOAD)
    set(autoload true)
  endif()
  configure_file("${CMAKE_CURRENT_FUNCTION_LIST_DIR}/manifest.json.in" "${SLIPWAY_MODULE_OUTPUT_DIR}/${name}.json" @ONLY
    FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

  if(ARG_TEST_ONLY)
    return()
  endif()
  install(TARGETS ${name} LIBRARY DESTINATION lib/slipway/modules)
  install(FILES "${SLIPWAY_MODULE_OUTPUT_DIR}/${name}.json" DESTINATION lib/slipway/modules)
  set_property(GLOBAL APPEND PROPERTY SLIPWAY_MODULES ${name})
  set_property(GLOBAL APPEND PROPERTY SLIPWAY_MODULES_${ARG_KIND} ${name})
endfunction()
