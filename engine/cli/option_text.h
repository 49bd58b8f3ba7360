/// Texts of options that have a grammar of their own.
#pragma once

#include "geometry/error.h"

#include <string>

namespace sbrt::cli {

/// parse(text), where a complaint names the option that it is about, so that the program ends with the code for usage.
template <class Parse>
auto parse_option(const char* option, const std::string& text, Parse parse) {
  try {
    return parse(text);
  } catch (const InputError& error) {
    const bool named = error.where().empty() || error.where() == option;
    throw InputError(error.problem(), option, named ? error.why() : error.where() + " " + error.why(), error.remedy());
  }
}

}  // namespace sbrt::cli
