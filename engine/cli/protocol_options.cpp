#include "engine/cli/protocol_options.h"

#include "geometry/error.h"

namespace sbrt::cli {

void add_protocol_options(CLI::App& verb, ProtocolOptionTexts& texts) {
  verb.add_option("--protocol", texts.protocols,
                  "goal set: shipped name (sbrtplan protocol list) or JSON file; may repeat");
  verb.add_option("--names", texts.names, "synonyms of structure names as JSON (docs/formats.md); may repeat");
  verb.add_option("--match", texts.matches,
                  "organ of the protocol = structure, e.g. \"SpinalCord=cord_final\"; may repeat");
  verb.add_flag("--strict-minor", texts.strict_minor, "exit 1 for a missed goal and for a minor deviation too");
}

ProtocolRequest read_protocols(const ProtocolOptionTexts& texts, ProtocolRequest request) {
  for (const std::string& text : texts.protocols) {
    Protocol protocol = protocol_named_or_file(text);
    for (const Protocol& other : request.protocols)
      if (other.name == protocol.name)
        throw InputError("protocol '" + protocol.name + "' is named twice", "--protocol", "its goals would count twice",
                         "name it once, or give one of the files another name");
    request.protocols.push_back(std::move(protocol));
  }
  request.names.insert(request.names.end(), texts.names.begin(), texts.names.end());
  for (const std::string& text : texts.matches) request.told.push_back(parse_told_match(text));
  return request;
}

}  // namespace sbrt::cli
