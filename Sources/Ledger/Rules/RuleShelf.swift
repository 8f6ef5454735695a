import Crypto
package import Exchange
package import Postgres
import Synchronization

/// 規則の書棚: every version of profiles/ that was ever loaded; the newest one decides, older ones
/// replay.
package final class RuleShelf: Sendable {
    private struct State {
        var current: RuleBook?
        var shelf: [String: RuleBook] = [:]
    }

    private let pool: Pool
    private let state = Mutex(State())

    init(_ pool: Pool) {
        self.pool = pool
    }

    /// The rules that decide now. Throws `.rulesUnknown` before `tsunagi profiles load` ran for the
    /// first time.
    package func current() throws -> RuleBook {
        guard let book = state.withLock({ $0.current }) else { throw Refusal.rulesUnknown }
        return book
    }

    /// 権限表 in force; none before the rules of this release are loaded, and then nobody may do anything.
    package var permissions: Permissions? { state.withLock { $0.current?.permissions } }

    /// 統合の二人目: each row of the API waits for another officer. Throws as `fourEyes`.
    package func mergeAgreement(by officer: Officer) throws(Refusal) -> MergeAgreement {
        guard let permissions else { throw .rulesUnknown }
        return .rowByRow(
            by: officer, try fourEyes(.recordMerge), hours: permissions.proposalHours)
    }

    /// Throws `.rulesUnknown` before they are loaded.
    package func fourEyes(_ deed: FourEyes.Deed) throws(Refusal) -> FourEyes {
        guard let rule = permissions?.fourEyes[deed] else { throw .rulesUnknown }
        return rule
    }

    /// Reads the newest version from the database; cheap when nothing changed. Throws what the reader does
    /// and `RulesOfAnotherRelease`: then what was in force stays.
    package func refresh() async throws {
        let newest = try await pool.transaction(.readOnly) { transaction in
            let rows = try transaction.query(
                Statement("select version from exchange.rule_book order by serial desc limit 1"))
            return rows.count == 0 ? nil : try rows[0].text(0)
        }
        let current = state.withLock { $0.current }
        guard let newest, current?.version != newest else { return }
        let book = try await version(newest)
        // Rules that a later release reads and this one cannot leave in force what is: a gateway that would
        // refuse everybody from now on says so instead, and goes on.
        if current?.permissions != nil, book.permissions == nil { throw RulesOfAnotherRelease() }
        state.withLock { $0.current = book }
    }

    /// The rules of an older decision, inside an access: nothing waits there. A version that this
    /// process has not read yet is fetched by the ledger, which then begins the access anew.
    package func kept(_ version: String) throws -> RuleBook {
        guard let book = state.withLock({ $0.shelf[version] }) else { throw NotOnShelf(version) }
        return book
    }

    /// 別の版の規則: loaded by a release whose 権限表 this one cannot read.
    package struct RulesOfAnotherRelease: Error, CustomStringConvertible {
        package var description: String {
            "the newest rules have permissions that this release cannot read: the former ones stay in force"
        }
    }

    /// A version that must be read before the access that wants it can go on.
    struct NotOnShelf: Error {
        let version: String

        init(_ version: String) { self.version = version }
    }

    /// The rules of an older decision. Throws `.rulesUnknown` for a version that was never loaded.
    package func version(_ version: String) async throws -> RuleBook {
        if let book = state.withLock({ $0.shelf[version] }) { return book }
        let files = try await pool.transaction(.readOnly) { transaction -> [String: [UInt8]] in
            let rows = try transaction.query(
                Statement(
                    """
                    select f.key, f.value from exchange.rule_book b, jsonb_each_text(b.files) f
                    where b.version = $1
                    """), [.text(version)])
            var files: [String: [UInt8]] = [:]
            for index in 0..<rows.count {
                files[try rows[index].text(0)] = Array(try rows[index].text(1).utf8)
            }
            return files
        }
        guard !files.isEmpty else { throw Refusal.rulesUnknown }
        let book = try RuleBook(reading: files, version: version, isKept: true)
        state.withLock { $0.shelf[version] = book }
        return book
    }

    /// The name of a version: a digest of its files.
    static func version(of files: [String: [UInt8]]) -> String {
        var hash = SHA256()
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            hash.update(data: Array("\(path)\n\(bytes.count)\n".utf8))
            hash.update(data: bytes)
        }
        return String(Hexadecimal.text(Array(hash.finalize())).prefix(16))
    }

    /// Puts a version on the shelf as the owner; returns its name. Loading the same files again
    /// changes nothing. What municipalities registered of their own schemes stays, whatever the
    /// files say of them.
    ///
    /// Throws the reader's own error, with file and reason, for files that contradict themselves, or what
    /// `check` throws: nothing is kept.
    package static func load(
        _ files: [String: [UInt8]], into owner: Pool, check: (RuleBook) throws -> Void = { _ in }
    ) async throws -> String {
        let files = files.merging(try await registered(owner)) { $1 }
        let version = version(of: files)
        try check(RuleBook(reading: files, version: version))
        var writer = JSONWriter()
        writer.beginObject()
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            writer.name(path)
            writer.string(String(decoding: bytes, as: UTF8.self))
        }
        writer.endObject()
        let json = String(decoding: writer.bytes, as: UTF8.self)
        try await owner.transaction { transaction in
            _ = try transaction.run(
                Statement(
                    "insert into exchange.rule_book (version, files) values ($1, $2) on conflict do nothing"
                ),
                [.text(version), .json(json)])
        }
        return version
    }

    private static func registered(_ owner: Pool) async throws -> [String: [UInt8]] {
        try await owner.transaction(.readOnly) { transaction in
            var files: [String: [UInt8]] = [:]
            for row in try transaction.query(selectPrograms).map({ $0 }) {
                let (path, bytes) = (try row.text(0), Array(try row.text(1).utf8))
                if SchemeMaster.isRegistered(path, bytes) { files[path] = bytes }
            }
            return files
        }
    }

    private static let selectPrograms = Statement(
        """
        select f.key, f.value
        from (select files from exchange.rule_book order by serial desc limit 1) b,
            jsonb_each_text(b.files) f
        where f.key like 'subsidy/programs/%'
        """)
}
