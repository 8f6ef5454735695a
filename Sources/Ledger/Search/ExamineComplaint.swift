package import Exchange
import Postgres

/// 苦情の審査: for which complaint an ombudsman reads one resident's list, and on what ground.
package struct Complaint: Sendable {
    package enum Ground: String, CaseIterable, Sendable {
        /// 本人の同意.
        case agreement
        /// 法令に基づく命令・求め.
        case order
    }

    package let reference: StatedWord
    package let reason: StatedWord
    package let ground: Ground
    /// Where the agreement or the order is written.
    package let groundReference: StatedWord
    /// The resident, as a municipality registered them.
    package let municipality: String
    package let identityKey: String

    package init(
        reference: StatedWord, reason: StatedWord, ground: (Ground, StatedWord),
        resident: (municipality: String, identityKey: String)
    ) {
        self.reference = reference
        self.reason = reason
        self.ground = ground.0
        groundReference = ground.1
        municipality = resident.municipality
        identityKey = resident.identityKey
    }
}

extension Records {
    /// The whole list of the complaint's resident, what is withheld from them included. The first look
    /// leaves them a notice, in the same commit. Throws `.recordUnknown` for a key that no municipality
    /// registered.
    package mutating func examine(
        _ complaint: Complaint, record: Int, offset: Int, limit: Int
    ) throws -> (person: PersonKey, log: OwnAccessLog) {
        let person = try resident(ofKey: complaint.identityKey, of: complaint.municipality)
        subject.person = person
        let isNew = try transaction.run(
            Self.insertComplaint,
            [
                .person(person), .text(caller.party.key), .text(complaint.reference.text),
                .text(complaint.ground.rawValue), .text(complaint.groundReference.text),
                .text(complaint.reason.text), .time(now),
            ])
        if isNew == 1 { notify(person, Notice.complaintExamined, visit: nil) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("complaint", complaint.reference.text)
        writer.member("ground", complaint.ground.rawValue)
        writer.member("groundReference", complaint.groundReference.text)
        writer.member("reason", complaint.reason.text)
        writer.endObject()
        enter(person, basis: writer.text)
        return (
            person, try ownAccessLog(of: person, record: record, offset: offset, limit: limit)
        )
    }

    /// One complaint is one notice, however many pages are read for it.
    private static let insertComplaint = Statement(
        """
        insert into exchange.complaint
            (person, party, reference, ground, ground_reference, reason, opened_at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
        """)
}
