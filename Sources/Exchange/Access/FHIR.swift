/// FHIR R4 の語彙: every system, profile and extension URL we write, in one place. Those of ours are
/// described in `profiles/fhir/`.
package enum FHIR {
    package static let version = "4.0.1"
    /// The gateway's own Organization: insurer of every check, observer of every entry.
    package static let gateway = "Organization/tsunagi"
    static let coverageMeasure = "urn:tsunagi:Measure:vaccination-coverage|1"
    /// HL7 Immunization Decision Support Forecast.
    static let forecastOperation =
        "http://hl7.org/fhir/us/immds/OperationDefinition/ImmDSForecastOperation"
    /// The gateway on the network, where who acts is named by URI.
    static let gatewayURI = "urn:tsunagi:gateway"

    package enum System {
        static let localGovernment = "urn:tsunagi:local-government-code"
        static let certificateType = "urn:tsunagi:certificate-type:"
        static let patient = "urn:tsunagi:pairwise-patient"
        static let party = "urn:tsunagi:party"
        static let outcome = "urn:tsunagi:CodeSystem:eligibility-outcome"
        static let warning = "urn:tsunagi:CodeSystem:eligibility-warning"
        static let purpose = "urn:tsunagi:CodeSystem:purpose"
        static let consentKind = "urn:tsunagi:CodeSystem:consent-kind"
        static let visitKind = "urn:tsunagi:CodeSystem:visit-kind"
        static let noticeKind = "urn:tsunagi:CodeSystem:notice-kind"
        package static let visit = "urn:tsunagi:visit"
        static let vaccine = "urn:tsunagi:CodeSystem:vaccine"
        static let vaccinationClaim = "urn:tsunagi:CodeSystem:vaccination-claim"
        static let copaymentClass = "urn:tsunagi:CodeSystem:copayment-class"
        static let vaccinationWarning = "urn:tsunagi:CodeSystem:vaccination-warning"
        static let needleRule = "urn:tsunagi:CodeSystem:needle-rule"
        static let vaccineReaction = "urn:tsunagi:CodeSystem:vaccine-reaction"
        static let layout = "urn:tsunagi:layout"
        static let reactionPeriod = "urn:tsunagi:CodeSystem:reaction-period"
        static let reactionOutcome = "http://terminology.hl7.org/CodeSystem/adverse-event-outcome"
        static let schedule = "urn:tsunagi:immunization-schedule"
        static let doseNumber = "urn:tsunagi:dose-number"
        static let measurePopulation = "http://terminology.hl7.org/CodeSystem/measure-population"
        static let seriousness = "http://terminology.hl7.org/CodeSystem/adverse-event-seriousness"
        /// 用紙番号.
        static let paperForm = "urn:tsunagi:paper-form"
        static let screeningAnswer = "urn:tsunagi:CodeSystem:screening-answer"
        static let checkup = "urn:tsunagi:CodeSystem:checkup"
        static let checkupItem = "urn:tsunagi:CodeSystem:checkup-item"
        static let notExamined = "urn:tsunagi:CodeSystem:not-examined"
        static let itemFinding = "urn:tsunagi:CodeSystem:item-finding"
        static let checkupClaim = "urn:tsunagi:CodeSystem:checkup-claim"
        static let checkupPlan = "urn:tsunagi:CodeSystem:checkup-plan"
        package static let notificationKey = "urn:tsunagi:maternal-notification-key"
        static let handbook = "urn:tsunagi:maternal-handbook"
        /// 結果番号 of a municipality's file.
        static let massCheckup = "urn:tsunagi:mass-checkup-number"
        /// 記録番号 of a municipality's own ledger of vaccinations.
        static let pastDose = "urn:tsunagi:past-dose-number"
        static let followUp = "urn:tsunagi:CodeSystem:follow-up"
        /// 選択肢: a code means something for one item alone, so each item is a system of its own.
        static func checkupAnswer(_ item: String) -> String {
            "urn:tsunagi:CodeSystem:checkup-answer:" + item
        }
        static let bodyMeasurement =
            "http://jpfhir.jp/fhir/core/CodeSystem/JP_ObservationBodyMeasurementCode_CS"
        static let nursingObservation =
            "http://medis.or.jp/CodeSystem/master-nursingObservationKeyCode"
        static let observationCategory =
            "http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS"
        static let ucum = "http://unitsofmeasure.org"
        static let observationValue =
            "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
        static let absence = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
        static let confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
        static let forecastStatus = "urn:tsunagi:CodeSystem:vaccination-forecast"
        static let institution =
            "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no"
        static let payerNumber = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/PublicPayerNumber"
        static let recipientNumber =
            "http://jpfhir.jp/fhir/core/mhlw/IdSystem/PublicInsuredPersonNumber"
        static let insuranceCategory =
            "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/InsuranceMajorCategory"
        static let dicom = "http://dicom.nema.org/resources/ontology/DCM"
        static let restful = "http://hl7.org/fhir/restful-interaction"
        static let auditType = "http://terminology.hl7.org/CodeSystem/audit-event-type"
        static let entityType = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
        static let objectRole = "http://terminology.hl7.org/CodeSystem/object-role"
        static let participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
        static let lifecycle = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
        static let act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
        static let cvx = "http://hl7.org/fhir/sid/cvx"
        package static let identityKey = "urn:tsunagi:municipality-identity-key"
        static let loinc = "http://loinc.org"
        static let recommendation =
            "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status"
        static let doseStatus =
            "http://terminology.hl7.org/CodeSystem/immunization-evaluation-dose-status"
        static let adjudication = "http://terminology.hl7.org/CodeSystem/adjudication"
        static let claimType = "http://terminology.hl7.org/CodeSystem/claim-type"
        static let copayment = "urn:tsunagi:CodeSystem:copayment"
        static let claim = "urn:tsunagi:claim"
        static let language = "urn:ietf:bcp:47"
        static let consentScope = "http://terminology.hl7.org/CodeSystem/consentscope"
    }

    enum Profile {
        static let patient = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Patient"
        static let coverage = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Coverage"
        static let immunization = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Immunization"
        static let vaccination = "urn:tsunagi:StructureDefinition:vaccination"
        static let checkup = "urn:tsunagi:StructureDefinition:checkup"
        static let report =
            "http://jpfhir.jp/fhir/core/StructureDefinition/JP_DiagnosticReport_Common"
        static let observation = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Observation_"
        static let audit =
            "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
    }

    package enum Extension {
        package static let visit = "urn:tsunagi:StructureDefinition:visit"
        static let outcome = "urn:tsunagi:StructureDefinition:eligibility-outcome"
        static let warning = "urn:tsunagi:StructureDefinition:eligibility-warning"
        static let rules = "urn:tsunagi:StructureDefinition:rules-version"
        static let ruleSource = "urn:tsunagi:StructureDefinition:rule-source"
        /// 計算の一段の額
        static let stepAmount = "urn:tsunagi:StructureDefinition:step-amount"
        static let registered = "urn:tsunagi:StructureDefinition:registered-items"
        package static let archiveProof = "urn:tsunagi:StructureDefinition:archive-proof"
        package static let logPosition = "urn:tsunagi:StructureDefinition:log-position"
        package static let withheld = "urn:tsunagi:StructureDefinition:withheld"
        package static let listProof = "urn:tsunagi:StructureDefinition:list-proof"
        static let vaccinationBasis = "urn:tsunagi:StructureDefinition:vaccination-basis"
        static let insuranceShare = "urn:tsunagi:StructureDefinition:insurance-share"
        static let insuranceSequence = "urn:tsunagi:StructureDefinition:insurance-sequence"
        static let collected = "urn:tsunagi:StructureDefinition:collected"
        /// 適用区分
        static let limitClass = "urn:tsunagi:StructureDefinition:limit-class"
        /// 特定疾病療養受療証 (長)
        static let longTerm = "urn:tsunagi:StructureDefinition:long-term"
        /// 処方元
        static let prescriber = "urn:tsunagi:StructureDefinition:prescriber"
        /// 同意日
        static let consentedOn = "urn:tsunagi:StructureDefinition:consented-on"
        /// 入院時食事療養
        static let meals = "urn:tsunagi:StructureDefinition:meals"
        static let claimStanding = "urn:tsunagi:StructureDefinition:claim-standing"
        static let billStatus = "urn:tsunagi:StructureDefinition:bill-status"
        static let copaymentWarning = "urn:tsunagi:StructureDefinition:copayment-warning"
        static let recordedBy = "urn:tsunagi:StructureDefinition:recorded-by"
        static let needleOverride = "urn:tsunagi:StructureDefinition:needle-override"
        static let reactionStage = "urn:tsunagi:StructureDefinition:reaction-stage"
        static let reactionPeriod = "urn:tsunagi:StructureDefinition:reaction-period"
        static let reactionCursor = "urn:tsunagi:StructureDefinition:reaction-cursor"
        static let reactionItem = "urn:tsunagi:StructureDefinition:reaction-item"
        static let suspectedDose = "urn:tsunagi:StructureDefinition:suspected-dose"
        static let screening = "urn:tsunagi:StructureDefinition:screening"
        static let screeningScore = "urn:tsunagi:StructureDefinition:screening-score"
        static let vaccinationClaim = "urn:tsunagi:StructureDefinition:vaccination-claim"
        static let vaccinationWarning = "urn:tsunagi:StructureDefinition:vaccination-warning"
        static let vaccinationLine = "urn:tsunagi:StructureDefinition:vaccination-line"
        static let delivery = "urn:tsunagi:StructureDefinition:delivery"
        static let checkupTicket = "urn:tsunagi:StructureDefinition:checkup-ticket"
        static let unusedTicket = "urn:tsunagi:StructureDefinition:unused-ticket"
        static let pregnancyCourse = "urn:tsunagi:StructureDefinition:pregnancy-course"
        static let checkupWarning = "urn:tsunagi:StructureDefinition:checkup-warning"
        static let checkupClaim = "urn:tsunagi:StructureDefinition:checkup-claim"
        static let growthPlace = "urn:tsunagi:StructureDefinition:growth-place"
        static let contraindication = "urn:tsunagi:StructureDefinition:contraindication"
        static let nextDose = jpImmunization + "DueDateOfNextDose"
        static let manufacturedDate = jpImmunization + "ManufacturedDate"
        static let certificatedDate = jpImmunization + "CertificatedDate"
        private static let jpImmunization =
            "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Immunization_"
        static let nameRepresentation =
            "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
        package static let absenceReason =
            "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    }

    /// `id`: 1–64 of `[A-Za-z0-9-.]`.
    static func isID(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                    || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x2E
            }
    }

    /// The id in `Patient/<id>`, relative or absolute; `nil` for any other reference.
    static func id(in reference: String, of type: String) -> String? {
        let parts = reference.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[parts.count - 2] == type, isID(parts[parts.count - 1])
        else { return nil }
        return String(parts[parts.count - 1])
    }
}

