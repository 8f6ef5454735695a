import Exchange
import Foundation

/// A gateway as an office asks it over mTLS, with the machine's own `curl`: so whoever holds it to its word
/// shares no network code with it.
struct AskedGateway {
    /// Nobody answered, or not as a gateway does: nothing is known.
    struct Unanswered: Error, CustomStringConvertible {
        let description: String
    }

    let gateway: String
    let certificate: String
    let key: String
    let anchors: String

    func get(_ path: String) throws -> (status: Int, body: [UInt8]) { try ask([], path) }

    func post(_ path: String, _ json: String) throws -> (status: Int, body: [UInt8]) {
        try ask(["-H", "Content-Type: application/json", "--data-raw", json], path)
    }

    private func ask(_ more: [String], _ path: String) throws -> (status: Int, body: [UInt8]) {
        let text = try Command.output(
            "curl",
            [
                "-sS", "--proto", "=https", "--max-time", "30", "--max-filesize", "1000000",
                "--cacert", anchors, "--cert", certificate, "--key", key, "-w", "\n%{http_code}",
            ] + more + [gateway + path])
        guard let end = text.lastIndex(of: "\n"), let status = Int(text[text.index(after: end)...])
        else { throw Unanswered(description: "\(gateway) gave no answer.") }
        return (status, Array(text[..<end].utf8))
    }

    func unanswered(_ answer: (status: Int, body: [UInt8])) -> Unanswered {
        let told = (try? JSON(reading: answer.body))?.object?["detail"]?.string
        return Unanswered(
            description: "\(gateway) answered \(answer.status)." + (told.map { " " + $0 } ?? ""))
    }
}
