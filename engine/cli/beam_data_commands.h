/// The subcommands of beam-data that make a set.
#pragma once

#include "engine/cli/session.h"

namespace sbrt::cli {

void add_beam_data_import(CLI::App& verb, Session& session);
void add_beam_data_fit(CLI::App& verb, Session& session);

}  // namespace sbrt::cli
