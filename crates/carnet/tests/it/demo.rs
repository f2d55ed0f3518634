//! README's first command.

use crate::support::{carnet, run};

/// Promise: K-56, K-59
#[test]
fn the_demo_makes_right_thumbnails_and_one_command_ends_everything() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(carnet(folder.path()).args(["demo", "--output", "small"]));
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    let picture = image::load_from_memory(include_bytes!("../../assets/evening.jpg")).unwrap();
    let (width, height) = (picture.width() / 2, picture.height() / 2);
    for (name, expected) in [
        ("evening", picture.clone()),
        ("north-west", picture.crop_imm(0, 0, width, height)),
        ("south-east", picture.crop_imm(width, height, width, height)),
    ] {
        let path = folder.path().join("small").join(name).with_extension("png");
        let small = image::open(path).unwrap().to_rgb8();
        assert_eq!(small.dimensions(), (480, 320));
        let expected = expected.thumbnail(480, 480).to_rgb8();
        let differences =
            small.as_raw().iter().zip(expected.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b)));
        let mean = differences.sum::<u64>() / small.as_raw().len() as u64;
        assert!(mean < 6, "{name} is another picture: {mean} of 255 apart on average");
    }
    assert_eq!(std::fs::read_dir(folder.path().join("small")).unwrap().count(), 5);
    for said in [
        "worker a is killed",
        "has begun, once more",
        "5 of 5 thumbnails, each once",
        "the event stream ended",
        "the download ended",
        "the stream of worker b ended (mTLS)",
        "worker a is out until somebody releases it",
    ] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["small"], "nothing else is left behind");
}

#[test]
fn a_kept_demo_server_goes_on_and_says_how() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(carnet(folder.path()).args(["demo", "--keep"]));
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    let line = |start: &str| {
        ran.out.lines().find_map(|line| line.trim().strip_prefix(start)).unwrap().to_owned()
    };
    let data_dir = line("carnet realm usage --data-dir ");
    let usage = run(carnet(folder.path()).args([
        "realm",
        "usage",
        "--format",
        "json",
        "--data-dir",
        &data_dir,
    ]));
    assert!(usage.json()["nodeCount"].as_u64().unwrap() >= 3);
    let pid = rustix::process::Pid::from_raw(line("kill ").parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    std::fs::remove_dir_all(data_dir).unwrap();
}
