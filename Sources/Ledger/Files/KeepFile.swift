import Exchange
import Postgres

/// 控えの保存: the parts of a file as they come, and the numbers that mended rows come without.
extension Records {
    mutating func arrive(
        _ intake: FileIntake, _ announcement: FileAnnouncement, _ rules: RuleBook
    ) {
        let layout = intake.layout
        var sequence: Int?
        var follows: [UInt8]?
        switch announcement.place {
        case .sequence(let number): sequence = number
        case .following(let digest): follows = digest.flatMap(Hexadecimal.bytes)
        case nil: break
        }
        write([
            (
                Self.insertFile,
                [
                    .id(intake.file), .text(caller.party.key), .text(layout.field),
                    .text(layout.code), .day(layout.effectiveFrom.daysSince1970),
                    .text(rules.version), .orNull(caller.operatorID),
                    .orNull(announcement.certificate), .bool(announcement.isDryRun),
                    .orNull(sequence), .orNull(follows), .time(now), .time(announcement.asOf),
                ]
            )
        ])
    }

    /// `asOfTheirFiles`: mended rows are as of the files in which they stood first. Returns whom the rows
    /// protect, with the keys of `hashing`; nobody without it: such a file only looks.
    @discardableResult
    mutating func keep(
        _ parts: [FileChunk], asOfTheirFiles: Bool, protecting hashing: FileHashing?
    ) throws -> Set<PersonKey> {
        var protected: [ProtectiveRow] = []
        for var part in parts {
            try findNumbers(of: &part)
            for row in part.protective {
                guard let number = part.numbers[row.place] else { continue }
                protected.append(
                    ProtectiveRow(
                        number: number, line: part.lines[row.place], ownKey: row.ownKey))
            }
            let files = part.mended.compactMap { try? RecordID($0) }
            if asOfTheirFiles, !files.isEmpty {
                let key: [Value] = [
                    .id(part.file), .uuids(files.map { UUIDBytes($0) }), .text(caller.party.key),
                ]
                write([(Self.takeMoment, key)])
            }
            write([
                (
                    Self.insertChunk,
                    [
                        .id(part.file), .int(part.chunk), .int(part.lines.first ?? 0),
                        .ints(part.lines),
                        .bytesArray(part.numbers.map { $0.map { Array($0.byVersion.joined()) } }),
                        .bytes(part.rows), .text(part.found.text),
                    ]
                )
            ])
        }
        guard let hashing, let file = parts.first?.file else { return [] }
        for place in protected.indices {
            protected[place].number = hashing.extended(protected[place].number.byVersion)
        }
        return try protect(protected, with: file)
    }

    /// A mended row without a number has the one that it came with first, in a file of the same
    /// party; where there was none, the row is judged without.
    private mutating func findNumbers(of part: inout FileChunk) throws {
        let mended = part.origins.indices.compactMap { place in
            part.origins[place].map { (place: place, origin: $0) }
        }
        guard !mended.isEmpty else { return }
        let rows = try transaction.query(
            Self.selectNumbers,
            [
                .uuids(mended.map { (try? RecordID($0.origin.file)).map { UUIDBytes($0) } }),
                .ints(mended.map(\.origin.line)), .text(caller.party.key),
            ])
        for row in try rows.map({ (try $0.int(0), try $0.optionalBytes(1)) }) {
            // Kept again as it is: the keys are asked for when the row is judged.
            part.numbers[mended[row.0 - 1].place] = row.1.map {
                HashChain(HashChain.versions(joined: $0), checks: [])
            }
        }
    }

    private static let selectNumbers = Statement(
        """
        select o.ord, c.numbers[array_position(c.lines, o.line)]
        from unnest($1::uuid[], $2::bigint[]) with ordinality as o(file, line, ord)
        cross join lateral (
            select c.lines, c.numbers from office.file_chunk c
            join office.file f on f.file = c.file and f.party = $3 and f.state <> 'arriving'
            where c.file = o.file and c.first_line <= o.line
            order by c.first_line desc limit 1) c
        """)

    private static let insertFile = Statement(
        """
        insert into office.file (file, party, field, layout, layout_from, rules, operator, certificate,
            is_dry_run, sequence, follows, received_at, as_of, state)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'arriving')
        """)

    /// 直した行の時点: of several files the first. What became known since is newer than the rows that were wrong in
    /// them, whichever of their items was mended.
    private static let takeMoment = Statement(
        """
        update office.file f set as_of = least(f.as_of, (
            select min(coalesce(o.as_of, o.received_at)) from office.file o
            where o.file = any ($2) and o.party = $3 and o.layout = f.layout
                and o.state <> 'arriving'))
        where f.file = $1
        """)

    private static let insertChunk = Statement(
        """
        insert into office.file_chunk (file, chunk, first_line, lines, numbers, rows, found)
        values ($1, $2, $3, $4, $5, $6, $7)
        """)
}

extension HashChain {
    /// The hashes of all versions, kept behind each other, of 32 bytes each.
    static func versions(joined bytes: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: 32).map {
            Array(bytes[$0..<min($0 + 32, bytes.count)])
        }
    }
}
