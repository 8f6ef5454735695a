/// 患者: the person of a visit as one institution sees them: pairwise id, names, birth date, sex.
/// There is no address in this type, so none can leave by it.
package struct PatientView: Hashable, Sendable {
    package let pairwiseID: String
    package let name: String?
    package let nameKana: String?
    /// `YYYY-MM-DD`, or as registered when a day or month is unknown.
    package let birthDate: String?
    /// As registered (`ResidentSex.init(registered:)`).
    package let sex: String?

    /// What the visit does not open is `nil`: the id alone is a Patient too.
    package init(
        pairwiseID: String, name: String?, nameKana: String?, birthDate: String?, sex: String?
    ) {
        self.pairwiseID = pairwiseID
        self.name = name
        self.nameKana = nameKana
        self.birthDate = birthDate
        self.sex = sex
    }

    package func render() -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024)
        writer.object { patient in
            patient.member("resourceType", "Patient")
            patient.member("id", pairwiseID)
            patient.profile(FHIR.Profile.patient)
            patient.array("identifier") {
                $0.object {
                    $0.member("system", FHIR.System.patient)
                    $0.member("value", pairwiseID)
                }
            }
            let written = name.map(Self.joined) ?? ""
            let kana = nameKana.map(Self.joined) ?? ""
            if !written.isEmpty || !kana.isEmpty {
                patient.array("name") {
                    $0.humanName("IDE", written)
                    $0.humanName("SYL", kana)
                }
            }
            patient.member(
                "gender", sex.map { ResidentSex(registered: $0).rawValue })
            writeBirthDate(to: &patient)
        }
        return writer.bytes
    }

    /// FHIR allows a year or a month alone: `1950-00-00`, as municipalities write an unknown day,
    /// becomes `1950`.
    private func writeBirthDate(to patient: inout JSONWriter) {
        guard let birthDate else { return }
        if let day = try? CalendarDay(birthDate) {
            patient.member("birthDate", day.text)
            return
        }
        let parts = birthDate.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2], parts.joined().utf8.allSatisfy(Self.isDigit),
            parts[0] != "0000"
        else { return }
        let hasMonth = Int(parts[1]).map { (1...12).contains($0) } ?? false
        patient.member("birthDate", hasMonth ? parts[0] + "-" + parts[1] : String(parts[0]))
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// JP Core: the parts of `text` are joined by exactly one half-width space.
    private static func joined(_ name: String) -> String {
        name.split(whereSeparator: { $0 == " " || $0 == "\u{3000}" }).joined(separator: " ")
    }
}

extension JSONWriter {
    /// IDE (as written) or SYL (kana); a name of one part is `text` only. A 外字, whose picture its owner alone
    /// knows, stands as 〓, and the name says that something of it is missing.
    fileprivate mutating func humanName(_ representation: String, _ registered: String) {
        guard !registered.isEmpty else { return }
        let hasGaiji = registered.unicodeScalars.contains(where: \.isPrivateUse)
        var text = registered
        if hasGaiji {
            var scalars = String.UnicodeScalarView()
            for scalar in registered.unicodeScalars {
                scalars.append(scalar.isPrivateUse ? "〓" : scalar)
            }
            text = String(scalars)
        }
        object { name in
            name.array("extension") {
                $0.extensionItem(FHIR.Extension.nameRepresentation, "valueCode", representation)
                if hasGaiji {
                    $0.extensionItem(FHIR.Extension.absenceReason, "valueCode", "unsupported")
                }
            }
            name.member("use", "usual")
            name.member("text", text)
            let parts = text.split(separator: " ").map(String.init)
            guard parts.count > 1 else { return }
            name.member("family", parts[0])
            name.array("given") { for part in parts.dropFirst() { $0.string(part) } }
        }
    }
}
