/// AdverseEvent (https://hl7.org/fhir/R4/adverseevent.html) as an institution reports it. A dose
/// of its own is named by its record; one that another gave, by vaccine, day and lot (`suspected-dose`).
package struct SubmittedReaction: Hashable, Sendable {
    /// As the body says it, for a correction: https://hl7.org/fhir/R4/http.html#update.
    package let id: String?
    package let visitID: String
    package let patientID: String
    package let reaction: VaccineReaction

    /// `today`: nothing began after it. Throws the path of what is wrong.
    package init(
        reading body: [UInt8], today: CalendarDay, _ rules: ImmunizationRules
    ) throws(Refusal) {
        let resource = try JSONObject(resource: body)
        try resource.requireResource("AdverseEvent")
        try JSON.object(resource).refuseIndividualNumbers()
        try resource.refuseModifiers()
        try resource.requireOnly(Self.elements)
        id = try resource.optionalString("id")
        visitID = try resource.visitID()
        patientID = try resource.patientID("subject")
        guard try resource.requiredString("actuality") == "actual" else {
            throw .malformed("actuality")
        }
        reaction = try VaccineReaction(reading: resource)
        guard rules.reactions.symptom(reaction.symptom) != nil else {
            throw .malformed("event.coding")
        }
        guard let day = reaction.onset.day else { throw .malformed("date") }
        guard day <= today else { throw .dayAhead("date") }
        for dose in reaction.doses { try reaction.requireOnset(after: dose) }
    }

    /// Of these, `meta`, `language` and `text` are not kept.
    private static let elements: Set<String> = [
        "resourceType", "id", "meta", "language", "text", "extension", "identifier", "actuality",
        "event", "subject", "date", "recordedDate", "seriousness", "outcome", "recorder",
        "suspectEntity",
    ]
}

extension VaccineReaction {
    /// Throws `.malformed("date")` for a sign that was there before the dose.
    package func requireOnset(after dose: ToldDose) throws(Refusal) {
        guard !onset.isBefore(dose.given) else { throw .malformed("date") }
    }

    package init(face: String) throws(Refusal) {
        try self.init(reading: JSON(reading: Array(face.utf8)).requiredObject(at: "report"))
    }

    fileprivate init(reading resource: JSONObject) throws(Refusal) {
        let identifier = try resource.requiredObject("identifier")
        self.identifier = try RecordIdentifier(reading: identifier, at: "identifier")
        let item = "extension(reaction-stage)"
        let stage = try resource.extensionItem(FHIR.Extension.reactionStage, as: item)
        self.stage = try stage?.code("valueCode", at: item) ?? .initial
        guard let event = try resource.concept("event") else { throw .missing("event") }
        guard let symptom = event.code(of: FHIR.System.vaccineReaction) else {
            throw .malformed("event.coding")
        }
        self.symptom = symptom
        words = event.text
        guard let onset = try resource.time("date") else { throw .missing("date") }
        self.onset = onset
        isSerious = try Self.seriousness(resource)
        outcome = try Self.outcome(resource)
        let recorder = try resource.requiredObject("recorder")
        reporter = try recorder.requiredFilled("display", at: "recorder")
        var suspects: [Suspect] = []
        for (row, path) in try resource.objects("suspectEntity") {
            suspects.append(try Suspect(reading: row, at: path))
        }
        guard !suspects.isEmpty else { throw .missing("suspectEntity") }
        guard suspects.count <= Self.suspectsMax else { throw .tooMany("suspectEntity") }
        self.suspects = suspects
    }

    /// 報告書の様式: four vaccines at once.
    private static let suspectsMax = 4

    private static func seriousness(_ resource: JSONObject) throws(Refusal) -> Bool? {
        guard let concept = try resource.concept("seriousness") else { return nil }
        switch concept.code(of: FHIR.System.seriousness) {
        case "Serious": return true
        case "Non-serious": return false
        default: throw .malformed("seriousness.coding")
        }
    }

    private static func outcome(_ resource: JSONObject) throws(Refusal) -> Outcome? {
        guard let concept = try resource.concept("outcome") else { return nil }
        guard let outcome = concept.code(of: FHIR.System.reactionOutcome).flatMap(Outcome.init)
        else { throw .malformed("outcome.coding") }
        return outcome
    }
}

extension VaccineReaction.Suspect {
    fileprivate init(reading row: JSONObject, at path: String) throws(Refusal) {
        let place = path + ".instance"
        let instance = try row.requiredObject("instance", at: path)
        let reference = try instance.optionalString("reference", at: place)
        let id = reference.flatMap { FHIR.id(in: $0, of: "Immunization") }
        guard reference == nil || id != nil else { throw .malformed(place + ".reference") }
        let item = path + ".extension(suspected-dose)"
        let told = try row.extensionItem(FHIR.Extension.suspectedDose, as: item)
        guard id != nil || told != nil else { throw .missing(place + ".reference") }
        let dose = try told.map { entry throws(Refusal) in
            try VaccineReaction.ToldDose(reading: entry, at: item)
        }
        self.init(recordID: id, dose: dose)
    }
}

