package import Exchange
package import Postgres

/// 規則の読込: the owner puts a version on the shelf, over the one that stands at that very moment: what a
/// municipality registers while the files are read is in it as well.
extension RuleShelf {
    /// What bodies registered is in the way of a folder's files. Nothing was loaded.
    package enum RegisteredInTheWay: Error, Hashable, CustomStringConvertible {
        /// This release cannot read what an earlier one took from the body.
        case unread(body: String, RuleFault)
        case nothing(of: String)

        package var description: String {
            switch self {
            case .unread(let body, let fault):
                "What municipality \(body) registered cannot be read: \(fault). Nothing is loaded. To "
                    + "load the folder without all that it registered, and have the body send it again: "
                    + "--replace-registered \(body)"
            case .nothing(let body):
                "Municipality \(body) registered nothing: there is nothing to replace."
            }
        }
    }

    /// Returns the name of the version. Loading the same files again changes nothing. What municipalities
    /// registered of their own schemes and seasons stays, whatever the files say of them, but for the kinds
    /// of consent and for `replaced`, bodies whose own word gives way to the files.
    ///
    /// Throws the reader's own error, with file and reason, for files that contradict themselves,
    /// `RegisteredInTheWay`, or what `check` throws: nothing is kept.
    package static func load(
        _ folder: [String: [UInt8]], into owner: Pool, replacing replaced: Set<String> = [],
        check: (RuleBook) throws -> Void = { _ in }
    ) async throws -> String {
        while true {
            let (base, held) = try await owner.transaction(.readOnly) { try newest(&$0) }
            var registered = RegisteredFiles(in: held)
            for body in replaced.sorted() {
                guard registered.remove(body) else { throw RegisteredInTheWay.nothing(of: body) }
            }
            let files = try registered.over(folder)
            let version = version(of: files)
            do {
                try check(RuleBook(reading: files, version: version))
            } catch let fault as RuleFault {
                guard let body = registered.body(of: fault.file) else { throw fault }
                throw RegisteredInTheWay.unread(body: body, fault)
            }
            // Nobody waits for the reading above. Where a body's file came in meanwhile, it is read again.
            if try await put(files, as: version, over: base, owner) { return version }
        }
    }

    private static func newest(
        _ transaction: inout Transaction
    ) throws -> (version: String?, files: [String: [UInt8]]) {
        let rows = try transaction.pipeline([(selectNewest, []), (selectRegistrable, [])])
        var files: [String: [UInt8]] = [:]
        for (path, text) in try rows[1].map({ (try $0.text(0), try $0.text(1)) }) {
            files[path] = Array(text.utf8)
        }
        return (try rows[0].first?.text(0), files)
    }

    /// Returns false, with nothing written, when `base` is no longer the newest.
    private static func put(
        _ files: [String: [UInt8]], as version: String, over base: String?, _ owner: Pool
    ) async throws -> Bool {
        var writer = JSONWriter()
        writer.beginObject()
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            writer.name(path)
            writer.string(String(decoding: bytes, as: UTF8.self))
        }
        writer.endObject()
        let json = writer.text
        return try await owner.transaction { transaction -> Bool in
            try transaction.run(lock)
            guard try transaction.query(selectNewest).first?.text(0) == base else { return false }
            _ = try transaction.pipeline([
                (insert, [.text(version), .json(json)]), (putLast, [.text(version)]),
            ])
            return true
        }
    }

    /// As `exchange.replace_registered` takes it.
    private static let lock = Statement(
        "select pg_advisory_xact_lock(hashtextextended('tsunagi rules', 0))::text")

    private static let selectNewest = Statement(
        "select version from exchange.rule_book order by serial desc limit 1")

    private static let selectRegistrable = Statement(
        """
        select f.key, f.value
        from (select files from exchange.rule_book order by serial desc limit 1) b,
            jsonb_each_text(b.files) f
        where f.key like 'subsidy/programs/%' or f.key like 'immunization/seasons/%'
        """)

    private static let insert = Statement(
        "insert into exchange.rule_book (version, files) values ($1, $2) on conflict do nothing")

    /// Files that stood before are the newest again.
    private static let putLast = Statement(
        """
        update exchange.rule_book set serial = default
        where version = $1 and serial < (select max(serial) from exchange.rule_book)
        """)
}
