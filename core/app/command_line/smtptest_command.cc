// smtptest: a test mail with the settings that the running server has.
#include <boost/json.hpp>
#include <iostream>

#include "core/app/command_line/commands.h"
#include "core/app/control_socket.h"
#include "core/base/json.h"

namespace slipway::app {

int test_mail(const Location& location, const std::string& recipient) {
  const boost::json::object input{{"recipient", recipient}};
  const auto answer = call_running_server(location.config_dir, "mail.test", serialize_json(input));
  if (!answer) return fail(answer.error());
  std::cout << "the mail server has taken a mail to " << recipient << '\n';
  return 0;
}

}  // namespace slipway::app
