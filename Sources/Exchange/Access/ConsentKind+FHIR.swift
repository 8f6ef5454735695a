/// 受付と同意: one visit as its resident sees it: to whom, for what, from when to when. Rendered as FHIR
/// Consent (https://hl7.org/fhir/R4/consent.html).
package struct ConsentView: Hashable, Sendable {
    package let visitID: String
    package let patientID: String
    package let party: Party
    package let partyName: String
    package let visitKind: String
    package let consents: Set<ConsentKind>
    package let opened: Instant
    package let ends: Instant
    /// Ended before its time, by the resident or the institution.
    package let isEnded: Bool
    /// Opened with a paper certificate and not yet confirmed by a card.
    package let isConfirmedLater: Bool

    package init(
        visitID: String, patientID: String, party: Party, partyName: String, visitKind: String,
        consents: Set<ConsentKind>, opened: Instant, ends: Instant, isEnded: Bool,
        isConfirmedLater: Bool
    ) {
        self.visitID = visitID
        self.patientID = patientID
        self.party = party
        self.partyName = partyName
        self.visitKind = visitKind
        self.consents = consents
        self.opened = opened
        self.ends = ends
        self.isEnded = isEnded
        self.isConfirmedLater = isConfirmedLater
    }

    /// `asked` decides between active and inactive: a consent is over when its visit is.
    func render(asked: Instant, rules: RuleBook) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024)
        writer.object { consent in
            consent.member("resourceType", "Consent")
            consent.member("id", visitID)
            consent.member("status", isEnded || ends <= asked ? "inactive" : "active")
            consent.concept("scope", FHIR.System.consentScope, "patient-privacy")
            consent.array("category") {
                $0.conceptItem("http://loinc.org", "59284-0")
                $0.conceptItem(
                    FHIR.System.visitKind, visitKind, display: rules.visitKind(visitKind)?.name.ja)
            }
            consent.reference("patient", "Patient/" + patientID)
            consent.member("dateTime", opened.text)
            consent.array("organization") { $0.partyItem(party, name: partyName) }
            // ppc-1: a policy or a policyRule; the resident opted in by reading the card.
            consent.concept("policyRule", FHIR.System.act, "OPTIN")
            // Nobody has shown yet that the resident was there.
            if isConfirmedLater {
                consent.array("verification") { list in
                    list.object { $0.member("verified", false) }
                }
            }
            writeProvision(to: &consent, rules)
        }
        return writer.bytes
    }

    private func writeProvision(to consent: inout JSONWriter, _ rules: RuleBook) {
        consent.object("provision") { provision in
            provision.member("type", consents.isEmpty ? "deny" : "permit")
            provision.period("period", opened.text, ends.text)
            provision.array("actor") {
                $0.object {
                    $0.concept("role", FHIR.System.participation, "IRCP")
                    $0.name("reference")
                    $0.partyItem(party, name: partyName)
                }
            }
            guard !consents.isEmpty else { return }
            provision.array("code") {
                for kind in consents.sorted() {
                    $0.conceptItem(
                        FHIR.System.consentKind, kind.code,
                        display: rules.consentKind(kind)?.name.ja)
                }
            }
        }
    }
}

/// The resident's own visits and consents, in the order given.
package func renderConsents(
    _ views: [ConsentView], asked: Instant, rules: RuleBook, page: SearchPage
) -> [UInt8] {
    renderSearchset(
        views.map {
            SearchEntry(
                reference: "Consent/" + $0.visitID,
                resource: $0.render(asked: asked, rules: rules))
        }, page: page)
}

extension Party {
    /// Institutions and local governments by their national code, others by their URN.
    var identifier: RecordIdentifier {
        switch role {
        case .institution: RecordIdentifier(system: FHIR.System.institution, value: code)
        case .municipality, .prefecture:
            RecordIdentifier(system: FHIR.System.localGovernment, value: code)
        default: RecordIdentifier(system: FHIR.System.party, value: uri)
        }
    }
}

extension JSONWriter {
    /// A party by identifier.
    mutating func partyItem(_ party: Party, name: String?) {
        object {
            $0.name("identifier")
            $0.identifierItem(party.identifier)
            $0.member("display", name)
        }
    }
}
