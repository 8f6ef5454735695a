import ArgumentParser
import Crypto
import Exchange
import Foundation
import Ledger

/// `tsunagi layout check`: for vendors of municipal systems. Holds a file against its layout exactly as the
/// gateway does, without a database, and prints the acknowledgement it would get.
struct LayoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layout", abstract: "Check municipal files against their layouts.",
        subcommands: [Check.self, List.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a file; exits 0 when every row is taken, 1 when any is refused.",
            discussion: """
                Prints the acknowledgement as JSON. No individual number is in it, nor in the error \
                file: there the row's origin stands in for the number.
                """)

        /// 64 KiB a time: memory does not grow with the file.
        private static let blockBytes = 64 * 1024

        @Argument(help: "The file.") var file: String
        @Option(help: "The layout's code; `tsunagi layout list` shows them.") var layout: String
        @Option(help: "The folder of the rules.") var profiles = "profiles"
        @Option(help: "Write the refused rows, with what to mend, into this file.")
        var errors: String?
        @Option(help: "cp932, utf-8 or utf-8-bom. Default: found out from the file.")
        var encoding: String?
        @Option(help: "How many rows the file has, if its end may be missing.") var rows: Int?
        @Option(help: "The day whose layout counts, as 2026-11-21. Default: today.")
        var on: String?

        func validate() throws {
            guard encoding.map({ TextEncoding(rawValue: $0) != nil }) ?? true else {
                throw ValidationError("--encoding is cp932, utf-8 or utf-8-bom.")
            }
            guard on.map({ (try? CalendarDay($0)) != nil }) ?? true else {
                throw ValidationError("--on is not a day: 2026-11-21 is.")
            }
        }

        func run() async throws {
            let layout = try LayoutCommand.layout(layout, in: profiles, on: on)
            var report = try FileReport(errors: errors)
            let isTaken = try report.run(
                file, blockBytes: Self.blockBytes,
                check: FileCheck(
                    layout: layout, table: .cp932,
                    announced: .init(
                        encoding: encoding.flatMap(TextEncoding.init(rawValue:)), rows: rows)))
            if !isTaken { throw ExitCode(1) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the layouts.")

        @Option(help: "The folder of the rules.") var profiles = "profiles"

        func run() async throws {
            for layout in try Layouts(reading: ProfileFolder.read(profiles)).all {
                let term = "\(layout.effectiveFrom.text)..\(layout.effectiveTo?.text ?? "")"
                Output.line("\(layout.code)  \(term)  \(layout.name.ja) / \(layout.name.en)")
            }
        }
    }

    static func layout(_ code: String, in folder: String, on day: String?) throws -> Layout {
        let now = Instant(seconds: Int64(Date().timeIntervalSince1970))
        let day = try day.map { try CalendarDay($0) } ?? now.dayInJapan
        guard let found = try Layouts(reading: ProfileFolder.read(folder)).layout(code, on: day)
        else {
            throw ValidationError("No layout is called \(code) on \(day.text).")
        }
        return found
    }
}

/// One file on its way through the check, with its acknowledgement and its error file.
private struct FileReport {
    private var acknowledgement = FileAcknowledgement()
    private let errors: FileHandle?

    init(errors path: String?) throws {
        guard let path else {
            errors = nil
            return
        }
        // Names, addresses and birth dates of residents: for the caller's eyes alone.
        let isMade = FileManager.default.createFile(
            atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        guard isMade, let handle = FileHandle(forWritingAtPath: path) else {
            throw ValidationError("The file \(path) cannot be written.")
        }
        errors = handle
    }

    /// Whether every row of the file was taken.
    mutating func run(_ path: String, blockBytes: Int, check: FileCheck) throws -> Bool {
        guard let input = FileHandle(forReadingAtPath: path) else {
            throw ValidationError("The file \(path) is not there.")
        }
        var check = check
        let digest = try Self.digest(of: input, blockBytes: blockBytes)
        // Its first half is enough to tell the files of one municipality apart.
        let name = String(digest.text.prefix(16))
        var errorFile = ErrorFile(of: name)
        func received(_ check: FileCheck) -> ReceivedFile {
            ReceivedFile(
                file: name, byteCount: digest.byteCount, digest: digest.text, layout: check.layout,
                encoding: check.encoding, isMending: check.isMending)
        }
        do throws(FileRefusal) {
            while let block = Self.block(of: input, blockBytes) {
                take(try check.read(block[...]), &errorFile)
            }
            take(try check.finish(), &errorFile)
        } catch {
            acknowledgement.end(received(check), refused: error)
            show()
            return false
        }
        acknowledgement.end(received(check), check.counts)
        show()
        return check.counts.refused == 0
    }

    private mutating func take(_ rows: [CheckedRow], _ errorFile: inout ErrorFile) {
        for row in rows where !row.findings.isEmpty {
            acknowledgement.add(row.findings)
            if errors != nil { errorFile.add(row) }
        }
        errors?.write(Data(errorFile.takeBytes()))
        FileHandle.standardOutput.write(Data(acknowledgement.takeBytes()))
    }

    private mutating func show() {
        FileHandle.standardOutput.write(Data(acknowledgement.takeBytes() + [0x0A]))
    }

    private static func block(of input: FileHandle, _ count: Int) -> [UInt8]? {
        let block = input.readData(ofLength: count)
        return block.isEmpty ? nil : Array(block)
    }

    /// Read once before, because the error file names the file by it from its first row on.
    private static func digest(of input: FileHandle, blockBytes: Int) throws
        -> (text: String, byteCount: Int)
    {
        var hash = SHA256()
        var byteCount = 0
        while let block = block(of: input, blockBytes) {
            hash.update(data: block)
            byteCount += block.count
        }
        try input.seek(toOffset: 0)
        return (Hexadecimal.text(Array(hash.finalize())), byteCount)
    }
}
