/// Coverage (JP_Coverage, 公費 by the convention of `profiles/README.md`): values exactly as
/// registered, so that a clinic's system can take them over. An address never leaves, not even one
/// written among the face items.
extension EntitlementVersion {
    /// PMH items a clinic's system needs, in PMH's order. What is not listed stays inside.
    private static let itemsShown = [
        "orgSpecificCertificateTypeId", "medicalSubsidyInsurerNumber", "certificationName",
        "medicalSubsidyRecipientNumber", "certificationSubKey", "segment", "incomeSegment",
        "additionalConditions", "designatedMedicalInstitutions", "isAlwaysReimbursement",
        "maxCopaymentAmount", "validFrom", "validTo", "certificationDetail",
    ]

    func writeCoverage(
        to writer: inout JSONWriter, id: String, patientID: String, order: Int?,
        _ rules: SubsidyRules
    ) {
        writer.object { coverage in
            coverage.member("resourceType", "Coverage")
            coverage.member("id", id)
            coverage.profile(FHIR.Profile.coverage)
            writeRegisteredItems(to: &coverage)
            if let recipientNumber {
                coverage.array("identifier") {
                    $0.object {
                        $0.member("system", FHIR.System.recipientNumber)
                        $0.member("value", recipientNumber)
                    }
                }
            }
            coverage.member("status", isDeleted ? "cancelled" : "active")
            coverage.object("type") {
                $0.array("coding") { $0.codingItem(FHIR.System.insuranceCategory, "8") }
                $0.member("text", certificationName)
            }
            coverage.member("subscriberId", recipientNumber)
            coverage.reference("beneficiary", "Patient/" + patientID)
            coverage.period("period", validFrom.text, validTo.text)
            coverage.array("payor") { $0.payor(self, name: rules.bodyName(body).ja) }
            coverage.member("order", order)
        }
    }

    /// Texts and claims as they are; objects and lists as the JSON text that was registered,
    /// because FHIR has no element for them. FHIR forbids empty strings, so an empty item is left
    /// out.
    private func writeRegisteredItems(to coverage: inout JSONWriter) {
        guard let items = (try? JSON(reading: face))?.object else { return }
        let shown = Self.itemsShown.compactMap { name in
            items[name].flatMap { Self.shown($0).map { (name, $0) } }
        }
        guard !shown.isEmpty else { return }
        coverage.array("extension") {
            $0.object { entry in
                entry.member("url", FHIR.Extension.registered)
                entry.array("extension") { parts in
                    for (name, value) in shown {
                        parts.object {
                            $0.member("url", name)
                            if case .bool(let claim) = value {
                                $0.member("valueBoolean", claim)
                            } else {
                                $0.member("valueString", value.string ?? value.text)
                            }
                        }
                    }
                }
            }
        }
    }

    private static func shown(_ value: JSON) -> JSON? {
        switch value {
        case .null: nil
        case .string(let text): text.isEmpty ? nil : value
        case .array(let elements):
            elements.isEmpty ? nil : .array(elements.filter { !speaksOfAddress($0) })
        case .object(let object): object.members.isEmpty ? nil : value
        default: value
        }
    }

    /// A face item whose name, at any depth, is an address.
    private static func speaksOfAddress(_ value: JSON) -> Bool {
        switch value {
        case .string(let text): text.holds("住所") || text.lowercased() == "address"
        case .array(let elements): elements.contains(where: speaksOfAddress)
        case .object(let object):
            object.members.contains {
                $0.name.holds("住所") || $0.name.lowercased().holds("address")
                    || speaksOfAddress($0.value)
            }
        default: false
        }
    }
}

extension JSONWriter {
    /// A scheme without a payer number is paid by the body itself.
    fileprivate mutating func payor(_ row: EntitlementVersion, name: String) {
        object {
            $0.object("identifier") {
                $0.member(
                    "system",
                    row.payerNumber == nil
                        ? FHIR.System.localGovernment : FHIR.System.payerNumber)
                $0.member("value", row.payerNumber ?? row.body)
            }
            $0.member("display", name)
        }
    }
}

/// 本人の受給資格一覧: the newest reviewed version of each registered row, deleted ones left out, as a
/// searchset; a row under review may be another person's and is not shown.
package func renderCoverages(
    _ versions: [EntitlementVersion], of patientID: String, rules: SubsidyRules, page: SearchPage
) -> [UInt8] {
    var newest: [EntitlementVersion] = []
    for row in versions where !row.isUnderReview {
        if let place = newest.firstIndex(where: { $0.isSameRow(as: row) }) {
            if row.isNewer(than: newest[place]) { newest[place] = row }
        } else {
            newest.append(row)
        }
    }
    let shown = newest.filter { !$0.isDeleted }.sorted {
        ($0.validFrom, $0.version) > ($1.validFrom, $1.version)
    }
    return renderSearchset(
        shown.map { row in
            var writer = JSONWriter(reservingBytes: 1024)
            let id = "e\(row.version)"
            row.writeCoverage(to: &writer, id: id, patientID: patientID, order: nil, rules)
            return SearchEntry(reference: "Coverage/" + id, resource: writer.bytes)
        }, page: page)
}

extension String {
    /// Whether these bytes stand anywhere in the text: what `contains` says, without Unicode's comparisons.
    fileprivate func holds(_ part: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: part.utf8Start, count: part.utf8CodeUnitCount)
        var text = self
        return text.withUTF8 { bytes in
            guard bytes.count >= wanted.count else { return false }
            return (0...bytes.count - wanted.count).contains { start in
                bytes[start] == wanted[0]
                    && bytes[start..<start + wanted.count].elementsEqual(wanted)
            }
        }
    }
}
