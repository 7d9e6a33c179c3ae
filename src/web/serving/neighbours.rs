//! How many connections come from one network, so that nobody takes all there are. It never counts those of proxies.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use super::limits::Limits;
use crate::mutex::lock;
use crate::network::network;

/// Everybody who is connected, by network. There are never more networks than connections.
pub struct Neighbours {
    most: u32,
    by_network: Mutex<HashMap<IpAddr, Crowd>>,
}

#[derive(Default)]
struct Crowd {
    connections: u32,
    /// Whether the log has it that there are too many.
    told: bool,
}

/// One connection, counted until this is dropped.
pub struct Neighbour {
    all: Arc<Neighbours>,
    network: IpAddr,
}

impl Neighbours {
    /// Nobody yet, and no network with more than a quarter of all the room there is.
    #[must_use]
    pub fn new(limits: &Limits, room: u32) -> Arc<Self> {
        let most = limits.from_one_network.min(room / 4).max(1);
        Arc::new(Self { most, by_network: Mutex::default() })
    }

    /// Counts one more from there; `None` when there are as many as there may be.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Neighbour> {
        let network = network(address);
        let mut by_network = lock(&self.by_network);
        let crowd = by_network.entry(network).or_default();
        if crowd.connections >= self.most {
            if !std::mem::replace(&mut crowd.told, true) {
                tracing::warn!(
                    %network,
                    connections = self.most,
                    "no more connections from there; if that is a proxy, name it in --trust-proxy"
                );
            }
            return None;
        }
        crowd.connections += 1;
        Some(Neighbour { all: Arc::clone(self), network })
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let mut by_network = lock(&self.all.by_network);
        if let Some(crowd) = by_network.get_mut(&self.network) {
            crowd.connections -= 1;
            if crowd.connections == 0 {
                by_network.remove(&self.network);
            }
        }
    }
}
