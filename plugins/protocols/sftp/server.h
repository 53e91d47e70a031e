// The SSH server: its listeners, its connections and their threads, from start to stop.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "settings.h"
#include "slipway/protocol.h"
#include "slipway/server_settings.h"
#include "ssh_connection.h"

namespace slipway::sftp {

// start(), configure(), drain() and stop() are called by one thread at a time.
class Server {
 public:
  // The services outlive the server. `stored` may be null: then the settings are the configuration's alone.
  Server(Services services, ListenerService& listeners, ServerSettings* stored, SwitchSettings switches,
         std::string config_dir);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens and serves. Nothing is left behind on failure.
  Status start(const Settings& settings);
  // New connections get the new settings, commands that begin the new set of commands; listeners that are in both stay.
  // Nothing changes on failure.
  Status configure(const Settings& settings);
  // Accepts no more, and waits for transfers until the deadline.
  void drain(std::chrono::steady_clock::time_point deadline) noexcept;
  // Ends what is left and joins all threads.
  void stop() noexcept;

  std::vector<Endpoint> listening() const;
  std::vector<std::string> fingerprints() const;
  // What administrators see: the contract's SSHServiceStatus.
  std::string status() const;

 private:
  struct Binding {
    sftp::Binding settings;
    std::unique_ptr<Listener> listener;
    std::thread acceptor;
  };
  struct Connection {
    Connection(Server& its_server, Services services, std::shared_ptr<const Transport> transport, AdmittedClient client,
               const ChannelEnvironment& environment)
        : server(its_server),
          ssh(std::make_shared<SshConnection>(services, std::move(transport), std::move(client), environment)) {}
    Server& server;
    const std::shared_ptr<SshConnection> ssh;  // also held while it is told to end, which is not done under the lock
    std::list<Connection>::iterator self;
    pthread_t thread{};
  };

  Result<std::shared_ptr<const Transport>> make_transport(const Settings& settings);
  Result<std::list<std::unique_ptr<Binding>>> listen(const std::vector<sftp::Binding>& bindings);
  void accept(Listener& listener);
  void serve(AcceptedConnection accepted);
  static void* connection_thread(void* connection);
  void take_commands(const Settings& settings);
  static void join(std::list<Connection>& ended);
  void watch();
  std::vector<std::shared_ptr<SshConnection>> connections() const;
  void close_listeners() noexcept;

  Services services_;
  ListenerService& listeners_;
  ServerSettings* const stored_;
  const std::string system_name_, config_dir_;
  WindowBudget window_budget_;
  HandleBudget handle_budget_;
  CurrentCommands commands_;
  ChannelEnvironment environment_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::shared_ptr<const Transport> transport_;
  std::list<std::unique_ptr<Binding>> bindings_;
  std::list<Connection> active_, ended_;  // ended: the thread is to be joined
  bool accepting_ = false, stopping_ = false;

  std::thread watcher_;
};

}  // namespace slipway::sftp
