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

    /// What it is to the claim of another report of the same resident.
    package var beside: CheckupClaimFacts.Other {
        CheckupClaimFacts.Other(
            id: version.id, checkup: version.report.result.checkup,
            day: version.report.result.day,
            isWithdrawn: version.report.status == .enteredInError, refusal: line?.refusal)
    }

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
        var phrases = ObservationPhrases(of: patientID, rules.items)
        var writer = JSONWriter(reservingBytes: 8192)
        write(to: &writer, &phrases, visitID: visitID, tellsClaim: tellsClaim, rules)
        return writer.bytes
    }

    /// The same of one of many: what its Observations say alike is written once.
    fileprivate func write(
        to writer: inout JSONWriter, _ phrases: inout ObservationPhrases, visitID: String? = nil,
        tellsClaim: Bool = false, _ rules: MaternalRules
    ) {
        writer.object { report in
            report.member("resourceType", "DiagnosticReport")
            report.member("id", version.id)
            report.object("meta") { writeMeta(to: &$0) }
            report.array("contained") { list in
                for entry in version.report.result.entries {
                    list.object { observation in
                        observation.member("resourceType", "Observation")
                        observation.member("id", entry.item)
                        observation.write(
                            entry, on: version.report.effective.text, &phrases)
                    }
                }
            }
            report.array("extension") {
                writeExtensions(to: &$0, visitID)
                if visitID != nil || tellsClaim { line?.writeClaim(to: &$0) }
            }
            writeReport(to: &report, of: phrases.patientID, rules)
        }
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
}

extension CheckupTicket.Number {
    func write(to list: inout JSONWriter) {
        list.object { entry in
            entry.member("url", FHIR.Extension.checkupTicket)
            entry.array("extension") { writeItems(to: &$0) }
        }
    }

    /// What names a ticket, in every extension that does.
    func writeItems(to parts: inout JSONWriter) {
        parts.extensionItem("body", "valueString", body)
        parts.extensionItem("kind", "valueCode", kind)
        parts.extensionItem("serial", "valuePositiveInt", serial)
        parts.extensionItem("issue", "valuePositiveInt", issue)
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
                guard let words else { return }
                parts.extensionItem("text", "valueString", words.ja)
                parts.extensionItem("textEn", "valueString", words.en)
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

/// 健診の記録: the matches of a search, in the order given; a long one may be made in parts.
package func checkupEntries(
    _ shown: some Collection<ShownCheckup>, of patientID: String, on page: SearchPage,
    _ rules: MaternalRules
) -> WrittenEntries {
    var phrases = ObservationPhrases(of: patientID, rules.items)
    var entries = WrittenEntries(on: page, expecting: shown.count)
    for report in shown {
        entries.add(report.reference) { report.write(to: &$0, &phrases, rules) }
    }
    return entries
}
