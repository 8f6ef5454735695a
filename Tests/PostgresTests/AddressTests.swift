import Postgres
import TestSupport
import Testing

/// 守られた経路: to another machine only over TLS that checks its name.
@Suite struct AddressTests {
    static let here = [
        "dbname=x", "host='' dbname=x", "host=/var/run/postgresql", "host=@tsunagi",
        "host=localhost", "host=127.0.0.1", "host=127.9.8.7 sslmode=disable", "host=::1",
        "host=/run/a,localhost", "postgresql:///x", "postgresql://[::1]:5432/x",
        "host=db.example hostaddr=127.0.0.1 sslmode=disable",
    ]

    static let proved = [
        "host=db.example sslmode=verify-full", "host=a,b sslmode=verify-full sslrootcert=/ca.pem",
        "postgresql://db.example/x?sslmode=verify-full", "service=x sslmode=verify-full",
    ]

    static let open = [
        "host=db.example", "host=db.example sslmode=prefer", "host=db.example sslmode=require",
        "host=db.example sslmode=verify-ca", "host=10.0.0.1", "host=localhost,db.example",
        "host=/run/a hostaddr=10.0.0.1", "host=127.0.0.1.example", "host=127.example",
        "host=localhost hostaddr=,10.0.0.1", "postgresql://db.example/x", "service=x",
        "host=::ffff:10.0.0.1",
    ]

    @Test(arguments: here + proved)
    func `this machine, or one that proves its name, is taken`(_ address: String) throws {
        try Address(address).requireProtection()
    }

    @Test(arguments: open)
    func `another machine is refused without its proof, and nothing is sent`(_ address: String)
        async throws
    {
        #expect(throws: DatabaseError.unprotected) { try Address(address).requireProtection() }
        let pool = Pool(
            Address(address).with(user: "x").with(password: "geheim"), limits: .init(),
            label: "open", logger: TestPostgres.logger)
        await #expect(throws: DatabaseError.unprotected) { try await pool.transaction { _ in } }
        await pool.shutdown()
    }
}
