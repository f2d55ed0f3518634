//! carnet.toml, environment and flags become one typed configuration.
