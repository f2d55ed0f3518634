//! Secrets: by themselves or by a file, and nowhere to be seen.

use std::os::unix::fs::PermissionsExt;

use carnet_config::keys::{KEYS, Kind};
use secrecy::ExposeSecret;

use crate::support::load_with;

const SECRET: &str = "open-sesame-0123456789";

/// Promise: P-3
#[test]
fn every_secret_comes_from_a_file_trimmed_and_a_bad_file_names_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let write = |name: &str, text: &[u8]| {
        std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::set_permissions(folder.path().join(name), std::fs::Permissions::from_mode(0o600))
            .unwrap();
    };
    write("good", format!("\n  {SECRET}\u{a0}\n").as_bytes());
    write("empty", b" \n");
    write("large", &vec![b'x'; (64 << 10) + 1]);
    write("binary", &[0xff; 40]);
    for key in KEYS.iter().filter(|key| key.kind == Kind::Secret) {
        let name = key.file_name().unwrap();
        let load = |file: &str| load_with(folder.path(), None, &[], &[(&name, &path(file))]);
        let loaded = load("good").unwrap();
        let row = loaded.rows().into_iter().find(|row| row.key == key.name).unwrap();
        assert_eq!(row.value, format!("set (file {})", path("good")));
        for (file, fault) in [
            ("absent", "cannot be read"),
            ("empty", "is empty"),
            ("large", "more than 64 KiB"),
            ("binary", "cannot be read"),
        ] {
            let told = load(file).unwrap_err().to_string();
            assert!(told.contains(&name) && told.contains(fault), "{told}");
        }
    }
    let config =
        load_with(folder.path(), None, &[("CARNET_AUTH_API_KEY_FILE", &path("good"))], &[])
            .unwrap()
            .config;
    assert_eq!(config.auth.api_key.unwrap().expose_secret(), SECRET);
}

/// Promise: P-4
#[test]
fn a_secret_given_by_itself_and_by_a_file_is_refused_from_any_mix_of_sources() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), SECRET).unwrap();
    let inline_file = "[auth]\napi_key = \"x\"\n";
    let file_file = "[auth]\napi_key_file = \"key\"\n";
    let ambiguous = |file: Option<&str>, env: &[(&str, &str)], flags: &[(&str, &str)]| {
        let _ = std::fs::remove_file(folder.path().join("carnet.toml"));
        load_with(folder.path(), file, env, flags)
            .is_err_and(|errors| errors.to_string().contains("keep one"))
    };
    let (inline, by_file) = (("CARNET_AUTH_API_KEY", "x"), ("CARNET_AUTH_API_KEY_FILE", "key"));
    assert!(ambiguous(Some("[auth]\napi_key = \"x\"\napi_key_file = \"key\"\n"), &[], &[]));
    assert!(
        ambiguous(Some(inline_file), &[by_file], &[]) && ambiguous(Some(file_file), &[inline], &[])
    );
    assert!(
        ambiguous(None, &[inline, by_file], &[])
            && ambiguous(Some(inline_file), &[], &[("auth.api_key_file", "key")])
    );
    assert!(
        ambiguous(Some(file_file), &[], &[("auth.api_key", "x")])
            && ambiguous(None, &[by_file], &[("auth.api_key", "x")])
    );
    assert!(
        !ambiguous(Some(file_file), &[("CARNET_AUTH_API_KEY", "  ")], &[]),
        "a blank one counts as unset"
    );
}

#[test]
fn no_secret_is_in_debug_rows_or_errors() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("[auth]\napi_key = \"{SECRET}\"\nadmin_api_key = \"{SECRET}-admin\"\n");
    let loaded = load_with(folder.path(), Some(&file), &[], &[]).unwrap();
    let shown = format!("{loaded:?} {:?}", loaded.rows());
    assert!(!shown.contains("sesame"), "{shown}");
    for bad in [
        format!("{file}port = 1\n"),
        format!("[auth]\napi_key = [\"{SECRET}\"]\n"),
        format!("{file}["),
    ] {
        let told = load_with(folder.path(), Some(&bad), &[], &[]).unwrap_err();
        assert!(!format!("{told} {told:?}").contains("sesame"), "{told}");
    }
}

#[test]
fn a_secret_file_that_others_can_read_is_warned_about_with_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, SECRET).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let loaded =
        load_with(folder.path(), Some("[auth]\napi_key_file = \"key\"\n"), &[], &[]).unwrap();
    let path = path.display();
    assert_eq!(
        loaded.warnings,
        [format!(
            "auth.api_key_file: \"{path}\" is readable by others (0644); run chmod 600 {path}"
        )]
    );
}
