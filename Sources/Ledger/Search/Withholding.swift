package import Exchange
import Postgres

/// 開示の延期: until when an entry is held back from its resident, by whom and why: to the end that the
/// office gave, or to when it lifted it.
package struct Withholding: Sendable {
    package let party: Party
    /// A code of `profiles/access/log.json`.
    package let reason: String
    package let release: Instant

    /// Of `log.withholding_now w`, joined from the left.
    static let columns = "w.party, w.reason, w.release_at"

    init?(_ row: Row, from column: Int) throws {
        guard let party = try row.optionalText(column) else { return nil }
        self.party = try Party(key: party)
        reason = try row.text(column + 1)
        release = Instant(microseconds: try row.instant(column + 2))
    }
}

/// 記録の名前: entries as the party that asks knows them.
package struct EntryNames: Sendable {
    /// What each name means under each version of the key it may have been given under; of these at most
    /// one is an entry.
    let byVersion: [RecordID]
    let count: Int

    package init(byVersion: [RecordID], count: Int) {
        self.byVersion = byVersion
        self.count = count
    }

    var values: Value { .uuids(byVersion.map { UUIDBytes($0) }) }
}

/// 延期の申出: what an office states when it holds entries back.
package struct WithholdingOrder: Sendable {
    package let entries: EntryNames
    package let reason: WithholdingReason
    /// Where the decision is written.
    package let reference: StatedWord
    package let release: Instant

    package init(
        entries: EntryNames, reason: WithholdingReason, reference: StatedWord, release: Instant
    ) {
        self.entries = entries
        self.reason = reason
        self.reference = reference
        self.release = release
    }
}

extension Records {
    /// Holds entries of this office back from their residents, and the entry of the marking with them:
    /// it would tell of the others. What was shown before stays shown.
    ///
    /// Throws `.recordUnknown` unless every one is the office's own and about a resident,
    /// `.alreadySettled` for one that is held back, and `.termTooLong`.
    package mutating func withhold(_ order: WithholdingOrder) throws {
        let found = try transaction.query(
            Self.selectOwnEntries,
            [order.entries.values, .text(caller.party.key)]
        ).map { row in
            (
                id: try row.uuid(0).record, person: try row.uuid(1).person,
                at: Instant(microseconds: try row.instant(2)), isHeld: try row.bool(3)
            )
        }
        guard found.count == order.entries.count else { throw Refusal.recordUnknown }
        guard !found.contains(where: \.isHeld) else { throw Refusal.alreadySettled }
        var entries: [PersonKey: [RecordID]] = [:]
        for entry in found {
            try order.reason.requireTerm(of: entry.at, until: order.release, now: now)
            entries[entry.person, default: []].append(entry.id)
        }
        for (person, held) in entries {
            let marking = enter(
                person, basis: held.map(\.text).sorted().joined(separator: " "))
            write([
                (
                    Self.insertWithholding,
                    [
                        .uuids((held + [marking]).map { UUIDBytes($0) }), .person(person),
                        .text(caller.party.key), .text(order.reason.code),
                        .text(order.reference.text), .time(order.release), .id(marking),
                    ]
                )
            ])
        }
    }

    /// 延期の解除: shows entries that this office holds back to their residents from now on; the marking
    /// with the last of what it marked. Theirs is the entry of the lifting as well, at once.
    ///
    /// Throws `.recordUnknown` unless this office holds every one back, and `.alreadySettled` for one that
    /// was lifted or whose time is over.
    package mutating func lift(_ entries: EntryNames, because reference: StatedWord) throws {
        let held = try transaction.query(
            Self.selectWithheld, [entries.values, .text(caller.party.key)]
        ).map { row in
            (
                id: try row.uuid(0).record, person: try row.uuid(1).person,
                release: Instant(microseconds: try row.instant(2))
            )
        }
        guard held.count == entries.count else { throw Refusal.recordUnknown }
        guard held.allSatisfy({ $0.release > now }) else { throw Refusal.alreadySettled }
        for (person, lifted) in Dictionary(grouping: held, by: \.person) {
            let lifting = enter(
                person, basis: "lifted " + lifted.map(\.id.text).sorted().joined(separator: " "))
            let values: [Value] = [
                .uuids(lifted.map { UUIDBytes($0.id) }), .text(caller.party.key),
                .text(reference.text), .id(lifting), .time(now),
            ]
            // Of two at once the second waits here, and finds them lifted.
            let count = try transaction.run(Self.insertLifting, values)
            guard count == lifted.count else { throw Refusal.alreadySettled }
            write([(Self.liftMarkings, values)])
        }
    }

    private static let selectWithheld = Statement(
        """
        select entry, person, release_at from log.withholding_now
        where entry = any ($1) and party = $2 and entry <> marked_by
        """)

    private static let insertLifting = Statement(
        """
        insert into log.withholding_lift (entry, party, reference, lifted_by, lifted_at)
        select entry, $2, $3, $4, $5 from unnest($1::uuid[]) as e(entry) on conflict do nothing
        """)

    /// A marking tells of what it marked, so that it stays hidden while any of that does.
    private static let liftMarkings = Statement(
        """
        insert into log.withholding_lift (entry, party, reference, lifted_by, lifted_at)
        select distinct w.marked_by, $2, $3, $4::uuid, $5::timestamptz from log.withholding w
        where w.entry = any ($1) and not exists (
            select 1 from log.withholding_now other
            where other.marked_by = w.marked_by and other.entry <> w.marked_by
                and other.release_at > $5)
        on conflict do nothing
        """)

    private static let selectOwnEntries = Statement(
        """
        select e.entry, e.person, e.at, w.entry is not null
        from log.access_entry e left join log.withholding w on w.entry = e.entry
        where e.entry = any ($1) and e.party = $2 and e.person is not null
        """)

    private static let insertWithholding = Statement(
        """
        insert into log.withholding (entry, person, party, reason, reference, release_at, marked_by)
        select entry, $2, $3, $4, $5, $6, $7 from unnest($1::uuid[]) as e(entry)
        """)
}
