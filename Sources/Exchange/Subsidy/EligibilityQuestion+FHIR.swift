/// CoverageEligibilityRequest (https://hl7.org/fhir/R4/coverageeligibilityrequest.html): read as
/// FHIR servers do. What we do not know is tolerated, what would change the meaning
/// (`modifierExtension`, `implicitRules`) is refused, and the asking institution is the
/// certificate's, never the body's.
extension EligibilityQuestion {
    package init(reading body: [UInt8], institution: Party) throws(Refusal) {
        let resource = try JSONObject(resource: body)
        try self.init(reading: resource, institution: institution)
    }

    package init(reading resource: JSONObject, institution: Party) throws(Refusal) {
        try resource.requireResource("CoverageEligibilityRequest")
        try JSON.object(resource).refuseIndividualNumbers()
        try resource.refuseModifiers()
        guard try resource.requiredString("status") == "active" else { throw .malformed("status") }
        let created = try Self.day(try resource.requiredString("created"), item: "created")
        try Self.requireInsurer(resource)
        try Self.requireProvider(resource, institution)
        self.init(
            institution: institution,
            serviceDate: try Self.serviceDate(resource, created: created),
            visitID: try resource.visitID(), patientID: try resource.patientID(),
            purposes: try Self.purposes(resource))
    }

    private static func purposes(_ resource: JSONObject) throws(Refusal) -> [Purpose] {
        let codes = try resource.requiredArray("purpose")
        guard !codes.isEmpty else { throw .missing("purpose") }
        var purposes: [Purpose] = []
        for (index, code) in codes.enumerated() {
            guard let purpose = code.string.flatMap(Purpose.init) else {
                throw .malformed("purpose[\(index)]")
            }
            guard !purposes.contains(purpose) else { throw .duplicateItem("purpose[\(index)]") }
            purposes.append(purpose)
        }
        return purposes
    }

    private static func requireInsurer(_ resource: JSONObject) throws(Refusal) {
        let reference = try resource.requiredObject("insurer")
            .requiredString("reference", at: "insurer")
        guard FHIR.id(in: reference, of: "Organization") == "tsunagi" else {
            throw .malformed("insurer.reference")
        }
    }

    /// A provider may be named, but only the one that is asking.
    private static func requireProvider(
        _ resource: JSONObject, _ institution: Party
    ) throws(Refusal) {
        let identifier = try resource.optionalObject("provider")?
            .optionalObject("identifier", at: "provider")
        guard let identifier, identifier["system"]?.string == FHIR.System.institution else {
            return
        }
        guard identifier["value"]?.string == institution.code else {
            throw .malformed("provider.identifier.value")
        }
    }

    private static func serviceDate(
        _ resource: JSONObject, created: CalendarDay
    ) throws(Refusal) -> CalendarDay {
        let period = try resource.optionalObject("servicedPeriod")
        if let text = try resource.optionalString("servicedDate") {
            guard period == nil else { throw .duplicateItem("servicedPeriod") }
            return try CalendarDay(text, item: "servicedDate")
        }
        guard let period else { return created }
        let first = try Self.day(
            try period.requiredString("start", at: "servicedPeriod"), item: "servicedPeriod.start")
        let last = try Self.day(
            try period.requiredString("end", at: "servicedPeriod"), item: "servicedPeriod.end")
        // One question is about one day: outcomes of several days cannot share one answer.
        guard first == last else { throw .malformed("servicedPeriod") }
        return first
    }

    /// FHIR `dateTime` as far as a day needs it; a year or a month alone names no day.
    private static func day(_ text: String, item: String) throws(Refusal) -> CalendarDay {
        text.utf8.count == 10
            ? try CalendarDay(text, item: item) : try Instant(text, item: item).dayInJapan
    }

    /// The request as stored and read back: the fields of the question, nothing else of what was
    /// sent.
    package func render(id: String, created: Instant) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024)
        writer.object { request in
            request.member("resourceType", "CoverageEligibilityRequest")
            request.member("id", id)
            request.array("extension") {
                $0.extensionItem(FHIR.Extension.visit, "valueString", visitID)
            }
            request.member("status", "active")
            request.array("purpose") { for purpose in purposes { $0.string(purpose.rawValue) } }
            request.reference("patient", "Patient/" + patientID)
            request.member("servicedDate", serviceDate.text)
            request.member("created", created.text)
            request.logicalReference("provider", FHIR.System.institution, institution.code)
            request.reference("insurer", FHIR.gateway)
        }
        return writer.bytes
    }
}
