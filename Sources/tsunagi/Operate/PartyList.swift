import Exchange
import Foundation
import Ledger

/// A registry's own file: CSV in UTF-8 (with or without BOM) whose header names `code` and `name`.
struct PartyList {
    var listings: [PartyRegistry.Listing] = []
    /// Codes whose check digit is odd: loaded all the same, because real lists hold such.
    var odd: [String] = []

    /// Throws a sentence with the line for a code of the wrong form: then nothing of the file
    /// counts.
    init(text: String, role: Role) throws {
        var lines = text.split(whereSeparator: \.isNewline).map(String.init)[...]
        guard let header = lines.popFirst().map(Self.fields),
            let code = header.firstIndex(where: { ["code", "code10", "コード"].contains($0) }),
            let name = header.firstIndex(where: { ["name", "名称", "city"].contains($0) })
        else { throw SettingProblem("The first line must name the columns code and name.") }
        for (index, line) in lines.enumerated() {
            let fields = Self.fields(line)
            guard fields.count > max(code, name),
                let party = try? Party(role: role, code: fields[code]), Self.isOfItsRole(party)
            else {
                throw SettingProblem(
                    "Line \(index + 2): the code is not of the form a \(role.rawValue) has.")
            }
            if Self.isOdd(party) { odd.append(party.code) }
            listings.append(.init(party: party, name: fields[name]))
        }
    }

    static func text(of path: String) throws -> String {
        guard path.hasSuffix(".gz") else {
            return String(decoding: try Files.read(path), as: UTF8.self).withoutMark
        }
        return try Command.output("gunzip", ["-c", path]).withoutMark
    }

    /// The codes of both kinds of bodies are of one form: a list of municipalities that is loaded as
    /// prefectures by mistake, or the reverse, would make as many bodies that are none.
    private static func isOfItsRole(_ party: Party) -> Bool {
        guard [.municipality, .prefecture].contains(party.role),
            let code = try? LocalGovernmentCode(party.code)
        else { return true }
        return code.isPrefecture == (party.role == .prefecture)
    }

    /// 重複: of several lines that tell of one party, the last.
    var latest: [PartyRegistry.Listing] {
        var latest = Dictionary(listings.map { ($0.party, $0) }) { $1 }
        return listings.compactMap { latest.removeValue(forKey: $0.party) }
    }

    private static func isOdd(_ party: Party) -> Bool {
        switch party.role {
        case .institution:
            (try? MedicalInstitutionCode(party.code))?.checkDigitStanding != .valid
        case .municipality, .prefecture: (try? LocalGovernmentCode(party.code)) == nil
        default: false
        }
    }

    /// RFC 4180: a field may stand in quotes; two quotes inside are one.
    private static func fields(_ line: String) -> [String] {
        var fields: [String] = [""]
        var isQuoted = false
        var previous: Character?
        for character in line {
            switch character {
            case "\"":
                if isQuoted || previous != "\"" {
                    isQuoted.toggle()
                } else {
                    isQuoted = true
                    fields[fields.count - 1].append("\"")
                }
            case "," where !isQuoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
            previous = character
        }
        return fields
    }
}

extension String {
    fileprivate var withoutMark: String { hasPrefix("\u{FEFF}") ? String(dropFirst()) : self }
}
