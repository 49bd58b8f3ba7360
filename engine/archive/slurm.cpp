#include "engine/archive/slurm.h"

#include "geometry/atomic_output.h"
#include "geometry/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sbrt {
namespace fs = std::filesystem;
namespace {

std::string quoted(const std::string& text) {
  std::string all = "'";
  for (const char c : text) all += c == '\'' ? "'\\''" : std::string(1, c);
  return all + "'";
}

struct Output {
  std::string text;
  int exit_code = -1;
};

// Output and errors of a program from PATH. Arguments go to it as they are; no shell reads them.
Output run_program(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int ends[2];
  if (::pipe(ends) != 0) throw InputError("cannot start " + arguments[0], "", std::strerror(errno), "");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  Output output;
  char block[4096];
  for (ssize_t n; (n = ::read(ends[0], block, sizeof block)) != 0;) {
    if (n < 0 && errno != EINTR) break;
    if (n > 0) output.text.append(block, std::size_t(n));
  }
  ::close(ends[0]);
  if (error != 0)
    throw InputError("cannot start " + arguments[0], "--slurm", std::strerror(error),
                     "install Slurm's commands (slurm-client), or leave out --slurm");
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

fs::path free_list(const fs::path& folder) {
  std::error_code error;
  for (int n = 1;; ++n)
    if (const fs::path list = folder / fmt::format("array-{}.txt", n); !fs::exists(list, error)) return list;
}

}  // namespace

std::vector<std::string> submit_to_slurm(const std::vector<std::string>& ids, const Store& store,
                                         const SlurmOptions& options) {
  const fs::path folder = store.folder() / "slurm";
  fs::create_directories(folder);
  const std::string program = fs::read_symlink("/proc/self/exe").string();
  std::vector<std::string> submitted;
  for (std::size_t begin = 0; begin < ids.size(); begin += std::size_t(options.array_size)) {
    const std::size_t end = std::min(ids.size(), begin + std::size_t(options.array_size));
    const fs::path list = free_list(folder);
    std::string lines;
    for (std::size_t n = begin; n < end; ++n) lines += ids[n] + "\n";
    write_file_atomically(list, lines);
    const fs::path script = fs::path(list).replace_extension(".sh");
    write_file_atomically(script,
                          fmt::format("#!/bin/sh\nexec {} --threads \"${{SLURM_CPUS_PER_TASK:-1}}\" replan-case "
                                      "--list {} --element \"$SLURM_ARRAY_TASK_ID\"\n",
                                      quoted(program), quoted(list.string())));
    std::vector<std::string> command{"sbatch",
                                     "--parsable",
                                     "--job-name=sbrtplan",
                                     fmt::format("--array=1-{}", end - begin),
                                     "--chdir=" + store.folder().string(),
                                     "--output=" + (store.folder() / "logs" / "slurm-%A-%a.txt").string()};
    command.insert(command.end(), options.sbatch_options.begin(), options.sbatch_options.end());
    command.push_back(script.string());
    const Output answer = run_program(command);
    if (answer.exit_code != 0)
      throw InputError("sbatch refused the array", list.string(), answer.text,
                       "check --slurm-option and --slurm-array-size (MaxArraySize of the cluster)");
    submitted.push_back(answer.text.substr(0, answer.text.find_first_of("\n;")));
  }
  return submitted;
}

fs::path job_of_element(const fs::path& list, long element) {
  std::ifstream in(list);
  std::string id;
  for (long n = 1; std::getline(in, id); ++n)
    if (n == element) return list.parent_path().parent_path() / ".jobs" / (id + ".json");
  throw InputError(fmt::format("no element {}", element), list.string(), "the list is shorter or cannot be read",
                   "start replan again");
}

}  // namespace sbrt
