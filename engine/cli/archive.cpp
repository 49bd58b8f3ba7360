#include "engine/archive/listing_text.h"
#include "engine/cli/archive_options.h"
#include "engine/cli/outputs.h"
#include "engine/cli/session.h"
#include "geometry/atomic_output.h"

#include <fmt/format.h>

#include <filesystem>

namespace sbrt::cli {
namespace {

struct VerbOptions : ArchiveOptions {
  std::string archive, json;
  std::filesystem::path out;
  std::vector<std::filesystem::path> files;
  bool overwrite = false, structures = false;
};

void add_listing(CLI::App& parent, Session& session, bool all) {
  CLI::App* verb = all ? add_verb(parent, "list", "all series and RT objects of an archive",
                                  "sbrtplan archive list dimse://ORTHANC@127.0.0.1:4242 --json archive.json")
                       : add_verb(parent, "find", "those of a patient, date, modality or structure name",
                                  "sbrtplan archive find /data/archive --date 20240101- --structure 'PTV*'");
  auto options = std::make_shared<VerbOptions>();
  verb->add_option("SOURCE", options->archive, "a folder, or dimse://AET@host:port")->required();
  if (!all) options->add_selection_to(*verb);
  verb->add_flag("--structures", options->structures,
                 "name the structures; over a network this fetches every RTSTRUCT");
  options->add_source_to(*verb);
  verb->add_option("--json", options->json, "write the listing as JSON");
  verb->add_flag("--overwrite", options->overwrite, "replace an existing file");
  verb->callback([options, &session, all] {
    if (!all && !options->selects())
      throw InputError("nothing to look for", "--patient", "no criterion is given",
                       "give --patient, --patient-name, --date, --modality or --structure, or use 'archive list'");
    ArchiveSelection selection = options->selection();
    selection.with_structure_names = options->structures;
    claim_outputs({options->json}, options->overwrite);
    const auto source = open_source(options->archive, options->source);
    const ArchiveListing listing = source->list(selection, session.progress());
    fmt::print("{}", to_text(listing));
    session.log(listing.warnings);
    if (!options->json.empty()) write_file_atomically(options->json, to_json(listing, source->name()));
  });
}

void add_fetch(CLI::App& parent, Session& session) {
  CLI::App* verb = add_verb(parent, "fetch", "copies series and RT objects into a new folder",
                            "sbrtplan archive fetch dimse://ORTHANC@127.0.0.1:4242 --patient P001 --out P001");
  auto options = std::make_shared<VerbOptions>();
  verb->add_option("SOURCE", options->archive, "dimse://AET@host:port")->required();
  options->add_selection_to(*verb);
  options->add_source_to(*verb);
  verb->add_option("--out", options->out, "new folder")->required();
  verb->callback([options, &session] {
    AtomicFolder folder(options->out, false);
    const auto source = open_source(options->archive, options->source);
    ArchiveListing listing = source->list(options->selection(), session.progress());
    std::erase_if(listing.entries, [](const ArchiveEntry& entry) { return !is_of_a_case(entry); });
    if (listing.entries.empty())
      throw InputError("nothing to fetch", options->archive, "no CT, RTSTRUCT, RTDOSE or RTPLAN is selected",
                       "look with 'sbrtplan archive list'");
    const FetchedFiles fetched = source->fetch(listing.entries, folder.staging(), session.progress());
    if (fetched.root != folder.staging())
      throw InputError("a folder needs no fetching", options->archive, "its files lie there already",
                       "give the folder itself to the other verbs");
    folder.commit();
    fmt::print("{} files in {}\n", fetched.files.size(), options->out.string());
  });
}

void add_store(CLI::App& parent, Session& session) {
  CLI::App* verb = add_verb(parent, "store", "sends DICOM files to an archive",
                            "sbrtplan archive store dimse://ORTHANC@127.0.0.1:4242 plan/dose.dcm plan/structures.dcm");
  auto options = std::make_shared<VerbOptions>();
  verb->add_option("SOURCE", options->archive, "dimse://AET@host:port")->required();
  verb->add_option("FILES", options->files, "DICOM files")->required()->check(CLI::ExistingFile);
  options->add_source_to(*verb);
  verb->callback([options, &session] {
    const auto source = open_source(options->archive, options->source);
    source->store(options->files, session.progress());
    fmt::print("{} files stored in {}\n", options->files.size(), source->name());
  });
}

}  // namespace

void add_archive_verb(CLI::App& app, Session& session) {
  CLI::App* verb = add_verb(app, "archive", "what a folder tree or a DICOM archive holds; fetch from it, store to it",
                            "sbrtplan archive list dimse://ORTHANC@127.0.0.1:4242");
  verb->require_subcommand(1);
  add_listing(*verb, session, true);
  add_listing(*verb, session, false);
  add_fetch(*verb, session);
  add_store(*verb, session);
}

}  // namespace sbrt::cli
