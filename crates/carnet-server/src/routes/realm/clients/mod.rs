//! `/api/auth/clients`: clients with a key of their own, and how somebody approves them. Source: realm spec,
//! section 4.

mod complete;
mod delete;
mod init;
mod list;
mod show;

pub(in crate::routes) use complete::complete;
pub(in crate::routes) use delete::delete;
pub(in crate::routes) use init::init;
pub(in crate::routes) use list::list;
pub(in crate::routes) use show::show;

/// What codes are made of: nothing that is read as something else.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Characters of a code.
const CODE_LEN: usize = 6;

/// The code that these random bytes make.
fn code(random: [u8; CODE_LEN]) -> String {
    random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

/// A code as people read it: `XXX-XXX`.
fn shown_code(code: &str) -> String {
    match code.split_at_checked(CODE_LEN / 2) {
        Some((first, second)) => format!("{first}-{second}"),
        None => code.to_owned(),
    }
}

/// A code as somebody typed it: hyphens and case do not matter.
fn typed_code(text: &str) -> String {
    text.chars()
        .filter(|character| *character != '-')
        .take(CODE_LEN + 1)
        .collect::<String>()
        .to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_shown_in_two_halves_and_typed_in_any_way() {
        let code = code([0, 31, 32, 63, 7, 255]);
        assert_eq!((code.as_str(), shown_code(&code).as_str()), ("A9A9H9", "A9A-9H9"));
        for typed in ["A9A-9H9", "a9a9h9", "-a9-A9H9-"] {
            assert_eq!(typed_code(typed), code);
        }
        assert_ne!(typed_code("A9A9H9 and more"), code);
    }
}
