//! Names to addresses, every one checked.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{AllowList, OutboundError};

/// The resolver of the operating system.
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Lets only those names through whose addresses may all be reached.
///
/// It stands in the connector itself: what it returns is what is connected to, without a second look-up that could say
/// something else. One bad address refuses the name, because which one is taken is not for us to say.
#[derive(Clone)]
pub(super) struct CheckingResolver {
    pub(super) inner: Arc<dyn Resolve>,
    pub(super) allowed: Arc<AllowList>,
}

impl Resolve for CheckingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, allowed) = (name.as_str().to_owned(), self.allowed.clone());
        let resolving = self.inner.resolve(name);
        Box::pin(async move {
            let unknown = |reason: String| OutboundError::Dns { host: host.clone(), reason };
            let addresses: Vec<SocketAddr> = match resolving.await {
                Ok(addresses) => addresses.collect(),
                Err(error) => return Err(unknown(error.to_string()).into()),
            };
            if addresses.is_empty() {
                return Err(unknown("it has no address".to_owned()).into());
            }
            for address in addresses.iter().map(SocketAddr::ip) {
                let refuse = |kind| OutboundError::AddressRefused { host: host.clone(), address, kind };
                allowed.check(address).map_err(refuse)?;
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