/// The shapes every resource repeats.
extension JSONWriter {
    mutating func object(_ name: String? = nil, _ body: (inout JSONWriter) -> Void) {
        if let name { self.name(name) }
        beginObject()
        body(&self)
        endObject()
    }

    mutating func array(_ name: String, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        beginArray()
        body(&self)
        endArray()
    }

    mutating func profile(_ canonical: String) {
        object("meta") { $0.array("profile") { $0.string(canonical) } }
    }

    mutating func codingItem(_ system: String, _ code: String, display: String? = nil) {
        object {
            $0.member("system", system)
            $0.member("code", code)
            $0.member("display", display)
        }
    }

    mutating func coding(
        _ name: String, _ system: String, _ code: String, display: String? = nil
    ) {
        self.name(name)
        codingItem(system, code, display: display)
    }

    /// A CodeableConcept under a name.
    mutating func concept(
        _ name: String, _ system: String, _ code: String, display: String? = nil
    ) {
        self.name(name)
        conceptItem(system, code, display: display)
    }

    mutating func conceptItem(_ system: String, _ code: String, display: String? = nil) {
        object { $0.array("coding") { $0.codingItem(system, code, display: display) } }
    }

    mutating func reference(_ name: String, _ target: String, display: String? = nil) {
        object(name) {
            $0.member("reference", target)
            $0.member("display", display)
        }
    }

