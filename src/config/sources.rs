//! Which files there are, and their text.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use crate::config::Fault;

/// The largest file that is read; a configuration is some kilobytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Lists the files to read, in order.
pub(super) fn list(path: &Path, faults: &mut Vec<Fault>) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    let folder = path.with_extension("d");
    match drop_ins(&folder) {
        Ok(files) => found.extend(files),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => faults.push(Fault::unreadable(&folder, &error)),
    }
    found
}

fn drop_ins(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|ext| ext == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a file of reasonable size.
pub(super) fn read(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::other("it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error
            .as_bytes()
            .iter()
            .take(valid)
            .filter(|b| **b == b'\n')
            .count();
        std::io::Error::other(format!("line {line} is not UTF-8"))
    })
}
