//! The built program on a real terminal.

use std::process::Command;
use std::time::{Duration, Instant};

use super::program::{Place, Running};

/// The program on a real terminal, and somebody who types at it.
pub struct Terminal {
    running: Running,
    device: String,
}

impl Terminal {
    pub fn runs(place: &Place, arguments: &str) -> Self {
        let (program, data) = (env!("CARGO_BIN_EXE_exeunt"), place.data().display());
        let script =
            format!("tty; '{program}' {arguments} --data '{data}'; code=$?; stty -a; echo \"code $code\"");
        let mut command = Command::new("script");
        command.args(["-q", "-e", "-c", &script, "/dev/null"]);
        let mut running = Running::start(command);
        let device = running.says("\n").lines().next().unwrap().trim().to_owned();
        assert!(device.starts_with("/dev/"), "{device}");
        Self { running, device }
    }

    pub fn is_asked(&mut self, question: &str) {
        self.running.says(question);
    }

    /// Types when the terminal shows no more what is typed. Who types sooner is seen.
    pub fn types_in_the_dark(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.is_dark() {
            assert!(Instant::now() < deadline, "the terminal goes on showing what is typed");
        }
        self.running.types(&format!("{text}\r"));
    }

    fn is_dark(&self) -> bool {
        let state = Command::new("stty").args(["-a", "-F", &self.device]).output().unwrap();
        String::from_utf8(state.stdout).unwrap().contains(" -echo ")
    }

    /// All that it has shown, up to its last words.
    pub fn ends_with(mut self, last: &str) -> String {
        self.running.says(last).to_owned()
    }
}
