//! What a value may be called: in the file, and as a variable.

use crate::keys::{KEYS, Key};
use crate::sources::Sources;
use crate::value::Kind;

/// Variables that are read elsewhere, or belong to the environment of containers.
const OTHER_VARIABLES: [&str; 8] = [
    "CARNET_CONFIG",
    "CARNET_SERVER",
    "CARNET_TICKET",
    "CARNET_TICKET_CONFIG",
    "CARNET_TICKET_SECRET",
    "CARNET_TOKEN",
    "CARNET_API_KEY",
    "CARNET_VECTORS_DIR",
];
const FOREIGN_PREFIXES: [&str; 2] = ["CARNET_SERVICE_", "CARNET_PORT"];

/// The longest name that is compared with others.
const NAME_LEN_MAX: usize = 128;

/// Other names of keys.
const ALIASES: [(&str, &str); 1] = [("auth.admin_audit_retention", "audit.retention")];

/// The key that a name stands for, and the form of what it takes: of its value, or of the name of its file.
pub(crate) fn find(name: &str) -> Option<(&'static Key, Kind)> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    let own = alias.map_or(name, |(_, own)| own);
    KEYS.iter().find_map(|key| {
        if key.name == own {
            return Some((key, key.kind));
        }
        let form = if key.kind == Kind::SecretList { Kind::PathList } else { Kind::Path };
        (key.file_name()? == name).then_some((key, form))
    })
}

/// The other name of a key.
pub(crate) fn alias(name: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(_, own)| *own == name).map(|(alias, _)| *alias)
}

/// Whether keys stand below this name.
pub(crate) fn is_section(name: &str) -> bool {
    let is_below =
        |key: &Key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    KEYS.iter().any(is_below)
}

/// Every name a value may have, with its variable.
pub(crate) fn names() -> impl Iterator<Item = (String, String)> {
    let aliases = ALIASES.iter().map(|(alias, _)| (*alias).to_owned());
    let own = KEYS.iter().flat_map(|key| {
        let file = key.file_name().filter(|file| file != key.name);
        std::iter::once(key.name.to_owned()).chain(file)
    });
    own.chain(aliases).map(|name| {
        let variable = variable(&name);
        (name, variable)
    })
}

/// The variable of a name: `CARNET_SECTION_NAME`.
pub(crate) fn variable(name: &str) -> String {
    format!("CARNET_{}", name.replace('.', "_").to_ascii_uppercase())
}

/// The key that somebody may have meant.
pub(crate) fn nearest(name: &str) -> Option<String> {
    nearest_of(name, names().map(|(name, _)| name))
}

fn nearest_of(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    // Comparing costs the product of both lengths.
    if name.len() > NAME_LEN_MAX {
        return None;
    }
    let distance = |known: String| (strsim::damerau_levenshtein(&known, name), known);
    let near = known.map(distance).filter(|(distance, _)| *distance <= 3);
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// A warning for each variable that looks like ours and is not.
pub(crate) fn unknown_variables(sources: &Sources) -> Vec<String> {
    let known: Vec<_> = names().map(|(_, variable)| variable).collect();
    let is_ours = |name: &str| name.starts_with("CARNET_");
    let is_known = |name: &String| {
        OTHER_VARIABLES.contains(&name.as_str())
            || FOREIGN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || known.contains(name)
    };
    let variables = sources.env.keys().filter(|name| is_ours(name) && !is_known(name));
    let warning = |name: &String| match nearest_of(name, known.iter().cloned()) {
        Some(known) => format!("{name}: unknown variable; did you mean {known}?"),
        None => format!("{name}: unknown variable"),
    };
    variables.map(warning).collect()
}
