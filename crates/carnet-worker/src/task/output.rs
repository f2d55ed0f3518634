//! [`TaskOutput`], and [`OutputWriter`]: what a task gives.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use carnet_ticket::realm::NodeKey;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWrite, AsyncWriteExt as _};

use super::TaskError;

/// What a task gives: it is stored and committed on the task's ticket when the handler ends.
#[derive(Debug)]
pub struct TaskOutput(pub(super) Given);

#[derive(Debug)]
pub(super) enum Given {
    Nothing,
    Written { content_type: String },
    Bytes { content_type: String, bytes: Vec<u8> },
    Node(NodeKey),
}

impl TaskOutput {
    /// Nothing: an empty directory is committed, since a ticket ends well only with something. What was written to
    /// [`super::TaskContext::output`] is thrown away.
    pub fn nothing() -> Self {
        Self(Given::Nothing)
    }

    /// What was written to [`super::TaskContext::output`], as a file of this content type.
    pub fn file(content_type: &str) -> Self {
        Self(Given::Written { content_type: content_type.to_owned() })
    }

    /// These bytes, as a file of this content type.
    pub fn bytes(content_type: &str, bytes: Vec<u8>) -> Self {
        Self(Given::Bytes { content_type: content_type.to_owned(), bytes })
    }

    /// This value, as a file of `application/json`.
    pub fn json(value: &Value) -> Self {
        Self::bytes("application/json", value.to_string().into_bytes())
    }

    /// A node that the handler has stored itself: [`super::TaskContext::realm`].
    pub fn node(key: NodeKey) -> Self {
        Self(Given::Node(key))
    }
}

/// Takes what a task gives into a file without a name, in the folder for temporary files. It is uploaded when the
/// handler ends with [`TaskOutput::file`]. More than the task may give is `FileTooLarge`.
pub struct OutputWriter {
    shared: Arc<Written>,
    /// The file, while this writer is the one that has it.
    file: io::Result<File>,
}

/// What has been written so far.
#[derive(Debug)]
pub(super) struct Written {
    state: Mutex<State>,
    len_max: u64,
}

#[derive(Debug, Default)]
struct State {
    /// None before the first byte, and while a writer has it.
    file: Option<File>,
    is_taken: bool,
    len: u64,
}

impl Written {
    pub(super) fn new(len_max: u64) -> Self {
        Self { state: Mutex::default(), len_max }
    }

    /// A writer that goes on where the one before stopped.
    pub(super) fn writer(self: &Arc<Self>) -> OutputWriter {
        let mut state = self.state.lock();
        let file = match state.file.take() {
            Some(file) => Ok(file),
            None if state.is_taken => Err(io::Error::from(io::ErrorKind::ResourceBusy)),
            None => tempfile::tempfile().map(File::from_std),
        };
        state.is_taken |= file.is_ok();
        OutputWriter { shared: Arc::clone(self), file }
    }

    /// The file from its beginning, and its length; none when nothing was written.
    pub(super) async fn take(&self) -> Result<Option<(File, u64)>, TaskError> {
        let (file, len) = {
            let mut state = self.state.lock();
            (state.file.take(), state.len)
        };
        let Some(mut file) = file else {
            let is_taken = self.state.lock().is_taken;
            let busy = TaskError::new("OUTPUT_BUSY", "the output is still being written");
            return if is_taken { Err(busy) } else { Ok(None) };
        };
        // What a writer was given last may still be on its way.
        file.flush().await?;
        file.rewind().await?;
        Ok(Some((file, len)))
    }
}

impl OutputWriter {
    fn file(&mut self) -> io::Result<Pin<&mut File>> {
        match &mut self.file {
            Ok(file) => Ok(Pin::new(file)),
            Err(error) => Err(error.kind().into()),
        }
    }
}

impl Drop for OutputWriter {
    fn drop(&mut self) {
        let taken = Err(io::ErrorKind::ResourceBusy.into());
        if let Ok(file) = std::mem::replace(&mut self.file, taken) {
            self.shared.state.lock().file = Some(file);
        }
    }
}

impl AsyncWrite for OutputWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let len = self.shared.state.lock().len;
        if len.saturating_add(bytes.len() as u64) > self.shared.len_max {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        let written = ready!(self.file()?.poll_write(cx, bytes))?;
        self.shared.state.lock().len += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.file()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.file()?.poll_shutdown(cx)
    }
}

impl fmt::Debug for OutputWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputWriter").finish_non_exhaustive()
    }
}
