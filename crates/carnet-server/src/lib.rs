//! The HTTP control plane: every request goes credential -> gate -> grant.
