//! [`Store`]: the content store of a worker's tasks.

use carnet_realm::client::{Client, ClientError, Credential, Endpoint};
use parking_lot::Mutex;

/// The content store that was named last, and where it is. There is one, whose connections tasks share.
#[derive(Default)]
pub(super) struct Store(Mutex<Option<(String, Client)>>);

impl Store {
    /// A client of the content store at `url`, which presents nothing.
    pub(super) fn at(&self, url: &str) -> Result<Client, ClientError> {
        let mut known = self.0.lock();
        if let Some((_, client)) = known.as_ref().filter(|(at, _)| at == url) {
            return Ok(client.clone());
        }
        let client = Client::new(&Endpoint::Url(url.to_owned()), Credential::None)?;
        *known = Some((url.to_owned(), client.clone()));
        Ok(client)
    }
}
