/// Immunization in the flavour of JP Core, as it is shown to anybody who may see it: reading it again
/// gives the same record. A reader's `patientID` is its own pairwise id.
extension VaccinationVersion {
    /// `visitID` and `outcome` are written for the institution whose record it is, and for nobody else.
    package func render(
        as patientID: String, visitID: String? = nil, outcome: VaccinationOutcome? = nil
    ) -> [UInt8] {
        render(of: ShownPatient(id: patientID)) { list in
            if let visitID { list.extensionItem(FHIR.Extension.visit, "valueString", visitID) }
            outcome?.write(to: &list)
        }
    }

    /// `tell` adds the extensions of one reader.
    func render(of patient: ShownPatient, telling tell: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 3072)
        writer.object { record in
            record.member("resourceType", "Immunization")
            record.member("id", id)
            record.object("meta") { meta in
                meta.member("versionId", String(version))
                meta.member("lastUpdated", recordedAt.text)
                meta.array("profile") {
                    $0.string(FHIR.Profile.vaccination)
                    $0.string(FHIR.Profile.immunization)
                }
            }
            vaccination.write(to: &record, of: patient, recordedBy: institution, telling: tell)
        }
        return writer.bytes
    }
}

/// 本人の接種記録, in the order given.
package func renderVaccinations(
    _ versions: [VaccinationVersion], of patientID: String, page: SearchPage
) -> [UInt8] {
    renderSearchset(
        versions.map {
            SearchEntry(reference: "Immunization/" + $0.id, resource: $0.render(as: patientID))
        }, page: page)
}

/// 保存の形: the record as the ledger keeps it, naming neither person nor visit. Reading it again gives the
/// same record.
extension Vaccination {
    package func face(recordedBy institution: Party) -> String {
        var writer = JSONWriter(reservingBytes: 2048)
        writer.object { record in
            record.member("resourceType", "Immunization")
            write(to: &record, of: nil, recordedBy: institution) { _ in }
        }
        return writer.text
    }

    package init(face: String) throws(Refusal) {
        try self.init(reading: JSON(reading: Array(face.utf8)).requiredObject(at: "record"))
    }
}

extension Vaccination {
    fileprivate func write(
        to record: inout JSONWriter, of patient: ShownPatient?, recordedBy institution: Party,
        telling tell: (inout JSONWriter) -> Void
    ) {
        writeExtensions(to: &record, recordedBy: institution, telling: tell)
        writeWhat(to: &record, patient)
        writeHow(to: &record)
        writeWhy(to: &record)
    }

    fileprivate func writeExtensions(
        to record: inout JSONWriter, recordedBy institution: Party,
        telling tell: (inout JSONWriter) -> Void
    ) {
        record.array("extension") { list in
            let days = [
                (FHIR.Extension.nextDose, nextDue), (FHIR.Extension.manufacturedDate, manufactured),
                (FHIR.Extension.certificatedDate, certificated),
            ]
            for case (let url, let day?) in days {
                list.extensionItem(url, "valueDate", day.text)
            }
            list.object {
                $0.member("url", FHIR.Extension.recordedBy)
                $0.name("valueIdentifier")
                $0.identifierItem(institution.identifier)
            }
            if let basis {
                list.extensionItem(FHIR.Extension.vaccinationBasis, "valueCode", basis.rawValue)
            }
            screening?.write(to: &list)
            for item in overrides { item.write(to: &list) }
            tell(&list)
        }
    }

    fileprivate func writeWhat(to record: inout JSONWriter, _ patient: ShownPatient?) {
        record.array("identifier") { $0.identifierItem(identifier) }
        record.member("status", status.rawValue)
        record.member("statusReason", statusReason)
        record.member("vaccineCode", vaccine)
        patient?.write(to: &record)
        switch occurrence {
        case .time(let time): record.member("occurrenceDateTime", time.text)
        case .text(let text): record.member("occurrenceString", text)
        }
        record.member("recorded", recorded?.text)
        record.member("primarySource", isPrimarySource)
        record.member("reportOrigin", reportOrigin)
    }

    fileprivate func writeHow(to record: inout JSONWriter) {
        if let maker = vial.manufacturer {
            record.object("manufacturer") { $0.member("display", maker) }
        }
        record.member("lotNumber", vial.lotNumber)
        record.member("expirationDate", vial.expiry?.text)
        record.member("site", site)
        record.member("route", route)
        if let quantity {
            record.object("doseQuantity") {
                $0.name("value")
                $0.raw(quantity.value)
                $0.member("unit", quantity.unit)
                $0.member("system", quantity.system)
                $0.member("code", quantity.code)
            }
        }
        guard !performers.isEmpty else { return }
        record.array("performer") { for performer in performers { performer.write(to: &$0) } }
    }

    fileprivate func writeWhy(to record: inout JSONWriter) {
        if !notes.isEmpty {
            record.array("note") { list in
                for note in notes {
                    list.object {
                        $0.member("time", note.time?.text)
                        $0.member("text", note.text)
                    }
                }
            }
        }
        record.member("reasonCode", reasons)
        record.member("isSubpotent", isSubpotent)
        record.member("subpotentReason", subpotentReasons)
        record.member("programEligibility", programEligibility)
        record.member("fundingSource", fundingSource)
        guard !protocols.isEmpty else { return }
        record.array("protocolApplied") { for applied in protocols { applied.write(to: &$0) } }
    }
}

extension Vaccination.Performer {
    fileprivate func write(to list: inout JSONWriter) {
        list.object { performer in
            performer.member("function", function)
            performer.object("actor") { actor in
                if let identifier {
                    actor.name("identifier")
                    actor.identifierItem(identifier)
                }
                actor.member("display", name)
            }
        }
    }
}

extension Vaccination.AppliedProtocol {
    fileprivate func write(to list: inout JSONWriter) {
        list.object { applied in
            applied.member("series", series)
            applied.member("targetDisease", targetDiseases)
            doseNumber.write("doseNumber", to: &applied)
            seriesDoses?.write("seriesDoses", to: &applied)
        }
    }
}

extension Vaccination.AppliedProtocol.Count {
    fileprivate func write(_ name: String, to applied: inout JSONWriter) {
        switch self {
        case .number(let number): applied.member(name + "PositiveInt", number)
        case .text(let text): applied.member(name + "String", text)
        }
    }
}

extension Vaccination.ScreeningDecision {
    fileprivate func write(to list: inout JSONWriter) {
        list.object { entry in
            entry.member("url", FHIR.Extension.screening)
            entry.array("extension") { parts in
                parts.extensionItem("decision", "valueCode", code.rawValue)
                guard let responseID else { return }
                parts.object {
                    $0.member("url", "response")
                    $0.reference("valueReference", "QuestionnaireResponse/" + responseID)
                }
            }
        }
    }
}

extension JSONWriter {
    mutating func identifierItem(_ identifier: RecordIdentifier) {
        object {
            $0.member("system", identifier.system)
            $0.member("value", identifier.value)
        }
    }
}

/// 患者の示し方: a resident as one reader knows them, with a number of the reader's own where it gave one.
package struct ShownPatient: Hashable, Sendable {
    package let id: String
    package let identifier: RecordIdentifier?

    package init(id: String, identifier: RecordIdentifier? = nil) {
        self.id = id
        self.identifier = identifier
    }

    func write(to record: inout JSONWriter, as name: String = "patient") {
        record.object(name) { patient in
            patient.member("reference", "Patient/" + id)
            guard let identifier else { return }
            patient.name("identifier")
            patient.identifierItem(identifier)
        }
    }
}
