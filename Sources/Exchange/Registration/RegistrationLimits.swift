/// How much one registration body may hold. A renewal night replaces 300,000 certificates of one
/// city in 30 minutes: 30 bodies of 10,000 rows, one a minute.
package enum RegistrationLimits {
    package static let rowsMax = 10_000

    /// A row is about 1.2 kB and 30 values; 2 kB and 100 values leave room for long certificate
    /// faces. The tree of a full body is then 10,000 × 100 × 40 bytes = 40 MB, for as long as it is
    /// read.
    package static let json = JSONLimits(
        bytesMax: rowsMax * 2048, depthMax: 16, valuesMax: rowsMax * 100)

    static let typeIDCharactersMax = 50
    static let certificationNameCharactersMax = 100
    static let identityKeyCharactersMax = 100
    // The published specification gives no length for these; ours are far above what is printed
    // anywhere.
    static let keyCharactersMax = 100
    static let nameCharactersMax = 200
    static let addressCharactersMax = 400
    static let longTextCharactersMax = 4000
}
