/// DiagnosticReport with its Observations contained, in the flavour of JP Core: reading it again gives the
/// same report. Names and codes beside ours are those of the rules at hand.
package struct ShownCheckup: Sendable {
    package let version: CheckupVersion
    package let compartment: CheckupCompartment
    /// What was taken as given but deserves a look.
    package let warnings: [ItemFinding]
    /// `nil` for a sensitive report, which is no claim.
    package let line: CheckupLine?

    package init(
        version: CheckupVersion, compartment: CheckupCompartment, warnings: [ItemFinding],
        line: CheckupLine?
    ) {
        self.version = version
        self.compartment = compartment
        self.warnings = warnings
        self.line = line
    }

    package var reference: String { "DiagnosticReport/" + version.id }

    /// The same under the id that a reader knows it by.
    package func named(_ id: String) -> ShownCheckup {
        ShownCheckup(
            version: version.named(id), compartment: compartment, warnings: warnings, line: line)
    }

    /// `visitID` is written for the institution whose visit it was. What became of the claim is told to
    /// it and, with `tellsClaim`, to the municipality that pays; to nobody else.
    package func render(
        as patientID: String, visitID: String? = nil, tellsClaim: Bool = false,
        _ rules: MaternalRules
    ) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 8192)
        writer.object { report in
            report.member("resourceType", "DiagnosticReport")
            report.member("id", version.id)
            report.object("meta") { writeMeta(to: &$0) }
            report.array("contained") { list in
                for entry in version.report.result.entries {
                    list.object { write(entry, of: patientID, to: &$0, rules) }
                }
            }
            report.array("extension") {
                writeExtensions(to: &$0, visitID)
                if visitID != nil || tellsClaim { line?.writeClaim(to: &$0) }
            }
            writeReport(to: &report, of: patientID, rules)
        }
        return writer.bytes
    }

    private func writeMeta(to meta: inout JSONWriter) {
        meta.member("versionId", String(version.version))
        meta.member("lastUpdated", version.recordedAt.text)
        meta.array("profile") {
            $0.string(FHIR.Profile.checkup)
            $0.string(FHIR.Profile.report)
        }
        guard compartment == .sensitive else { return }
        meta.array("security") {
            $0.codingItem(FHIR.System.confidentiality, "R", display: "restricted")
        }
    }

    private func writeReport(
        to report: inout JSONWriter, of patientID: String, _ rules: MaternalRules
    ) {
        let said = version.report
        report.array("identifier") { $0.identifierItem(said.identifier) }
        report.member("status", said.status.rawValue)
        let name = rules.name(of: said.result)
        report.object("code") { code in
            code.array("coding") {
                $0.codingItem(FHIR.System.checkup, said.result.checkup, display: name?.en)
            }
            code.member("text", name?.ja)
        }
        report.reference("subject", "Patient/" + patientID)
        report.member("effectiveDateTime", said.effective.text)
        report.member("issued", said.issued?.text)
        if !said.performers.isEmpty {
            report.array("performer") { list in
                for performer in said.performers {
                    list.object { row in
                        if let identifier = performer.identifier {
                            row.name("identifier")
                            row.identifierItem(identifier)
                        }
                        row.member("display", performer.name)
                    }
                }
            }
        }
        report.array("result") { list in
            for entry in said.result.entries {
                list.object { $0.member("reference", "#" + entry.item) }
            }
        }
    }

    private func writeExtensions(to list: inout JSONWriter, _ visitID: String?) {
        if let visitID { list.extensionItem(FHIR.Extension.visit, "valueString", visitID) }
        list.object {
            $0.member("url", FHIR.Extension.recordedBy)
            $0.name("valueIdentifier")
            $0.identifierItem(version.institution.identifier)
        }
        if let ticket = line?.ticket ?? version.report.ticket { ticket.write(to: &list) }
        for warning in warnings {
            list.object { entry in
                entry.member("url", FHIR.Extension.checkupWarning)
                entry.array("extension") { parts in
                    parts.extensionItem("item", "valueString", warning.item)
                    parts.extensionItem("code", "valueCode", warning.code.rawValue)
                    parts.extensionItem("text", "valueString", warning.ja)
                    parts.extensionItem("textEn", "valueString", warning.en)
                }
            }
        }
    }

    private func write(
        _ entry: CheckupResult.Entry, of patientID: String, to observation: inout JSONWriter,
        _ rules: MaternalRules
    ) {
        observation.member("resourceType", "Observation")
        observation.member("id", entry.item)
        observation.write(
            entry, of: patientID, on: version.report.effective.text, rules.items[entry.item],
            rules.items)
    }
}

