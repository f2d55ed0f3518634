//! What an administrator does to everything that is stored. Source: realm spec, sections 10 and 13.

use crate::openapi::operation::{Operation, op};
use crate::openapi::schema::{flag, int, key, list, object};

pub(super) fn describe(method: &str, path: &str) -> Option<Operation> {
    Some(match (method, path) {
        ("POST", "/api/admin/gc") => {
            op("Remove the nodes that nothing names, or tell which would go")
                .may_take(&object([("dryRun?", flag())]))
                .gives(
                    200,
                    &object([
                        ("scannedNodes", int()),
                        ("keptNodes", int()),
                        ("removedNodes", int()),
                        ("removedBytes", int()),
                        ("removedBlobs", int()),
                        ("dryRun", flag()),
                    ]),
                )
        }
        ("POST", "/api/admin/fsck") => op("Hash everything that is stored").gives(
            200,
            &object([
                ("checkedNodes", int()),
                ("checkedBytes", int()),
                ("badNodes", int()),
                ("bad", list(key())),
            ]),
        ),
        _ => return None,
    })
}
