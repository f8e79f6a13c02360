//! A file system of a few megabytes, for what happens when it is full.

use std::path::PathBuf;
use std::process::Command;

const VARIABLE: &str = "CHANDLERY_TEST_FULL_DISK";

/// Runs one ignored test of this program in a process with a file system of `megabytes`, mounted for it alone; there
/// [`small_disk`] says where.
///
/// # Panics
/// When nothing can be mounted, the test fails, or there is no test of this name.
pub fn run_on_a_small_disk(megabytes: u32, test: &str) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let script = format!("mount -t tmpfs -o size={megabytes}m chandlery-test \"$0\" && exec \"$@\"");
    command.args(["--mount", "sh", "-c", &script]).arg(directory.path());
    command.arg(std::env::current_exe().expect("a running program has a path"));
    command.args(["--ignored", "--exact", test, "--nocapture"]);
    let output = command.env(VARIABLE, directory.path()).output().expect("unshare is installed");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    let mut left = std::fs::read_dir(directory.path()).expect("the directory outlives the mount");
    assert!(left.next().is_none(), "the small disk was not used");
}

/// The mount point, in a test that [`run_on_a_small_disk`] started.
///
/// # Panics
/// Elsewhere.
#[must_use]
pub fn small_disk() -> PathBuf {
    std::env::var_os(VARIABLE).expect("run_on_a_small_disk starts this test").into()
}
