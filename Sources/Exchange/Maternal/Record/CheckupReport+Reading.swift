/// DiagnosticReport (https://hl7.org/fhir/R4/diagnosticreport.html) with its Observations contained, as an
/// institution sends it. Units, ranges and codes are the rules' to check (`MaternalRules.check`); here it
/// is what is written, and what cannot be kept is refused, because a misspelt finding must not be lost.
package struct SubmittedCheckup: Hashable, Sendable {
    package let visitID: String
    package let patientID: String
    package let report: CheckupReport

    /// `today`: nothing was examined after it. Throws the path of what is wrong.
    package init(
        reading body: [UInt8], institution: Party, today: CalendarDay, _ rules: MaternalRules
    ) throws(Refusal) {
        let resource = try JSONObject(resource: body)
        try resource.requireResource("DiagnosticReport")
        try JSON.object(resource).refuseIndividualNumbers()
        try resource.refuseModifiers()
        try resource.requireOnly(Self.elements)
        visitID = try resource.visitID()
        patientID = try resource.patientID("subject")
        report = try CheckupReport(reading: resource, of: patientID, rules)
        guard report.result.day <= today else { throw .malformed("effectiveDateTime") }
        try report.refuseOther(than: institution)
    }

    /// Of these, `id`, `meta`, `language`, `text`, `category`, `encounter` and `basedOn` lead nowhere
    /// outside the sender's system and are not kept.
    private static let elements: Set<String> = [
        "resourceType", "id", "meta", "language", "text", "contained", "extension", "identifier",
        "basedOn", "status", "category", "code", "subject", "encounter", "effectiveDateTime",
        "issued", "performer", "result",
    ]
}

extension CheckupReport {
    init(
        reading resource: JSONObject, of patientID: String, _ rules: MaternalRules
    ) throws(Refusal) {
        guard let status: Status = try resource.code("status") else { throw .missing("status") }
        guard let effective = try resource.time("effectiveDateTime") else {
            throw .missing("effectiveDateTime")
        }
        guard let day = effective.day else { throw .malformed("effectiveDateTime") }
        guard let checkup = try resource.concept("code") else { throw .missing("code") }
        guard let code = checkup.code(of: FHIR.System.checkup) else {
            throw .malformed("code.coding")
        }
        let reading = FindingReading(
            items: rules.items, listed: Set(rules.checkupItems(code, on: day)?.map(\.code) ?? []),
            patientID: patientID, day: day)
        self.init(
            identifier: try RecordIdentifier(theOneOf: resource), status: status,
            effective: effective,
            result: CheckupResult(
                checkup: code, day: day, entries: try reading.entries(of: resource)))
        issued = try resource.time("issued")
        for (row, path) in try resource.objects("performer") {
            performers.append(try Performer(reading: row, at: path))
        }
        ticket = try CheckupTicket.Number(reading: resource)
    }

    /// An institution writes of its own checkups.
    fileprivate func refuseOther(than institution: Party) throws(Refusal) {
        for (place, performer) in performers.enumerated() {
            guard let identifier = performer.identifier,
                identifier.system == FHIR.System.institution, identifier.value != institution.code
            else { continue }
            throw .malformed("performer[\(place)].identifier.value")
        }
    }
}

extension CheckupReport.Performer {
    fileprivate init(reading row: JSONObject, at path: String) throws(Refusal) {
        let identifier = try row.optionalObject("identifier", at: path)
        self.init(
            identifier: try identifier.map { row throws(Refusal) in
                try RecordIdentifier(reading: row, at: path + ".identifier")
            },
            name: try row.filledString("display", at: path))
        guard self.identifier != nil || name != nil else { throw .missing(path + ".display") }
    }
}

extension CheckupTicket.Number {
    /// `extension(checkup-ticket)`: which ticket is used, where the sender holds a printed one.
    fileprivate init?(reading resource: JSONObject) throws(Refusal) {
        let item = "extension(checkup-ticket)"
        guard let entry = try resource.extensionItem(FHIR.Extension.checkupTicket, as: item) else {
            return nil
        }
        let parts = item + ".extension"
        func part(_ name: String) throws(Refusal) -> JSONObject? {
            try entry.extensionItem(name, as: "\(parts)(\(name))")
        }
        func required(_ name: String) throws(Refusal) -> JSONObject {
            guard let found = try part(name) else { throw .missing("\(parts)(\(name))") }
            return found
        }
        let serial = "\(parts)(serial)"
        guard let number = try required("serial").positiveInt("valuePositiveInt", at: serial) else {
            throw .missing(serial + ".valuePositiveInt")
        }
        self.init(
            body: try required("body").requiredFilled("valueString", at: "\(parts)(body)"),
            kind: try required("kind").requiredFilled("valueCode", at: "\(parts)(kind)"),
            serial: number,
            issue: try part("issue")?.positiveInt("valuePositiveInt", at: "\(parts)(issue)") ?? 1)
    }
}
