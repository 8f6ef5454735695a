import Foundation
import NIOSSL
import Postgres
import TestSupport

/// Certificates for serving tests, made by the openssl command line: one CA, its server, and clients.
/// In a folder of its own that is removed with it.
final class ServingPKI: Sendable {
    struct Client: Sendable {
        let credentials: TLSClient.Credentials
        let der: [UInt8]
        let certificateFile: String
        let keyFile: String
    }

    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("tsunagi-serving-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try makeCA("ca")
        try issue("server", by: "ca", usage: "serverAuth", name: "IP:127.0.0.1,DNS:localhost")
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: folder.appendingPathComponent(name)))
    }

    func makeCA(_ name: String) throws {
        try OpenSSL.run(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
                + ["-days", "2", "-subj", "/CN=\(name) of a test"]
                + ["-keyout", path("\(name).key"), "-out", path("\(name).pem")])
    }

    func issue(_ file: String, by ca: String, usage: String, name: String) throws {
        try OpenSSL.run(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
                + ["-CA", path("\(ca).pem"), "-CAkey", path("\(ca).key"), "-days", "1"]
                + ["-subj", "/CN=\(file)", "-addext", "subjectAltName=\(name)"]
                + ["-addext", "basicConstraints=critical,CA:FALSE"]
                + ["-addext", "extendedKeyUsage=\(usage)"]
                + ["-keyout", path("\(file).key"), "-out", path("\(file).pem")])
    }

    func client(_ file: String, uri: String, by ca: String = "ca") throws -> Client {
        try issue(file, by: ca, usage: "clientAuth", name: "URI:\(uri)")
        let certificate = try bytes("\(file).pem")
        return Client(
            credentials: .init(
                caPEM: try bytes("ca.pem"), certificatePEM: certificate,
                keyPEM: try bytes("\(file).key")),
            der: try NIOSSLCertificate(bytes: certificate, format: .pem).toDERBytes(),
            certificateFile: path("\(file).pem"), keyFile: path("\(file).key"))
    }
}

/// The openssl command line: what NIOSSL's client does not do, such as really resuming a session.
enum OpenSSL {
    struct Failed: Error {
        let output: String
    }

    @discardableResult
    static func run(_ arguments: [String], input: String = "", mayFail: Bool = false) throws
        -> String
    {
        let process = try ChildProcess(
            "/bin/sh", ["-c", "exec openssl \"$@\" 2>&1", "sh"] + arguments, input: .pipe,
            output: .pipe)
        _ = ChildOutput.tell(input, to: process.input)
        // s_client answers what it is told and ends when the server closes: no end of input needed.
        let text = String(decoding: try ChildOutput.all(of: process.output), as: UTF8.self)
        process.closeInput()
        guard process.wait() == 0 || mayFail else { throw Failed(output: text) }
        return text
    }

    /// One GET over a session that is saved to, or resumed from, a file.
    static func get(
        _ path: String, port: Int, client: ServingPKI.Client, session: [String],
        options: [String] = []
    ) async throws -> String {
        let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        let arguments =
            ["s_client", "-connect", "127.0.0.1:\(port)", "-ign_eof"]
            + ["-cert", client.certificateFile, "-key", client.keyFile] + session + options
        return try await onOwnThread { try run(arguments, input: request, mayFail: true) }
    }

    /// Blocking work, away from the threads that run the server under test.
    private static func onOwnThread<T: Sendable>(
        _ work: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try work() }) }.start()
        }
    }
}
