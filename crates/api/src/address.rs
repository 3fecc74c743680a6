//! Addresses of the host, in 127.0.0.0/8: each server and each elastic address has one of its own.

use std::net::Ipv4Addr;

use meta::{Tx, resources};
use model::Entropy;
use model::network::host_address;

use crate::code::{ApiError, ApiResult};

/// Takings that may fail because somebody has the address already: millions are free.
const ATTEMPTS: usize = 64;

/// Takes an address for `holder`.
pub(crate) fn take(tx: &mut Tx<'_>, entropy: &dyn Entropy, holder: &str) -> ApiResult<Ipv4Addr> {
    for _ in 0..ATTEMPTS {
        let mut random = [0; 4];
        entropy.fill(&mut random);
        let address = host_address(u32::from_le_bytes(random) % 4_000_000);
        if resources::take_address(tx, &address.to_string(), holder)? {
            return Ok(address);
        }
    }
    Err(ApiError::internal("every address that was tried is taken"))
}
