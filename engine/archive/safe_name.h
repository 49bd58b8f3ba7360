/// Names for files and folders from text that strangers wrote.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sbrt {

/// ASCII letters, digits, '-' and '_' of the text, every run of anything else one '_', at most `longest` characters;
/// never empty ("unnamed") and never begins with '.' or '-'. Different texts may give the same name.
std::string safe_name(std::string_view text, std::size_t longest = 40);

/// "PATIENT-0123456789abcdef": a safe name of the patient, and 64 bits of the SHA-256 of the structure set's UID and
/// the target. Two cases of an archive have different ids however their names read.
std::string case_id_of(std::string_view patient_id, std::string_view structure_uid, std::string_view target);

/// A path as printable ASCII: every other byte, '%' included, as %XX. decoded_path() reads it back.
std::string encoded_path(std::string_view path);
std::string decoded_path(std::string_view text);

}  // namespace sbrt
