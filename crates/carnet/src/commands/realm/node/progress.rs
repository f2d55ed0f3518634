//! How far a transfer has come.

use carnet_realm::client::Step;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// A bar on a terminal; nothing elsewhere. Always on stderr.
pub struct Progress(ProgressBar);

impl Progress {
    /// Nothing has come yet, and it is not known how much will.
    pub fn new() -> Self {
        Self(ProgressBar::no_length().with_style(style("{spinner} {msg}{bytes} {bytes_per_sec}")))
    }

    /// Shows a step.
    pub fn show(&self, step: Step) {
        let Self(bar) = self;
        let begin = |bytes: u64, what: &'static str| {
            bar.reset();
            bar.set_message(what);
            bar.set_style(style("{msg}{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}"));
            bar.set_length(bytes);
        };
        match step {
            Step::Found(bytes) => begin(bytes, "hashing "),
            Step::Missing(bytes) => begin(bytes, "sending "),
            Step::Hashed(bytes) | Step::Moved(bytes) => bar.inc(bytes),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar())
}

/// `3 files, 1 directory, 12 KiB`.
pub fn count(files: u64, dirs: u64, bytes: u64) -> String {
    let plural = |count: u64, one: &str, many: &str| {
        format!("{count} {}", if count == 1 { one } else { many })
    };
    let files = plural(files, "file", "files");
    let dirs = if dirs == 0 {
        String::new()
    } else {
        format!(", {}", plural(dirs, "directory", "directories"))
    };
    format!("{files}{dirs}, {}", output::bytes(bytes))
}
