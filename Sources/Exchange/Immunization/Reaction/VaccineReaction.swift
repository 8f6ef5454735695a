/// 副反応疑い (予防接種法12条): what an institution found of a person after vaccination, once for each number of its
/// own. It names no person: whose it is stands beside it.
package struct VaccineReaction: Hashable, Sendable {
    package enum Stage: String, CaseIterable, Hashable, Sendable {
        /// 第一報, 追加報.
        case initial
        case followUp = "follow-up"
        /// 取下げ: reported by mistake.
        case withdrawn
    }

    /// 転帰, as http://terminology.hl7.org/CodeSystem/adverse-event-outcome has it.
    package enum Outcome: String, CaseIterable, Hashable, Sendable {
        case resolved, recovering, ongoing, resolvedWithSequelae, fatal, unknown
    }

    /// 疑われる接種: as its record says, or as it was told where another gave it.
    package struct Suspect: Hashable, Sendable {
        /// The reporter's own record of the dose.
        package let recordID: String?
        package let dose: ToldDose?

        package init(recordID: String?, dose: ToldDose?) {
            self.recordID = recordID
            self.dose = dose
        }
    }

    package struct ToldDose: Hashable, Sendable {
        package let vaccine: Concept
        package let given: GivenTime
        package let lotNumber: String?

        package init(vaccine: Concept, given: GivenTime, lotNumber: String?) {
            self.vaccine = vaccine
            self.given = given
            self.lotNumber = lotNumber
        }
    }

    package let identifier: RecordIdentifier
    package let stage: Stage
    /// 症状: one of `reactions.json`, with the doctor's words.
    package let symptom: String
    package let words: String?
    /// 発生日時.
    package let onset: GivenTime
    /// 重篤.
    package let isSerious: Bool?
    package let outcome: Outcome?
    /// 報告者.
    package let reporter: String
    package var suspects: [Suspect]

    package var doses: [ToldDose] { suspects.compactMap(\.dose) }

    /// The same report sent again: what the reporter's own records say may have been corrected since.
    package func isSame(as other: VaccineReaction) -> Bool { asSent == other.asSent }

    private var asSent: VaccineReaction {
        var sent = self
        sent.suspects = suspects.map {
            $0.recordID == nil ? $0 : Suspect(recordID: $0.recordID, dose: nil)
        }
        return sent
    }
}

/// 報告の版: what was reported, by whom and when, and how it stands to the legal period.
package struct ReactionVersion: Hashable, Sendable {
    package let id: String
    /// From 1.
    package let version: Int
    package let recordedAt: Instant
    package let institution: Party
    package let reaction: VaccineReaction
    package let standing: ReactionStanding

    package init(
        id: String, version: Int, recordedAt: Instant, institution: Party,
        reaction: VaccineReaction, standing: ReactionStanding
    ) {
        self.id = id
        self.version = version
        self.recordedAt = recordedAt
        self.institution = institution
        self.reaction = reaction
        self.standing = standing
    }

    /// The same version under the ids that a reader knows it, and the records of its doses, by.
    package func named(
        _ id: String, doses name: (String) throws -> String
    ) rethrows -> ReactionVersion {
        var shown = reaction
        shown.suspects = try reaction.suspects.map {
            VaccineReaction.Suspect(recordID: try $0.recordID.map(name), dose: $0.dose)
        }
        return ReactionVersion(
            id: id, version: version, recordedAt: recordedAt, institution: institution,
            reaction: shown, standing: standing)
    }

    /// As `HeldRecord.amended`.
    package func amended(
        by sent: VaccineReaction, from institution: Party, seen expected: Int?
    ) throws(Refusal) -> RecordAmendment {
        try HeldRecord(
            institution: self.institution, identifier: reaction.identifier, version: version,
            isWithdrawn: reaction.stage == .withdrawn
        ).amended(
            by: sent.identifier, isSame: sent.isSame(as: reaction), from: institution,
            seen: expected)
    }
}
