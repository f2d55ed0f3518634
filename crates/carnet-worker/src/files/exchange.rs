//! Exchanging the files, so that a crash at any moment leaves a pair that can be used.
//!
//! 1. `ca.crt.new`, `client.crt.new` and `client.key.new` are written and synced, `identity.json.new` likewise
//!    under another name.
//! 2. With the rename to `identity.json.new` the exchange is decided.
//! 3. Each `*.new` is renamed over the file that it replaces, `identity.json.new` last.
//!
//! Who finds `identity.json.new` finishes the third step; who finds other `*.new` alone removes them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::{CA, Contents, FILES, IDENTITY};

/// Puts `contents` in place of what the directory holds. Called with the directory's lock. With `keep_old` the files
/// that were there are kept as `*.bak`.
pub(crate) fn exchange(dir: &Path, contents: &Contents, keep_old: bool) -> io::Result<()> {
    plan(dir, contents, keep_old).into_iter().try_for_each(Step::run)
}

/// Puts another `ca.crt` in place alone. Called with the directory's lock.
pub(crate) fn replace_ca(dir: &Path, pem: &[u8]) -> io::Result<()> {
    let (new, ca) = (named(dir, CA, ".new"), dir.join(CA));
    let steps = [
        Step::Write { path: new.clone(), mode: 0o644, bytes: pem },
        Step::Rename(new, ca),
        Step::Sync(dir),
    ];
    steps.into_iter().try_for_each(Step::run)
}

/// Finishes an exchange that was decided, and removes what is left of one that was not. Called with the directory's
/// lock.
pub(crate) fn recover(dir: &Path) -> io::Result<()> {
    let is_decided = named(dir, IDENTITY, ".new").exists();
    for (name, _) in FILES {
        let new = named(dir, name, ".new");
        let done =
            if is_decided { fs::rename(&new, dir.join(name)) } else { fs::remove_file(&new) };
        absent_is_fine(done)?;
    }
    absent_is_fine(fs::remove_file(named(dir, IDENTITY, ".tmp")))?;
    Step::Sync(dir).run()
}

/// One thing that is done to the disk, whole or, when the machine stops, not; but for `Write`, which may be cut
/// short.
enum Step<'a> {
    /// Keeps a file, if it is there, under another name too.
    Keep(PathBuf, PathBuf),
    /// Makes a file with this mode from the beginning, and syncs it.
    Write {
        path: PathBuf,
        mode: u32,
        bytes: &'a [u8],
    },
    Rename(PathBuf, PathBuf),
    Sync(&'a Path),
}

fn plan<'a>(dir: &'a Path, contents: &'a Contents, keep_old: bool) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    if keep_old {
        let keep = |(name, _)| Step::Keep(dir.join(name), named(dir, name, ".bak"));
        steps.extend(FILES.map(keep));
    }
    let draft = named(dir, IDENTITY, ".tmp");
    let write = |(name, mode)| {
        let path = if name == IDENTITY { draft.clone() } else { named(dir, name, ".new") };
        Step::Write { path, mode, bytes: contents.of(name) }
    };
    steps.extend(FILES.map(write));
    steps.push(Step::Sync(dir));
    steps.push(Step::Rename(draft.clone(), named(dir, IDENTITY, ".new")));
    steps.push(Step::Sync(dir));
    steps.extend(FILES.map(|(name, _)| Step::Rename(named(dir, name, ".new"), dir.join(name))));
    steps.push(Step::Sync(dir));
    steps
}

impl Step<'_> {
    fn run(self) -> io::Result<()> {
        match self {
            Self::Keep(from, to) => {
                absent_is_fine(fs::remove_file(&to))?;
                absent_is_fine(fs::hard_link(from, to))
            }
            Self::Write { path, mode, bytes } => {
                absent_is_fine(fs::remove_file(&path))?;
                let mut file =
                    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
                file.write_all(bytes)?;
                file.sync_all()
            }
            Self::Rename(from, to) => fs::rename(from, to),
            Self::Sync(dir) => File::open(dir)?.sync_all(),
        }
    }
}

fn named(dir: &Path, name: &str, end: &str) -> PathBuf {
    dir.join(format!("{name}{end}"))
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    done.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use zeroize::Zeroizing;

    use super::*;

    fn contents(which: &str) -> Contents {
        let text = |name: &str| format!("{which} {name}").into_bytes();
        Contents {
            ca: text("ca"),
            certificate: text("certificate"),
            key: Zeroizing::new(text("key")),
            identity: text("identity"),
        }
    }

    /// Whose the four files are, if they are all one's.
    fn found(dir: &Path) -> Option<&'static str> {
        let is = |which| {
            let contents = contents(which);
            FILES.iter().all(|(name, _)| {
                fs::read(dir.join(name)).is_ok_and(|bytes| bytes == contents.of(name))
            })
        };
        ["old", "new"].into_iter().find(|which| is(which))
    }

    /// Promise: K-13
    #[test]
    fn wherever_the_machine_stops_one_whole_set_is_left() {
        let mut outcomes = Vec::new();
        for keep_old in [false, true] {
            let count = plan(Path::new("x"), &contents("new"), keep_old).len();
            for stop in 0..=count {
                for is_cut_short in [false, true] {
                    let dir = tempfile::tempdir().unwrap();
                    let dir = dir.path();
                    exchange(dir, &contents("old"), false).unwrap();
                    let new = contents("new");
                    let mut steps = plan(dir, &new, keep_old).into_iter();
                    steps.by_ref().take(stop).for_each(|step| step.run().unwrap());
                    if let (true, Some(Step::Write { path, mode, bytes })) =
                        (is_cut_short, steps.next())
                    {
                        let cut = &bytes[..bytes.len() / 2];
                        Step::Write { path, mode, bytes: cut }.run().unwrap();
                    }
                    recover(dir).unwrap();
                    outcomes.push(found(dir).expect("one whole set"));
                    let left = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
                    let names: Vec<_> = left.map(|name| name.into_string().unwrap()).collect();
                    let is_known = |name: &String| {
                        FILES
                            .iter()
                            .any(|(file, _)| name.strip_suffix(".bak").unwrap_or(name) == *file)
                    };
                    assert!(names.iter().all(is_known), "{names:?}");
                }
            }
        }
        assert!(outcomes.contains(&"old") && outcomes.contains(&"new"));
    }

    /// Promise: K-13
    #[test]
    fn files_have_their_modes_and_old_ones_are_kept_on_demand() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        exchange(dir, &contents("old"), true).unwrap();
        assert!(!named(dir, CA, ".bak").exists());
        exchange(dir, &contents("new"), true).unwrap();
        for (name, mode) in FILES {
            let found = fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{name}");
            assert_eq!(fs::read(named(dir, name, ".bak")).unwrap(), contents("old").of(name));
        }
        replace_ca(dir, b"another").unwrap();
        assert_eq!(fs::read(dir.join(CA)).unwrap(), b"another");
    }
}
