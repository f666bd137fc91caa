//! A server that is down and stays so: every call of it ends at once, with why.

use crate::mcp::in_short;
use crate::mcp::material::unfetched;
use crate::protocol::{AfterLoss, CallFailureCode, LossCause, ServerLost, ServerStopped, ServerWithheld, Withheld};

use super::{Asked, Order, Supervisor};

impl Supervisor {
    /// Stays down, for this reason.
    pub(super) async fn fail(&mut self, cause: LossCause, reason: String) -> Asked {
        let (server, reason) = (self.spec.name.clone(), in_short(reason));
        let message = format!("Server {server} is not running: {reason}.");
        self.tell(ServerLost { server, reason, cause, next: AfterLoss::Failed }).await;
        self.stay_down(message).await
    }

    /// Is not started before the operator has said that it may be.
    pub(super) async fn withhold(&mut self, by: Withheld) -> Asked {
        let server = self.spec.name.clone();
        let message = format!("Server {server} is not running: {}.", by.reason());
        self.tell(ServerWithheld { server, by }).await;
        self.stay_down(message).await
    }

    /// Is not started as long as this file says so.
    pub(super) async fn switch_off(&mut self, file: String) -> Asked {
        let server = self.spec.name.clone();
        let message = format!("Server {server} is not running: it is switched off in {file}.");
        let how = "switched off".to_owned();
        self.tell(ServerStopped { server, how, switched_off_in: Some(file) }).await;
        self.stay_down(message).await
    }

    /// Every call is told `message` at once, until the operator wants something else.
    async fn stay_down(&mut self, message: String) -> Asked {
        loop {
            self.end_waiting(CallFailureCode::ServerUnavailable, &message).await;
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(Order::Call(order)) => self.let_wait(order).await,
                    // It has ended already: nothing waits here.
                    Some(Order::Cancel { .. } | Order::WaitLonger(_)) => {}
                    Some(Order::Fetch(material)) => {
                        self.tell(unfetched(&self.spec.name, material, message.clone())).await;
                    }
                    None => return Asked::Stop,
                },
                () = self.told.restart.notified() => {
                    self.forget_losses();
                    return Asked::Restart;
                }
            }
        }
    }
}