    /// A reference by identifier: what it names is no resource of this server.
    mutating func logicalReference(
        _ name: String, _ system: String, _ value: String, display: String? = nil
    ) {
        self.name(name)
        logicalReferenceItem(system, value, display: display)
    }

    mutating func logicalReferenceItem(_ system: String, _ value: String, display: String? = nil) {
        object {
            $0.object("identifier") {
                $0.member("system", system)
                $0.member("value", value)
            }
            $0.member("display", display)
        }
    }

    mutating func period(_ name: String, _ start: String, _ end: String?) {
        object(name) {
            $0.member("start", start)
            $0.member("end", end)
        }
    }

    /// One simple extension: `value` is the choice, as `valueString`.
    mutating func extensionItem(_ url: String, _ value: String, _ text: String) {
        object {
            $0.member("url", url)
            $0.member(value, text)
        }
    }

    /// The same of a number, as `valuePositiveInt`.
    mutating func extensionItem(_ url: String, _ value: String, _ number: Int) {
        object {
            $0.member("url", url)
            $0.member(value, number)
        }
    }

    /// 出典: where something was taken from; with `rule`, of which row of the rules.
    mutating func ruleSourceItem(_ source: RuleSource, of rule: String? = nil) {
        object { entry in
            entry.member("url", FHIR.Extension.ruleSource)
            entry.array("extension") { parts in
                if let rule { parts.extensionItem("rule", "valueString", rule) }
                parts.extensionItem("source", "valueString", source.text)
                parts.extensionItem(
                    "verified", "valueCode", source.isVerified ? "verified" : "unverified")
            }
        }
    }
}
