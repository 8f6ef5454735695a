import Exchange

/// まとめて要る旧版: the older versions of the rules that one piece of work needs, asked for together. Work that
/// named one at a time would be begun anew for each.
struct KeptBooks {
    private var read: [String: RuleBook] = [:]
    private var missing: Set<String> = []

    /// Nothing for a version that is still to be read: what needs it is passed over, and `requireAll`
    /// MUST be asked before anything is made of the rest.
    mutating func book(
        _ version: String, _ kept: (String) throws -> RuleBook
    ) throws -> RuleBook? {
        if let book = read[version] { return book }
        guard !missing.contains(version) else { return nil }
        do {
            let book = try kept(version)
            read[version] = book
            return book
        } catch let lacking as RuleShelf.NotOnShelf {
            missing.formUnion(lacking.versions)
            return nil
        }
    }

    func requireAll() throws {
        guard missing.isEmpty else { throw RuleShelf.NotOnShelf(versions: missing) }
    }
}
