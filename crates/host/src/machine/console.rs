//! What a guest wrote to its serial console: the end of it, and never much of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};

use super::folder::{CONSOLE_LOG, CONSOLE_OLD, Folder, STDERR};

/// How much of a console is shown; the real service shows as much.
const SHOWN_BYTES: u64 = 64 << 10;

/// A log longer than this is cut.
const LONGEST_LOG: u64 = 4 << 20;

/// The last 64 KiB. A machine that wrote nothing has an empty console.
pub(super) fn read(folder: &Folder) -> io::Result<Vec<u8>> {
    let mut text = tail(folder, CONSOLE_LOG, SHOWN_BYTES)?;
    let missing = SHOWN_BYTES.saturating_sub(text.len() as u64);
    if 0 < missing {
        let mut older = tail(folder, CONSOLE_OLD, missing)?;
        older.append(&mut text);
        text = older;
    }
    Ok(text)
}

/// Cuts logs that have become long: the guest's, of which the end stays, and QEMU's complaints, which a guest can cause.
/// QEMU appends to both, so it goes on at the new end; what it writes between the copy and the cut is lost.
pub(super) fn cut(folder: &Folder) -> io::Result<()> {
    for name in [CONSOLE_LOG, STDERR] {
        let length = match fs::metadata(folder.file(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata?.len(),
        };
        if LONGEST_LOG < length {
            if name == CONSOLE_LOG {
                fs::write(folder.file(CONSOLE_OLD), tail(folder, name, SHOWN_BYTES)?)?;
            }
            OpenOptions::new().write(true).open(folder.file(name))?.set_len(0)?;
        }
    }
    Ok(())
}

fn tail(folder: &Folder, name: &str, bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = match File::open(folder.file(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut text = Vec::new();
    file.take(bytes).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_loses_nothing_of_what_is_shown() {
        let directory = tempfile::tempdir().expect("a directory");
        let folder = Folder::new(directory.path().to_owned());
        assert_eq!(read(&folder).expect("no log"), b"");
        let mut text: Vec<u8> = (0..LONGEST_LOG + 1).map(|at| (at % 251) as u8).collect();
        fs::write(folder.file(CONSOLE_LOG), &text).expect("written");
        cut(&folder).expect("cut");
        assert_eq!(fs::metadata(folder.file(CONSOLE_LOG)).expect("there").len(), 0);
        fs::write(folder.file(STDERR), &text).expect("written");
        cut(&folder).expect("cut");
        assert_eq!(fs::metadata(folder.file(STDERR)).expect("there").len(), 0);
        fs::write(folder.file(CONSOLE_LOG), b"more").expect("written");
        text.extend_from_slice(b"more");
        assert!(read(&folder).expect("read") == text[text.len() - SHOWN_BYTES as usize..]);
    }

    #[test]
    fn a_short_log_is_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let folder = Folder::new(directory.path().to_owned());
        cut(&folder).expect("nothing to cut");
        fs::write(folder.file(CONSOLE_LOG), b"short").expect("written");
        cut(&folder).expect("nothing to cut");
        assert_eq!(read(&folder).expect("read"), b"short");
    }
}
