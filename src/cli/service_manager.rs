//! What a service manager such as systemd and the server say to each other: here is a socket, I am ready, I am
//! stopping. Without one nothing is said; nobody is kept out when it does not listen.

use std::io;
use std::path::Path;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::net::{TcpListener, UnixListener};

use super::{Failure, WrongSetting};
use crate::config::Listen;

/// The sockets that the process was started with.
pub struct Given(ListenFd);

impl Given {
    /// `LISTEN_FDS` and `LISTEN_PID` say how many. They are for this process, so they leave its environment.
    pub fn by_the_service_manager() -> Self {
        Self(ListenFd::from_env())
    }

    /// The one to listen on, if any: whoever opened it has said where that is, and `--listen` does not count.
    pub fn listener<L>(mut self) -> Result<Option<(L, Listen)>, Failure>
    where
        L: From<TcpListener> + From<UnixListener>,
    {
        match self.0.len() {
            0 => Ok(None),
            1 => {
                // What is at no port is left in its place.
                let listener = match self.at_a_port() {
                    Ok((listener, address)) => Ok((listener.into(), address)),
                    Err(_) => self.in_a_folder().map(|(listener, path)| (listener.into(), path)),
                };
                listener.map(Some).map_err(|error| wrong(&error.to_string()).into())
            }
            many => Err(wrong(&format!("there are {many} sockets")).into()),
        }
    }
}

impl Given {
    fn at_a_port(&mut self) -> io::Result<(TcpListener, Listen)> {
        let listener = self.0.take_tcp_listener(0)?.ok_or(io::ErrorKind::NotFound)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((TcpListener::from_std(listener)?, Listen::At(address)))
    }

    fn in_a_folder(&mut self) -> io::Result<(UnixListener, Listen)> {
        let listener = self.0.take_unix_listener(0)?.ok_or(io::ErrorKind::NotFound)?;
        listener.set_nonblocking(true)?;
        let path = listener.local_addr()?.as_pathname().unwrap_or(Path::new("")).to_owned();
        Ok((UnixListener::from_std(listener)?, Listen::In(path)))
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
