//! Certificates that were seen in a completed handshake.

use carnet_authority::ca::Serial;
use carnet_store::StoreError;

use super::Ca;

impl Ca<'_> {
    /// A handshake was completed with this certificate, on whatever listener. The first time, those before it are
    /// superseded: they end at once where its owner was enrolled anew, else in ten minutes. Known ones cost nothing.
    pub(crate) async fn used(self, serial: Serial) -> Result<(), StoreError> {
        if self.held.used.contains_key(&serial) {
            return Ok(());
        }
        let now = self.app.clock().now();
        let row = self.app.store().use_certificate(serial, now).await?;
        if row.is_some_and(|row| row.generation.0 > 1) {
            self.superseded().await?;
        }
        self.held.used.insert(serial, ());
        Ok(())
    }
}
