/// Immunization (https://hl7.org/fhir/R4/immunization.html, JP_Immunization) as an institution sends it.
/// What a record must hold depends on what it says happened (予防接種法施行令6条の2): a dose given by the sender
/// names lot, quantity, performer and number of the dose. What is no element of Immunization is refused,
/// because a misspelt lot number must not be lost.
package struct SubmittedVaccination: Hashable, Sendable {
    /// As the body says it, for a correction: https://hl7.org/fhir/R4/http.html#update.
    package let id: String?
    package let visitID: String
    package let patientID: String
    package let vaccination: Vaccination

    /// `today`: nothing was given after it. Throws the path of what is wrong.
    package init(
        reading body: [UInt8], institution: Party, today: CalendarDay, _ rules: ImmunizationRules
    ) throws(Refusal) {
        let resource = try JSONObject(resource: body)
        try resource.requireResource("Immunization")
        try JSON.object(resource).refuseIndividualNumbers()
        try resource.refuseModifiers()
        try resource.requireOnly(Self.elements)
        id = try resource.optionalString("id")
        visitID = try resource.visitID()
        patientID = try resource.patientID()
        vaccination = try Vaccination(reading: resource)
        try vaccination.requireWhole()
        try vaccination.refuseLater(than: today)
        try vaccination.refuseOther(than: institution)
        _ = try rules.vaccine(in: vaccination.vaccine, at: "vaccineCode")
        try rules.requireClasses(vaccination.programEligibility)
    }

    /// Of these, `meta`, `language`, `text`, `encounter`, `location` and `reasonReference` lead
    /// nowhere outside the sender's system and are not kept.
    private static let elements: Set<String> = [
        "resourceType", "id", "meta", "language", "text", "extension", "identifier", "status",
        "statusReason", "vaccineCode", "patient", "encounter", "occurrenceDateTime",
        "occurrenceString", "recorded", "primarySource", "reportOrigin", "location",
        "manufacturer", "lotNumber", "expirationDate", "site", "route", "doseQuantity",
        "performer", "note", "reasonCode", "reasonReference", "isSubpotent", "subpotentReason",
        "programEligibility", "fundingSource", "protocolApplied",
    ]
}

extension Vaccination {
    init(reading resource: JSONObject) throws(Refusal) {
        guard let status: Status = try resource.code("status") else { throw .missing("status") }
        guard let vaccine = try resource.concept("vaccineCode") else {
            throw .missing("vaccineCode")
        }
        self.init(
            identifier: try RecordIdentifier(theOneOf: resource), status: status, vaccine: vaccine,
            occurrence: try Occurrence(reading: resource))
        statusReason = try resource.concept("statusReason")
        recorded = try resource.time("recorded")
        isPrimarySource = try resource.optionalBool("primarySource") ?? true
        reportOrigin = try resource.concept("reportOrigin")
        vial = try Vial(reading: resource)
        site = try resource.concept("site")
        route = try resource.concept("route")
        quantity = try DoseQuantity(reading: resource)
        for (row, path) in try resource.objects("performer") {
            performers.append(try Performer(reading: row, at: path))
        }
        for (row, path) in try resource.objects("note") {
            notes.append(
                Note(
                    time: try row.time("time", at: path),
                    text: try row.requiredFilled("text", at: path)))
        }
        reasons = try resource.concepts("reasonCode")
        isSubpotent = try resource.optionalBool("isSubpotent")
        subpotentReasons = try resource.concepts("subpotentReason")
        programEligibility = try resource.concepts("programEligibility")
        fundingSource = try resource.concept("fundingSource")
        for (row, path) in try resource.objects("protocolApplied") {
            protocols.append(try AppliedProtocol(reading: row, at: path))
        }
        try readExtensions(resource)
    }

    private mutating func readExtensions(_ resource: JSONObject) throws(Refusal) {
        let basis = "extension(vaccination-basis)"
        if let entry = try resource.extensionItem(FHIR.Extension.vaccinationBasis, as: basis) {
            self.basis = try entry.code("valueCode", at: basis)
            guard self.basis != nil else { throw .missing(basis + ".valueCode") }
        }
        nextDue = try resource.extensionDay(FHIR.Extension.nextDose)
        manufactured = try resource.extensionDay(FHIR.Extension.manufacturedDate)
        certificated = try resource.extensionDay(FHIR.Extension.certificatedDate)
        screening = try ScreeningDecision(reading: resource)
        for (entry, path) in try resource.objects("extension")
        where entry["url"]?.string == FHIR.Extension.needleOverride {
            overrides.append(try NeedleOverride(reading: entry, at: path))
        }
    }

    /// What a dose given by the sender, and one not given, must say.
    fileprivate func requireWhole() throws(Refusal) {
        if status == .notDone, statusReason == nil { throw .missing("statusReason") }
        guard status == .completed, isPrimarySource else { return }
        guard occurrence.day != nil else { throw .missing("occurrenceDateTime") }
        guard vial.lotNumber != nil else { throw .missing("lotNumber") }
        guard quantity != nil else { throw .missing("doseQuantity") }
        guard !performers.isEmpty else { throw .missing("performer") }
        guard !protocols.isEmpty else { throw .missing("protocolApplied") }
        guard basis != nil else { throw .missing("extension(vaccination-basis)") }
    }

    fileprivate func refuseLater(than today: CalendarDay) throws(Refusal) {
        guard status == .completed, case .time(let time) = occurrence, let day = time.firstDay,
            day > today
        else { return }
        throw .dayAhead("occurrenceDateTime")
    }

