//! The manifest's tickets: where their secrets come from, and everything that can be wrong with them.

use std::collections::BTreeMap;
use std::path::Path;

use carnet_config::manifest::{FindError, Manifest, SecretSource, Surface, TicketSources};
use carnet_ticket::capability::{Role, TicketKey, TicketLimits};
use carnet_ticket::verify::Profile;
use secrecy::ExposeSecret;

use crate::support::private_file;

const SECRET: &str = "open-sesame-0123456789-0123456789-0123456789";

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// Reads a manifest of this text, with these variables.
fn read(folder: &Path, text: &str, pairs: &[(&str, &str)]) -> Result<Manifest, String> {
    let path = folder.join("root_task.toml");
    private_file(&path, text);
    let place = format!("{}/", folder.display());
    Manifest::read(&path, &env(pairs)).map_err(|errors| {
        assert!(!format!("{errors} {errors:?}").contains("sesame"));
        errors.to_string().replace(&place, "")
    })
}

#[test]
fn each_role_has_a_secret_from_file_variable_or_manifest_and_up_to_four_previous_ones() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["queen", "old-1", "old-2", "old-3", "old-4"] {
        private_file(&folder.join(name), &format!(" {name} {SECRET}\u{a0}\n"));
    }
    // A manifest of another tool: most of it is not read here.
    let text = format!(
        "[root_task]\nschema = \"1.5\"\n[profile]\nname = \"x\"\n\
         [[tickets]]\nrole = \"queen\"\nsecret_file = \"queen\"\n\
         previous_secret_files = [\"old-1\", \"old-2\", \"old-3\", \"old-4\"]\n\
         [[tickets]]\nrole = \"worker-gpu\"\nsecret_env = \"GPU\"\n\
         [[tickets]]\nrole = \"worker-bus\"\nsecret = \"{SECRET} \"\n\
         [ticket_limits]\nmax_scopes = 0\nbandwidth_bytes = 0\nmax_ttl_s = 3_600\nmax_token_chars = 0xe0\n"
    );
    let manifest = read(folder, &text, &[("GPU", &format!("{SECRET}\n"))]).unwrap();
    let keys = &manifest.tickets.keys;
    let texts = |role: Role| -> Vec<String> {
        keys[&role].iter().map(|secret| secret.secret.expose_secret().to_owned()).collect()
    };
    let queen = ["queen", "old-1", "old-2", "old-3", "old-4"];
    assert_eq!(
        texts(Role::Queen),
        queen.map(|name| format!(" {name} {SECRET}")),
        "trimmed at the end"
    );
    assert_eq!(
        (texts(Role::WorkerGpu), texts(Role::WorkerBus)),
        (vec![SECRET.into()], vec![format!("{SECRET} ")])
    );
    assert_eq!(keys[&Role::Queen].active.source, SecretSource::File("queen".into()));
    assert_eq!(keys[&Role::WorkerGpu].active.source, SecretSource::Environment("GPU".to_owned()));
    assert_eq!(keys[&Role::WorkerBus].active.source, SecretSource::Inline);
    assert_eq!(keys.len(), 3);
    let ring = &manifest.tickets.role_keys()[&Role::Queen];
    assert_eq!(
        (ring.len(), ring[0].key_id()),
        (5, TicketKey::from_secret(&texts(Role::Queen)[0]).key_id())
    );
    let limits = TicketLimits {
        max_scopes: 0,
        bandwidth_bytes: 0,
        max_ttl_s: 3_600,
        max_token_chars: 224,
        ..TicketLimits::default()
    };
    assert_eq!(manifest.tickets.limits, limits);
    assert!(manifest.warnings.is_empty() && !format!("{manifest:?}").contains("sesame"));
    let bare = read(folder, "", &[]).unwrap().tickets;
    assert!(bare.keys.is_empty() && bare.limits == TicketLimits::default());
}

