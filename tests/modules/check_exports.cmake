# Fails unless MODULE exports the descriptor and nothing else.
execute_process(COMMAND "${NM}" --dynamic --defined-only --format=posix "${MODULE}" OUTPUT_VARIABLE symbols
  COMMAND_ERROR_IS_FATAL ANY)
string(STRIP "${symbols}" symbols)
if(NOT symbols MATCHES "^slipway_module_v1 [A-Z] [^\n]*$")
  message(FATAL_ERROR "${MODULE} must export slipway_module_v1 alone, but exports:\n${symbols}")
endif()
