//! Secrets: by themselves or by a file, and nowhere to be seen.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use carnet_config::keys::{KEYS, Key, Kind};
use carnet_config::{Changes, Sources};
use carnet_ticket::id::KeyId;
use secrecy::ExposeSecret;

use crate::support::{errors, load_with};

const SECRET: &str = "open-sesame-0123456789-0123456789-0123456789";

/// The 32 bytes of a sealing key.
const SEAL_KEY: &str = "0a0b0c0d0e0f0a0b0c0d0e0f0a0b0c0d0a0b0c0d0e0f0a0b0c0d0e0f0a0b0c0d";

/// What a file of this key holds, and what is shown of it.
fn sample(key: &Key) -> (String, String) {
    let secret = if key.name == "keys.seal_key" { SEAL_KEY } else { SECRET };
    match key.kind {
        Kind::SecretMap => (format!("\"worker a\" = \"{secret}\""), "1 entry".to_owned()),
        _ => (secret.to_owned(), format!("id {}", KeyId::of(secret.as_bytes()))),
    }
}

fn secret_keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(|key| key.kind.is_secret())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Promise: P-3
#[test]
fn every_secret_comes_from_a_file_trimmed_and_a_bad_file_names_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "empty", b"");
    write(folder, "blank", " \n\u{a0}".as_bytes());
    write(folder, "large", &vec![b'x'; (64 << 10) + 1]);
    write(folder, "binary", &[0xff; 40]);
    for key in secret_keys() {
        let (text, shown) = sample(key);
        write(folder, "good", format!("\n  {text}\u{a0}\n").as_bytes());
        let name = key.file_name().unwrap();
        let load = |file: &str| load_with(folder, None, &[], &[(&name, file)]);
        let row = load("good").unwrap().rows().into_iter().find(|row| row.key == key.name).unwrap();
        assert_eq!(row.value, format!("set (file good, {shown})"));
        for (file, fault) in [
            ("absent", "cannot be read: NotFound"),
            ("empty", "is empty"),
            ("blank", "is empty"),
            ("large", "more than 64 KiB"),
            ("binary", "cannot be read: InvalidData"),
        ] {
            let told = load(file).unwrap_err().to_string();
            let path = folder.join(file);
            let place = format!("--set: {name}: \"{}\"", path.display());
            assert!(told.starts_with(&place) && told.contains(fault), "{told}");
        }
    }
    write(folder, "good", format!("\n  {SECRET}\u{a0}\n").as_bytes());
    let config =
        load_with(folder, None, &[("CARNET_AUTH_API_KEY_FILE", "good")], &[]).unwrap().config;
    assert_eq!(config.auth.api_key.unwrap().expose_secret(), SECRET);
}

/// Promise: P-4
#[test]
fn a_secret_given_by_itself_and_by_a_file_is_refused_from_any_mix_of_sources() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for key in secret_keys().filter(|key| key.kind != Kind::SecretFile) {
        let (text, _) = sample(key);
        write(folder, "key", text.as_bytes());
        let inline = if key.kind == Kind::SecretMap { r#"{"worker a":"x"}"# } else { &text };
        let by_file = key.file_name().unwrap();
        let written = |name: &str, toml: &str| {
            let (section, name) = name.rsplit_once('.').unwrap();
            format!("[{section}]\n{name} = {toml}\n")
        };
        let inline_in_file = match key.kind {
            Kind::SecretMap => written(key.name, "{ a = \"x\" }"),
            Kind::SecretList => written(key.name, &format!("[\"{text}\"]")),
            _ => written(key.name, &format!("\"{text}\"")),
        };
        let name_in_file =
            written(&by_file, if key.kind == Kind::SecretList { "[\"key\"]" } else { "\"key\"" });
        let variables = (key.variable(), by_file.replace('.', "_").to_ascii_uppercase());
        let (inline_env, file_env) =
            ((&*variables.0, inline), (&*format!("CARNET_{}", variables.1), "key"));
        let (inline_flag, file_flag) = ((key.name, inline), (&*by_file, "key"));
        let ambiguous = |file: Option<&str>, env: &[(&str, &str)], flags: &[(&str, &str)]| {
            let _ = std::fs::remove_file(folder.join("carnet.toml"));
            let told = format!("{}: given both by itself and by {by_file}; keep one", key.name);
            load_with(folder, file, env, flags)
                .is_err_and(|errors| errors.to_string().contains(&told))
        };
        let both = format!("{inline_in_file}{}", name_in_file.split_once('\n').unwrap().1);
        assert!(ambiguous(Some(&both), &[], &[]), "{both}");
        assert!(ambiguous(Some(&inline_in_file), &[file_env], &[]));
        assert!(ambiguous(Some(&inline_in_file), &[], &[file_flag]));
        assert!(ambiguous(Some(&name_in_file), &[inline_env], &[]));
        assert!(ambiguous(Some(&name_in_file), &[], &[inline_flag]));
        assert!(ambiguous(None, &[inline_env, file_env], &[]));
        assert!(ambiguous(None, &[inline_env], &[file_flag]));
        assert!(ambiguous(None, &[file_env], &[inline_flag]));
        let blank = [(inline_env.0, "  ")];
        assert!(!ambiguous(Some(&name_in_file), &blank, &[]), "a blank one counts as unset");
    }
}

