import Exchange
import Postgres

/// 取下げ後の保護: whom a file goes on protecting although it was withdrawn, as its sender names them.
package struct FileProtection: Sendable {
    package struct Kept: Sendable {
        /// Of the file; `nil` of one that came before this was kept.
        package let line: Int?
        /// 宛名番号 or 公費受給者番号.
        package let ownKey: String?
    }

    package fileprivate(set) var residents = 0
    /// The first of them.
    package fileprivate(set) var rows: [Kept] = []
}

/// 守られる人: a row that protects, by what its number became and where its sender finds it.
struct ProtectiveRow {
    var number: HashChain
    let line: Int
    let ownKey: String?
}

/// 早い保護: 支援措置 in a file that waits, for the one before it or for a second person, is effective when the
/// file is acknowledged. It is taken over by the words of the rows once they are applied. A file that is
/// withdrawn leaves it until an officer lifts it: nobody loses a protection by a slip in another row.
extension Records {
    /// Whoever has more looks at the lines of the file itself.
    private static let protectedShownMax = 100

    /// Whom these numbers are of is protected as long as the file is on its way, effective once the file has
    /// its place. Whoever is not known yet is made: what is told of them first is protected too. Called once
    /// in an access: of two calls each would make the same new person.
    mutating func protect(_ rows: [ProtectiveRow], with file: RecordID) throws -> Set<PersonKey> {
        guard !rows.isEmpty else { return [] }
        let persons = try persons(of: rows.map(\.number))
        write(
            persons.steps + [
                (
                    Self.insertProtection,
                    [
                        .id(file), .uuids(persons.records.ofRows.map { UUIDBytes($0) }),
                        .ints(rows.map(\.line)), .texts(rows.map(\.ownKey)),
                    ]
                )
            ])
        return Set(persons.ofRows)
    }

    /// 受領の前に: waits until nobody acts any more for whom the file protects, those of its earlier parts too,
    /// and enters it for each. Before that an entry would be read by the very person it is about to keep out.
    mutating func beginProtection(of file: RecordID, _ protected: Set<PersonKey>) throws {
        let all = try protected.union(self.protected(by: file))
        guard !all.isEmpty else { return }
        let basis = FileRow.basis(file, "protects", all.count)
        for person in all.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            enter(person, basis: basis)
        }
        write([AdvisoryLock.waiting(forRelationsOf: all)])
    }

    /// 取下げのあと: whom each of these files protects, with an entry for everybody who is named. Each of the
    /// files has been withdrawn, or is now.
    mutating func protection(of files: [RecordID]) throws -> [RecordID: FileProtection] {
        guard !files.isEmpty else { return [:] }
        let rows = try transaction.query(
            Self.selectKept,
            [.uuids(files.map { UUIDBytes($0) }), .int(Self.protectedShownMax)])
        var kept: [RecordID: FileProtection] = [:]
        for index in 0..<rows.count {
            let row = rows[index]
            let file = try row.uuid(0).record
            var protection = kept[file] ?? FileProtection()
            protection.residents = try row.int(4)
            protection.rows.append(
                .init(line: try row.optionalInt(2), ownKey: try row.optionalText(3)))
            kept[file] = protection
            enter(try row.uuid(1).person, basis: FileRow.basis(file, "protects", index))
        }
        return kept
    }

    /// 解除: with an entry for each. Whom another word protects stays protected by that.
    mutating func liftProtection(of file: RecordID) throws {
        let all = Set(try protected(by: file))
        let basis = FileRow.basis(file, "lifts", all.count)
        for person in all.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            enter(person, basis: basis)
        }
        endProtection(of: file)
    }

    private mutating func protected(by file: RecordID) throws -> [PersonKey] {
        try transaction.query(Self.selectProtected, [.id(file)]).map { try $0.uuid(0).person }
    }

    /// Its rows speak for themselves, or nothing of them is said.
    mutating func endProtection(of file: RecordID) {
        write([(Self.deleteProtection, [.id(file)])])
    }

    private static let insertProtection = Statement(
        """
        insert into office.early_protection (file, person, line, own_key)
        select $1, person, line, own_key
        from unnest($2::uuid[], $3::bigint[], $4::text[]) as p(person, line, own_key)
        on conflict do nothing
        """)

    private static let selectProtected = Statement(
        """
        select \(Survivors.sql(of: "early.person")) from office.early_protection early
        where early.file = $1
        """)

    private static let selectKept = Statement(
        """
        select file, person, line, own_key, residents from (
            select early.file, \(Survivors.sql(of: "early.person")) as person, early.line, early.own_key,
                count(*) over (partition by early.file) as residents,
                row_number() over (partition by early.file order by early.line, early.person) as place
            from office.early_protection early where early.file = any ($1)) kept
        where place <= $2 order by file, place
        """)

    private static let deleteProtection = Statement(
        "delete from office.early_protection where file = $1")
}
