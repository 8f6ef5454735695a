/// 監査メッセージ: an entry as ATNA carries it (IHE ITI-20; DICOM PS3.15 A.5.1, RFC 3881). Of a person it has
/// nothing but the id by which the receiver knows them, whoever acted for a resident included.
extension AccessEntryView {
    /// One AuditMessage document in UTF-8, on one line. `source` is the name of this site's log.
    package func auditMessage(from source: String, position: Int) -> String {
        var xml = XMLText()
        xml.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?><AuditMessage>")
        xml.element(
            "EventIdentification",
            [
                ("EventActionCode", form.action), ("EventDateTime", at.text),
                ("EventOutcomeIndicator", refusal == nil ? "0" : "4"),
            ]
        ) { event in
            event.code("EventID", form.event.code, "DCM", form.event.text)
            event.code("EventTypeCode", form.interaction, "http://hl7.org/fhir", form.interaction)
            if let refusal {
                event.element("EventOutcomeDescription", []) { $0.text(refusal) }
            }
            event.code("PurposeOfUse", purpose.rawValue, FHIR.System.purpose, purpose.rawValue)
        }
        writeParticipants(to: &xml)
        xml.element("AuditSourceIdentification", [("AuditSourceID", source)])
        writeObjects(to: &xml, position: position)
        xml.raw("</AuditMessage>")
        return xml.written
    }

    /// Of a disclosure the gateway is the source and the party the destination; of anything else the
    /// other way round.
    private func writeParticipants(to xml: inout XMLText) {
        let isDisclosure = form == .disclosure
        let source = ("110153", "Source Role ID")
        let destination = ("110152", "Destination Role ID")
        for (user, other, isRequestor, role) in [
            (party.uri, operatorName, true, isDisclosure ? destination : source),
            (FHIR.gatewayURI, nil, false, isDisclosure ? source : destination),
        ] {
            var attributes = [("UserID", user)]
            if let other { attributes.append(("AlternativeUserID", other)) }
            attributes.append(("UserIsRequestor", isRequestor ? "true" : "false"))
            attributes.append(("NetworkAccessPointID", user))
            attributes.append(("NetworkAccessPointTypeCode", "5"))
            xml.element("ActiveParticipant", attributes) {
                $0.code("RoleIDCode", role.0, "DCM", role.1)
            }
        }
        guard let representativeID else { return }
        xml.element(
            "ActiveParticipant",
            [
                ("UserID", "Patient/" + representativeID),
                ("UserIsRequestor", form == .search ? "true" : "false"),
            ]
        ) { $0.code("RoleIDCode", "AUT", FHIR.System.participation, "Acting for the patient") }
    }

    /// The resident, the visit, and the entry's place in the sealed log: what comes twice is known by it.
    private func writeObjects(to xml: inout XMLText, position: Int) {
        if let patientID {
            xml.element(
                "ParticipantObjectIdentification",
                [
                    ("ParticipantObjectID", patientID), ("ParticipantObjectTypeCode", "1"),
                    ("ParticipantObjectTypeCodeRole", "1"),
                ]
            ) { $0.code("ParticipantObjectIDTypeCode", "2", "RFC-3881", "Patient Number") }
        }
        if let visitID {
            xml.element(
                "ParticipantObjectIdentification",
                [
                    ("ParticipantObjectID", visitID), ("ParticipantObjectTypeCode", "4"),
                    ("ParticipantObjectTypeCodeRole", "4"),
                ]
            ) { $0.code("ParticipantObjectIDTypeCode", "visit", "urn:tsunagi", "Visit") }
        }
        xml.element(
            "ParticipantObjectIdentification",
            [
                ("ParticipantObjectID", String(position)), ("ParticipantObjectTypeCode", "2"),
                ("ParticipantObjectTypeCodeRole", "13"),
            ]
        ) {
            $0.code(
                "ParticipantObjectIDTypeCode", "log-position", "urn:tsunagi",
                "Position in the sealed log")
        }
    }
}

extension AccessEntryView.Form {
    /// DICOM PS3.16, CID 400.
    fileprivate var event: (code: String, text: String) {
        switch self {
        case .disclosure: ("110106", "Export")
        case .create: ("110107", "Import")
        case .search: ("110112", "Query")
        case .operation: ("110100", "Application Activity")
        }
    }
}

/// XML as it is written: every value is escaped, and none holds a character that XML forbids.
private struct XMLText {
    private(set) var written = ""

    mutating func raw(_ text: String) { written += text }

    mutating func element(
        _ name: String, _ attributes: [(String, String)], _ body: ((inout XMLText) -> Void)? = nil
    ) {
        written += "<" + name
        for (name, value) in attributes {
            written += " \(name)=\""
            text(value)
            written += "\""
        }
        guard let body else {
            written += "/>"
            return
        }
        written += ">"
        body(&self)
        written += "</\(name)>"
    }

    mutating func code(_ name: String, _ code: String, _ system: String, _ text: String) {
        element(
            name, [("csd-code", code), ("codeSystemName", system), ("originalText", text)])
    }

    mutating func text(_ text: String) { written += String(markup: text) }
}
