//! The packages of a `Cargo.lock` with what each names, as CSV: `package,dependency`. A package
//! that is there in several versions stands as `name version`, as Cargo itself writes it.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// The facts in the text of a lock file.
pub fn csv(lock: &str) -> Result<String, String> {
    let mut csv = "package,dependency\n".to_owned();
    for (package, dependency) in needs(lock)? {
        csv += &format!("{package},{dependency}\n");
    }
    Ok(csv)
}

fn needs(lock: &str) -> Result<Vec<(String, String)>, String> {
    let lock: Table = lock.parse().map_err(|error| format!("{error}"))?;
    let packages = lock.get("package").and_then(Value::as_array);
    let packages = packages.ok_or("no packages: is this a Cargo.lock?")?;
    let text = |package: &Value, field: &str| {
        package
            .get(field)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let mut versions: BTreeMap<String, usize> = BTreeMap::new();
    for package in packages {
        if let Some(name) = text(package, "name") {
            *versions.entry(name).or_default() += 1;
        }
    }
    let mut needs = Vec::new();
    for package in packages {
        let (Some(name), Some(version)) = (text(package, "name"), text(package, "version")) else {
            return Err("a package without a name or version".to_owned());
        };
        let shown = if versions.get(&name) == Some(&1) {
            name
        } else {
            format!("{name} {version}")
        };
        let dependencies = package.get("dependencies").and_then(Value::as_array);
        for dependency in dependencies.into_iter().flatten().filter_map(Value::as_str) {
            // Cargo adds the version where the name alone would not tell, and a source after it.
            let words: Vec<&str> = dependency.split(' ').take(2).collect();
            needs.push((shown.clone(), words.join(" ")));
        }
    }
    Ok(needs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_where_names_do_not_tell() {
        let lock = r#"
            [[package]]
            name = "a"
            version = "1.0.0"
            dependencies = ["b 1.0.0", "c"]
            [[package]]
            name = "b"
            version = "1.0.0"
            dependencies = ["c"]
            [[package]]
            name = "b"
            version = "2.0.0"
            [[package]]
            name = "c"
            version = "1.0.0"
        "#;
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let expected = [pair("a", "b 1.0.0"), pair("a", "c"), pair("b 1.0.0", "c")];
        assert_eq!(needs(lock), Ok(expected.to_vec()));
    }
}
