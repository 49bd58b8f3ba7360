"""RTDOSE, RTPLAN and other objects as other systems write them, made with pydicom from numpy arrays."""
import numpy
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

RTDOSE = "1.2.840.10008.5.1.4.1.1.481.2"
RTPLAN = "1.2.840.10008.5.1.4.1.1.481.5"

# Row and column direction of a dose grid in the eight patient positions, as Eclipse writes them.
POSITIONS = {
    "HFS": (1, 0, 0, 0, 1, 0), "HFP": (-1, 0, 0, 0, -1, 0), "FFS": (-1, 0, 0, 0, 1, 0), "FFP": (1, 0, 0, 0, -1, 0),
    "HFDL": (0, -1, 0, 1, 0, 0), "HFDR": (0, 1, 0, -1, 0, 0), "FFDL": (0, 1, 0, 1, 0, 0), "FFDR": (0, -1, 0, -1, 0, 0)}


def _file(sop_class, like, modality):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.is_little_endian, data.is_implicit_VR = True, False
    data.SOPClassUID, data.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    data.Modality = modality
    data.PatientID, data.PatientName = like.PatientID, like.PatientName
    data.StudyInstanceUID, data.SeriesInstanceUID = like.StudyInstanceUID, generate_uid()
    return data


def frame_of_reference(structures):
    return structures.StructureSetROISequence[0].ReferencedFrameOfReferenceUID


def dose(like, dose_at, centre=(0, 0, 0), size=(31, 33, 35), spacing=(4.0, 4.0, 4.0), orientation=POSITIONS["HFS"],
         bits=32, scaling=1e-6, summation="PLAN", plan=None, beam=None, **attributes):
    """dose_at(x, y, z) on a grid whose middle point is `centre`; size and spacing along row, column, frame."""
    data = _file(RTDOSE, like, "RTDOSE")
    row, column = numpy.array(orientation[:3], float), numpy.array(orientation[3:], float)
    normal = numpy.cross(row, column)
    nx, ny, nz = size
    first = numpy.array(centre, float) - sum((n - 1) / 2 * s * a for n, s, a in zip(size, spacing, (row, column, normal)))
    k, j, i = numpy.meshgrid(range(nz), range(ny), range(nx), indexing="ij")
    x, y, z = (first[a] + i * spacing[0] * row[a] + j * spacing[1] * column[a] + k * spacing[2] * normal[a] for a in range(3))
    values = numpy.asarray(dose_at(x, y, z), float) + 0 * x
    if bits == 16:
        scaling = values.max() / 65535
    data.PixelData = numpy.rint(values / scaling).astype("<u4" if bits == 32 else "<u2").tobytes()
    data.FrameOfReferenceUID = frame_of_reference(like)
    data.ImagePositionPatient = [f"{v:.9g}" for v in first]
    data.ImageOrientationPatient = [f"{v:.9g}" for v in orientation]
    data.PixelSpacing = [spacing[1], spacing[0]]
    data.GridFrameOffsetVector = [f"{n * spacing[2]:.9g}" for n in range(nz)]
    data.NumberOfFrames, data.Rows, data.Columns = nz, ny, nx
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = bits, bits, bits - 1
    data.DoseUnits, data.DoseType, data.DoseSummationType = "GY", "PHYSICAL", summation
    data.DoseGridScaling = f"{scaling:.9e}"
    if plan is not None:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = RTPLAN, plan.SOPInstanceUID
        if beam is not None:
            group, of_beam = Dataset(), Dataset()
            of_beam.ReferencedBeamNumber = beam
            group.ReferencedFractionGroupNumber = 1
            group.ReferencedBeamSequence = Sequence([of_beam])
            reference.ReferencedFractionGroupSequence = Sequence([group])
        data.ReferencedRTPlanSequence = Sequence([reference])
    for name, value in attributes.items():
        if value is None:
            delattr(data, name)
        else:
            setattr(data, name, value)
    return data


def plan(like, fractions=5, beams=((1, "A", "TREATMENT"), (2, "B", "TREATMENT"), (3, "setup", "SETUP"))):
    data = _file(RTPLAN, like, "RTPLAN")
    data.RTPlanLabel = "foreign"
    group = Dataset()
    group.FractionGroupNumber, group.NumberOfFractionsPlanned = 1, fractions
    group.NumberOfBeams, group.NumberOfBrachyApplicationSetups = len(beams), 0
    data.FractionGroupSequence = Sequence([group])
    sequence = []
    for number, name, delivery in beams:
        item = Dataset()
        item.BeamNumber, item.BeamName, item.TreatmentDeliveryType = number, name, delivery
        sequence.append(item)
    data.BeamSequence = Sequence(sequence)
    return data


def dvh(roi_number, volumes, width, kind="CUMULATIVE", **attributes):
    """An item of the DVHSequence; volumes per bin of equal width [Gy]."""
    item, roi = Dataset(), Dataset()
    roi.ReferencedROINumber, roi.DVHROIContributionType = roi_number, "INCLUDED"
    item.DVHReferencedROISequence = Sequence([roi])
    item.DVHType, item.DoseUnits, item.DoseType = kind, "GY", "PHYSICAL"
    item.DVHDoseScaling, item.DVHVolumeUnits, item.DVHNumberOfBins = 1, "CM3", len(volumes)
    item.DVHData = [f"{v:.9g}" for volume in volumes for v in (width, volume)]
    for name, value in attributes.items():
        setattr(item, name, value)
    return item
