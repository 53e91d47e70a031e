# What a third party does: installs the SDK, finds it with find_package, builds a module of each kind, and one on the HTTP
# library. Each header of the library compiles alone, with what is installed.
# Needs BUILD, SOURCE, PREFIX, WORK, OUTPUT and what the host was built with: CXX, TYPE, SANITIZER, LAUNCHER, GENERATOR.
file(REMOVE_RECURSE "${PREFIX}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --component SlipwaySdk --prefix "${PREFIX}"
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(GLOB headers "${PREFIX}/include/slipway-support/support/http/*.h")
if(NOT headers)
  message(FATAL_ERROR "the HTTP library was installed without headers")
endif()
foreach(header IN LISTS headers)
  execute_process(COMMAND "${CXX}" -std=c++20 -Wall -Wextra -Wno-missing-field-initializers -Werror -fsyntax-only "-I${PREFIX}/include"
    "-I${PREFIX}/include/slipway-support" -include "${header}" -x c++ /dev/null COMMAND_ERROR_IS_FATAL ANY)
endforeach()
foreach(kind IN ITEMS storage auth action protocol http)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}/${kind}" -B "${WORK}/${kind}" -G "${GENERATOR}"
      "-DCMAKE_PREFIX_PATH=${PREFIX}" "-DCMAKE_CXX_COMPILER=${CXX}" "-DCMAKE_BUILD_TYPE=${TYPE}"
      "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" "-DSLIPWAY_SANITIZER=${SANITIZER}"
      "-DSLIPWAY_MODULE_OUTPUT_DIR=${OUTPUT}" "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Wno-missing-field-initializers -Werror"
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND "${CMAKE_COMMAND}" --build "${WORK}/${kind}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
# The HTTP library is compiled; a module for a server with another sanitizer cannot have it, and is told so.
set(other asan)
if(SANITIZER STREQUAL "asan")
  set(other tsan)
endif()
execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}/http" -B "${WORK}/http-${other}" -G "${GENERATOR}" "-DCMAKE_PREFIX_PATH=${PREFIX}"
    "-DCMAKE_CXX_COMPILER=${CXX}" "-DSLIPWAY_SANITIZER=${other}"
  OUTPUT_QUIET RESULT_VARIABLE result ERROR_VARIABLE error)
if(result EQUAL 0 OR NOT error MATCHES "SLIPWAY_SANITIZER='${SANITIZER}'")
  message(FATAL_ERROR "an SDK for '${SANITIZER}' gives its HTTP library to a module for '${other}':\n${error}")
endif()
