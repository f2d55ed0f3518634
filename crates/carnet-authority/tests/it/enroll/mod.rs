//! Coming into a fleet, and staying in it.

mod redeem;
mod renewal;
