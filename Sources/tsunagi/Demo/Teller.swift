import Exchange
import Foundation

/// 語り手: makes each request of the story with the `curl` that a reader could type, shows that
/// command, and says in plain words what came back.
struct Teller {
    let world: World
    let ports: [Listener: Int]
    /// Where the bodies that were sent are kept, so that a reader can send them again.
    let bodies: String

    struct Answer {
        let status: Int
        let body: [UInt8]
        var json: JSONObject? {
            guard case .object(let object)? = try? JSON(reading: body) else { return nil }
            return object
        }
        func text(_ name: String) -> String { json?[name]?.string ?? "" }
    }

    struct Call {
        var method = "GET"
        let party: Party
        let listener: Listener
        let path: String
        var body: (name: String, bytes: [UInt8])?
        var contentType = "application/json"
        var headers: [String] = []
        /// The story shows the command once for each kind of call.
        var isShown = true
    }

    func chapter(_ title: String) {
        Output.line("\n\u{1B}[1m\(title)\u{1B}[0m")
    }

    func say(_ text: String) {
        Output.line("  " + text)
    }

    func send(_ call: Call) throws -> Answer {
        try Task.checkCancellation()
        var arguments = world.curl(as: call.party)
        if call.method != "GET" { arguments += ["-X", call.method] }
        for header in call.headers { arguments += ["-H", header] }
        if let body = call.body {
            let path = bodies + "/" + body.name
            try Data(body.bytes).write(to: URL(filePath: path))
            arguments += ["-H", "Content-Type: \(call.contentType)", "--data-binary", "@" + path]
        }
        let port = ports[call.listener] ?? 0
        let url = "https://localhost:\(port)\(call.path)"
        if call.isShown { show(arguments + [url]) }
        let text = try Command.output(
            "curl", ["-sS", "-w", "\n%{http_code}"] + arguments + [url])
        let end = text.lastIndex(of: "\n") ?? text.startIndex
        let status = Int(text[text.index(after: end)...]) ?? 0
        return Answer(status: status, body: Array(text[..<end].utf8))
    }

    private func show(_ arguments: [String]) {
        let words = arguments.map { word in
            let short = word.replacingOccurrences(of: world.folder, with: "$DEMO")
            let isPlain = short.allSatisfy {
                $0.isLetter || $0.isNumber || "-_./:@,=%".contains($0)
            }
            // $DEMO is meant to be expanded by the reader's shell; any other $ is not.
            if isPlain || (short.hasPrefix("$DEMO/") || short.hasPrefix("@$DEMO/")) { return short }
            return "'\(short)'"
        }
        Output.line("    \u{1B}[2m$ curl " + words.joined(separator: " ") + "\u{1B}[0m")
    }
}
