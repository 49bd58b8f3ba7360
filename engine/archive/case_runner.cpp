#include "engine/archive/case_runner.h"

#include "geometry/error.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sbrt {
namespace {

using Clock = std::chrono::steady_clock;

struct Running {
  std::string id;
  Clock::time_point start;
};

pid_t start(const CaseProcess& process, const RunnerOptions& options) {
  std::vector<std::string> arguments{"sbrtplan"};
  arguments.insert(arguments.end(), process.arguments.begin(), process.arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int log = ::open(process.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  const rlim_t memory = rlim_t(options.memory_gb_per_job * double(1 << 30));
  const pid_t parent = ::getpid();

  const pid_t child = ::fork();
  if (child < 0) {
    const int error = errno;
    if (log >= 0) ::close(log);
    throw InputError("no process can be started", process.id, std::strerror(error), "choose fewer --jobs");
  }
  if (child > 0) {
    if (log >= 0) ::close(log);
    return child;
  }
  // Between fork and exec only calls that are safe after a fork of a process with threads.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  if (memory > 0) {
    const rlimit limit{memory, memory};
    ::setrlimit(RLIMIT_DATA, &limit);
  }
  if (log >= 0) {
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
  }
  ::execv("/proc/self/exe", argv.data());
  ::_exit(127);
}

double seconds_of(const timeval& time) { return double(time.tv_sec) + 1e-6 * double(time.tv_usec); }

/// Ends and reaps what still runs when its owner leaves early.
class Processes {
 public:
  ~Processes() {
    for (const auto& [pid, running] : running_) ::kill(pid, SIGTERM);
    for (const auto& [pid, running] : running_)
      while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
      }
  }

  std::size_t size() const { return running_.size(); }

  void add(const CaseProcess& process, const RunnerOptions& options) {
    const Clock::time_point now = Clock::now();
    running_[start(process, options)] = {process.id, now};
  }

  // One that has ended, if any.
  bool reap(CaseRun& run) {
    for (auto it = running_.begin(); it != running_.end(); ++it) {
      int status = 0;
      rusage usage{};
      if (::wait4(it->first, &status, WNOHANG, &usage) != it->first) continue;
      run.id = it->second.id;
      run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      run.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      run.seconds = std::chrono::duration<double>(Clock::now() - it->second.start).count();
      run.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
      run.peak_mb = double(usage.ru_maxrss) / 1024;
      running_.erase(it);
      return true;
    }
    return false;
  }

 private:
  std::map<pid_t, Running> running_;
};

}  // namespace

void run_processes(const std::vector<CaseProcess>& processes, const RunnerOptions& options,
                   const std::function<bool(const CaseRun&)>& ended, Progress& progress) {
  Processes running;
  std::size_t next = 0;
  bool go_on = true;
  progress.begin("replanning", std::int64_t(processes.size()));
  while (running.size() > 0 || (go_on && next < processes.size())) {
    while (go_on && next < processes.size() && running.size() < std::size_t(options.jobs))
      running.add(processes[next++], options);
    CaseRun run;
    if (running.reap(run)) {
      go_on = ended(run) && go_on;
      progress.advance();
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      progress.advance(0);  // looks for Ctrl-C
    }
  }
  progress.end();
}

}  // namespace sbrt
