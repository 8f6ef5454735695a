import ArgumentParser
import Exchange
import Gateway
import Ledger

/// 取込みの操作: what `tsunagi import` does with the files of one layout. Each has its row in
/// `profiles/access/permissions.json`, which says in whose name an operator may do it.
enum ImportOperation: String, CaseIterable {
    case send, list, show, errors, plan, ends, confirm, withdraw, lift

    /// Of every layout that is served; ends are of whole lists alone.
    static var names: [String] {
        OpenAPI.servedLayouts.flatMap { layout in
            allCases.filter { $0 != .ends || layout.hasEnds }.map { $0.name(of: layout.code) }
        }
    }

    func name(of layout: String) -> String { "tsunagi import \(rawValue) \(layout)" }

    func purpose(of kind: FileKind) -> Purpose {
        switch self {
        case .send, .confirm, .withdraw, .lift: kind.purpose
        case .list, .show, .errors, .plan, .ends: kind.reading
        }
    }
}

extension OpenDesk {
    /// Throws `.notYourPurpose`, on the record, where nobody may do it in the name of such a party.
    func require(_ operation: ImportOperation) async throws {
        guard operation != .ends || kind.isWhole else {
            throw ValidationError("Only a whole list ends anybody: \(kind.layout) is none.")
        }
        let purpose = operation.purpose(of: kind)
        let mayDo = try ledger.rules.current().permissions?.may(
            caller.party.role, operation.name(of: kind.layout), for: purpose)
        guard mayDo ?? false else {
            try await ledger.refuse(caller, purpose, .notYourPurpose)
        }
    }
}
