import ArgumentParser
import Exchange
import Foundation
import Gateway
import Ledger
import Trust

/// A municipality's file through the door and the ledger: the layout alone, and from the first byte to the
/// last row applied, with both comparisons and a second person's confirmation between them.
extension BenchCommand {
    struct Night: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Apply a file of new people and one that changes all their rows; prints one JSON line."
        )

        @Option(help: "The prepared folder; its night.csv is the first file and stays.") var dir:
            String
        @Option(help: "How many rows.") var rows = 20_000

        func run() async throws {
            let path = dir + "/night.csv"
            var place = Place(in: dir)
            try write(to: path, place, until: "2036-03-31")
            let checked = try check(path)
            let applied = try await apply(path, place) { $0.additions }
            place = place.next(after: 0)
            let changes = dir + "/night-changes.csv"
            try write(to: changes, place, until: "2037-03-31")
            let changed = try await apply(changes, place) { $0.changes }
            try FileManager.default.removeItem(atPath: changes)
            try place.next(after: rows).write(in: dir)
            var json = JSONWriter()
            json.beginObject()
            json.member("rows", rows)
            json.member("checked_per_second", Int(Double(rows) / checked))
            json.member("applied_per_second", Int(Double(rows) / applied))
            json.member("changed_per_second", Int(Double(rows) / changed))
            json.member("peak_megabytes", OwnMemory.peakKilobytes / 1_024)
            json.endObject()
            Output.line(json.text)
        }

        private func write(to path: String, _ place: Place, until last: String) throws {
            guard FileManager.default.createFile(atPath: path, contents: nil),
                let file = FileHandle(forWritingAtPath: path)
            else { throw SettingProblem("The file \(path) cannot be written.") }
            let characters = Characters(.cp932, table: .cp932)
            let first = place.firstPerson
            var text = NightLayout.header
            for row in 0..<rows {
                text += NightLayout.line(Self.row(first + row, until: last))
                guard row % 10_000 == 9_999 || row == rows - 1 else { continue }
                try file.write(contentsOf: characters.bytes(of: text).bytes)
                text = ""
            }
            try file.close()
        }

        private static func row(_ index: Int, until last: String) -> [String: String] {
            [
                "機関別受給者証種別ID": "kodomo", "個人番号": SyntheticNumbers.individualNumber(index),
                "氏名": "架空　\(index)",
                "氏名カナ": "カクウ　ハナコ", "住所": "東京都小金井市見本町\(index % 1_000)番地", "生年月日": "2018-05-05",
                "性別": "2", "不開示フラグ": "0", "公費負担者番号": "88138243",
                "受給者証名": "こども医療費受給者証", "公費受給者番号": String(index % 10_000_000),
                "常に償還払い": "0", "資格有効期間開始": "2026-04-01", "資格有効期間終了": last,
                "履歴キー": "n\(index)", "削除フラグ": "0", "受給者証券面項目": "備考=交付",
            ]
        }

        /// Seconds for the digest, the encoding, the CSV and the layout.
        private func check(_ path: String) throws -> Double {
            let layouts = try Layouts(reading: ProfileFolder.read("profiles"))
            let day = WallClock.now().dayInJapan
            guard let layout = layouts.layout("entitlements", on: day) else {
                throw SettingProblem("No layout is called entitlements.")
            }
            var check = FileCheck(layout: layout, table: .cp932)
            let started = Date()
            try blocks(of: path) { _ = try check.read($0[...]) }
            _ = try check.finish()
            let seconds = Date().timeIntervalSince(started)
            guard check.counts.refused == 0 else {
                throw SettingProblem("The file of the bench has refused rows.")
            }
            return seconds
        }

        private func blocks(of path: String, _ body: ([UInt8]) throws -> Void) throws {
            guard let input = FileHandle(forReadingAtPath: path) else {
                throw SettingProblem("The file \(path) is not there.")
            }
            while let block = try input.read(upToCount: 262_144), !block.isEmpty {
                try body(Array(block))
            }
        }

        private func apply(
            _ path: String, _ place: Place, all count: (FileRow.Tally) -> Int
        ) async throws -> Double {
            let world = try World(folder: dir)
            let office = world.address("tsunagi_office")
            let ledger = Ledger(.init(gateway: office, office: office), logger: world.logger)
            try await ledger.prepare()
            let hashing = FileHashing(try KeyShelf(world.keysFolder, names: [.number, .card]))
            guard let kind = FileKind.all(hashing).first(where: { $0.layout == "entitlements" })
            else { throw SettingProblem("No file kind is called entitlements.") }
            func desk(_ name: String) throws -> OpenDesk {
                OpenDesk(
                    ledger: ledger, kind: kind, hashing: hashing,
                    caller: Caller(
                        party: try Party(role: .municipality, code: BenchWorld.municipality),
                        operatorID: name))
            }
            let started = Date()
            let tally = try await send(path, place, try desk("bench-a"), try desk("bench-b"))
            let seconds = Date().timeIntervalSince(started)
            await ledger.shutdown()
            guard count(tally) == rows else {
                throw SettingProblem("The file of the bench did something else: \(tally)")
            }
            return seconds
        }

        private func send(
            _ path: String, _ place: Place, _ sender: OpenDesk, _ second: OpenDesk
        ) async throws -> FileRow.Tally {
            guard let input = FileHandle(forReadingAtPath: path) else {
                throw SettingProblem("The file \(path) is not there.")
            }
            let receipt = try await sender.receive(
                input,
                FileAnnouncement(
                    place: .sequence(place.sequence), said: .init(rows: rows), isDryRun: false,
                    certificate: nil), isShown: false)
            var file = try await sender.settle(receipt.file)
            if file.state == .waiting, let effect = file.weighedEffect {
                try await second.decide(.confirm(effect: effect), on: receipt.file)
                file = try await second.settle(receipt.file)
            }
            guard file.state == .done else {
                throw SettingProblem("The file of the bench was not applied: \(file.state)")
            }
            return file.tally
        }

        /// Where the next file of this world stands in its line, and with whom it begins: each brings
        /// new people.
        private struct Place {
            let sequence: Int
            let firstPerson: Int

            init(in dir: String) {
                let text = try? String(contentsOfFile: dir + "/night.place", encoding: .utf8)
                let numbers = (text ?? "").split(separator: " ").compactMap { Int($0) }
                sequence = numbers.first ?? 1
                firstPerson = numbers.last ?? 0
            }

            private init(sequence: Int, firstPerson: Int) {
                self.sequence = sequence
                self.firstPerson = firstPerson
            }

            func next(after rows: Int) -> Place {
                Place(sequence: sequence + 1, firstPerson: firstPerson + rows)
            }

            func write(in dir: String) throws {
                try "\(sequence) \(firstPerson)".write(
                    toFile: dir + "/night.place", atomically: true, encoding: .utf8)
            }
        }
    }
}
