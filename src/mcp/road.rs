//! How messages travel: over the pipes of a process or over HTTP, one transport for `rmcp`.

use futures::FutureExt;
use futures::future::BoxFuture;
use rmcp::service::{RoleClient, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::streamable_http_client::StreamableHttpError;

use super::http::{Http, HttpFault};
use super::wire::{Wire, WireError};

/// The transport of one connection.
pub enum Road {
    /// A process.
    Pipes(Box<Wire>),
    /// A server over HTTP.
    Http(Box<Http>),
}

/// Why a message could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum RoadError {
    /// Over pipes.
    #[error(transparent)]
    Pipes(#[from] WireError),
    /// Over HTTP.
    #[error("{}", spoken(.0))]
    Http(#[from] StreamableHttpError<HttpFault>),
}

/// Our own words where it is our own error.
fn spoken(error: &StreamableHttpError<HttpFault>) -> String {
    match error {
        StreamableHttpError::Client(fault) => fault.to_string(),
        StreamableHttpError::SessionExpired => "it forgets a session as soon as it has given it (HTTP 404)".to_owned(),
        StreamableHttpError::SessionRecoveryTimeout => {
            "it forgot the session meanwhile and did not answer; whether it did what was asked is not known".to_owned()
        }
        other => other.to_string(),
    }
}

impl RoadError {
    /// Whether it is the end of the connection, not of one request only: a refusal, or an answer that cannot be used.
    #[must_use]
    pub fn is_end(&self) -> bool {
        match self {
            Self::Pipes(_) => true,
            Self::Http(StreamableHttpError::Client(fault)) => {
                matches!(fault, HttpFault::Unreachable(_) | HttpFault::Unauthorised(_))
            }
            Self::Http(error) => !matches!(error, StreamableHttpError::SessionRecoveryTimeout),
        }
    }

    /// What went wrong with the HTTP request; `None` if there was none, or it is the session that is at fault.
    #[must_use]
    pub fn http(&self) -> Option<&HttpFault> {
        match self {
            Self::Http(StreamableHttpError::Client(fault)) => Some(fault),
            Self::Http(_) | Self::Pipes(_) => None,
        }
    }
}

impl Transport<RoleClient> for Road {
    type Error = RoadError;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), RoadError>> + Send + 'static {
        let sent: BoxFuture<'static, Result<(), RoadError>> = match self {
            Self::Pipes(wire) => wire.send(item).map(|sent| sent.map_err(RoadError::from)).boxed(),
            Self::Http(http) => http.send(item).map(|sent| sent.map_err(RoadError::from)).boxed(),
        };
        sent
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        match self {
            Self::Pipes(wire) => wire.receive().await,
            Self::Http(http) => http.receive().await,
        }
    }

    async fn close(&mut self) -> Result<(), RoadError> {
        match self {
            Self::Pipes(wire) => wire.close().await.map_err(RoadError::from),
            Self::Http(http) => http.close().await.map_err(RoadError::from),
        }
    }
}