/// Promise: C-22
#[test]
fn two_entries_two_sources_and_an_empty_file_are_refused_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    private_file(&folder.join("empty"), " \n");
    private_file(&folder.join("good"), SECRET);
    let text = "[[tickets]]\nrole = \"queen\"\nsecret_file = \"good\"\n\
        [[tickets]]\nrole = \"queen\"\nsecret_file = \"good\"\n\
        [[tickets]]\nrole = \"worker-gpu\"\nsecret_env = \"GPU\"\nsecret_file = \"good\"\n\
        [[tickets]]\nrole = \"worker-bus\"\nsecret_file = \"empty\"\n\
        [[tickets]]\nrole = \"worker-lora\"\nsecret_file = \"good\"\nprevious_secret_files = [\"empty\"]\n";
    let told = read(folder, text, &[("GPU", SECRET)]).unwrap_err();
    let path = folder.join("empty");
    let path = path.display().to_string().replace(&format!("{}/", folder.display()), "");
    assert_eq!(
        told,
        format!(
            "root_task.toml:4:1: duplicate ticket entry for role queen\n\
             root_task.toml:9:14: tickets[2].secret_env is given beside secret_file; keep one\n\
             root_task.toml:13:15: tickets[3].secret_file \"{path}\" is empty\n\
             root_task.toml:17:26: tickets[4].previous_secret_files[0] \"{path}\" is empty"
        )
    );
}

#[test]
fn every_other_fault_is_told_with_its_key_and_all_together() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = format!(
        "[[tickets]]\nrole = \"Queen\"\nsecret = \"{SECRET}\"\n\
         [[tickets]]\nrole = \"worker\"\nsecret = \"{SECRET}\"\n\
         [[tickets]]\nsecret = \"{SECRET}\"\n\
         [[tickets]]\nrole = \"worker-gpu\"\nsecrets = \"{SECRET}\"\n\
         [[tickets]]\nrole = \"worker-bus\"\nsecret_env = \"BLANK\"\n\
         [[tickets]]\nrole = \"worker-lora\"\nsecret = [\"{SECRET}\"]\nprevious_secret_files = [\"a\", \"b\", \"c\", \"d\", \"e\"]\n\
         [[tickets]]\nrole = \"worker-heartbeat\"\nsecret = \" \"\nprevious_secret_files = [1, \"absent\"]\n\
         [ticket_limits]\nmax_scopes = 17\nmax_scope_path_len = 0\nmax_scope_rate_per_s = -1\n\
         cursor_resumes = 4294967296\nmax_token_chars = 10111\nmax_ttl_s = \"1\"\nmax_ttl = 1\n"
    );
    let told = read(folder, &text, &[("BLANK", " ")]).unwrap_err();
    let told: Vec<_> = told.lines().map(|line| line.splitn(4, ':').nth(3).unwrap()).collect();
    let expected = [
        " tickets[0].role Queen is not a role",
        " tickets[1].role worker is not a role",
        " tickets[2].role is missing",
        " unknown key tickets[3].secrets",
        " tickets[3] has no secret: name one by secret_file, secret_env or secret",
        " tickets[4].secret_env names a variable that is not set",
        " tickets[5].secret is not a text",
        " tickets[5].previous_secret_files 5 exceeds maximum 4",
        " tickets[6].secret is empty",
        " tickets[6].previous_secret_files[0] is not a text",
        " tickets[6].previous_secret_files[1] \"absent\" cannot be read: NotFound",
        " unknown key ticket_limits.max_ttl",
        " ticket_limits.max_scopes 17 exceeds maximum 16",
        " ticket_limits.max_scope_path_len 0 is below minimum 1",
        " ticket_limits.max_scope_rate_per_s -1 is below minimum 0",
        " ticket_limits.cursor_resumes 4294967296 exceeds maximum 4294967295",
        " ticket_limits.max_ttl_s is not a whole number",
        " ticket_limits.max_token_chars 10111 exceeds maximum 10110",
    ];
    assert_eq!(told, expected);
    for (text, fault) in [
        ("tickets = 1\nticket_limits = 1\n", "tickets is not a list of tables"),
        ("tickets = [1]\n", "tickets[0] is not a table"),
        ("ticket_limits = 1\n", "ticket_limits is not a table"),
        ("[ticket_limits", "not TOML"),
    ] {
        let told = read(folder, text, &[]).unwrap_err();
        assert!(told.starts_with("root_task.toml:1:") && told.contains(fault), "{told}");
    }
    let big = format!("# {}\n", "x".repeat(1 << 20));
    assert_eq!(read(folder, &big, &[]).unwrap_err(), "root_task.toml: has more than 1 MiB");
    let absent = Manifest::read(&folder.join("absent.toml"), &env(&[])).unwrap_err().to_string();
    assert!(absent.ends_with("absent.toml: not found"));
}

