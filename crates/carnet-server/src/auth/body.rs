//! [`WhileLive`]: the body of a request, for as long as its caller is let in.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use carnet_gate::Grant;
use carnet_ticket::verify::Reason;
use http_body::{Frame, SizeHint};

/// A body that fails once the grant has ended under which it is sent: what was begun is not finished. It fails with
/// [`Denied`](carnet_gate::Denied).
pub(super) struct WhileLive {
    body: Body,
    grant: Grant,
}

impl WhileLive {
    /// `body`, sent under `grant`.
    pub(super) fn wrap(body: Body, grant: &Grant) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Self { body, grant: grant.clone() })
    }
}

impl HttpBody for WhileLive {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(match self.grant.is_ended() {
            Some(why) => Some(Err(self.grant.deny(Reason::Ended(why)).into())),
            None => frame.map(|frame| frame.map_err(BoxError::from)),
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
