/// `Immunization/$check` as it is asked: Parameters, as
/// `profiles/fhir/OperationDefinition-Immunization-check.json` describes them.
extension NeedleRequest {
    /// 同時接種: more than are ever given at once.
    static let candidatesMax = 12
    /// The whole schedule has some forty doses; those of a long life and of travel fit too. Each candidate is
    /// held against each dose and each other candidate, and a finding has some 700 bytes: one dose that is
    /// too near to all makes 12 × (100 + 11) × 700 = 930 kB at most, for what is told.
    static let dosesMax = 100

    package init(reading body: [UInt8], _ rules: ImmunizationRules) throws(Refusal) {
        let resource = try JSONObject(resource: body)
        try JSON.object(resource).refuseIndividualNumbers()
        try resource.refuseModifiers()
        let given = try Parameters(
            reading: resource,
            only: [
                "visit", "patient", "date", "candidate", "temperature", "answer",
                "questionnaireResponse", "questionnaireRead", "ticket", "dueDate",
                "immunization", "override",
            ])
        var candidates: [Candidate] = []
        for entry in try given.requiredAll("candidate", atMost: Self.candidatesMax) {
            candidates.append(try Candidate(reading: entry, rules))
        }
        self.init(
            visitID: try Self.visitID(given.required("visit")),
            patientID: try Self.patientID(given.required("patient")), candidates: candidates)
        day = try given.one("date")?.day()
        dueDay = try given.one("dueDate")?.day()
        screening = try NeedleQuestion.Screening(reading: given, rules)
        for entry in given.all("questionnaireResponse") { try readResponse(entry, rules) }
        isQuestionnaireRead = try given.one("questionnaireRead")?.bool() ?? false
        history = try Self.history(given, rules)
        for entry in given.all("override") { overrides.append(try NeedleOverride(parts: entry)) }
    }

    /// The resource itself, or a reference to one saved before.
    private mutating func readResponse(
        _ entry: Parameters.Entry, _ rules: ImmunizationRules
    ) throws(Refusal) {
        let place = entry.path + ".valueReference"
        guard let saved = try entry.object.optionalObject("valueReference", at: entry.path) else {
            let path = entry.path + ".resource"
            let sent = try SubmittedResponse(
                reading: entry.resource("QuestionnaireResponse"), at: path, rules.screenings)
            guard sent.patientID == patientID else {
                throw .malformed(path + ".subject.reference")
            }
            responses.append(sent.response)
            return
        }
        let reference = try saved.requiredString("reference", at: place)
        guard let id = FHIR.id(in: reference, of: "QuestionnaireResponse") else {
            throw .malformed(place + ".reference")
        }
        responseIDs.append(id)
    }

    static func visitID(_ entry: Parameters.Entry) throws(Refusal) -> String {
        let id = try entry.string()
        guard FHIR.isID(id) else { throw .malformed(entry.path + ".valueString") }
        return id
    }

    static func patientID(_ entry: Parameters.Entry) throws(Refusal) -> String {
        try entry.object.patientID("valueReference", at: entry.path)
    }

    /// `immunization`: what was withdrawn, not given or less than a dose is none.
    static func history(
        _ given: Parameters, _ rules: ImmunizationRules
    ) throws(Refusal) -> [NeedleDose] {
        var history: [NeedleDose] = []
        for entry in try given.all("immunization", atMost: dosesMax) {
            let resource = try entry.resource("Immunization")
            if let dose = try NeedleDose(reading: resource, at: entry.path + ".resource", rules) {
                history.append(dose)
            }
        }
        return history
    }
}

extension NeedleDose {
    fileprivate init?(
        reading resource: JSONObject, at path: String, _ rules: ImmunizationRules
    ) throws(Refusal) {
        guard let status: Vaccination.Status = try resource.code("status", at: path) else {
            throw .missing(path + ".status")
        }
        guard let vaccine = try resource.concept("vaccineCode", at: path) else {
            throw .missing(path + ".vaccineCode")
        }
        _ = try rules.vaccine(in: vaccine, at: path + ".vaccineCode")
        let time = try resource.time("occurrenceDateTime", at: path)
        let told = try resource.filledString("occurrenceString", at: path)
        guard time != nil || told != nil else { throw .missing(path + ".occurrenceDateTime") }
        var number: Int?
        if let (applied, place) = try resource.objects("protocolApplied", at: path).first {
            number = try applied.positiveInt("doseNumberPositiveInt", at: place)
        }
        let isSubpotent = try resource.optionalBool("isSubpotent", at: path) ?? false
        guard status == .completed, !isSubpotent else { return nil }
        self.init(vaccine: vaccine, day: time?.day, within: time?.days, number: number)
    }
}

