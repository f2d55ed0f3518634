//! [`verify`]: who says it.

use super::{DELTA_LEN_MAX, Message, MessageError, News, SNAPSHOT_LEN_MAX, TYPE};
use crate::ed25519::VerifyingKey;
use crate::jws;

/// A message that a key of its feed has signed. Nothing but [`verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedMessage(Message);

impl VerifiedMessage {
    /// What it says.
    pub fn into_message(self) -> Message {
        self.0
    }
}

/// The message, if one of `keys` has signed it. Whose it is, the caller compares.
pub fn verify(text: &str, keys: &[VerifyingKey]) -> Result<VerifiedMessage, MessageError> {
    let within = |max| {
        let len = text.len();
        if len > max { Err(MessageError::TooLong { len, max }) } else { Ok(()) }
    };
    within(SNAPSHOT_LEN_MAX)?;
    let message = Message::decode(&jws::verify(TYPE, text, keys)?)?;
    if !matches!(message.news, News::Snapshot(_)) {
        within(DELTA_LEN_MAX)?;
    }
    Ok(VerifiedMessage(message))
}
