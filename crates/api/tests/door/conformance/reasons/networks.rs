//! Codes of networks, addresses, firewalls, keys and tags that cannot be reached.

use super::{Answered, Apart};

/// Codes without the fault that they are for.
pub const APART: &[Apart] = &[];

/// Codes for which another one is answered.
pub const ANSWERED: &[Answered] = &[];
