//! Loading from a folder, an environment and flags.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use carnet_config::{ConfigErrors, Loaded, Sources, load};

/// Loads with a `carnet.toml` of this text in `folder`, when there is one, and these variables and flags.
pub fn load_with(
    folder: &Path,
    file: Option<&str>,
    env: &[(&str, &str)],
    flags: &[(&str, &str)],
) -> Result<Loaded, ConfigErrors> {
    if let Some(text) = file {
        std::fs::write(folder.join("carnet.toml"), text).unwrap();
    }
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    load(&Sources {
        path: None,
        env: map(env),
        flags: map(flags),
        cwd: folder.to_owned(),
        ..Sources::default()
    })
}

/// What is printed of a configuration that does not load, with the folder's path taken out.
pub fn errors(folder: &Path, file: &str) -> String {
    let errors = load_with(folder, Some(file), &[], &[]).unwrap_err().to_string();
    errors.replace(&format!("{}/", folder.display()), "")
}

/// Writes a file that nobody else can read.
pub fn private_file(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
