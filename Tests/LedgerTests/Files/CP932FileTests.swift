import Exchange
import Foundation
import Ledger
import Testing

/// A municipality's file in CP932, with what only CP932 has: 外字, two codes for 髙, bytes that look like ASCII.
@Suite struct CP932FileTests {
    static func layout() throws -> Layout {
        let profiles = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "profiles")
        var files: [String: [UInt8]] = [:]
        for path in ["layouts/guardianships.json", "registration/eras.json"] {
            files[path] = [UInt8](try Data(contentsOf: profiles.appending(path: path)))
        }
        let layouts = try Layouts(reading: files)
        return try #require(layouts.all.first)
    }

    static func cp932(_ text: String) -> [UInt8] { CP932Tests.characters.bytes(of: text).bytes }

    static let header =
        "更新区分,本人の自治体別本人キー,保護者の自治体別本人キー,関係区分,開始日,終了日,親権喪失フラグ\r\n"

    static func check(_ bytes: [UInt8], blocks: Int = .max) throws -> (FileCheck, [CheckedRow]) {
        var check = FileCheck(layout: try layout(), table: .cp932)
        var rows: [CheckedRow] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            rows += try check.read(rest.prefix(blocks))
            rest = rest.dropFirst(blocks)
        }
        rows += try check.finish()
        return (check, rows)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, Int.max])
    func `a file in CP932 is read in blocks of any size`(blocks: Int) throws {
        let bytes = Self.cp932(Self.header + "1,0001,0002,2,令和8年4月1日,,0\r\n") + [0x1A]
        let (check, rows) = try Self.check(bytes, blocks: blocks)
        #expect(check.encoding == .cp932 && rows.count == 1 && rows[0].findings.isEmpty)
        #expect(try rows[0].day("validFrom") == CalendarDay("2026-04-01"))
    }

    @Test func `the error file keeps the bytes as they came`() throws {
        // 外字 F040, 髙 by its NEC code EEE0, and 表 whose second byte is a backslash.
        let odd: [UInt8] = [0xF0, 0x40, 0xEE, 0xE0, 0x95, 0x5C]
        let bytes =
            Self.cp932(Self.header + "1,0001,") + odd + Self.cp932(",2,2026-02-30,,0\r\n")
        let (_, rows) = try Self.check(bytes)
        var file = ErrorFile(of: "f1")
        for row in rows { file.add(row) }
        let errors = file.takeBytes()
        #expect(errors.firstRange(of: odd) != nil)
        let (check, again) = try Self.check(errors)
        #expect(check.encoding == .cp932 && check.isMending)
        #expect(again[0].row(as: odd) && again[0].origin?.line == 2)
        #expect(again[0].findings == rows[0].findings)
        let gaiji = try #require(
            rows[0].findings.first { $0.code == .charset || $0.code == .gaiji })
        #expect(gaiji.item == "guardianIdentityKey")
    }
}

extension CheckedRow {
    /// Whether the guardian's key reads as these bytes.
    fileprivate func row(as bytes: [UInt8]) -> Bool {
        CP932Tests.characters.text(of: bytes[...])?.hasSuffix("髙表") == true
            && findings.contains { $0.item == "guardianIdentityKey" }
    }
}
