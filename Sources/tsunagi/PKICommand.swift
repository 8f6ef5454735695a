import ArgumentParser
import Exchange
import FoundationEssentials
import Trust

/// `tsunagi pki`: the development PKI and the gateway's own keys. Thin: everything is done by
/// `DevelopmentPKI` and `KeyRing`.
struct PKICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pki",
        abstract: "Make a development PKI, its certificates and the gateway's keys.",
        subcommands: [
            Init.self, Issue.self, Renew.self, Revoke.self, CRL.self, List.self, Keys.self,
        ])

    struct Folder: ParsableArguments {
        @Option(help: "The development PKI's folder.") var pki = "certs/dev"

        var opened: DevelopmentPKI { DevelopmentPKI(folder: pki) }
        var now: Instant { Instant(seconds: Int64(Date().timeIntervalSince1970)) }
    }

    struct Init: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make every CA not there yet.")

        @OptionGroup var folder: Folder

        func run() async throws {
            try DevelopmentPKI.create(in: folder.pki, at: folder.now)
            for authority in DevelopmentPKI.Authority.allCases {
                print("\(authority.rawValue): \(folder.opened.path(authority, "ca.pem"))")
            }
        }
    }

    struct Issue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Issue a certificate for a party, or for a server.")

        @OptionGroup var folder: Folder
        @Option(help: "The name of the files.") var name: String
        @Option(help: "The party, as role:code.") var party: String?
        @Option(help: "A server's host name. Can be repeated.") var host: [String] = []
        @Option(help: "Days until it expires.") var days = DevelopmentPKI.leafDays
        @Flag(
            help: "As a CA that cannot write the party's URI: register it, see party certificate.")
        var withoutURI = false

        func validate() throws {
            guard (party == nil) != host.isEmpty else {
                throw ValidationError("Give either --party or --host.")
            }
        }

        func run() async throws {
            let pki = folder.opened
            guard let party else {
                try pki.issueServer(name: name, hosts: host, at: folder.now, days: days)
                print(pki.certificatePath(.server, name))
                return
            }
            guard let read = try? Party(uri: "urn:tsunagi:party:" + party) else {
                throw ValidationError("\(party) is no party: role:code is needed.")
            }
            try pki.issue(
                read, name: name, at: folder.now, days: days, sayingURI: !withoutURI)
            print(pki.certificatePath(DevelopmentPKI.Authority(of: read.role), name))
        }
    }

    struct Named: ParsableArguments {
        @OptionGroup var folder: Folder
        @Option(help: "institutions, offices, portals, operations, server or cards.") var ca: String
        @Option(help: "The name it was issued under.") var name: String

        func validate() throws {
            guard DevelopmentPKI.Authority(rawValue: ca) != nil else {
                throw ValidationError("No CA is called \(ca).")
            }
        }

        var authority: DevelopmentPKI.Authority {
            DevelopmentPKI.Authority(rawValue: ca) ?? .server
        }
    }

    struct Renew: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Issue the same names again with a new key.")

        @OptionGroup var named: Named

        func run() async throws {
            let now = named.folder.now
            try named.folder.opened.renew(named.authority, named.name, at: now)
            print(named.folder.opened.certificatePath(named.authority, named.name))
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke every certificate of a name and write the list anew.")

        @OptionGroup var named: Named
        @Option(help: "keyCompromise, superseded, cessationOfOperation, …") var reason =
            "unspecified"

        func validate() throws {
            guard RevocationReason(rawValue: reason) != nil else {
                let words = RevocationReason.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("The reason is one of \(words).")
            }
        }

        func run() async throws {
            try named.folder.opened.revoke(
                named.authority, named.name,
                reason: RevocationReason(rawValue: reason) ?? .unspecified, at: named.folder.now)
            print(named.folder.opened.listPath(named.authority))
        }
    }

    struct CRL: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "crl", abstract: "Write every CA's revocation list anew.")

        @OptionGroup var folder: Folder
        @Option(help: "Days until the next update.") var days = DevelopmentPKI.listDays

        func run() async throws {
            for authority in DevelopmentPKI.Authority.allCases {
                try folder.opened.writeList(authority, at: folder.now, days: days)
                print(folder.opened.listPath(authority))
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what was issued.")

        @OptionGroup var folder: Folder

        func run() async throws {
            for authority in DevelopmentPKI.Authority.allCases {
                for issued in try folder.opened.issued(authority) {
                    let state = issued.revokedSince.map { "revoked \($0.text)" } ?? "standing"
                    print("\(authority.rawValue)\t\(issued.name)\t\(issued.serial)\t\(state)")
                }
            }
        }
    }

    struct Keys: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the gateway's secret keys, each where there is none.",
            discussion: "`tsunagi key rotate` makes the next version of one.")

        @Option(help: "The folder of the keys, outside the database.") var keys = "keys"

        func run() async throws {
            try KeyRing.create(keys)
            print("keys in \(keys)")
        }
    }
}
