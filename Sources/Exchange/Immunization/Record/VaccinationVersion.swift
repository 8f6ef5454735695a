/// 接種記録の版: what was recorded, by whom and when. A correction is a new version; none is overwritten.
package struct VaccinationVersion: Hashable, Sendable {
    /// Opaque, pairwise where it is shown.
    package let id: String
    /// From 1.
    package let version: Int
    package let recordedAt: Instant
    package let institution: Party
    package let vaccination: Vaccination

    package init(
        id: String, version: Int, recordedAt: Instant, institution: Party, vaccination: Vaccination
    ) {
        self.id = id
        self.version = version
        self.recordedAt = recordedAt
        self.institution = institution
        self.vaccination = vaccination
    }

    /// 訂正: what sending `vaccination` for this record does. `expected` is the version its sender had seen
    /// (`If-Match`); a create sent again has seen none.
    package func amended(
        by vaccination: Vaccination, from institution: Party, seen expected: Int?
    ) throws(VaccinationRefusal) -> VaccinationAmendment {
        guard institution == self.institution else { throw .anotherInstitution }
        guard vaccination.identifier == self.vaccination.identifier else {
            throw .identifierChanged
        }
        // The same content again is the answer that was lost on its way, whatever version was seen.
        if vaccination == self.vaccination { return .unchanged }
        guard let expected else { throw .keyReused }
        guard expected == version else { throw .versionPassed }
        guard self.vaccination.status != .enteredInError else { throw .alreadyInError }
        return .newVersion(version + 1)
    }
}

package enum VaccinationAmendment: Hashable, Sendable {
    case unchanged
    case newVersion(Int)
}

/// 記録を受け付けない理由: the raw value is the code on the wire.
package enum VaccinationRefusal: String, Error, CaseIterable, Hashable, Sendable {
    case anotherInstitution = "another-institution"
    case identifierChanged = "identifier-changed"
    case keyReused = "key-reused"
    case versionPassed = "version-passed"
    case alreadyInError = "already-in-error"

    package var text: BilingualText {
        switch self {
        case .anotherInstitution:
            BilingualText(
                ja: "この記録は別の医療機関のものです。誤りは、記録した医療機関か市区町村に伝えてください。",
                en:
                    "The record is another institution's. Tell them, or the municipality, of the error."
            )
        case .identifierChanged:
            BilingualText(
                ja: "訂正では識別子を変えられません。元の識別子で送り直してください。",
                en: "A correction keeps its identifier. Send it again with the one recorded.")
        case .keyReused:
            BilingualText(
                ja: "同じ識別子で違う内容の記録があります。訂正なら版を添えて送り、別の接種なら新しい識別子で送ってください。",
                en:
                    "This identifier already holds another record. Send a correction with its version, "
                    + "or another dose with an identifier of its own.")
        case .versionPassed:
            BilingualText(
                ja: "その版のあとに訂正がありました。最新の版を読み、確かめてから送り直してください。",
                en: "The record was corrected since that version. Read the newest, and send again.")
        case .alreadyInError:
            BilingualText(
                ja: "この記録は誤りとして取り消されています。正しい記録は、新しい識別子で送ってください。",
                en:
                    "The record was withdrawn as an error. Send the right one with a new identifier."
            )
        }
    }
}

extension ImmunizationRules {
    /// 重複: records of the same day that speak of the same vaccine, as two clinics, or a clinic and a
    /// handbook, write of one dose. The first written by who gave it stands; the later ones are named.
    package func duplicates(
        of vaccination: Vaccination, among others: [VaccinationVersion]
    ) -> [VaccinationVersion] {
        guard let dose = vaccination.dose(self), let day = dose.day else { return [] }
        return others.filter { other in
            guard other.vaccination.identifier != vaccination.identifier,
                let known = other.vaccination.dose(self), known.day == day
            else { return false }
            guard let ours = dose.vaccine, let theirs = known.vaccine else {
                return vaccination.vaccine == other.vaccination.vaccine
            }
            return ours == theirs || countTogether(ours, theirs)
        }
    }

    /// A dose of the one is a dose of the other: ロタ and its products, 四種 and 五種.
    private func countTogether(_ one: Vaccine.ID, _ other: Vaccine.ID) -> Bool {
        programmes.contains { $0.counts.contains(one) && $0.counts.contains(other) }
    }
}
