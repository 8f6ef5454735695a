/// 異動の決まり: what a move does to a home and to an entitlement, from `profiles/subsidy/moves.json`.
package struct MoveRules: Hashable, Sendable {
    /// 転出後の資格.
    package enum AfterMove: String, CaseIterable, Hashable, Sendable {
        /// The entitlement ends with the last day in the body's area.
        case ends
        /// It goes on while the resident lives anywhere in the prefecture, until the new
        /// municipality holds one of the same scheme.
        case followsInPrefecture = "follows-in-prefecture"
    }

    struct Scheme: Hashable, Sendable {
        let body: String
        let certificateTypeID: String
        let afterMove: AfterMove
    }

    /// 届出の間: somebody who left is still at home there for so many days, if they arrive elsewhere
    /// within them; so no day is nobody's.
    package let arrivalWithinDays: Int
    let schemes: [Scheme]

    /// As before there was a file: every entitlement ends with the last day.
    static let ending = MoveRules(arrivalWithinDays: 0, schemes: [])

    package init(arrivalWithinDays: Int, following: [(body: String, certificateTypeID: String)]) {
        self.init(
            arrivalWithinDays: arrivalWithinDays,
            schemes: following.map {
                Scheme(
                    body: $0.body, certificateTypeID: $0.certificateTypeID,
                    afterMove: .followsInPrefecture)
            })
    }

    init(arrivalWithinDays: Int, schemes: [Scheme]) {
        self.arrivalWithinDays = arrivalWithinDays
        self.schemes = schemes
    }

    package func afterMove(_ certificateTypeID: String, of body: String) -> AfterMove {
        schemes.first {
            $0.certificateTypeID == certificateTypeID
                && SubsidyProgram.pattern($0.body, names: body)
        }?.afterMove ?? .ends
    }
}
