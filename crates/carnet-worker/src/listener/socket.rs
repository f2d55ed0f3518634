//! [`Socket`]: a stream that can be cut, also after its connection was handed to somebody else.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use carnet_gate::Grant;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};

/// A stream that ends when it is cut. It counts among the connections as long as it is there.
pub(super) struct Socket<I> {
    io: I,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    _gone: DropGuard,
    _permit: OwnedSemaphorePermit,
}

impl<I> Socket<I> {
    /// `io`, which is cut by `cut`, and by the end of `grant`.
    pub(super) fn new(
        io: I,
        cut: CancellationToken,
        grant: Option<Grant>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let gone = CancellationToken::new();
        if let Some(grant) = grant {
            let (cut, gone) = (cut.clone(), gone.clone());
            tokio::spawn(async move {
                tokio::select! {
                    _ = grant.ended() => cut.cancel(),
                    () = gone.cancelled() => {}
                }
            });
        }
        Self { io, cut: Box::pin(cut.cancelled_owned()), _gone: gone.drop_guard(), _permit: permit }
    }

    fn poll_cut(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Socket<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Socket<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
