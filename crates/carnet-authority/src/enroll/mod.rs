//! Coming into a fleet, and staying in it. Source: worker runtime spec, sections 3 and 6.
//!
//! [`mint`] makes an [`Enrollment`] and its token; [`Enrollment::redeem`] says what the token is good for;
//! [`decide_renewal`] says what a certificate is good for, once there is one.

mod mint;
mod record;
mod redeem;
mod renewal;

pub use mint::{EnrollError, EnrollmentRequest, MintedEnrollment, mint};
pub use record::{Enrollment, Use};
pub use redeem::{RedeemError, Redemption};
pub use renewal::{
    CloneAction, Generation, GenerationRecord, Origin, RenewError, Renewal, Standing,
    decide_renewal, predecessors_end,
};
