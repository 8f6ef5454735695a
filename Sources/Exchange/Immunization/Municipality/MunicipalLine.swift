/// 予防接種台帳と請求の一行 as the municipality of residence receives it: the record, and what it is to that
/// municipality; of a dose that was not given, why. What it once held and no longer does comes as entered in
/// error.
package struct MunicipalLine: Hashable, Sendable {
    /// Of the Act or of what the municipality itself pays for, and in yen.
    package struct Entry: Hashable, Sendable {
        package struct Charge: Hashable, Sendable {
            package let unitYen: Int
            package let copaymentYen: Int
            package let source: String

            /// 単価待ち: nothing unless all of it is known.
            package init?(unitYen: Int?, copaymentYen: Int?, source: String?) {
                guard let unitYen, let copaymentYen, let source else { return nil }
                self.unitYen = unitYen
                self.copaymentYen = copaymentYen
                self.source = source
            }
        }

        package let programme: String
        package let doseNumber: Int?
        package let isOutOfArea: Bool
        package let remarks: [String]
        package let charge: Charge?

        package init(
            programme: String, doseNumber: Int?, isOutOfArea: Bool, remarks: [String],
            charge: Charge?
        ) {
            self.programme = programme
            self.doseNumber = doseNumber
            self.isOutOfArea = isOutOfArea
            self.remarks = remarks
            self.charge = charge
        }
    }

    package let version: VaccinationVersion
    package let isWithdrawn: Bool
    /// Nothing of what a municipality's own ledger told (過去の接種歴): it is history, and nobody's claim.
    package let entry: Entry?

    package init(version: VaccinationVersion, isWithdrawn: Bool, entry: Entry?) {
        self.version = version
        self.isWithdrawn = isWithdrawn
        self.entry = entry
    }

    /// `id` and `patient` as the municipality knows them; `place` is the line's among those it receives.
    package func render(id: String, of patient: ShownPatient, place: Int?) -> [UInt8] {
        version.shownToTown(as: id, isWithdrawn: isWithdrawn).render(of: patient) {
            entry?.write(to: &$0, place)
        }
    }
}

extension VaccinationVersion {
    /// 転入前の接種歴: a line of another municipality, as it is shown where the resident now lives.
    package func renderHistory(id: String, of patient: ShownPatient) -> [UInt8] {
        shownToTown(as: id).render(of: patient) { _ in }
    }

    /// Notes between clinic and resident stay with them, as does what the questionnaire was answered; of a
    /// dose that was not given the municipality has the reason.
    fileprivate func shownToTown(as id: String, isWithdrawn: Bool = false) -> VaccinationVersion {
        var given = vaccination
        given.notes = []
        given.reasons = []
        given.statusReason = given.notDoneReason
        if isWithdrawn { given.status = .enteredInError }
        return VaccinationVersion(
            id: id, version: version, recordedAt: recordedAt, institution: institution,
            vaccination: given
        ).named(id, responseID: nil)
    }
}

extension Vaccination {
    /// 未接種の理由 as a municipality is told it: by its code, and in words only where there is none.
    var notDoneReason: Concept? {
        guard status == .notDone, let reason = statusReason else { return nil }
        let codes = reason.codes.filter { $0.code != nil }
        return codes.isEmpty ? reason : Concept(codes: codes)
    }

    /// The same in one cell.
    var notDoneWords: String? {
        notDoneReason.map { reason in
            let words = reason.codes.compactMap { $0.display ?? $0.code }
            return reason.text ?? words.joined(separator: " ")
        }
    }
}

extension MunicipalLine.Entry {
    fileprivate func write(to extensions: inout JSONWriter, _ place: Int?) {
        extensions.object { line in
            line.member("url", FHIR.Extension.vaccinationLine)
            line.array("extension") { parts in
                if let place { parts.extensionItem("cursor", "valueString", String(place)) }
                parts.extensionItem("programme", "valueCode", programme)
                if let doseNumber {
                    parts.part("doseNumber") { $0.member("valuePositiveInt", doseNumber) }
                }
                parts.part("outOfArea") { $0.member("valueBoolean", isOutOfArea) }
                for remark in remarks { parts.extensionItem("remark", "valueCode", remark) }
                guard let charge else { return }
                parts.money("unitPrice", charge.unitYen)
                parts.money("copayment", charge.copaymentYen)
                parts.money("claimed", charge.unitYen - charge.copaymentYen)
                parts.extensionItem("source", "valueString", charge.source)
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func part(_ url: String, _ body: (inout JSONWriter) -> Void) {
        object { part in
            part.member("url", url)
            body(&part)
        }
    }

    fileprivate mutating func money(_ url: String, _ yen: Int) {
        part(url) { part in
            part.object("valueMoney") {
                $0.member("value", yen)
                $0.member("currency", "JPY")
            }
        }
    }
}