/// Promise: W-35
#[test]
fn worker_secrets_in_two_forms_or_in_bad_files_are_refused_by_key_and_all_together() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "good", SECRET.as_bytes());
    write(folder, "empty", b"");
    write(folder, "blank", b"\n \n");
    let file = format!(
        "[auth]\nworker_token = \"{SECRET}\"\nworker_token_file = \"good\"\n\
         worker_signing_key_file = \"empty\"\n\
         worker_signing_keys_files = [\"good\", \"blank\", \"absent\"]\n\
         worker_tokens_file = \"blank\"\n"
    );
    assert_eq!(
        errors(folder, &file),
        "carnet.toml:3:1: auth.worker_token: given both by itself and by auth.worker_token_file; keep one\n\
         carnet.toml:6:1: auth.worker_tokens_file: \"blank\": the file is empty\n\
         carnet.toml:4:1: auth.worker_signing_key_file: \"empty\": the file is empty\n\
         carnet.toml:5:1: auth.worker_signing_keys_files: \"blank\": the file is empty\n\
         carnet.toml:5:1: auth.worker_signing_keys_files: \"absent\": cannot be read: NotFound"
    );
}

#[test]
fn inline_and_file_worker_secrets_are_the_same_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let other = "another-signing-key-of-at-least-32-bytes";
    write(folder, "one", format!("{SECRET}\n").as_bytes());
    write(folder, "two", format!("{other}\n").as_bytes());
    write(
        folder,
        "tokens",
        "worker-a = \"one\"\n\"Worker B/ü\" = \" two \"\nnone = \"\"\n".as_bytes(),
    );
    let by_file = "[auth]\nworker_token_file = \"one\"\nworker_tokens_file = \"tokens\"\n\
        worker_signing_key_file = \"one\"\nworker_signing_keys_files = [\"two\", \"one\", \"two\"]\n";
    let inline = format!(
        "[auth]\nworker_token = \"{SECRET}\"\nworker_signing_key = \" {SECRET}\"\n\
         worker_signing_keys = [\"{other}\", \" \", \"{SECRET}\", \"{other} \"]\n\
         [auth.worker_tokens]\nworker-a = \"one\"\n\"Worker B/ü\" = \"two\"\n"
    );
    let config = |file: &str| load_with(folder, Some(file), &[], &[]).unwrap().config;
    let (by_file, inline) = (config(by_file), config(&inline));
    assert_eq!(
        by_file.diff(&inline),
        Changes::default(),
        "a deployment may go from one to the other"
    );
    let tokens = &by_file.auth.worker_tokens;
    assert_eq!(tokens.keys().collect::<Vec<_>>(), ["Worker B/ü", "worker-a"]);
    assert_eq!(tokens["Worker B/ü"].expose_secret(), "two");
    let ring = by_file.auth.worker_signing_ring();
    let ring: Vec<_> = ring.into_iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!(ring, [SECRET, other], "each once, the one that mints first");
}

