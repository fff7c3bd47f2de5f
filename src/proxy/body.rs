//! Bodies on their way through: counted, and each pulling its own connection along.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;

use super::{
    activity::Activity,
    link::{Link, Pool},
};
use crate::{
    http::reply::{Body, BodyError},
    hub::routes::Route,
};

/// The body of a request on its way to the server: every piece is activity.
pub(super) struct Outgoing {
    body: Body,
    activity: Activity,
}

impl Outgoing {
    pub(super) fn new(body: Body, activity: Activity) -> Self {
        Self { body, activity }
    }

    /// Returns the copy of a body that has no bytes.
    pub(super) fn empty_copy(&self) -> Self {
        Self::new(Body::empty(), self.activity.clone())
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(Some(Ok(_)))) {
            self.activity.note();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a reply on its way to the browser; it holds the link it comes over.
///
/// When it ends the link goes back to the pool; when it is dropped before, the link is closed, which
/// tells the server that nobody listens any more.
pub(super) struct ReplyBody {
    incoming: Incoming,
    link: Option<Box<Link>>,
    route: Arc<Route>,
    activity: Option<Activity>,
}

impl ReplyBody {
    /// Takes over a reply; `activity` is noted at its end.
    pub(super) fn new(
        incoming: Incoming,
        link: Box<Link>,
        route: Arc<Route>,
        activity: Option<Activity>,
    ) -> Self {
        Self {
            incoming,
            link: Some(link),
            route,
            activity,
        }
    }

    fn finish(&mut self, cx: &mut Context<'_>) {
        if let Some(activity) = self.activity.take() {
            activity.note();
        }
        if let Some(link) = self.link.take() {
            Pool::of(&self.route).give_back_now(link, cx);
        }
    }
}

impl http_body::Body for ReplyBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut frame = Pin::new(&mut self.incoming).poll_frame(cx);
        if frame.is_pending()
            && let Some(link) = &mut self.link
        {
            link.drive(cx);
            frame = Pin::new(&mut self.incoming).poll_frame(cx);
        }
        match frame {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.finish(cx);
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(frame))) => {
                if self.incoming.is_end_stream() {
                    self.finish(cx);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.link = None;
                Poll::Ready(Some(Err(error.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
