//! [`CapabilityDefinition`].

use carnet_ticket::identity::{CapabilityId, InvalidCapabilityId, InvalidVersion, Version};
use serde_json::{Value, json};

/// How many requests are taken at once unless said otherwise.
const MAX_CONCURRENCY: u32 = 10;

/// The longest code of an error.
const CODE_LEN_MAX: usize = 64;

/// What a worker can do, and what it takes and gives. Checked when it is built into a worker.
#[derive(Debug, Clone, PartialEq)]
pub struct CapabilityDefinition {
    id: Result<CapabilityId, InvalidCapabilityId>,
    version: Result<Version, InvalidVersion>,
    name: String,
    description: String,
    verb: String,
    input_schema: Value,
    output_schema: Value,
    errors: Vec<ErrorCode>,
    tags: Vec<String>,
    requires_gpu: bool,
    estimated_duration_ms: Option<u64>,
    max_concurrency: u32,
}

/// An error that a capability may answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCode {
    /// `[A-Z][A-Z0-9_]{0,63}`.
    pub code: String,
    /// What it means.
    pub description: String,
    /// Whether asking again may help.
    pub retryable: bool,
}

/// Why a capability cannot be offered. In the order in which faults are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CapabilityError {
    /// Its id is none.
    #[error(transparent)]
    InvalidCapabilityId(#[from] InvalidCapabilityId),
    /// Its version is none.
    #[error(transparent)]
    InvalidVersion(#[from] InvalidVersion),
    /// A schema is not a JSON object.
    #[error("a schema is a JSON object")]
    SchemaNotObject,
    /// A schema does not say of what type it is.
    #[error("a schema has a type")]
    SchemaWithoutType,
    /// The code of an error is none.
    #[error("the code of an error is a capital letter and up to 63 of A-Z 0-9 _")]
    InvalidErrorCode,
    /// Two errors have the same code.
    #[error("two errors have the same code")]
    DuplicateErrorCode,
    /// Two capabilities of a worker have the same id.
    #[error("two capabilities have the same id")]
    DuplicateCapability,
}

impl CapabilityDefinition {
    /// The capability `id` in `version`: verb `invoke`, objects in and out, ten at once.
    pub fn new(id: &str, version: &str) -> Self {
        Self {
            id: id.parse(),
            version: version.parse(),
            name: id.to_owned(),
            description: String::new(),
            verb: "invoke".to_owned(),
            input_schema: json!({ "type": "object" }),
            output_schema: json!({ "type": "object" }),
            errors: Vec::new(),
            tags: Vec::new(),
            requires_gpu: false,
            estimated_duration_ms: None,
            max_concurrency: MAX_CONCURRENCY,
        }
    }

    /// What people call it.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// What it does.
    #[must_use]
    pub fn description(self, description: &str) -> Self {
        Self { description: description.to_owned(), ..self }
    }

    /// What is done with it.
    #[must_use]
    pub fn verb(self, verb: &str) -> Self {
        Self { verb: verb.to_owned(), ..self }
    }

    /// What it takes, as a JSON Schema.
    #[must_use]
    pub fn input_schema(self, schema: Value) -> Self {
        Self { input_schema: schema, ..self }
    }

    /// What it gives, as a JSON Schema.
    #[must_use]
    pub fn output_schema(self, schema: Value) -> Self {
        Self { output_schema: schema, ..self }
    }

    /// An error that it may answer with.
    #[must_use]
    pub fn error(mut self, code: &str, description: &str, retryable: bool) -> Self {
        let (code, description) = (code.to_owned(), description.to_owned());
        self.errors.push(ErrorCode { code, description, retryable });
        self
    }

    /// A word by which it is found.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// Whether it needs a GPU.
    #[must_use]
    pub fn requires_gpu(self, requires_gpu: bool) -> Self {
        Self { requires_gpu, ..self }
    }

    /// How long it takes, about.
    #[must_use]
    pub fn estimated_duration_ms(self, duration_ms: u64) -> Self {
        Self { estimated_duration_ms: Some(duration_ms), ..self }
    }

    /// How many requests it takes at once.
    #[must_use]
    pub fn max_concurrency(self, max_concurrency: u32) -> Self {
        Self { max_concurrency, ..self }
    }

    /// Its id, if it can be offered.
    pub fn check(&self) -> Result<&CapabilityId, CapabilityError> {
        let id = self.id.as_ref().map_err(|fault| *fault)?;
        self.version?;
        for schema in [&self.input_schema, &self.output_schema] {
            let object = schema.as_object().ok_or(CapabilityError::SchemaNotObject)?;
            object.get("type").ok_or(CapabilityError::SchemaWithoutType)?;
        }
        if !self.errors.iter().all(|error| is_error_code(&error.code)) {
            return Err(CapabilityError::InvalidErrorCode);
        }
        let is_again = |(at, error): (usize, &ErrorCode)| {
            self.errors[..at].iter().any(|before| before.code == error.code)
        };
        if self.errors.iter().enumerate().any(is_again) {
            return Err(CapabilityError::DuplicateErrorCode);
        }
        Ok(id)
    }

    /// What requests are routed by: `verb:id`.
    pub fn key(&self) -> Result<String, CapabilityError> {
        Ok(format!("{}:{}", self.verb, self.check()?))
    }

    /// Whether it serves requests for `wanted`.
    pub fn serves(&self, wanted: Version) -> bool {
        self.version.is_ok_and(|version| version.serves(wanted))
    }

    /// How many tasks it takes at once.
    pub(crate) fn concurrency(&self) -> usize {
        usize::try_from(self.max_concurrency).unwrap_or(usize::MAX)
    }

    /// As a registry takes it.
    pub(crate) fn schema(&self) -> Result<Value, CapabilityError> {
        let id = self.check()?;
        let errors = self.errors.iter().map(|error| {
            json!({ "code": error.code, "description": error.description, "retryable": error.retryable })
        });
        Ok(json!({
            "id": id.as_str(),
            "version": self.version?.to_string(),
            "name": self.name,
            "description": self.description,
            "verb": self.verb,
            "input_schema": self.input_schema,
            "output_schema": self.output_schema,
            "errors": errors.collect::<Vec<_>>(),
            "tags": self.tags,
            "requires_gpu": self.requires_gpu,
            "estimated_duration_ms": self.estimated_duration_ms,
            "max_concurrency": self.max_concurrency,
        }))
    }
}

/// Whether this can be the code of an error.
pub(crate) fn is_error_code(code: &str) -> bool {
    code.len() <= CODE_LEN_MAX
        && code.starts_with(|first: char| first.is_ascii_uppercase())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