#[test]
fn short_hmac_keys_are_refused_in_strict_by_key_and_taken_in_compat() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let short = "0123456789012345678901234567890";
    write(folder, "short", short.as_bytes());
    let file = format!(
        "[auth]\nworker_signing_key = \"{short}\"\nworker_signing_keys = [\"{short}x\", \"{short}\"]\n\
         [tickets.jwt]\nhmac_key_file = \"short\"\n"
    );
    let told = errors(folder, &file);
    assert_eq!(
        told,
        "carnet.toml:2:1: auth.worker_signing_key: not a value; expected 32 bytes or more, as profile.worker_token is strict\n\
         carnet.toml:3:1: auth.worker_signing_keys: not a value; expected 32 bytes or more, as profile.worker_token is strict\n\
         carnet.toml:5:1: tickets.jwt.hmac_key_file: not a value; expected 32 bytes or more, as profile.jwt is strict"
    );
    let loads = |env: &[(&str, &str)]| load_with(folder, Some(&file), env, &[]).is_ok();
    assert!(loads(&[("CARNET_PROFILE_DEFAULT", "compat")]));
    let own = ("CARNET_PROFILE_WORKER_TOKEN", "compat");
    assert!(!loads(&[own]) && loads(&[own, ("CARNET_PROFILE_JWT", "compat")]));
    assert!(!loads(&[("CARNET_PROFILE_DEFAULT", "compat"), ("CARNET_PROFILE_JWT", "strict")]));
}

#[test]
fn a_sealing_key_is_32_bytes_as_hex_or_base64() {
    let folder = tempfile::tempdir().unwrap();
    let load = |text: &str| load_with(folder.path(), None, &[("CARNET_KEYS_SEAL_KEY", text)], &[]);
    let base64 = "+//7//v/+//7//v/+//7//v/+//7//v/+//7//v/+/8";
    for (text, first) in [
        (SEAL_KEY, 0x0a),
        (&SEAL_KEY.to_ascii_uppercase(), 0x0a),
        (base64, 0xfb),
        (&format!("{base64}="), 0xfb),
        (&base64.replace('+', "-").replace('/', "_"), 0xfb),
    ] {
        let config = load(text).unwrap().config;
        assert_eq!(config.keys.seal_key.as_ref().unwrap().expose_secret()[0], first);
        assert!(!format!("{config:?}").contains("10, 11, 12"));
    }
    for text in [&SEAL_KEY[2..], "sesame", &format!("{SEAL_KEY}00")] {
        let told = load(text).unwrap_err().to_string();
        assert!(told.ends_with("keys.seal_key: not a value; expected 32 bytes as hex or base64"));
    }
}

/// Promise: W-34
#[test]
fn no_secret_is_in_debug_rows_or_errors() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = format!(
        "[keys]\nseal_key = \"{SEAL_KEY}\"\n[auth]\napi_key = \"{SECRET}\"\n\
         admin_api_key = \"{SECRET}-admin\"\nworker_signing_keys = [\"{SECRET}\"]\n\
         worker_tokens = {{ a = \"{SECRET}\" }}\n"
    );
    let env = [("CARNET_AUTH_WORKER_TOKEN", SECRET)];
    let loaded =
        load_with(folder, Some(&file), &env, &[("auth.worker_signing_key", SECRET)]).unwrap();
    let sources = Sources {
        env: env.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        ..Sources::default()
    };
    let shown = format!("{loaded:?} {:?} {sources:?}", loaded.rows());
    assert!(!shown.contains("sesame") && !shown.contains(SEAL_KEY), "{shown}");
    write(folder, "tokens", format!("a = [\"{SECRET}\"]").as_bytes());
    write(folder, "broken", format!("a = \"{SECRET}").as_bytes());
    for bad in [
        format!("{file}port = 1\n"),
        format!("[auth]\napi_key = [\"{SECRET}\"]\n"),
        format!("[auth]\nworker_signing_keys = \"{SECRET}\"\n"),
        format!("[auth]\nworker_signing_keys = [[\"{SECRET}\"]]\n"),
        format!("[auth]\nworker_tokens = [\"{SECRET}\"]\n"),
        "[auth]\nworker_tokens_file = \"tokens\"\n".to_owned(),
        "[auth]\nworker_tokens_file = \"broken\"\n".to_owned(),
        format!("[keys]\nseal_key = \"{SECRET}\"\n"),
        format!("{file}["),
    ] {
        let told = load_with(folder, Some(&bad), &[], &[]).unwrap_err();
        assert!(!format!("{told} {told:?}").contains("sesame"), "{told}");
    }
    for bad in [SECRET, &format!("{{\"a\":\"{SECRET}\",\"a\":\"{SECRET}\"}}"), "[\"sesame\"]"] {
        let _ = std::fs::remove_file(folder.join("carnet.toml"));
        let told = load_with(folder, None, &[("CARNET_AUTH_WORKER_TOKENS", bad)], &[]).unwrap_err();
        assert_eq!(
            told.to_string(),
            "CARNET_AUTH_WORKER_TOKENS: auth.worker_tokens: expected a table of secret texts; as a variable, a JSON object"
        );
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
