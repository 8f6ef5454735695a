import ArgumentParser
import Exchange
import Foundation
import Ledger

/// 自分のファイル: everything a municipality holds of a field, read by its layout as the gateway would.
struct StatementFile {
    let path: String
    let field: StatementField
    /// The layout's code.
    let layout: String
    let profiles: String
    let encoding: TextEncoding?

    private static let blockBytes = 64 * 1024

    static func field(of layout: String) -> StatementField? {
        StatementField.allCases.first { $0.layouts.contains(layout) }
    }

    /// The rows that are held, each with its line. Rows that the gateway would refuse are not.
    func leaves(salt: [UInt8] = []) throws -> [StatementTree.Leaf] {
        guard let input = FileHandle(forReadingAtPath: path) else {
            throw ValidationError("The file \(path) is not there.")
        }
        var check = FileCheck(
            layout: try LayoutCommand.layout(layout, in: profiles, on: nil), table: .cp932,
            announced: .init(encoding: encoding))
        let rules = try RuleBook(reading: ProfileFolder.read(profiles), version: "file")
        var leaves: [StatementTree.Leaf] = []
        func take(_ rows: [CheckedRow]) {
            for row in rows where !row.isRefused {
                guard let held = row.statementRow(of: field, by: rules) else { continue }
                leaves.append(.init(held, line: row.line, salt: salt))
            }
        }
        do throws(FileRefusal) {
            while true {
                let block = input.readData(ofLength: Self.blockBytes)
                guard !block.isEmpty else { break }
                take(try check.read(Array(block)[...]))
            }
            take(try check.finish())
        } catch {
            throw ValidationError("The file cannot be read: tsunagi layout check says why.")
        }
        return leaves
    }
}
