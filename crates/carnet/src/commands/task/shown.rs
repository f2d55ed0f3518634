//! What people see of a task.

use carnet_realm::client::TaskEvent;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::output;

/// Into how many parts a task is divided.
const PARTS: u32 = 1000;

/// A task as an answer tells it.
pub fn text(task: &Value) -> String {
    let text = |name: &str| output::text(&task[name]);
    let capability = format!("{} {}", text("capability"), text("version"));
    let attempt = format!("{} of {}", text("attempt"), text("max_attempts"));
    output::fields(&[
        ("id", text("id")),
        ("state", text("state")),
        ("capability", capability),
        ("worker", text("worker_id")),
        ("attempt", attempt),
        ("input", text("input")),
        ("output", text("output")),
        ("error", error(task).unwrap_or_else(|| "-".to_owned())),
        ("created by", text("created_by")),
        ("created", text("created_at")),
        ("started", text("started_at")),
        ("finished", text("finished_at")),
        ("deadline", text("deadline")),
    ])
}

/// What went wrong with a task.
pub fn error(task: &Value) -> Option<String> {
    let error = task.get("error").filter(|error| error.is_object())?;
    Some(format!("{}: {}", output::text(&error["code"]), output::text(&error["message"])))
}

/// How far a task has come, on stderr: a line that changes on a terminal, a line for each thing elsewhere.
pub struct Progress(ProgressBar);

impl Progress {
    /// Nothing has become of the task yet.
    pub fn new() -> Self {
        let bar = ProgressBar::new(PARTS.into());
        bar.set_style(
            ProgressStyle::with_template("{spinner} {bar:24} {msg}")
                .unwrap_or(ProgressStyle::default_bar()),
        );
        Self(bar)
    }

    /// Shows what became of it.
    pub fn show(&self, event: &TaskEvent) {
        let data = &event.data;
        let said = output::text(&data["message"]);
        match event.name.as_str() {
            "state" => {
                let worker = data["worker_id"].as_str().map(|_| output::text(&data["worker_id"]));
                let on = worker.map(|worker| format!(" on {worker}")).unwrap_or_default();
                self.say(&format!("{}{on}", output::text(&data["state"])));
            }
            "progress" => {
                let fraction = data["fraction"].as_f64().unwrap_or(0.0).clamp(0.0, 1.0);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it is within the parts"
                )]
                let parts = (fraction * f64::from(PARTS)) as u64;
                self.0.set_position(parts);
                if data["message"].is_string() {
                    self.0.set_message(said);
                }
            }
            "log" if self.0.is_hidden() => eprintln!("{said}"),
            "log" => self.0.println(said),
            _ => {}
        }
    }

    fn say(&self, line: &str) {
        if self.0.is_hidden() {
            eprintln!("{line}");
        } else {
            self.0.set_message(line.to_owned());
            self.0.tick();
        }
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
