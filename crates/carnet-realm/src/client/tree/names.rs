//! Names that can be written.

use std::collections::HashSet;
use std::path::Path;

use carnet_ticket::claim::ClaimName;
use carnet_ticket::realm::NodeKey;

use super::GetTreeError;
use crate::node::is_forbidden_name;

const PART: &str = ".carnet-part";

/// The longest name that disks take.
const NAME_LEN_MAX: usize = 255;

/// The name of the file `name` while it is not whole. One that would be too long is called by the name's hash.
pub(super) fn part_name(name: &str) -> String {
    if name.len() + 1 + PART.len() <= NAME_LEN_MAX {
        return format!(".{name}{PART}");
    }
    let hash = NodeKey::of(name.as_bytes()).to_string();
    format!(".{}{PART}", hash.trim_start_matches("node:"))
}

/// Checks that everything in a directory can be written beside everything else, on any disk.
pub(super) fn check(path: &Path, entries: &[(String, NodeKey)]) -> Result<(), GetTreeError> {
    let mut folded = HashSet::with_capacity(entries.len());
    for (name, _) in entries {
        if is_forbidden_name(name) {
            return Err(bad_name(path, name));
        }
        if !folded.insert(fold(name)) {
            return Err(GetTreeError::SameName {
                path: path.to_owned(),
                name: ClaimName::new(name),
            });
        }
    }
    for (name, _) in entries {
        let part = part_name(name);
        if folded.contains(&fold(&part)) {
            return Err(bad_name(path, &part));
        }
    }
    Ok(())
}

fn bad_name(path: &Path, name: &str) -> GetTreeError {
    GetTreeError::BadName { path: path.to_owned(), name: ClaimName::new(name) }
}

/// A name as disks compare it for which upper and lower case are the same.
fn fold(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(names: &[&str]) -> bool {
        let key = NodeKey::EMPTY_DICT;
        let entries: Vec<_> = names.iter().map(|name| ((*name).to_owned(), key)).collect();
        check(Path::new("x"), &entries).is_ok()
    }

    /// Promise: R-65
    #[test]
    fn names_that_leave_the_directory_or_meet_each_other_are_refused() {
        assert!(checked(&["a", "b", "...", ".a", "a b", ".b.carnet-part.bak"]));
        for names in [
            &[""][..],
            &["."],
            &[".."],
            &["a/b"],
            &["/etc"],
            &["a\0"],
            &["README", "readme"],
            &["Straße", "STRASSE"],
            &["\u{c9}", "\u{e9}"],
            &["\u{212a}", "k"],
            &["a", ".a.carnet-part"],
            &["a", ".A.carnet-part"],
        ] {
            assert!(!checked(names), "{names:?}");
        }
    }

    #[test]
    fn an_unfinished_file_has_a_name_that_disks_take() {
        assert_eq!(part_name("a.txt"), ".a.txt.carnet-part");
        assert_eq!(part_name(&"x".repeat(242)).len(), 255);
        let (x, y) = (part_name(&"x".repeat(243)), part_name(&"y".repeat(255)));
        assert!(x.len() < 50 && y.len() == x.len() && x != y, "{x} {y}");
    }
}
