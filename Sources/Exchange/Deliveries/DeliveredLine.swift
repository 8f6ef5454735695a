/// 連携の中身: a record as a body is to have it.
package enum DeliveredContent: Sendable {
    case entitlement(EntitlementVersion)
    case vaccination(MunicipalLine)
    case checkup(ShownCheckup)
    case check(CheckNotice)
    case lapse(LapseNotice)
    /// With the recipient number that the certificate carried.
    case bill(BillVersion, recipientNumber: String?)
}

/// 連携の一行, under the ids by which its reader knows record and resident.
package struct DeliveredLine: Sendable {
    package let field: DeliveryField
    package let id: String
    package let patientID: String
    /// Its place in the line of its field; nothing in an answer about one resident.
    package let place: Int?
    /// 取下げ: it is nothing of the reader's any more; the content is what the reader held.
    package let isWithdrawn: Bool
    package let whom: FollowUpTask.Whom
    package let content: DeliveredContent

    package init(
        field: DeliveryField, ids: (record: String, patient: String), place: Int?,
        isWithdrawn: Bool, whom: FollowUpTask.Whom, content: DeliveredContent
    ) {
        self.field = field
        id = ids.record
        patientID = ids.patient
        self.place = place
        self.isWithdrawn = isWithdrawn
        self.whom = whom
        self.content = content
    }

    /// The resource as its own field writes it, with the line in the entry's extension. Throws
    /// `.rulesUnknown` where the rules in use do not hold the field.
    package func entry(_ rules: RuleBook) throws(Refusal) -> SearchEntry {
        switch content {
        case .entitlement(let version):
            var writer = JSONWriter(reservingBytes: 1024)
            version.writeCoverage(
                to: &writer, id: id, patientID: patientID, order: nil, rules.subsidy)
            return entry("Coverage", writer.bytes)
        case .vaccination(let line):
            let patient = ShownPatient(
                id: patientID,
                identifier: whom.identityKey.map {
                    RecordIdentifier(system: FHIR.System.identityKey, value: $0)
                })
            return entry("Immunization", line.render(id: id, of: patient, place: place))
        case .checkup(let checkup):
            guard let maternal = rules.maternal else { throw .rulesUnknown }
            let bytes = checkup.named(id).render(as: patientID, tellsClaim: true, maternal)
            return entry("DiagnosticReport", bytes)
        case .check(let notice):
            return entry("Communication", notice.render(id: id, of: patientID, rules.subsidy))
        case .lapse(let notice):
            return entry("Communication", notice.render(id: id, of: patientID))
        case .bill(let bill, _):
            return entry(
                "ClaimResponse",
                BillLines(bill).render(
                    as: patientID, id: id, visitID: nil, at: bill.recordedAt))
        }
    }

    private func entry(_ type: String, _ resource: [UInt8]) -> SearchEntry {
        var writer = JSONWriter(reservingBytes: 256)
        writer.object { line in
            line.member("url", FHIR.Extension.delivery)
            line.array("extension") { parts in
                if let place { parts.extensionItem("cursor", "valueString", String(place)) }
                parts.extensionItem("field", "valueCode", field.rawValue)
                parts.object {
                    $0.member("url", "withdrawn")
                    $0.member("valueBoolean", isWithdrawn)
                }
                for (name, value) in [
                    ("identityKey", whom.identityKey),
                    ("notificationKey", whom.notificationKey),
                    ("recipientNumber", recipientNumber),
                ] {
                    if let value { parts.extensionItem(name, "valueString", value) }
                }
            }
        }
        return SearchEntry(
            reference: "\(type)/\(id)", resource: resource, extension: writer.bytes)
    }

    private var recipientNumber: String? {
        switch content {
        case .bill(_, let recipientNumber): recipientNumber
        case .check(let notice): notice.recipientNumber
        default: nil
        }
    }
}

extension FollowUpTask.Whom {
    package var identityKey: String? {
        guard case .identityKey(let key) = self else { return nil }
        return key
    }

    package var notificationKey: String? {
        guard case .notificationKey(let key) = self else { return nil }
        return key
    }
}