extension NeedleRequest.Candidate {
    fileprivate init(
        reading entry: Parameters.Entry, _ rules: ImmunizationRules
    ) throws(Refusal) {
        let parts = try Parameters(
            partsOf: entry,
            only: ["vaccineCode", "lotNumber", "expirationDate", "doseNumber", "basis"])
        let code = try parts.required("vaccineCode")
        let vaccine = try code.concept()
        // What contradicts itself is refused here; what nobody knows is a finding of the check.
        _ = try rules.vaccine(in: vaccine, at: code.path + ".valueCodeableConcept")
        self.init(vaccine: vaccine)
        vial.lotNumber = try parts.one("lotNumber")?.string()
        if let expiry = try parts.one("expirationDate") {
            let time = try expiry.object.time("valueDate", at: expiry.path)
            guard let last = time?.lastDay else { throw .malformed(expiry.path + ".valueDate") }
            vial.expiry = last
        }
        if let dose = try parts.one("doseNumber") {
            doseNumber = try dose.object.positiveInt("valuePositiveInt", at: dose.path)
        }
        basis = try parts.one("basis")?.code() ?? .routine
    }
}

extension NeedleQuestion.Screening {
    fileprivate init(
        reading given: Parameters, _ rules: ImmunizationRules
    ) throws(Refusal) {
        self.init()
        if let entry = try given.one("temperature") {
            temperatureTenths = try Self.temperature(entry)
        }
        for entry in given.all("answer") {
            guard let code = try entry.object.optionalString("valueCode", at: entry.path) else {
                throw .missing(entry.path + ".valueCode")
            }
            guard rules.contraindications.contains(where: { $0.code == code }) else {
                throw .malformed(entry.path + ".valueCode")
            }
            answers.append(code)
        }
        guard let entry = try given.one("ticket") else { return }
        let ticket = try Parameters(partsOf: entry, only: ["birthDate", "gender"])
        statedBirth = try ticket.one("birthDate")?.day()
        statedSex = try ticket.one("gender")?.code()
    }

    /// 30 to 45 degrees Celsius (UCUM `Cel`).
    private static func temperature(_ entry: Parameters.Entry) throws(Refusal) -> Int {
        let path = entry.path + ".valueQuantity"
        let quantity = try entry.object.requiredObject("valueQuantity", at: entry.path)
        guard let tenths = try quantity.temperatureTenths(at: path) else {
            throw .missing(path + ".value")
        }
        return tenths
    }
}

extension JSONObject {
    /// A Quantity of degrees Celsius, in tenths.
    func temperatureTenths(at path: String) throws(Refusal) -> Int? {
        guard let value = self["value"] else { return nil }
        guard case .number(let digits) = value, let amount = MeasuredAmount(digits),
            (30_000...45_000).contains(amount.thousandths)
        else { throw .malformed(path + ".value") }
        if let code = try optionalString("code", at: path), code != "Cel" {
            throw .malformed(path + ".code")
        }
        return amount.thousandths / 100
    }
}

extension NeedleOverride {
    /// As parts of a parameter.
    fileprivate init(parts entry: Parameters.Entry) throws(Refusal) {
        let parts = try Parameters(partsOf: entry, only: ["rule", "reason"])
        let rule = try parts.required("rule")
        guard let code = try rule.object.filledString("valueCode", at: rule.path) else {
            throw .missing(rule.path + ".valueCode")
        }
        self.init(rule: code, reason: try parts.required("reason").string())
    }

    /// As an extension of a record.
    init(reading entry: JSONObject, at path: String) throws(Refusal) {
        let parts = path + ".extension"
        let rule = try entry.extensionItem("rule", as: parts + "(rule)")
        let reason = try entry.extensionItem("reason", as: parts + "(reason)")
        guard let code = try rule?.filledString("valueCode", at: parts + "(rule)") else {
            throw .missing(parts + "(rule)")
        }
        guard let text = try reason?.filledString("valueString", at: parts + "(reason)") else {
            throw .missing(parts + "(reason)")
        }
        self.init(rule: code, reason: text)
    }

    func write(to list: inout JSONWriter) {
        list.object { entry in
            entry.member("url", FHIR.Extension.needleOverride)
            entry.array("extension") {
                $0.extensionItem("rule", "valueCode", rule)
                $0.extensionItem("reason", "valueString", reason)
            }
        }
    }
}
