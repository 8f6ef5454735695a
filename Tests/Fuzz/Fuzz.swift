import Exchange
import Foundation
import Trust

/// 入力の探索: what strangers' bytes meet first, for libFuzzer, which looks for inputs by what they reach.
/// Built and run by `make torture` alone; TSUNAGI_FUZZ names the reader. A crash or a broken promise ends the
/// process, and the input is left beside it.
enum Fuzz: String, CaseIterable {
    case json, list, certificate, name, text

    static let reader = ProcessInfo.processInfo.environment["TSUNAGI_FUZZ"].flatMap(Fuzz.init)

    func read(_ bytes: [UInt8]) {
        switch self {
        case .json: Self.json(bytes)
        case .list: _ = try? RevocationList(der: bytes)
        case .certificate:
            guard let certificate = try? ParsedCertificate(der: bytes) else { return }
            precondition(certificate == certificate)
        case .name:
            guard let name = try? CertificateName(der: bytes) else { return }
            precondition(Set([name, name]).count == 1)
        case .text: _ = IndividualNumber.looksLikeOne(in: String(decoding: bytes, as: UTF8.self))
        }
    }

    /// What is read is written so that it is read again as the same.
    private static func json(_ bytes: [UInt8]) {
        guard let value = try? JSON(reading: bytes) else { return }
        let written = value.text
        guard let again = try? JSON(reading: written) else {
            preconditionFailure("what was written is not read")
        }
        precondition(again == value && again.text == written, "read again, it is another")
        try? value.refuseIndividualNumbers()
    }
}

/// libFuzzer's own loop (https://llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library"): SwiftPM gives
/// a program a `main` of its own.
@_silgen_name("LLVMFuzzerRunDriver")
private func explore(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main enum Explorer {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(
            explore(&count, &arguments) { bytes, count in
                Fuzz.reader?.read(Array(UnsafeBufferPointer(start: bytes, count: count)))
                return 0
            })
    }
}
