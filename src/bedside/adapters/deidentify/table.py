"""Which attribute is treated how: the basic profile of DICOM PS3.15 annex E, as rules and lists.

Most of the standard's table follows from the kind of value: every date is moved, every unique
identifier replaced, every person's name emptied, every free text removed. Those rules come last;
the lists below name what differs from them. Actions have the standard's letters:

    X  removed        Z  emptied        D  replaced by a plain dummy      U  a new identifier
    K  kept           C  cleaned: a date moved, a descriptor reduced to known words, items recursed

Where the standard leaves the choice to the kind of object (X/Z, X/D, X/Z/D, Z/D), the action is the
one that keeps every object readable: Z before X, D before Z for codes and serial numbers.
Written from knowledge of PS3.15 and compared with Table E.1-1 of the edition 2024b.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Action = Literal["X", "Z", "D", "U", "K", "C"]
KEEPS = ("dates", "patient", "device", "descriptors")
"""What may be kept, and how: dates moved; sex, age, size, weight; device and station; descriptors
reduced to known words."""

CODES = {
    "basic": ("113100", "Basic Application Confidentiality Profile"),
    "pixels": ("113101", "Clean Pixel Data Option"),
    "descriptors": ("113105", "Clean Descriptors Option"),
    "dates": ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    "patient": ("113108", "Retain Patient Characteristics Option"),
    "device": ("113109", "Retain Device Identity Option"),
}

_PATIENT: dict[Action, str] = {
    "X": """EthnicGroup EthnicGroupCodeSequence PatientAge PatientSize PatientWeight PregnancyStatus
    SmokingStatus PatientSizeCodeSequence""",
    "Z": "PatientSex PatientSexNeutered",
}
"""Kept as it is with `patient` (an age above 89 years is written as 90)."""

_DEVICE: dict[Action, str] = {
    "X": """CassetteID DeviceDescription GantryID GeneratorID LensMake LensModel LensSerialNumber
    LensSpecification ModifyingDeviceID PlateID SourceManufacturer UniqueDeviceIdentifier
    PerformedStationName ScheduledStationName ScheduledStudyLocation
    ScheduledProcedureStepLocation XRayDetectorLabel
    PerformedStationGeographicLocationCodeSequence PerformedStationNameCodeSequence
    ScheduledStationGeographicLocationCodeSequence ScheduledStationNameCodeSequence
    TransducerIdentificationSequence UDISequence""",
    "Z": "ManufacturerDeviceIdentifier SourceSerialNumber TreatmentMachineName",
    "D": """DetectorID DeviceLabel DeviceSerialNumber ModifyingSystem StationName XRayDetectorID
    XRaySourceID""",
}
"""Kept as it is with `device`."""

_DESCRIPTORS: dict[Action, str] = {
    "X": """
    AdmittingDiagnosesDescription ClinicalTrialSeriesDescription ClinicalTrialTimePointDescription
    ContainerDescription DischargeDiagnosisDescription DisplacementReferenceLabel
    DoseReferenceDescription EntityName FractionGroupDescription MedicalAlerts
    PerformedProcedureStepDescription PositionAcquisitionTemplateName PyramidDescription
    PyramidLabel RTPlanName ROIGenerationDescription ROIObservationLabel
    ReasonForOmissionDescription ReasonForStudy ReasonForTheImagingServiceRequest
    ReasonForTheRequestedProcedure RequestedContrastAgent RequestedSeriesDescription
    ScheduledProcedureStepDescription SeriesDescription ServiceEpisodeDescription
    SpecimenShortDescription StructureSetName StudyDescription TreatmentSites""",
    "Z": """ContrastBolusAgent ROIName RequestedProcedureDescription""",
    "D": """AcquisitionDeviceProcessingDescription AcquisitionFieldOfViewLabel AnnotationGroupLabel
    EntityLabel EntityLongLabel ProtocolName RTPlanLabel RTPrescriptionLabel
    RTToleranceSetLabel RTTreatmentApproachLabel RadiationDoseIdentificationLabel
    RadiationDoseInVivoMeasurementLabel RadiationGenerationModeLabel StructureSetLabel
    TreatmentPositionGroupLabel TreatmentSite UserContentLabel UserContentLongLabel""",
}
"""Reduced to known words with `descriptors`."""

_ALWAYS: dict[Action, str] = {
    # Who the patient is, and where the patient lives.
    "X": """AdmissionID BranchOfService CountryOfResidence CurrentPatientLocation
    InsurancePlanIdentification IssuerOfPatientID IssuerOfPatientIDQualifiersSequence
    MedicalRecordLocator MilitaryRank Occupation OtherPatientIDs OtherPatientIDsSequence
    PatientAddress PatientBirthTime PatientBirthDateInAlternativeCalendar
    PatientDeathDateInAlternativeCalendar PatientAlternativeCalendar
    PatientInstitutionResidence PatientInsurancePlanCodeSequence PatientReligiousPreference
    PatientPrimaryLanguageCodeSequence PatientPrimaryLanguageModifierCodeSequence PatientState
    PatientTelephoneNumbers PatientTransportArrangements ReferencedPatientAliasSequence
    ReferencedPatientPhotoSequence ReferencedPatientSequence RegionOfResidence
    ScheduledPatientInstitutionResidence ServiceEpisodeID
    SourcePatientGroupIdentificationSequence GroupOfPatientsIdentificationSequence
    PatientBreedCodeSequence PatientBreedDescription BreedRegistrationSequence
    PatientSpeciesDescription PatientSpeciesCodeSequence Allergies PreMedication SpecialNeeds
    AdmittingDiagnosesCodeSequence ReasonForVisitCodeSequence
    ReasonForRequestedProcedureCodeSequence ConfidentialityConstraintOnPatientDataDescription
    StrainDescription StrainNomenclature"""
    # Who took part, and where.
    """
    ActualHumanPerformersSequence AuthorObserverSequence ConsultingPhysicianIdentificationSequence
    ContentCreatorIdentificationCodeSequence CustodialOrganizationSequence DistributionAddress
    HumanPerformerOrganization InstitutionCodeSequence InstitutionName InstitutionAddress
    InstitutionalDepartmentName InstitutionalDepartmentTypeCodeSequence
    IntendedRecipientsOfResultsIdentificationSequence InterpretationApproverSequence
    OperatorIdentificationSequence OrderCallbackPhoneNumber OrderEntererLocation
    ParticipantSequence PerformedLocation PerformingPhysicianIdentificationSequence
    PersonIdentificationCodeSequence PersonTelephoneNumbers
    PhysiciansOfRecordIdentificationSequence PhysiciansReadingStudyIdentificationSequence
    ReferringPhysicianIdentificationSequence ReferringPhysicianTelephoneNumbers
    RequestedProcedureLocation RequestingService ResponsibleOrganization ResponsiblePersonRole
    ResultsDistributionListSequence ROICreatorSequence ROIInterpreterSequence
    ScheduledHumanPerformersSequence ScheduledPerformingPhysicianIdentificationSequence
    TelephoneNumberTrial TopicAuthor VerbalSourceIdentifierCodeSequenceTrial
    VerifyingObserverIdentificationCodeSequence VerifyingObserverSequence
    RequestingServiceCodeSequence"""
    # Numbers of orders, reports, samples and trials.
    """
    ClinicalTrialProtocolEthicsCommitteeApprovalNumber ClinicalTrialSeriesID ContainerComponentID
    InterpretationID InterpretationIDIssuer IssuerOfAccessionNumberSequence
    IssuerOfAdmissionID IssuerOfAdmissionIDSequence IssuerOfClinicalTrialProtocolID
    IssuerOfClinicalTrialSeriesID IssuerOfClinicalTrialSiteID IssuerOfClinicalTrialSubjectID
    IssuerOfClinicalTrialSubjectReadingID IssuerOfClinicalTrialTimePointID
    IssuerOfServiceEpisodeID IssuerOfServiceEpisodeIDSequence
    IssuerOfTheContainerIdentifierSequence IssuerOfTheSpecimenIdentifierSequence
    OrderFillerIdentifierSequence OrderPlacerIdentifierSequence
    OtherClinicalTrialProtocolIDsSequence PerformedProcedureStepID RequestAttributesSequence
    RequestedProcedureID ResultsID ResultsIDIssuer ScheduledProcedureStepID SlideIdentifier
    SpecimenAccessionNumber StudyIDIssuer TopicKeywords TopicTitle
    ScheduledStepAttributesSequence FillerOrderNumberImagingServiceRequestRetired
    PlacerOrderNumberImagingServiceRequestRetired"""
    # Content that may say anything, places, signatures, earlier values, references to the record.
    """
    AcquisitionContextSequence CertifiedTimestamp CertificateOfSigner ContentSequence
    DataSetTrailingPadding DeviceSettingDescription DigitalSignaturesSequence
    EncapsulatedDocument FlowIdentifier FlowIdentifierSequence FrameOriginTimestamp
    GPSAltitude GPSAltitudeRef GPSAreaInformation GPSDateStamp GPSDOP GPSDestBearing
    GPSDestBearingRef GPSDestDistance GPSDestDistanceRef GPSDestLatitude GPSDestLatitudeRef
    GPSDestLongitude GPSDestLongitudeRef GPSDifferential GPSImgDirection GPSImgDirectionRef
    GPSLatitude GPSLatitudeRef GPSLongitude GPSLongitudeRef GPSMeasureMode GPSProcessingMethod
    GPSSpeed GPSSpeedRef GPSStatus GPSTimeStamp GPSTrack GPSTrackRef GPSVersionID
    GraphicAnnotationSequence IconImageSequence InstanceOriginStatus MAC MACParametersSequence
    EncryptedAttributesSequence MakerNote ModifiedAttributesSequence ModifiedImageDescription
    NonconformingDataElementValue NonconformingModifiedAttributesSequence
    OriginalAttributesSequence PrescriptionNotesSequence ReferencedDigitalSignatureSequence
    ReferencedPerformedProcedureStepSequence ReferencedSOPInstanceMACSequence
    ReferencedStudySequence SourceIdentifier SpecimenPreparationSequence TextString
    TimezoneOffsetFromUTC WaveformAnnotationSequence SelectorOBValue SelectorUNValue
    ReasonForTheAttributeModification SourceOfPreviousValues
    PrivateDataElementCharacteristicsSequence FileSetID OffendingElement
    AffectedSOPInstanceUID""",
    "Z": """
    AccessionNumber BarcodeValue ClinicalTrialCoordinatingCenterName ClinicalTrialProtocolName
    ClinicalTrialSiteID ClinicalTrialSiteName ClinicalTrialTimePointID
    DeviceAlternateIdentifier FillerOrderNumberImagingServiceRequest PatientBirthDate
    PlacerOrderNumberImagingServiceRequest RTAccessoryDeviceSlotID RTAccessoryHolderSlotID
    StudyID""",
    "D": """
    ClinicalTrialProtocolEthicsCommitteeName ClinicalTrialProtocolID ClinicalTrialSponsorName
    ClinicalTrialSubjectID ClinicalTrialSubjectReadingID ContainerIdentifier PatientID
    PatientName PersonName SelectorASValue SelectorLOValue SelectorPNValue SelectorSHValue
    SpecimenIdentifier VerifyingObserverName VerifyingOrganization""",
}  # fmt: skip

_BULK = """PixelData FloatPixelData DoubleFloatPixelData ICCProfile RedPaletteColorLookupTableData
    GreenPaletteColorLookupTableData BluePaletteColorLookupTableData
    AlphaPaletteColorLookupTableData SegmentedRedPaletteColorLookupTableData
    SegmentedGreenPaletteColorLookupTableData SegmentedBluePaletteColorLookupTableData
    SegmentedAlphaPaletteColorLookupTableData LUTData WaveformData ChannelMinimumValue
    ChannelMaximumValue WaveformPaddingValue PointCoordinatesData LongPrimitivePointIndexList
    LongTrianglePointIndexList LongVertexPointIndexList LongEdgePointIndexList
    TrackPointIndexList PointPositionAccuracy FloatingPointValues VectorGridData
    DoublePointCoordinatesData RealWorldValueLUTData MatrixSequence SpectroscopyData
    TriangleStripSequence EdgePointIndexList VertexPointIndexList TrianglePointIndexList
    PrimitivePointIndexList VectorCoordinateData ExtendedOffsetTable
    ExtendedOffsetTableLengths"""
"""Bulk of numbers that is kept; any other element of bytes is removed."""


def _spread(lists: dict[Action, str]) -> dict[str, Action]:
    return {name: action for action, names in lists.items() for name in names.split()}


OPTIONAL: dict[str, dict[str, Action]] = {
    "patient": _spread(_PATIENT),
    "device": _spread(_DEVICE),
    "descriptors": _spread(_DESCRIPTORS),
}
FIXED = _spread(_ALWAYS)
BULK = frozenset(_BULK.split())
EMPTIED_DATES = frozenset(("StudyDate", "StudyTime", "ContentDate", "ContentTime"))
_BY_VR: dict[str, Action] = {
    "PN": "Z", "UI": "U", "SQ": "C",
    "LT": "X", "ST": "X", "UT": "X", "UC": "X", "UR": "X", "AE": "X", "UN": "X",
}  # fmt: skip
_BYTES = ("OB", "OW", "OF", "OD", "OL", "OV", "OB or OW")


def action_of(keyword: str, vr: str, keep: Iterable[str]) -> Action:
    """What is done with a public attribute, by its keyword and the kind of its value.

    >>> action_of("PatientAge", "AS", ()), action_of("PatientAge", "AS", ("patient",))
    ('X', 'K')
    >>> action_of("StudyDate", "DA", ("dates",)), action_of("ImageComments", "LT", ())
    ('C', 'X')
    """
    if keyword in FIXED:
        return FIXED[keyword]
    for option, listed in OPTIONAL.items():
        if keyword in listed:
            return (
                listed[keyword] if option not in keep else "C" if option == "descriptors" else "K"
            )
    if vr in ("DA", "DT", "TM"):
        return "C" if "dates" in keep else "Z" if keyword in EMPTIED_DATES else "X"
    if vr in _BYTES:
        return "K" if keyword in BULK else "X"
    return _BY_VR.get(vr, "K")
