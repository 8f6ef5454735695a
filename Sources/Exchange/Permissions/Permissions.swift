/// 権限表: which kind of party may do which operation of which field, and for which purpose, from
/// `profiles/access/permissions.json`. What has no row there is nobody's.
package struct Permissions: Sendable {
    /// 行: one operation and those who may do it.
    package struct Row: Hashable, Sendable {
        /// As the contract groups its operations.
        package let field: String
        /// `POST /visits`, as in the contract, or an operator's command: `tsunagi key rotate`.
        package let operation: String
        /// Nothing where the operation tells nothing of anyone.
        package let purpose: Purpose?
        package let parties: Set<Role>
    }

    /// An operation is named once for each kind of party: two listeners may serve one path.
    package let rows: [Row]
    /// 四つの目: for every deed there is.
    package let fourEyes: [FourEyes.Deed: FourEyes]
    /// How long what one operator asked for waits for another.
    package let proposalHours: Int
    private let purposes: [Role: Set<Purpose>]
    private let operations: [Role: [String: Row]]

    /// Whether a party of this kind ever acts for the purpose: what the door of the records asks.
    package func may(_ role: Role, _ purpose: Purpose) -> Bool {
        purposes[role]?.contains(purpose) ?? false
    }

    /// Whether it may do this operation, and for this very purpose: what the door of a route asks.
    package func may(_ role: Role, _ operation: String, for purpose: Purpose?) -> Bool {
        guard let row = operations[role]?[operation] else { return false }
        return row.purpose == purpose
    }
}

extension Permissions {
    /// Throws for a purpose that nobody may use, which would be a route that nobody can ask; a version
    /// kept from an earlier release may leave out what came later, which is then nobody's.
    init(reading folder: RuleFolder, isKept: Bool) throws(RuleFault) {
        let file = try folder.file("access/permissions.json")
        try file.requireOnly(["source", "verified", "note", "fourEyes", "permissions"])
        _ = try file.source()
        var rows: [Row] = []
        var purposes: [Role: Set<Purpose>] = [:]
        var operations: [Role: [String: Row]] = [:]
        for reader in try file.children("permissions") {
            for row in try reader.permissions() {
                rows.append(row)
                for role in row.parties {
                    let earlier = operations[role, default: [:]].updateValue(
                        row, forKey: row.operation)
                    guard earlier == nil else {
                        throw reader.fault(
                            "operations", "gives \(row.operation) to \(role.rawValue) twice")
                    }
                    if let purpose = row.purpose { purposes[role, default: []].insert(purpose) }
                }
            }
        }
        let granted = purposes.values.reduce(into: Set<Purpose>()) { $0.formUnion($1) }
        for purpose in Purpose.allCases where !isKept && purpose != .connect {
            guard granted.contains(purpose) else {
                throw file.fault("permissions", "leaves out \(purpose.rawValue)")
            }
        }
        let eyes = try file.child("fourEyes")
        try eyes.requireOnly(["proposalHours", "deeds"])
        proposalHours = try eyes.int("proposalHours", in: 1...168)
        fourEyes = try eyes.fourEyes()
        self.rows = rows
        self.purposes = purposes
        self.operations = operations
    }
}

extension RuleReader {
    fileprivate func permissions() throws(RuleFault) -> [Permissions.Row] {
        try requireOnly(["field", "purpose", "parties", "operations"])
        let field = try string("field")
        var purpose: Purpose?
        if let code = try optionalString("purpose") {
            guard let known = Purpose(rawValue: code), known != .connect else {
                throw fault("purpose", "is unknown")
            }
            purpose = known
        }
        var parties: Set<Role> = []
        for code in try strings("parties") {
            guard let role = Role(rawValue: code) else {
                throw fault("parties", "names an unknown kind of party, \(code)")
            }
            parties.insert(role)
        }
        guard !parties.isEmpty else { throw fault("parties", "is empty") }
        let operations = try strings("operations")
        guard !operations.isEmpty else { throw fault("operations", "is empty") }
        return operations.map {
            Permissions.Row(field: field, operation: $0, purpose: purpose, parties: parties)
        }
    }

    /// Every deed that there is: a site may not leave one to a single person.
    fileprivate func fourEyes() throws(RuleFault) -> [FourEyes.Deed: FourEyes] {
        var deeds: [FourEyes.Deed: FourEyes] = [:]
        _ = try rows("deeds", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "toldApartBy"])
            let rule = FourEyes(
                deed: try row.choice("code"), toldApartBy: try row.choice("toldApartBy"))
            guard rule.deed.canTellApart.contains(rule.toldApartBy) else {
                throw row.fault(
                    "toldApartBy",
                    "\(rule.toldApartBy.rawValue) cannot be asked of \(rule.deed.rawValue)")
            }
            deeds[rule.deed] = rule
        }
        for deed in FourEyes.Deed.allCases where deeds[deed] == nil {
            throw fault("deeds", "leaves out \(deed.rawValue)")
        }
        return deeds
    }
}
