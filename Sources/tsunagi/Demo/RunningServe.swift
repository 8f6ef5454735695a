import Exchange
import Foundation
import Glibc
import Postgres

/// `tsunagi serve` as a process of its own, as an operator would start it.
final class RunningServe: Sendable {
    private let process: ChildProcess
    let ports: [Listener: Int]

    /// Returns when every listener in the configuration listens.
    init(configuration path: String, expecting count: Int) throws {
        process = try ChildProcess(
            CommandLine.executable, ["serve", "--config", path], output: .pipe)
        var text = ""
        var ports: [Listener: Int] = [:]
        while ports.count < count {
            let data = try ChildOutput.next(of: process.output)
            guard !data.isEmpty else {
                throw Command.Failure(description: "The gateway did not start. \(text)")
            }
            text += String(decoding: data, as: UTF8.self)
            ports = Self.ports(in: text)
        }
        self.ports = ports
    }

    var processID: Int32 { process.processID }

    func stop() {
        process.signal(SIGTERM)
        _ = process.wait()
    }

    /// `institution listener on port 8443`, a line for each.
    private static func ports(in text: String) -> [Listener: Int] {
        var ports: [Listener: Int] = [:]
        for line in text.split(separator: "\n") where text.hasSuffix("\n") {
            let words = line.split(separator: " ")
            guard words.count == 5, words[1] == "listener", let port = Int(words[4]),
                let listener = Listener(rawValue: String(words[0]))
            else { continue }
            ports[listener] = port
        }
        return ports
    }
}

extension CommandLine {
    /// This very program.
    static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            ?? arguments[0]
    }
}
