//! What a service manager such as systemd and the server say to each other: here is a socket, I am ready, I am
//! stopping. Without one nothing is said; nobody is kept out when it does not listen.

use std::io;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::net::TcpListener;

use super::{Failure, WrongSetting};

/// The sockets that the process was started with.
pub struct Given(ListenFd);

impl Given {
    /// `LISTEN_FDS` and `LISTEN_PID` say how many. They are for this process, so they leave its environment.
    pub fn by_the_service_manager() -> Self {
        Self(ListenFd::from_env())
    }

    /// The one to listen on, if any: whoever opened it has said where that is, and `--listen` does not count.
    pub fn listener(mut self) -> Result<Option<TcpListener>, Failure> {
        match self.0.len() {
            0 => Ok(None),
            1 => {
                let listener = self.0.take_tcp_listener(0).and_then(|listener| {
                    let listener = listener.ok_or(io::ErrorKind::NotFound)?;
                    listener.set_nonblocking(true)?;
                    TcpListener::from_std(listener)
                });
                listener.map(Some).map_err(|error| wrong(&error.to_string()).into())
            }
            many => Err(wrong(&format!("there are {many} sockets")).into()),
        }
    }
}

fn wrong(what: &str) -> WrongSetting {
    WrongSetting(format!("LISTEN_FDS, as systemd sets it, is for one listening socket: {what}"))
}

/// Connections are taken from now on.
pub fn tell_ready() {
    tell(NotifyState::Ready);
}

/// No new ones are.
pub fn tell_stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}
