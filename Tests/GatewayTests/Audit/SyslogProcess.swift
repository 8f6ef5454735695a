import Foundation
import Glibc
import Postgres
import Synchronization
import Trust

/// A syslog receiver that is not ours: rsyslogd with its GnuTLS driver, mutual TLS, in a folder of its own.
/// It keeps every message as it came, one a line.
final class SyslogProcess: Sendable {
    let messages: String
    private let process = Mutex<ChildProcess?>(nil)

    /// It trusts clients of the offices' CA. What an earlier one kept in the folder stays.
    init(in folder: String, pki: DevelopmentPKI, port: Int) async throws {
        messages = folder + "/messages"
        let file = try Self.configure(in: folder, pki, port)
        let started = try ChildProcess(
            "/usr/sbin/rsyslogd", ["-n", "-f", file, "-i", folder + "/pid"], output: .nothing,
            errors: .nothing)
        process.withLock { $0 = started }
    }

    /// One that a failing test leaves behind.
    deinit { process.withLock { $0?.signal(SIGKILL) } }

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
        process.withLock { $0?.signal(SIGTERM) }
        while process.withLock({ $0?.hasEnded == false }) {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What it kept so far.
    var kept: String {
        String(decoding: FileManager.default.contents(atPath: messages) ?? Data(), as: UTF8.self)
    }
}
