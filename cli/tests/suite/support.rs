//! Runs the built command in folders of its own.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// No command of these tests takes longer, on however busy a machine.
const TIME_MAX: Duration = Duration::from_secs(120);

/// A folder that goes when its test passes.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("bloom-cli-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder takes folders");
        Folder(path)
    }

    /// A folder with the program `main.bloom`.
    pub fn with(program: &str) -> Folder {
        let folder = Folder::new();
        folder.write("main.bloom", program);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        let parent = path.parent().expect("it is in the folder");
        std::fs::create_dir_all(parent).expect("the folder takes folders");
        std::fs::write(path, text).expect("the folder takes files");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("the file is there")
    }

    /// Runs `bloom` in the folder; arguments are parted by spaces.
    pub fn bloom(&self, arguments: &str) -> Run {
        self.bloom_with(arguments, "")
    }

    pub fn bloom_with(&self, arguments: &str, input: &str) -> Run {
        let mut child = self.start(arguments);
        let mut stdin = child.stdin.take().expect("it is piped");
        // A command that does not read its input may be gone already.
        let _unread = stdin.write_all(input.as_bytes());
        drop(stdin);
        finish(child)
    }

    /// Starts `bloom` in the folder.
    pub fn start(&self, arguments: &str) -> Child {
        start_in(&self.0, arguments)
    }
}

/// Starts `bloom` in a folder, all streams piped; arguments are parted by spaces.
pub fn start_in(folder: &Path, arguments: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_bloom"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command was built")
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _gone = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// What a command did.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Run {
    /// Asserts that the command was fine, and gives what it printed.
    #[track_caller]
    pub fn fine(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// Asserts the exit code and a part of what was said on stderr.
    #[track_caller]
    pub fn fails(self, code: i32, message: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.err.contains(message), "{self:?}\nlacks {message:?}");
    }
}

/// Waits for a command to end.
pub fn finish(mut child: Child) -> Run {
    let reader = |stream: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut stream) = stream {
                stream.read_to_end(&mut bytes).expect("a pipe can be read");
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let out = reader(child.stdout.take().map(|stream| Box::new(stream) as _));
    let err = reader(child.stderr.take().map(|stream| Box::new(stream) as _));
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            break status;
        }
        if start.elapsed() > TIME_MAX {
            child.kill().expect("it is our child");
            let status = child.wait().expect("it is our child");
            panic!("took too long: {status}; {:?} {:?}", out.join(), err.join());
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let text = |thread: std::thread::JoinHandle<String>| thread.join().expect("it only reads");
    Run {
        code: status.code(),
        out: text(out),
        err: text(err),
    }
}

/// Sends SIGTERM.
pub fn terminate(child: &Child) {
    let status = Command::new("kill").arg(child.id().to_string()).status();
    assert!(status.expect("there is kill").success());
}

/// Sends what Ctrl-C sends.
pub fn interrupt(child: &Child) {
    let mut kill = Command::new("kill");
    let status = kill.args(["-INT", &child.id().to_string()]).status();
    assert!(status.expect("there is kill").success());
}

pub fn lines_sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

pub fn exists(path: &Path) -> bool {
    path.exists()
}
