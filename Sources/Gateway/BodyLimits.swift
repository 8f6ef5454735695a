import Exchange

/// The longest body of each interaction; one byte more is 413.
enum BodyLimits {
    /// A few short items.
    static let smallBytesMax = 4_096
    /// A certificate of up to 3 kB and a signature of 512 B in base64, and the items beside them.
    static let visitBytesMax = 16_384
    /// A CoverageEligibilityRequest with everything optional filled in is about 4 kB.
    static let checkBytesMax = 32_768
    /// An Immunization with everything optional is about 5 kB; a check brings candidates, a history of
    /// forty doses and a questionnaire for each vaccine.
    static let vaccinationBytesMax = 131_072
    /// An AdverseEvent of four doses with everything optional is about 4 kB.
    static let reactionBytesMax = 32_768
    /// A scheme of three million rows of 350 bytes. Files are read as they come; this bounds the time
    /// and the disk that one may take.
    static let fileBytesMax = 1 << 30
    /// Forty Observations with everything optional are about 40 kB.
    static let checkupBytesMax = 131_072
    /// As the reader's own limit, which has the arithmetic; a larger load is several tasks.
    static let registrationBytesMax = RegistrationLimits.json.bytesMax
}

extension Limits {
    /// A card is read and a PIN typed within a minute; five leave room for a second try.
    static let nonceSeconds: Int64 = 300
    /// Ten minutes: a connector asks again on its own, and a stolen token is of no use without the
    /// certificate's key.
    static let officeTokenSeconds: Int64 = 600
}
