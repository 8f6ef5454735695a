package import Exchange

/// 権限表と経路: the permissions name every operation of the contract and nothing else, so that no route is
/// open by being forgotten, and none is shut by a wrong letter.
extension OpenAPI {
    /// Throws the first of them in words. `commands`: what an operator types.
    package static func require(
        rowsOf permissions: Permissions, commands: [String]
    ) throws(PermissionFault) {
        var served: Set<String> = Set(commands)
        for listener in [Listener.institution, .office, .resident] {
            for operation in operations(of: listener) {
                let name = operation.permission
                served.insert(name)
                let rows = permissions.rows.filter {
                    $0.operation == name && !$0.parties.isDisjoint(with: listener.roles)
                }
                guard !rows.isEmpty else {
                    throw PermissionFault(
                        "\(name) of the \(listener.rawValue) listener has no row: add it with its "
                            + "field (\(operation.field)), its purpose and the parties that may do it"
                    )
                }
                guard rows.allSatisfy({ $0.field == operation.field }) else {
                    throw PermissionFault(
                        "\(name) of the \(listener.rawValue) listener is of the field "
                            + "\(operation.field), and its row says another")
                }
            }
        }
        if let row = permissions.rows.first(where: { !served.contains($0.operation) }) {
            throw PermissionFault("\(row.operation) is no route and no command of this release")
        }
        for command in commands where !permissions.rows.contains(where: { $0.operation == command })
        {
            throw PermissionFault("\(command) has no row: add it with its purpose")
        }
    }
}

extension OpenAPI {
    /// 扱うレイアウト: what files come under, and whether a list of those whom one would end is served.
    package static var servedLayouts: [(code: String, hasEnds: Bool)] {
        let paths = Set(operations(of: .office).map(\.path))
        let codes = paths.compactMap { path -> String? in
            let parts = path.split(separator: "/")
            return parts.count == 2 && parts[0] == "files" ? String(parts[1]) : nil
        }
        return codes.sorted().map {
            (code: $0, hasEnds: paths.contains("/files/\($0)/:file/ends"))
        }
    }
}

/// What is wrong with the permissions of a release, in words for whoever loads them.
package struct PermissionFault: Error, Hashable, CustomStringConvertible {
    let reason: String

    init(_ reason: String) { self.reason = reason }

    package var description: String { "access/permissions.json: \(reason)." }
}

extension Operation {
    /// As `Route.operation`.
    fileprivate var permission: String { "\(method.rawValue.uppercased()) \(path)" }
}