/// Promise: C-17
#[test]
fn a_short_secret_warns_on_loopback_stops_a_server_that_others_reach_and_is_nothing_in_compat() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    private_file(&folder.join("gpu"), "0123456789012345678901234567890\n");
    private_file(&folder.join("long"), SECRET);
    let text = "[[tickets]]\nrole = \"worker-gpu\"\nsecret_file = \"gpu\"\n\
        [[tickets]]\nrole = \"queen\"\nsecret = \"short\"\nprevious_secret_files = [\"gpu\"]\n\
        [[tickets]]\nrole = \"worker-bus\"\nsecret_file = \"long\"\nprevious_secret_files = [\"gpu\"]\n\
        [[tickets]]\nrole = \"worker-lora\"\nsecret_file = \"long\"\n";
    let tickets = read(folder, text, &[]).unwrap().tickets;
    for is_loopback in [true, false] {
        let short = tickets.short_secrets(Profile::Strict, is_loopback);
        let told: Vec<_> = short.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "role secret of queen has 5 bytes, strict needs 32; fix: openssl rand -hex 32 > secrets/queen",
                "role secret of worker-gpu has 31 bytes, strict needs 32; fix: openssl rand -hex 32 > gpu",
                "role secret of worker-bus has 31 bytes, strict needs 32; fix: openssl rand -hex 32 > gpu",
            ]
        );
        assert!(short.iter().all(|short| short.is_refused != is_loopback));
    }
    assert!(tickets.short_secrets(Profile::Compat, false).is_empty());
}

/// Promise: C-20
#[test]
fn secrets_are_found_by_flag_then_variables_then_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (data, configs) = (folder.join("data"), folder.join("configs"));
    for path in [&data, &configs] {
        std::fs::create_dir(path).unwrap();
    }
    let entry = |secret: &str| format!("[[tickets]]\nrole = \"queen\"\nsecret = \"{secret}\"\n");
    private_file(&data.join("root_task.toml"), &entry("data"));
    private_file(&folder.join("flag.toml"), &entry("flag"));
    private_file(&folder.join("carnet.toml"), &entry("carnet"));
    private_file(&folder.join("cohsh.toml"), &entry("cohsh"));
    private_file(&folder.join("swarm.toml"), &entry("swarm"));
    private_file(&folder.join("secret"), "file\n");
    let found =
        |surface, secret_file: Option<&str>, manifest: Option<&str>, pairs: &[(&str, &str)]| {
            let env = env(pairs);
            let (secret_file, manifest) = (secret_file.map(Path::new), manifest.map(Path::new));
            let sources = TicketSources {
                secret_file,
                manifest,
                env: &env,
                cwd: folder,
                data_dir: &data,
                surface,
            };
            let secrets = sources.secrets(Role::Queen).unwrap();
            secrets.active.secret.expose_secret().to_owned()
        };
    let shell = |secret_file, manifest, pairs: &[(&str, &str)]| {
        found(Surface::CommandLine, secret_file, manifest, pairs)
    };
    let all = [
        ("CARNET_TICKET_SECRET", "one \n"),
        ("SWARMUI_TICKET_SECRET", "two"),
        ("COHSH_TICKET_SECRET", "three"),
        ("CARNET_TICKET_CONFIG", "carnet.toml"),
        ("SWARMUI_TICKET_CONFIG", "swarm.toml"),
        ("COHSH_TICKET_CONFIG", "cohsh.toml"),
    ];
    let blank = ("CARNET_TICKET_SECRET", " ");
    let form = |pairs: &[(&str, &str)]| found(Surface::MintForm, None, None, pairs);
    assert_eq!(shell(Some("secret"), Some("flag.toml"), &all), "file");
    assert_eq!(shell(None, Some("flag.toml"), &all), "one");
    assert_eq!(
        (shell(None, None, &all[1..]), form(&all[1..])),
        ("three".to_owned(), "two".to_owned())
    );
    assert_eq!(shell(None, None, &[blank, all[2]]), "three", "a blank one counts as unset");
    assert_eq!(shell(None, Some("flag.toml"), &all[3..]), "flag");
    assert_eq!(shell(None, None, &all[3..]), "carnet");
    assert_eq!(
        (shell(None, None, &all[4..]), form(&all[4..])),
        ("cohsh".to_owned(), "swarm".to_owned())
    );
    assert_eq!(shell(None, None, &[blank]), "data");
    private_file(&configs.join("root_task.toml"), &entry("configs"));
    assert_eq!(shell(None, None, &[]), "configs");
}

