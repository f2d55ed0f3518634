//! [`DepotId`]: names a depot.

use super::prefixed_ulid;

prefixed_ulid! {
    /// The id of a depot: text `depot:<ULID>`. No secret.
    DepotId = "depot:",
    /// A text is not the id of a depot.
    MalformedDepot = "a depot is depot:<ULID>"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn the_text_is_the_prefix_and_a_ulid() {
        let id = DepotId::new(Timestamp(1_469_922_850_259), [0xff; 10]);
        assert_eq!(id.to_string(), "depot:01ARZ3NDEKZZZZZZZZZZZZZZZZ");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "depot:", "01ARZ3NDEKZZZZZZZZZZZZZZZZ", "depot:01arz3ndekzzzzzzzzzzzzzzzz"]
        {
            assert_eq!(text.parse::<DepotId>(), Err(MalformedDepot), "{text}");
        }
    }
}
