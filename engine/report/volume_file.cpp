#include "engine/report/volume_file.h"

#include "geometry/error.h"

#include <itkImageFileWriter.h>
#include <itkImportImageFilter.h>
#include <itkNiftiImageIO.h>
#include <itkNrrdImageIO.h>

namespace sbrt {
namespace {

itk::ImageIOBase::Pointer format_of(const std::filesystem::path& path) {
  if (path.extension() == ".nrrd") return itk::NrrdImageIO::New().GetPointer();
  return itk::NiftiImageIO::New().GetPointer();
}

template <class T>
void write(const Grid& grid, const std::vector<T>& values, const std::filesystem::path& path) {
  SBRT_EXPECT(values.size() == grid.count());
  using Importer = itk::ImportImageFilter<T, 3>;
  const GridSize n = grid.size();
  const auto spacing = grid.spacing_mm();
  const PatientPoint o = grid.origin();
  const Axes& axes = grid.axes();
  typename Importer::Pointer importer = Importer::New();
  typename Importer::SizeType size;
  size[0] = itk::SizeValueType(n.nx);
  size[1] = itk::SizeValueType(n.ny);
  size[2] = itk::SizeValueType(n.nz);
  typename Importer::RegionType region;
  region.SetSize(size);
  importer->SetRegion(region);
  const itk::SpacePrecisionType step[] = {spacing[0], spacing[1], spacing[2]}, origin[] = {o.x, o.y, o.z};
  importer->SetSpacing(step);
  importer->SetOrigin(origin);
  typename Importer::DirectionType direction;
  int column = 0;
  for (const PatientVec& axis : {axes.i, axes.j, axes.k}) {
    direction(0, column) = axis.x;
    direction(1, column) = axis.y;
    direction(2, column) = axis.z;
    ++column;
  }
  importer->SetDirection(direction);
  // The importer only reads; ITK has no form for constant memory.
  importer->SetImportPointer(const_cast<T*>(values.data()), values.size(), false);

  using Writer = itk::ImageFileWriter<itk::Image<T, 3>>;
  typename Writer::Pointer writer = Writer::New();
  writer->SetInput(importer->GetOutput());
  writer->SetFileName(path.string());
  writer->SetImageIO(format_of(path));
  writer->SetUseCompression(true);
  try {
    writer->Update();
  } catch (const itk::ExceptionObject& error) {
    throw InputError("a volume cannot be written", path.string(), error.GetDescription(),
                     "check the free space and the permissions of the folder");
  }
}

}  // namespace

void write_volume(const Grid& grid, const std::vector<float>& values, const std::filesystem::path& path) {
  write(grid, values, path);
}
void write_volume(const Grid& grid, const std::vector<std::int16_t>& values, const std::filesystem::path& path) {
  write(grid, values, path);
}
void write_volume(const Grid& grid, const std::vector<std::uint8_t>& values, const std::filesystem::path& path) {
  write(grid, values, path);
}

}  // namespace sbrt
