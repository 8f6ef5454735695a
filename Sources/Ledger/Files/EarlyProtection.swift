import Exchange
import Postgres

/// 早い保護: 支援措置 in a file that waits, for the one before it or for a second person, is effective when the
/// file is acknowledged. It is taken over by the words of the rows once they are applied, and goes with a
/// file that is refused or withdrawn; it never ends a protection early.
extension Records {
    /// Whom these numbers are of is protected as long as the file is on its way, effective once the file has
    /// its place. Whoever is not known yet is made: what is told of them first is protected too. Called once
    /// in an access: of two calls each would make the same new person.
    mutating func protect(_ numbers: [HashChain], with file: RecordID) throws -> Set<PersonKey> {
        guard !numbers.isEmpty else { return [] }
        let persons = try persons(of: numbers)
        let protected = Set(persons.ofRows)
        let records = Set(persons.records.ofRows)
        write(
            persons.steps + [
                (Self.insertProtection, [.id(file), .uuids(records.map { UUIDBytes($0) })])
            ])
        return protected
    }

    /// 受領の前に: waits until nobody acts any more for whom the file protects, those of its earlier parts too,
    /// and enters it for each. Before that an entry would be read by the very person it is about to keep out.
    mutating func beginProtection(of file: RecordID, _ protected: Set<PersonKey>) throws {
        let earlier = try transaction.query(Self.selectProtected, [.id(file)]).map {
            try $0.uuid(0).person
        }
        let all = protected.union(earlier)
        guard !all.isEmpty else { return }
        let basis = FileRow.basis(file, "protects", all.count)
        for person in all.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            enter(person, basis: basis)
        }
        write([AdvisoryLock.waiting(forRelationsOf: all)])
    }

    /// Its rows speak for themselves, or nothing of them is said.
    mutating func endProtection(of file: RecordID) {
        write([(Self.deleteProtection, [.id(file)])])
    }

    private static let insertProtection = Statement(
        """
        insert into office.early_protection (file, person)
        select $1, person from unnest($2::uuid[]) as p(person) on conflict do nothing
        """)

    private static let selectProtected = Statement(
        """
        select \(Survivors.sql(of: "early.person")) from office.early_protection early
        where early.file = $1
        """)

    private static let deleteProtection = Statement(
        "delete from office.early_protection where file = $1")
}