    /// An institution writes of its own doses: one that names another as performer is no primary source.
    fileprivate func refuseOther(than institution: Party) throws(Refusal) {
        guard isPrimarySource else { return }
        for (place, performer) in performers.enumerated() {
            guard let identifier = performer.identifier,
                identifier.system == FHIR.System.institution, identifier.value != institution.code
            else { continue }
            throw .malformed("performer[\(place)].actor.identifier.value")
        }
    }
}

extension RecordIdentifier {
    init(reading row: JSONObject, at path: String) throws(Refusal) {
        self.init(
            system: try row.requiredFilled("system", at: path),
            value: try row.requiredFilled("value", at: path))
        for (item, text) in [("system", system), ("value", value)]
        where text.utf8.count > Self.bytesMax {
            throw .malformed(JSONPath.member(item, of: path))
        }
    }

    /// A number of somebody's own is short; what is longer is something else.
    private static let bytesMax = 512
}

extension Vaccination.Occurrence {
    /// `occurrenceDateTime` or `occurrenceString`, not both.
    init(reading resource: JSONObject) throws(Refusal) {
        let text = try resource.filledString("occurrenceString")
        if let time = try resource.time("occurrenceDateTime") {
            guard text == nil else { throw .duplicateItem("occurrenceString") }
            self = .time(time)
        } else if let text {
            self = .text(text)
        } else {
            throw .missing("occurrenceDateTime")
        }
    }
}

extension Vaccination.Vial {
    init(reading resource: JSONObject) throws(Refusal) {
        let maker = try resource.optionalObject("manufacturer")
        let expiry = try resource.time("expirationDate")
        // FHIR: a `date`, which has no time of day.
        guard (expiry?.text.utf8.count ?? 0) <= 10 else { throw .malformed("expirationDate") }
        self.init(
            manufacturer: try maker?.filledString("display", at: "manufacturer"),
            lotNumber: try resource.filledString("lotNumber"), expiry: expiry)
    }
}

extension Vaccination.DoseQuantity {
    init?(reading resource: JSONObject) throws(Refusal) {
        let path = "doseQuantity"
        guard let row = try resource.optionalObject(path) else { return nil }
        guard let value = row["value"] else { throw .missing(path + ".value") }
        guard case .number(let digits) = value, let amount = MeasuredAmount(digits),
            amount.thousandths > 0
        else { throw .malformed(path + ".value") }
        // JP_MedicationSimpleQuantity has no comparator.
        guard row["comparator"] == nil else { throw .unknownItem(path + ".comparator") }
        self.init(
            value: digits, unit: try row.filledString("unit", at: path),
            system: try row.requiredFilled("system", at: path),
            code: try row.requiredFilled("code", at: path))
    }
}

extension Vaccination.Performer {
    init(reading row: JSONObject, at path: String) throws(Refusal) {
        let place = path + ".actor"
        let actor = try row.requiredObject("actor", at: path)
        let identifier = try actor.optionalObject("identifier", at: place)
        self.init(
            function: try row.concept("function", at: path),
            identifier: try identifier.map { row throws(Refusal) in
                try RecordIdentifier(reading: row, at: place + ".identifier")
            },
            name: try actor.filledString("display", at: place))
        guard self.identifier != nil || name != nil else { throw .missing(place + ".display") }
    }
}

extension Vaccination.AppliedProtocol {
    init(reading row: JSONObject, at path: String) throws(Refusal) {
        guard let number = try Count(reading: row, "doseNumber", at: path) else {
            throw .missing(path + ".doseNumberPositiveInt")
        }
        self.init(
            series: try row.filledString("series", at: path),
            targetDiseases: try row.concepts("targetDisease", at: path), doseNumber: number,
            seriesDoses: try Count(reading: row, "seriesDoses", at: path))
    }
}

extension Vaccination.AppliedProtocol.Count {
    /// `<name>PositiveInt` or `<name>String`, not both.
    init?(reading row: JSONObject, _ name: String, at path: String) throws(Refusal) {
        let text = try row.filledString(name + "String", at: path)
        if let number = try row.positiveInt(name + "PositiveInt", at: path) {
            guard text == nil else {
                throw .duplicateItem(JSONPath.member(name + "String", of: path))
            }
            self = .number(number)
        } else if let text {
            self = .text(text)
        } else {
            return nil
        }
    }
}

extension Vaccination.ScreeningDecision {
    init?(reading resource: JSONObject) throws(Refusal) {
        let item = "extension(screening)"
        guard let entry = try resource.extensionItem(FHIR.Extension.screening, as: item) else {
            return nil
        }
        let parts = "\(item).extension"
        let decision = try entry.extensionItem("decision", as: parts + "(decision)")
        guard let code: Code = try decision?.code("valueCode", at: parts + "(decision)") else {
            throw .missing(parts + "(decision)")
        }
        let place = parts + "(response)"
        let response = try entry.extensionItem("response", as: place)
        let reference = try response?.optionalObject("valueReference", at: place)?
            .optionalString("reference", at: place + ".valueReference")
        let id = reference.flatMap { FHIR.id(in: $0, of: "QuestionnaireResponse") }
        guard response == nil || id != nil else { throw .malformed(place) }
        self.init(code: code, responseID: id)
    }
}

extension JSONObject {
    fileprivate func extensionDay(_ url: String) throws(Refusal) -> CalendarDay? {
        func name() -> String { url.split(separator: "_").last.map(String.init) ?? url }
        guard let entry = try extensionItem(url, as: "extension(\(name()))") else { return nil }
        let item = "extension(\(name()))"
        guard let day = try entry.day("valueDate", at: item) else {
            throw .missing(item + ".valueDate")
        }
        return day
    }
}
