/// DiagnosticReport (https://hl7.org/fhir/R4/diagnosticreport.html) with its Observations contained, as an
/// institution sends it within a visit. Units, ranges and codes are the rules' to check
/// (`MaternalRules.check`); here it is what is written, and what cannot be kept is refused, because a
/// misspelt finding must not be lost.
package struct SubmittedCheckup: Hashable, Sendable {
    /// As the body says it, for a correction: https://hl7.org/fhir/R4/http.html#update.
    package let id: String?
    package let visitID: String
    package let patientID: String
    package let report: CheckupReport

    /// `today`: nothing was examined after it. Throws the path of what is wrong.
    package init(
        reading body: [UInt8], institution: Party, today: CalendarDay, _ rules: MaternalRules
    ) throws(Refusal) {
        let resource = try JSONObject(checkup: body)
        id = try resource.optionalString("id")
        visitID = try resource.visitID()
        patientID = try resource.patientID("subject")
        report = try CheckupReport(
            reading: resource, of: .patient(patientID), by: institution, today: today, rules)
    }
}

/// 集団健診の結果: the same resource as a municipality sends it of somebody it examined itself, named by the key
/// of its own notification.
package struct SubmittedMassCheckup: Hashable, Sendable {
    /// As the body says it, for a correction: https://hl7.org/fhir/R4/http.html#update.
    package let id: String?
    package let notificationKey: String
    package let report: CheckupReport
    /// 同意日: when the person examined, or who may decide for a child, agreed that what is sensitive is
    /// recorded here. No card says so in a hall: the municipality does, of a consent that it holds.
    package let consentedOn: CalendarDay?

    /// As `SubmittedCheckup`. A sensitive report has a day of consent, no later than today; one that is taken
    /// back needs none.
    package init(
        reading body: [UInt8], in compartment: CheckupCompartment, office: Party,
        today: CalendarDay, _ rules: MaternalRules
    ) throws(Refusal) {
        // 届出番号 is a number by a rule of the municipality's own.
        let resource = try JSONObject(checkup: body, numbersIn: ["subject"])
        id = try resource.optionalString("id")
        guard
            try resource.extensionItem(FHIR.Extension.visit, as: "extension(visit)") == nil
        else { throw .unknownItem("extension(visit)") }
        notificationKey = try resource.notificationKey("subject")
        report = try CheckupReport(
            reading: resource, of: .notification(notificationKey), by: office, today: today, rules)
        let item = "extension(consented-on)"
        consentedOn = try resource.extensionItem(FHIR.Extension.consentedOn, as: item)
            .map { entry throws(Refusal) in
                try CalendarDay(
                    entry.requiredString("valueDate", at: item), item: item + ".valueDate")
            }
        switch compartment {
        case .open: guard consentedOn == nil else { throw .unknownItem(item) }
        case .sensitive:
            guard consentedOn != nil || report.status == .enteredInError else {
                throw .missing(item)
            }
            guard consentedOn ?? today <= today else { throw .dayAhead(item + ".valueDate") }
        }
    }
}

extension JSONObject {
    /// The resource that a body must be, and no element that cannot be kept.
    fileprivate init(
        checkup body: [UInt8], numbersIn items: Set<String> = []
    ) throws(Refusal) {
        try self.init(resource: body)
        try requireResource("DiagnosticReport")
        try JSON.object(self).refuseIndividualNumbers(exceptIn: items)
        try refuseModifiers()
        try requireOnly(Self.checkupElements)
    }

    /// Of these, `meta`, `language`, `text`, `category`, `encounter` and `basedOn` lead nowhere
    /// outside the sender's system and are not kept.
    private static let checkupElements: Set<String> = [
        "resourceType", "id", "meta", "language", "text", "contained", "extension", "identifier",
        "basedOn", "status", "category", "code", "subject", "encounter", "effectiveDateTime",
        "issued", "performer", "result",
    ]
}

extension CheckupReport {
    fileprivate init(
        reading resource: JSONObject, of subject: FindingSubject, by party: Party,
        today: CalendarDay, _ rules: MaternalRules
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
            subject: subject, day: day)
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
        guard result.day <= today else { throw .dayAhead("effectiveDateTime") }
        try refuseOther(than: party)
    }

    /// Whoever writes writes of its own checkups.
    private func refuseOther(than party: Party) throws(Refusal) {
        let own = party.identifier
        for (place, performer) in performers.enumerated() {
            guard let identifier = performer.identifier, identifier.system == own.system,
                identifier.value != own.value
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