#[test]
fn a_role_without_an_entry_is_not_found_and_other_entries_are_not_judged() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let env = env(&[]);
    let sources = TicketSources {
        secret_file: None,
        manifest: None,
        env: &env,
        cwd: folder,
        data_dir: Path::new("data"),
        surface: Surface::CommandLine,
    };
    let told = sources.secrets(Role::WorkerGpu).unwrap_err();
    let path = folder.join("data/root_task.toml");
    let text = format!("ticket secret for role worker-gpu not found in {}", path.display());
    assert_eq!(told.to_string(), text, "no manifest is anywhere");
    std::fs::create_dir(folder.join("data")).unwrap();
    let manifest = format!(
        "[[tickets]]\nrole = \"queen\"\nsecret_file = \"absent\"\n\
         [[tickets]]\nrole = \"worker-bus\"\nsecret = \"{SECRET}\"\n[ticket_limits]\nmax_scopes = 99\n"
    );
    private_file(&path, &manifest);
    assert_eq!(sources.secrets(Role::WorkerGpu).unwrap_err().to_string(), text);
    assert_eq!(sources.secrets(Role::WorkerBus).unwrap().active.secret.expose_secret(), SECRET);
    let told = sources.secrets(Role::Queen).unwrap_err();
    assert!(
        matches!(told, FindError::Manifest(_))
            && told.to_string().contains("tickets[0].secret_file")
    );
    let named = TicketSources { manifest: Some(Path::new("absent.toml")), ..sources };
    assert!(matches!(named.secrets(Role::Queen), Err(FindError::Manifest(_))));
    let file = TicketSources { secret_file: Some(Path::new("absent")), ..sources };
    let told = file.secrets(Role::Queen).unwrap_err();
    assert!(
        matches!(told, FindError::SecretFile(_)) && told.to_string().contains("cannot be read")
    );
}

#[test]
fn limits_are_read_without_judging_what_else_the_manifest_says() {
    let folder = tempfile::tempdir().unwrap();
    let env = env(&[]);
    let sources = TicketSources {
        secret_file: None,
        manifest: None,
        env: &env,
        cwd: folder.path(),
        data_dir: Path::new("data"),
        surface: Surface::CommandLine,
    };
    assert_eq!(sources.limits(), Ok(TicketLimits::default()), "no manifest is anywhere");
    assert!(!sources.is_given());
    let named = TicketSources { manifest: Some(Path::new("m.toml")), ..sources };
    assert!(named.is_given());
    assert!(matches!(named.limits(), Err(FindError::Manifest(_))), "it has to be there");
    let write = |text: &str| std::fs::write(folder.path().join("m.toml"), text).unwrap();
    write(
        "[[tickets]]\nrole = \"queen\"\nsecret_file = \"absent\"\n[ticket_limits]\nmax_scopes = 3\n",
    );
    assert_eq!(named.limits().unwrap().max_scopes, 3);
    write("[ticket_limits]\nmax_scopes = 17\n");
    let told = named.limits().unwrap_err().to_string();
    assert!(told.contains("ticket_limits.max_scopes 17 exceeds maximum 16"), "{told}");
}
