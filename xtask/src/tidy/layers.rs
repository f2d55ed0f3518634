//! A crate depends only on crates of a strictly lower rank; its folder has its name; it has one integration
//! test binary.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::Fault;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
    metadata: Option<Layered>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Layered {
    layer: Option<Layer>,
}

#[derive(Deserialize)]
struct Layer {
    rank: u32,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Package {
    fn rank(&self) -> Option<u32> {
        self.metadata.as_ref()?.layer.as_ref().map(|layer| layer.rank)
    }

    fn fault(&self, text: String) -> Fault {
        Fault::new(&self.manifest_path, 1, text)
    }
}

/// Checks what `cargo metadata --no-deps` says of the workspace.
pub fn check(metadata: &str) -> anyhow::Result<Vec<Fault>> {
    let metadata: Metadata = serde_json::from_str(metadata)?;
    let ranks: BTreeMap<_, _> =
        metadata.packages.iter().map(|package| (&package.name, package.rank())).collect();
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let Some(rank) = package.rank() else {
            faults.push(package.fault("no [package.metadata.layer] rank; give it one".to_owned()));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some())
        {
            if ranks.get(&dependency.name).copied().flatten().is_none_or(|below| below >= rank) {
                let text = format!(
                    "rank {rank} depends on {}, which is not below; move code down",
                    dependency.name
                );
                faults.push(package.fault(text));
            }
        }
        let folder = package.manifest_path.parent().and_then(|folder| folder.file_name());
        let is_named = folder.is_some_and(|folder| *folder == *package.name);
        if !is_named {
            faults.push(
                package
                    .fault(format!("the folder of {} has another name; rename it", package.name)),
            );
        }
        let is_test = |target: &&Target| target.kind.iter().any(|kind| kind == "test");
        for extra in package.targets.iter().filter(is_test).filter(|target| target.name != "it") {
            faults
                .push(package.fault(format!("test binary {}; move it into tests/it", extra.name)));
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, rank: u32, dependency: &str) -> serde_json::Value {
        serde_json::json!({
            "name": name,
            "manifest_path": format!("/x/crates/{name}/Cargo.toml"),
            "dependencies": [{ "name": dependency, "path": "/x" }, { "name": "serde", "path": null }],
            "metadata": { "layer": { "rank": rank } },
            "targets": [{ "name": "it", "kind": ["test"] }],
        })
    }

    #[test]
    fn dependencies_point_strictly_down() {
        let check = |packages: &[serde_json::Value]| {
            check(&serde_json::json!({ "packages": packages }).to_string()).unwrap().len()
        };
        let low = || {
            let mut low = package("low", 0, "none");
            low["dependencies"] = serde_json::json!([]);
            low
        };
        assert_eq!(check(&[low(), package("high", 1, "low")]), 0);
        assert_eq!(check(&[low(), package("same", 0, "low")]), 1);
        let mut unranked = low();
        unranked["metadata"] = serde_json::Value::Null;
        assert_eq!(check(&[unranked]), 1);
        let mut two = low();
        two["targets"] = serde_json::json!([{ "name": "other", "kind": ["test"] }]);
        assert_eq!(check(&[two]), 1);
    }
}
