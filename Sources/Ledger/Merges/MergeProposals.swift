package import Exchange
import Postgres

/// 二人目の決まり: how merges are agreed to.
package enum MergeAgreement: Sendable {
    /// ファイル: a second person confirmed it.
    case withTheFile
    /// 比べるだけ: nobody has confirmed the file yet, and nothing is written.
    case beforeTheFile
    /// Each row waits for another officer to send the same one.
    case rowByRow(by: Officer, FourEyes, hours: Int)

    var isWritten: Bool { if case .beforeTheFile = self { false } else { true } }

    /// Each merge is weighed on its own, in about six round trips, while whoever records something of either
    /// record waits: 100 of them take a tenth of a second. A file was confirmed as it is.
    var mergesMax: Int { if case .rowByRow = self { 100 } else { .max } }
}

/// 統合の申出の束: what officers have asked for by now of the merges of one body, read at once, and what the
/// caller adds, written with everything else. Nobody else weighs the same merges meanwhile: their rows name
/// the same records, whose moves the caller has alone.
struct MergeProposals {
    fileprivate struct Key: Hashable {
        let sequence: String
        let digest: [UInt8]

        init(_ merge: AskedMerge, of municipality: String) {
            self.init(sequence: merge.row.sequence, digest: merge.digest(of: municipality))
        }

        init(sequence: String, digest: [UInt8]) {
            self.sequence = sequence
            self.digest = digest
        }
    }

    fileprivate struct Held {
        let first: Officer
        let lapses: Instant
        let isAgreed: Bool
    }

    private let agreement: MergeAgreement
    private let municipality: String
    private let now: Instant
    private let held: [Key: Held]
    private var begun: [Key] = []
    private var agreed: [Key] = []

    fileprivate init(
        _ agreement: MergeAgreement, of municipality: String, at now: Instant, held: [Key: Held]
    ) {
        self.agreement = agreement
        self.municipality = municipality
        self.now = now
        self.held = held
    }

    /// Whether two have asked for it by now: the caller's word is the first or the second. One that lapsed is
    /// begun anew.
    mutating func isAskedTwice(_ merge: AskedMerge) -> Bool {
        switch agreement {
        case .withTheFile: return true
        case .beforeTheFile: return false
        case .rowByRow(let officer, let rule, _):
            let key = Key(merge, of: municipality)
            guard let word = held[key], word.isAgreed || word.lapses > now else {
                begun.append(key)
                return false
            }
            return word.isAgreed || rule.accepts(officer, after: word.first)
        }
    }

    /// It takes effect. One that was asked for twice and refused waits on for what is to be done first.
    mutating func agree(_ merge: AskedMerge) {
        let key = Key(merge, of: municipality)
        if case .rowByRow = agreement, held[key]?.isAgreed != true { agreed.append(key) }
    }

    var steps: [(Statement, [Value])] {
        guard case .rowByRow(let officer, _, let hours) = agreement else { return [] }
        let said: [Value] = [
            .text(optional: officer.name), officer.certificate.map { .bytes($0) } ?? .null,
            .time(now),
        ]
        func values(_ keys: [Key]) -> [Value] {
            [
                .text(municipality), .texts(keys.map(\.sequence)), .bytesArray(keys.map(\.digest)),
            ] + said
        }
        var steps: [(Statement, [Value])] = []
        if !begun.isEmpty {
            let lapses = Value.time(now.adding(seconds: Int64(hours) * 3_600))
            steps.append((Self.begin, values(begun) + [lapses]))
        }
        if !agreed.isEmpty { steps.append((Self.agree, values(agreed))) }
        return steps
    }

    private static let begin = Statement(
        """
        insert into exchange.merge_proposal (municipality, sequence, digest, operator, certificate,
            proposed_at, lapses_at)
        select $1::text, q.sequence, q.digest, $4::text, $5::bytea, $6::timestamptz, $7::timestamptz
        from unnest($2::text[], $3::bytea[]) as q(sequence, digest)
        on conflict (municipality, sequence, digest) do update
        set operator = excluded.operator, certificate = excluded.certificate,
            proposed_at = excluded.proposed_at, lapses_at = excluded.lapses_at
        """)

    private static let agree = Statement(
        """
        update exchange.merge_proposal p
        set second_operator = $4, second_certificate = $5, agreed_at = $6
        from unnest($2::text[], $3::bytea[]) as q(sequence, digest)
        where p.municipality = $1 and p.sequence = q.sequence and p.digest = q.digest
        """)

    fileprivate static let select = Statement(
        """
        select p.sequence, p.digest, p.operator, p.certificate, p.lapses_at, p.agreed_at is not null
        from unnest($2::text[], $3::bytea[]) as q(sequence, digest)
        join exchange.merge_proposal p
            on p.municipality = $1 and p.sequence = q.sequence and p.digest = q.digest
        """)
}

extension Records {
    /// To be read once the records' moves are the caller's alone.
    mutating func proposals(of merges: [AskedMerge], _ agreement: MergeAgreement) throws
        -> MergeProposals
    {
        let municipality = caller.party.code
        var held: [MergeProposals.Key: MergeProposals.Held] = [:]
        if case .rowByRow(let officer, _, _) = agreement, !merges.isEmpty {
            let keys = merges.map { MergeProposals.Key($0, of: municipality) }
            let rows = try transaction.query(
                MergeProposals.select,
                [
                    .text(municipality), .texts(keys.map(\.sequence)),
                    .bytesArray(keys.map(\.digest)),
                ])
            for index in 0..<rows.count {
                let row = rows[index]
                let key = MergeProposals.Key(sequence: try row.text(0), digest: try row.bytes(1))
                held[key] = MergeProposals.Held(
                    first: Officer(
                        party: officer.party, name: try row.optionalText(2),
                        certificate: try row.optionalBytes(3)),
                    lapses: Instant(microseconds: try row.instant(4)), isAgreed: try row.bool(5))
            }
        }
        return MergeProposals(agreement, of: municipality, at: now, held: held)
    }
}
