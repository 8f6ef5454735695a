/// 資格確認の問い: which institution asks about which visit, for which day. It names no resident beyond
/// the visit's pairwise patient, so it can be logged and stored as it is.
package struct EligibilityQuestion: Sendable, Hashable {
    package let institution: Party
    /// 診療日, past days included.
    package let serviceDate: CalendarDay
    package let visitID: String
    /// The pairwise id the institution knows the resident by.
    package let patientID: String
    /// Why it is asked, in the caller's words; echoed in the answer.
    package let purposes: [Purpose]

    /// `CoverageEligibilityRequest.purpose`: the closed set of FHIR R4.
    package enum Purpose: String, CaseIterable, Sendable, Hashable {
        case authRequirements = "auth-requirements"
        case benefits, discovery, validation
    }

    package init(
        institution: Party, serviceDate: CalendarDay, visitID: String, patientID: String,
        purposes: [Purpose] = [.validation]
    ) {
        self.institution = institution
        self.serviceDate = serviceDate
        self.visitID = visitID
        self.patientID = patientID
        self.purposes = purposes
    }

    /// The same question, by another id of the same resident.
    package func about(patient id: String) -> EligibilityQuestion {
        EligibilityQuestion(
            institution: institution, serviceDate: serviceDate, visitID: visitID, patientID: id,
            purposes: purposes)
    }
}
