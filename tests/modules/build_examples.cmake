# What a third party does: installs the SDK, finds it with find_package, builds a module of each kind.
# Needs BUILD, SOURCE, PREFIX, WORK, OUTPUT and what the host was built with: CXX, TYPE, SANITIZER, LAUNCHER, GENERATOR.
file(REMOVE_RECURSE "${PREFIX}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --component SlipwaySdk --prefix "${PREFIX}"
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
foreach(kind IN ITEMS storage auth action protocol)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}/${kind}" -B "${WORK}/${kind}" -G "${GENERATOR}"
      "-DCMAKE_PREFIX_PATH=${PREFIX}" "-DCMAKE_CXX_COMPILER=${CXX}" "-DCMAKE_BUILD_TYPE=${TYPE}"
      "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" "-DSLIPWAY_SANITIZER=${SANITIZER}"
      "-DSLIPWAY_MODULE_OUTPUT_DIR=${OUTPUT}" "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Wno-missing-field-initializers -Werror"
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND "${CMAKE_COMMAND}" --build "${WORK}/${kind}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
