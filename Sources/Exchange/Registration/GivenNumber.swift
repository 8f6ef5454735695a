/// 個人番号のありか: where the individual number of a row is looked for.
package enum NumberPlace: Hashable, Sendable {
    /// In the row, which is refused without it.
    case inTheRow
    /// A file's rows are kept without theirs: the keyed hash that it became at the door stands
    /// beside the row.
    case besideTheRow
}

/// What a row says of its individual number.
package enum GivenNumber: Sendable {
    case here(IndividualNumber)
    case elsewhere

    package var number: IndividualNumber? {
        if case .here(let number) = self { number } else { nil }
    }
}
