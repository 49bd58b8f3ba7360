/// Fit of the generic model's parameters to a site's few measured points. docs/physics.md, "Fit to measured points".
///
/// Weighted least squares (Levenberg-Marquardt, Eigen) over kernel quality, blur, fluence fall, transmission and one
/// aperture radius per collimator that was measured. Neglected: what the model neglects (generic_model.h), most of all
/// head scatter: output factors of small cones can then only be met by a wrong aperture, which the residuals show.
#pragma once

#include "dose/generic_model.h"
#include "geometry/warning.h"

#include <string>
#include <string_view>
#include <vector>

namespace sbrt {

enum class MeasuredKind { output_factor, tissue_phantom_ratio, off_axis_ratio };

/// One measured point. [mm]
struct MeasuredPoint {
  MeasuredKind kind = MeasuredKind::output_factor;
  int line = 0;              //!< in the file
  double collimator_mm = 0;  //!< nominal diameter at 800 mm
  double depth_mm = 15;      //!< at least 15; 15 for output factors
  double radius_mm = 0;      //!< in the plane of the point; 0 for output factors and TPR
  double distance_mm = 800;  //!< from the source
  double value = 0;
  double uncertainty = 0;  //!< one standard deviation, absolute
};

/// CSV: kind,collimator_mm,depth_mm,radius_mm,distance_mm,value,uncertainty; kind is of, tpr or ocr.
/// @throws InputError naming file and line
std::vector<MeasuredPoint> parse_measured_points(std::string_view text, const std::string& where);

struct FittedParameter {
  std::string name, unit;
  double value = 0;
  double uncertainty = 0;  //!< one standard deviation from the points' own; 0 when not fitted
  bool fitted = false;     //!< false: the points do not determine it, the model's own value stands
};

struct BeamDataFit {
  GenericModelParameters parameters;  //!< apertures: of the measured collimators and of 60 mm
  std::vector<FittedParameter> table;
  std::vector<double> modelled;  //!< by point
  double rms = 0;                //!< of modelled - measured
  double reduced_chi2 = 0;       //!< chi^2 over points less fitted parameters; 0 when there are no more points
  Warnings warnings;
};

/// What the model gives at the points.
std::vector<double> model_points(const GenericModelParameters& parameters, const std::vector<MeasuredPoint>& points);

/// Same result for any thread count. @throws InputError: no parameter is determined, or a fitted one is not plausible
BeamDataFit fit_generic_model(const std::vector<MeasuredPoint>& points);

}  // namespace sbrt
