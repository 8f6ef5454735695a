import Crypto
package import Exchange
import Postgres
import Synchronization

/// 規則の書棚: every version of profiles/ that was ever loaded; the newest one decides, older ones
/// replay. In memory are the newest, the few that were used last, and those that somebody works by.
package final class RuleShelf: Sendable {
    /// Every file of a municipality's schemes makes versions, without end; what is asked again within a
    /// while are those of the open months and of files under way.
    private static let olderMax = 8

    private struct State {
        var current: RuleBook?
        /// Older ones, in the order of their last use.
        var used: [RuleBook] = []
        var read: [String: Read] = [:]

        mutating func find(_ version: String) -> RuleBook? {
            if let current, current.version == version { return current }
            guard let book = read[version]?.book else { return nil }
            use(book)
            return book
        }

        /// Returns the one to work by: somebody may have read the same version meanwhile.
        mutating func put(_ book: RuleBook, frame: String) -> RuleBook {
            if let faster = find(book.version) { return faster }
            read = read.filter { $0.value.book != nil }
            read[book.version] = Read(book: book, frame: frame)
            use(book)
            return book
        }

        mutating func decide(by book: RuleBook) {
            if let current { use(current) }
            current = book
        }

        private mutating func use(_ book: RuleBook) {
            guard used.last !== book else { return }
            used.removeAll { $0 === book }
            used.append(book)
            if used.count > RuleShelf.olderMax { used.removeFirst() }
        }
    }

    /// A version that was read, for as long as it is in memory. `frame` names all its files but those of the
    /// schemes of bodies: versions of one frame share what was read of it.
    private struct Read {
        weak var book: RuleBook?
        let frame: String
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
        state.withLock { $0.decide(by: book) }
    }

    /// The rules of an older decision, inside an access: nothing waits there. A version that this
    /// process has not read yet is fetched by the ledger, which then begins the access anew.
    package func kept(_ version: String) throws -> RuleBook {
        guard let book = state.withLock({ $0.find(version) }) else {
            throw NotOnShelf(versions: [version])
        }
        return book
    }

    /// 別の版の規則: loaded by a release whose 権限表 this one cannot read.
    package struct RulesOfAnotherRelease: Error, CustomStringConvertible {
        package var description: String {
            "the newest rules have permissions that this release cannot read: the former ones stay in force"
        }
    }

    /// Versions that must be read before the access that wants them can go on.
    struct NotOnShelf: Error {
        let versions: Set<String>
    }

    /// Reads what an access misses. The caller MUST keep `books` until the access is over: work that needs
    /// more versions than the shelf keeps would otherwise lose one for each that it gets.
    func fetch(
        _ missing: NotOnShelf, holding books: inout [String: RuleBook]
    ) async throws {
        for version in missing.versions {
            books[version] = try await self.version(version)
        }
    }

    /// The rules of an older decision. Throws `.rulesUnknown` for a version that was never loaded.
    package func version(_ version: String) async throws -> RuleBook {
        if let book = state.withLock({ $0.find(version) }) { return book }
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
        let frame = Self.version(of: files.filter { !RegisteredFiles.isProgram($0.key) })
        let book = try book(of: files, version, frame: frame)
        return state.withLock { $0.put(book, frame: frame) }
    }

    private func book(
        of files: [String: [UInt8]], _ version: String, frame: String
    ) throws -> RuleBook {
        let other = state.withLock { state in
            state.read.values.first { $0.frame == frame && $0.book != nil }?.book
        }
        guard let other else {
            return try RuleBook(reading: files, version: version, isKept: true)
        }
        return try RuleBook(reading: files, version: version, beside: other)
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
}