extension JSONWriter {
    /// What every Observation of a checkup says, but for its id.
    mutating func write(
        _ entry: CheckupResult.Entry, of patientID: String, on time: String, _ item: CheckupItem?,
        _ items: CheckupItems
    ) {
        profile(FHIR.Profile.observation + (item?.jpCore.profile ?? "Common"))
        var isExamined = true
        if case .notExamined = entry.value { isExamined = false }
        member("status", isExamined ? "final" : "cancelled")
        array("category") {
            $0.conceptItem(FHIR.System.observationCategory, item?.jpCore.category ?? "exam")
        }
        object("code") { code in
            code.array("coding") { codings in
                codings.codingItem(FHIR.System.checkupItem, entry.item, display: item?.name.en)
                if let known = item?.jpCore?.coding {
                    codings.codingItem(known.system, known.code)
                }
            }
            code.member("text", item?.name.ja)
        }
        reference("subject", "Patient/" + patientID)
        member("effectiveDateTime", time)
        write(entry.value, of: entry.item, item, items)
    }

    private mutating func write(
        _ value: CheckupResult.Value, of code: String, _ item: CheckupItem?, _ items: CheckupItems
    ) {
        switch value {
        case .quantity(let digits, let unit):
            object("valueQuantity") {
                $0.name("value")
                $0.raw(digits)
                $0.member("unit", unit)
                $0.member("system", FHIR.System.ucum)
                $0.member("code", unit)
            }
        case .choice(let answer):
            coded(
                "valueCodeableConcept", FHIR.System.checkupAnswer(code), answer,
                item?.choiceName(answer))
        case .day(let day): member("valueDateTime", day)
        case .text(let text): member("valueString", text)
        case .notExamined(let reason):
            coded(
                "dataAbsentReason", FHIR.System.notExamined, reason,
                items.notExaminedReasons[reason])
        }
    }

    private mutating func coded(
        _ name: String, _ system: String, _ code: String, _ text: BilingualText?
    ) {
        object(name) { concept in
            concept.array("coding") { $0.codingItem(system, code, display: text?.en) }
            concept.member("text", text?.ja)
        }
    }
}

extension CheckupItem.JPCoreCode? {
    fileprivate var profile: String {
        map { $0.isBodyMeasurement ? "BodyMeasurement" : "VitalSigns" } ?? "Common"
    }

    fileprivate var category: String {
        map { $0.isBodyMeasurement ? "body-measurement" : "vital-signs" } ?? "exam"
    }
}

extension CheckupTicket.Number {
    func write(to list: inout JSONWriter) {
        list.object { entry in
            entry.member("url", FHIR.Extension.checkupTicket)
            entry.array("extension") { parts in
                parts.extensionItem("body", "valueString", body)
                parts.extensionItem("kind", "valueCode", kind)
                for (name, number) in [("serial", serial), ("issue", issue)] {
                    parts.object {
                        $0.member("url", name)
                        $0.member("valuePositiveInt", number)
                    }
                }
            }
        }
    }
}

extension CheckupLine {
    private var state: String {
        refusal?.rawValue ?? (charge == nil ? "awaits-price" : "claimed")
    }

    /// Yen and reason: never the municipality, which the institution need not learn.
    fileprivate func writeClaim(to list: inout JSONWriter) {
        list.object { entry in
            entry.member("url", FHIR.Extension.checkupClaim)
            entry.array("extension") { parts in
                parts.extensionItem("state", "valueCode", state)
                if let charge {
                    parts.object { part in
                        part.member("url", "claimed")
                        part.object("valueMoney") {
                            $0.member("value", charge.yen)
                            $0.member("currency", "JPY")
                        }
                    }
                }
                guard let refusal else { return }
                parts.extensionItem("text", "valueString", refusal.text.ja)
                parts.extensionItem("textEn", "valueString", refusal.text.en)
            }
        }
    }
}

extension MaternalRules {
    /// The checkup as its rule of that day calls it.
    func name(of result: CheckupResult) -> BilingualText? {
        result.checkup == pregnancy.checkup
            ? pregnancy.name : checkup(result.checkup, on: result.day)?.name
    }
}

/// 健診の記録, in the order given.
package func renderCheckups(
    _ shown: [ShownCheckup], of patientID: String, page: SearchPage, _ rules: MaternalRules
) -> [UInt8] {
    renderSearchset(
        shown.map {
            SearchEntry(reference: $0.reference, resource: $0.render(as: patientID, rules))
        }, page: page)
}
