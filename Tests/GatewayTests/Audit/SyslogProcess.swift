import Foundation
import Glibc
import Synchronization
import Trust

/// A syslog receiver that is not ours: rsyslogd with its GnuTLS driver, mutual TLS, in a folder of its own.
/// It keeps every message as it came, one a line.
final class SyslogProcess: Sendable {
    let messages: String
    private let process = Mutex<Process?>(nil)

    /// It trusts clients of the offices' CA. What an earlier one kept in the folder stays.
    init(in folder: String, pki: DevelopmentPKI, port: Int) async throws {
        messages = folder + "/messages"
        let file = try Self.configure(in: folder, pki, port)
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                // Threads of the shared pool block every signal, and a child inherits that: it could not
                // be told to stop.
                var none = sigset_t()
                sigemptyset(&none)
                pthread_sigmask(SIG_SETMASK, &none, nil)
                continuation.resume(
                    with: Result { try self.run(["-n", "-f", file, "-i", folder + "/pid"]) })
            }.start()
        }
    }

    /// One that a failing test leaves behind.
    deinit {
        process.withLock { process in
            if let process, process.isRunning { _ = kill(process.processIdentifier, SIGKILL) }
        }
    }

    private func run(_ arguments: [String]) throws {
        try process.withLock { place in
            let process = Process()
            process.executableURL = URL(filePath: "/usr/sbin/rsyslogd")
            process.arguments = arguments
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            place = process
        }
    }

    private static func configure(
        in folder: String, _ pki: DevelopmentPKI, _ port: Int
    ) throws -> String {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let configuration = """
            global(
                workDirectory="\(folder)"
                defaultNetstreamDriverCAFile="\(pki.path(.offices, "ca.pem"))"
                defaultNetstreamDriverCertFile="\(pki.certificatePath(.server, "gateway"))"
                defaultNetstreamDriverKeyFile="\(pki.keyPath(.server, "gateway"))"
            )
            module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1"
                streamDriver.authMode="x509/certvalid")
            template(name="asItCame" type="string" string="%rawmsg%\\n")
            input(type="imtcp" address="127.0.0.1" port="\(port)")
            action(type="omfile" file="\(folder)/messages" template="asItCame")
            """
        let file = folder + "/rsyslog.conf"
        try configuration.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    /// As an operator stops it: it writes what it has read.
    func stop() async throws {
        process.withLock { $0?.terminate() }
        while process.withLock({ $0?.isRunning == true }) {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What it kept so far.
    var kept: String {
        String(decoding: FileManager.default.contents(atPath: messages) ?? Data(), as: UTF8.self)
    }
}