extension VaccineReaction.ToldDose {
    fileprivate init(reading entry: JSONObject, at item: String) throws(Refusal) {
        func part(_ name: String) throws(Refusal) -> JSONObject? {
            try entry.extensionItem(name, as: "\(item).extension(\(name))")
        }
        let vaccinePath = "\(item).extension(vaccine)"
        guard let vaccine = try part("vaccine")?.concept("valueCodeableConcept", at: vaccinePath)
        else { throw .missing(vaccinePath) }
        let givenPath = "\(item).extension(given)"
        guard let given = try part("given")?.time("valueDateTime", at: givenPath), given.day != nil
        else { throw .missing(givenPath) }
        self.init(
            vaccine: vaccine, given: given,
            lotNumber: try part("lotNumber")?.filledString(
                "valueString", at: "\(item).extension(lotNumber)"))
    }
}

/// The report as it is shown to anybody who may see it: reading it again gives the same report.
extension ReactionVersion {
    /// `visitID` is written for the institution whose report it is; `place` for the municipality; `items`,
    /// those of the nation's layout, for the ministry.
    package func render(
        of patient: ShownPatient, visitID: String? = nil, place: Int? = nil,
        items: [ReactionItem] = [], _ rules: ImmunizationRules
    ) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 2048)
        writer.object { event in
            event.member("resourceType", "AdverseEvent")
            event.member("id", id)
            event.object("meta") { meta in
                meta.member("versionId", String(version))
                meta.member("lastUpdated", recordedAt.text)
            }
            reaction.write(to: &event, of: patient, rules) { list in
                if let visitID { list.extensionItem(FHIR.Extension.visit, "valueString", visitID) }
                list.object {
                    $0.member("url", FHIR.Extension.recordedBy)
                    $0.object("valueIdentifier") {
                        $0.member("system", FHIR.System.institution)
                        $0.member("value", institution.code)
                    }
                }
                list.told(
                    FHIR.Extension.reactionPeriod, FHIR.System.reactionPeriod, standing.rawValue,
                    standing.text)
                if let place {
                    list.extensionItem(FHIR.Extension.reactionCursor, "valueString", String(place))
                }
                for item in items { item.write(to: &list) }
            }
            event.member("recordedDate", recordedAt.text)
        }
        return writer.bytes
    }
}

extension VaccineReaction {
    /// 保存の形: naming neither person nor visit.
    package func face(_ rules: ImmunizationRules) -> String {
        var writer = JSONWriter(reservingBytes: 1024)
        writer.object { write(to: &$0, of: nil, rules) { _ in } }
        return writer.text
    }

    fileprivate func write(
        to event: inout JSONWriter, of patient: ShownPatient?, _ rules: ImmunizationRules,
        telling tell: (inout JSONWriter) -> Void
    ) {
        event.array("extension") { list in
            list.extensionItem(FHIR.Extension.reactionStage, "valueCode", stage.rawValue)
            tell(&list)
        }
        event.name("identifier")
        event.identifierItem(identifier)
        event.member("actuality", "actual")
        event.object("event") { concept in
            concept.array("coding") {
                $0.codingItem(
                    FHIR.System.vaccineReaction, symptom,
                    display: rules.reactions.symptom(symptom)?.name.ja)
            }
            concept.member("text", words)
        }
        patient?.write(to: &event, as: "subject")
        event.member("date", onset.text)
        if let isSerious {
            event.concept(
                "seriousness", FHIR.System.seriousness, isSerious ? "Serious" : "Non-serious")
        }
        if let outcome {
            event.concept("outcome", FHIR.System.reactionOutcome, outcome.rawValue)
        }
        event.object("recorder") { $0.member("display", reporter) }
        event.array("suspectEntity") { for suspect in suspects { suspect.write(to: &$0) } }
    }
}

extension VaccineReaction.Suspect {
    fileprivate func write(to list: inout JSONWriter) {
        list.object { entity in
            if let dose {
                entity.array("extension") { list in
                    list.object { entry in
                        entry.member("url", FHIR.Extension.suspectedDose)
                        entry.array("extension") { dose.writeParts(to: &$0) }
                    }
                }
            }
            entity.object("instance") { instance in
                instance.member("reference", recordID.map { "Immunization/" + $0 })
                guard recordID == nil else { return }
                instance.member("display", dose?.vaccine.text ?? dose?.given.text)
            }
        }
    }
}

extension VaccineReaction.ToldDose {
    fileprivate func writeParts(to parts: inout JSONWriter) {
        parts.object {
            $0.member("url", "vaccine")
            $0.member("valueCodeableConcept", vaccine)
        }
        parts.extensionItem("given", "valueDateTime", given.text)
        if let lotNumber { parts.extensionItem("lotNumber", "valueString", lotNumber) }
    }
}
