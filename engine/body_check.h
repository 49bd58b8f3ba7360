/// Is the structure that serves as the body one?
#pragma once

#include "engine/evaluation/evaluate.h"
#include "geometry/shape.h"
#include "geometry/structure_set.h"
#include "geometry/warning.h"

#include <string>
#include <vector>

namespace sbrt {

/// Warning `doubtful-body` where the structure is not of role EXTERNAL and is smaller than another structure or does
/// not contain a target; also where several structures have that role, so that the first was taken.
void check_body(const Structure& body, bool named_by_user, const Shape& shape,
                const std::vector<NamedShape>& structures, const std::vector<std::string>& targets, Warnings& warnings);

}  // namespace sbrt
