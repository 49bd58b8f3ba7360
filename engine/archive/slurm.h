/// Cases handed to Slurm as job arrays over a shared folder. Slurm decides where and when; this program only writes the
/// list of cases and calls sbatch.
#pragma once

#include "engine/archive/store.h"

#include <string>
#include <vector>

namespace sbrt {

struct SlurmOptions {
  int array_size = 1000;                    //!< most elements of one array; Slurm's own limit is MaxArraySize - 1
  std::vector<std::string> sbatch_options;  //!< handed on as they are
};

/// Element k of an array plans the case on line k of its list, STORE/slurm/array-N.txt; jobs are in the store already.
/// @return the ids of the Slurm jobs @throws InputError when sbatch is missing or refuses
std::vector<std::string> submit_to_slurm(const std::vector<std::string>& ids, const Store& store,
                                         const SlurmOptions& options);

/// The job file on line `element` (from 1) of a list. @throws InputError
std::filesystem::path job_of_element(const std::filesystem::path& list, long element);

}  // namespace sbrt
